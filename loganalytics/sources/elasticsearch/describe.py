"""What the indices behind an address hold."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl

from loganalytics.formats.fields.aliases import FIELD_ALIASES
from loganalytics.sources.elasticsearch.connection import Connection
from loganalytics.sources.elasticsearch.mapping import IndexMapping, index_path, read_mapping
from loganalytics.sources.store import DESCRIPTION_SCHEMA

_MAX_INDICES = 1_000
_MAX_SERVICES = 20


def describe(connection: Connection) -> pl.DataFrame:
    """Return one row an index, with the columns of DESCRIPTION_SCHEMA; however many there are, in three requests."""
    mapping = read_mapping(connection)
    path = index_path(connection.address.index)
    catalog = connection.request_json(
        "GET", f"/_cat/indices{path}?format=json&bytes=b&h=index,health,store.size&expand_wildcards=all"
    )
    facts: dict[str, dict[str, Any]] = {row["index"]: row for row in catalog}
    # Apart, since an index in which a field is not a date fails as a whole when it is asked for the first one.
    for buckets in (_buckets(connection, path, {}), _buckets(connection, path, _aggregations(mapping))):
        for index, bucket in buckets.items():
            facts[index] = bucket | facts.get(index, {})
    rows = [_description(index, facts.get(index, {}), mapping) for index in mapping.indices]
    return pl.DataFrame(rows, schema=DESCRIPTION_SCHEMA)


def _buckets(connection: Connection, path: str, aggregations: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return of each index the number of its documents and the aggregations, as far as its shards are there."""
    by_index = {"terms": {"field": "_index", "size": _MAX_INDICES}, "aggs": aggregations}
    body = {"size": 0, "track_total_hits": False, "aggs": {"index": by_index}}
    answer = connection.request_json("POST", f"{path}/_search?allow_partial_search_results=true", body)
    buckets = answer.get("aggregations", {}).get("index", {}).get("buckets", [])
    return {bucket["key"]: bucket for bucket in buckets}


def _aggregations(mapping: IndexMapping) -> dict[str, Any]:
    aggregations: dict[str, Any] = {}
    for field in sorted({field for index in mapping.indices for field in mapping.times(index)}):
        aggregations[f"first {field}"] = {"min": {"field": field}}
        aggregations[f"last {field}"] = {"max": {"field": field}}
    services = {mapping.keyword(field, index) for field in FIELD_ALIASES["service"] for index in mapping.indices} - {
        None
    }
    for service in sorted(filter(None, services)):
        aggregations[f"service {service}"] = {"terms": {"field": service, "size": _MAX_SERVICES}}
    return aggregations


def _description(index: str, facts: dict[str, Any], mapping: IndexMapping) -> dict[str, object]:
    """Return the row of an index from what the server says of it: its health, size, number of documents and buckets."""
    time = next(iter(mapping.times(index)), None)
    by_service: list[list[dict[str, Any]]] = [
        bucket["buckets"] for name, bucket in facts.items() if name.startswith("service ")
    ]
    services = next(filter(None, by_service), [])
    health = facts.get("health")
    return {
        "source": index,
        "kind": "index",
        "entries": facts.get("doc_count", 0),
        "first_seen": _to_time(facts.get(f"first {time}")),
        "last_seen": _to_time(facts.get(f"last {time}")),
        "bytes": int(facts["store.size"]) if facts.get("store.size") else None,
        "services": sorted(str(bucket["key"]) for bucket in services),
        "note": None if health in ("green", "yellow", None) else f"health {health}: shards are missing",
    }


def _to_time(bucket: dict[str, Any] | None) -> dt.datetime | None:
    millis = bucket["value"] if bucket else None
    return None if millis is None else dt.datetime.fromtimestamp(millis / 1000, dt.UTC)
