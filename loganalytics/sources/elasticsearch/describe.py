"""What the indices behind an address hold."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import quote

import polars as pl

from loganalytics.formats.fields.aliases import FIELD_ALIASES
from loganalytics.sources.elasticsearch.client import Client
from loganalytics.sources.elasticsearch.mapping import Fields, find
from loganalytics.sources.store import DESCRIPTION_SCHEMA

_MOST = 1_000
_SERVICES = 20


def describe(client: Client) -> pl.DataFrame:
    """Return one row an index, with the columns of DESCRIPTION; however many there are, in three requests."""
    fields = find(client)
    index = quote(client.address.index, safe=",*-:<>")
    sizes = {
        row["index"]: row
        for row in client.json(
            "GET", f"/_cat/indices/{index}?format=json&bytes=b&h=index,health,store.size&expand_wildcards=all"
        )
    }
    # Apart, since an index in which a field is no date fails as a whole when it is asked for the first one.
    counts = _buckets(client, index, {})
    seen = _buckets(client, index, _aggregations(fields))
    rows = [_row(i, seen.get(i, {}) | counts.get(i, {}), sizes.get(i, {}), fields) for i in fields.indices]
    return pl.DataFrame(rows, schema=DESCRIPTION_SCHEMA, orient="row")


def _buckets(client: Client, index: str, aggregations: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return of each index the number of its documents and the aggregations, as far as its shards are there."""
    by_index = {"terms": {"field": "_index", "size": _MOST}, "aggs": aggregations}
    body = {"size": 0, "track_total_hits": False, "aggs": {"index": by_index}}
    answer = client.json("POST", f"/{index}/_search?allow_partial_search_results=true", body)
    buckets = answer.get("aggregations", {}).get("index", {}).get("buckets", [])
    return {bucket["key"]: bucket for bucket in buckets}


def _aggregations(fields: Fields) -> dict[str, Any]:
    times = sorted({name for index in fields.indices for name in fields.times(index)})
    found: dict[str, Any] = {}
    for name in times:
        found[f"first {name}"] = {"min": {"field": name}}
        found[f"last {name}"] = {"max": {"field": name}}
    services = {fields.keyword(name, index) for name in FIELD_ALIASES["service"] for index in fields.indices} - {None}
    for service in sorted(filter(None, services)):
        found[f"service {service}"] = {"terms": {"field": service, "size": _SERVICES}}
    return found


def _row(index: str, bucket: dict[str, Any], size: dict[str, Any], fields: Fields) -> tuple[object, ...]:
    times = fields.times(index)[:1]
    first, last = ([bucket.get(f"{which} {name}", {}).get("value") for name in times] for which in ("first", "last"))
    terms = [each["buckets"] for name, each in bucket.items() if name.startswith("service ")]
    services = next((sorted(str(b["key"]) for b in buckets) for buckets in terms if buckets), [])
    health = size.get("health")
    return (
        index, "index", bucket.get("doc_count", 0), _moment(first), _moment(last),
        int(size["store.size"]) if size.get("store.size") else None, services, None, None,
        None if health in ("green", "yellow", None) else f"health {health}: shards are missing",
    )  # fmt: skip


def _moment(millis: list[float | None]) -> dt.datetime | None:
    value = next((m for m in millis if m is not None), None)
    return None if value is None else dt.datetime.fromtimestamp(value / 1000, dt.UTC)
