"""Events by window counted by the server: what a trend needs, for a thousandth of the bytes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import polars as pl

from loganalytics.formats.fields.schema import RecordSchema
from loganalytics.schema import CORE, ERROR, TIMESTAMP, severities
from loganalytics.sources.elasticsearch.client import Client
from loganalytics.sources.elasticsearch.mapping import Fields, Query, wanted
from loganalytics.sources.elasticsearch.sampling import Sample
from loganalytics.sources.store import ReadOptions

_PAGE = 5_000
_MILLISECOND = dt.timedelta(milliseconds=1)
_MONDAY = dt.timedelta(days=4)
"""Windows count from Monday, the fifth of January 1970: see times.window_start()."""
_ROW = {"window": pl.Int64, "by": pl.String, "word": pl.String, "events": pl.Int64}


@dataclass(frozen=True)
class _Keys:
    """The fields of an index by which its events are counted."""

    times: tuple[str, ...]
    level: str | None
    by: str | None


def count(
    client: Client, fields: Fields, found: Sample, want: ReadOptions, every: dt.timedelta, by: str | None
) -> pl.DataFrame | None:
    """Return the events by window as trends.partial() does: window, `by`, events, errors.

    None where the server would count otherwise than the frame: a time or level in several fields or of an unusual kind,
    or a `by` that is no keyword.
    """
    if every % _MILLISECOND:
        return None
    alike: dict[_Keys, list[str]] = {}
    for index in fields.indices:
        keys = _keys(fields, index, found.records(index).record_schema, by)
        if keys is None:
            return None
        alike.setdefault(keys, []).append(index)
    rows = [row for keys, indices in alike.items() for row in _rows(client, fields, want, every, keys, indices)]
    counted = pl.DataFrame(rows, schema=_ROW, orient="row")
    levels = severities(pl.col("word"))
    named = counted.with_columns(levels, window=pl.col("window").cast(pl.Datetime("ms")).cast(pl.Datetime("us")))
    if want.severity is not None:
        named = named.filter(pl.col("severity_number") >= want.severity)
    key = [] if by is None else [pl.col("level" if by == "level" else "by").alias(by)]
    errors = pl.col("events").filter((pl.col("severity_number") >= ERROR).fill_null(value=False)).sum()
    window = pl.col("window").dt.replace_time_zone("UTC").cast(TIMESTAMP)
    grouped = named.group_by(window, *key).agg(pl.col("events").sum(), errors=errors.cast(pl.Int64))
    return grouped.sort(["window", *([] if by is None else [by])])


def _keys(fields: Fields, index: str, layout: RecordSchema | None, by: str | None) -> _Keys | None:
    """Return the fields of an index, or None where they do not tell what the frame would."""
    times = tuple(fields.times(index))
    core = {} if layout is None else layout.core
    if not times or layout is None or layout.dialect.levels or layout.dialect.absent_level or layout.dialect.request:
        return None
    level = _field(fields, index, core, "level")
    grouped = "_index" if by == "source" else None if by in (None, "level") else _field(fields, index, core, str(by))
    if (level is None and core.get("level")) or (grouped is None and by not in (None, "level", "source")):
        return None
    return _Keys(times, level, grouped)


def _field(fields: Fields, index: str, core: Any, column: str) -> str | None:
    """Return the keyword that a column is, if it is one field alone."""
    if column not in CORE:
        return fields.keyword(column, index)
    paths = core.get(column, ())
    return fields.keyword(".".join(paths[0]), index) if len(paths) == 1 else None


def _rows(
    client: Client, fields: Fields, want: ReadOptions, every: dt.timedelta, keys: _Keys, indices: list[str]
) -> Iterator[tuple[object, ...]]:
    for number, name in enumerate(keys.times):
        query: Query = {
            "bool": {
                "filter": [
                    wanted(fields, want, indices[0]),
                    {"terms": {"_index": indices}},
                    {"exists": {"field": name}},
                ],
                "must_not": [{"exists": {"field": earlier}} for earlier in keys.times[:number]],
            }
        }
        yield from _buckets(client, query, _sources(name, every, keys))


def _sources(name: str, every: dt.timedelta, keys: _Keys) -> list[dict[str, Any]]:
    length = f"{every // _MILLISECOND}ms"
    offset = f"{(_MONDAY % every) // _MILLISECOND}ms"
    sources: list[dict[str, Any]] = [
        {"window": {"date_histogram": {"field": name, "fixed_interval": length, "offset": offset}}}
    ]
    for key, value in (("by", keys.by), ("word", keys.level)):
        if value is not None:
            sources.append({key: {"terms": {"field": value, "missing_bucket": True}}})
    return sources


def _buckets(client: Client, query: Query, sources: list[dict[str, Any]]) -> Iterator[tuple[object, ...]]:
    index = quote(client.address.index, safe=",*-:<>")
    composite: dict[str, Any] = {"size": _PAGE, "sources": sources}
    while True:
        body = {"size": 0, "track_total_hits": False, "query": query, "aggs": {"all": {"composite": composite}}}
        answer = client.json("POST", f"/{index}/_search?allow_partial_search_results=false", body)["aggregations"][
            "all"
        ]
        for bucket in answer["buckets"]:
            key = bucket["key"]
            yield key["window"], key.get("by"), key.get("word"), bucket["doc_count"]
        if "after_key" not in answer or len(answer["buckets"]) < _PAGE:
            return
        composite["after"] = answer["after_key"]
