"""Events by window counted by the server: what a trend needs, for a thousandth of the bytes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from loganalytics.formats.fields.aliases import FieldPath
from loganalytics.formats.fields.record_schema import RecordSchema
from loganalytics.schema import CORE, ERROR, TIMESTAMP, severities
from loganalytics.sources.elasticsearch.connection import Connection
from loganalytics.sources.elasticsearch.mapping import IndexMapping, Query, index_path, index_query, late_level_fields
from loganalytics.sources.elasticsearch.sampling import Sample
from loganalytics.sources.read_options import ReadOptions

_PAGE_BUCKETS = 5_000
_MILLISECOND = dt.timedelta(milliseconds=1)
_FIRST_MONDAY = dt.timedelta(days=4)
"""Windows count from Monday, the fifth of January 1970: see times.window_start()."""
_BUCKET_SCHEMA = {"window": pl.Int64, "by": pl.String, "word": pl.String, "events": pl.Int64}


_Bucket = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class _GroupingFields:
    """The fields of an index by which its events are counted."""

    times: tuple[str, ...]
    level: str | None
    by: str | None


def count_events(
    connection: Connection, mapping: IndexMapping, sample: Sample, options: ReadOptions, *, every: dt.timedelta,
    by: str | None,
) -> pl.DataFrame | None:  # fmt: skip
    """Return the events by window as trends.partial() does: window, `by`, events, errors.

    None where the server would count otherwise than the frame: a time or level in several fields or of an unusual kind,
    a list of either, which it counts by each of its values, or a `by` that is not a keyword.
    """
    if every % _MILLISECOND:
        return None
    indices_by_fields: dict[_GroupingFields, list[str]] = {}
    for index in mapping.indices:
        fields = _grouping_fields(mapping, index, sample.records(index).record_schema, by)
        if fields is None:
            return None
        indices_by_fields.setdefault(fields, []).append(index)
    buckets: list[_Bucket] = []
    for fields, indices in indices_by_fields.items():
        for query, time in _queries(mapping, options, fields, indices):
            total = _count(connection, query)
            of_query = list(_read_buckets(connection, query, _composite_sources(time, every, fields)))
            if sum(bucket["events"] for bucket in of_query) != total:
                return None
            buckets += of_query
    return _sum_buckets(pl.DataFrame(buckets, schema=_BUCKET_SCHEMA), options, by)


def _sum_buckets(buckets: pl.DataFrame, options: ReadOptions, by: str | None) -> pl.DataFrame:
    """Return the events and errors by window and `by`, the words for levels read as the frame's are."""
    window = pl.col("window").cast(pl.Datetime("ms")).cast(pl.Datetime("us"))
    events = buckets.with_columns(severities(pl.col("word")), window=window.dt.replace_time_zone("UTC").cast(TIMESTAMP))
    if options.severity is not None:
        events = events.filter(pl.col("severity_number") >= options.severity)
    key = [] if by is None else [pl.col("level" if by == "level" else "by").alias(by)]
    errors = pl.col("events").filter((pl.col("severity_number") >= ERROR).fill_null(value=False)).sum()
    sums = events.group_by("window", *key).agg(pl.col("events").sum(), errors=errors.cast(pl.Int64))
    return sums.sort(["window", *([] if by is None else [by])])


def _grouping_fields(
    mapping: IndexMapping, index: str, record_schema: RecordSchema | None, by: str | None
) -> _GroupingFields | None:
    """Return the fields of an index, or None where they do not say what the frame would."""
    times = tuple(mapping.times(index))
    if not times or record_schema is None:
        return None
    semantics = record_schema.semantics
    if semantics.level_words or semantics.default_level or semantics.requests.may_raise:
        return None
    if late_level_fields(mapping, index, record_schema):
        return None
    level = _keyword_field(mapping, index, record_schema.core, "level")
    if level is None and record_schema.core.get("level"):
        return None
    if by in (None, "level"):
        return _GroupingFields(times=times, level=level, by=None)
    field = "_index" if by == "source" else _keyword_field(mapping, index, record_schema.core, str(by))
    return None if field is None else _GroupingFields(times=times, level=level, by=field)


def _keyword_field(
    mapping: IndexMapping, index: str, core: Mapping[str, Sequence[FieldPath]], column: str
) -> str | None:
    """Return the keyword that a column is, if it is one field alone."""
    if column not in CORE:
        return mapping.keyword(column, index)
    paths = core.get(column, ())
    return mapping.keyword(".".join(paths[0]), index) if len(paths) == 1 else None


def _queries(
    mapping: IndexMapping, options: ReadOptions, fields: _GroupingFields, indices: list[str]
) -> Iterator[tuple[Query, str]]:
    """Yield, of each field that may hold the time, the query for the documents whose time it is, and its name."""
    wanted_events = index_query(mapping, options, indices[0])
    for number, time in enumerate(fields.times):
        filters = [wanted_events, {"terms": {"_index": indices}}, {"exists": {"field": time}}]
        earlier = [{"exists": {"field": field}} for field in fields.times[:number]]
        yield {"bool": {"filter": filters, "must_not": earlier}}, time


def _composite_sources(time: str, every: dt.timedelta, fields: _GroupingFields) -> list[dict[str, Any]]:
    histogram = {
        "field": time,
        "fixed_interval": f"{every // _MILLISECOND}ms",
        "offset": f"{(_FIRST_MONDAY % every) // _MILLISECOND}ms",
    }
    sources: list[dict[str, Any]] = [{"window": {"date_histogram": histogram}}]
    for column, field in (("by", fields.by), ("word", fields.level)):
        if field is not None:
            sources.append({column: {"terms": {"field": field, "missing_bucket": True}}})
    return sources


def _count(connection: Connection, query: Query) -> int:
    path = f"{index_path(connection.address.index)}/_count"
    return int(connection.request_json("POST", path, {"query": query})["count"])


def _read_buckets(connection: Connection, query: Query, sources: list[dict[str, Any]]) -> Iterator[_Bucket]:
    """Yield the buckets of a composite aggregation as rows, page by page."""
    path = f"{index_path(connection.address.index)}/_search?allow_partial_search_results=false"
    composite: dict[str, Any] = {"size": _PAGE_BUCKETS, "sources": sources}
    while True:
        body = {"size": 0, "track_total_hits": False, "query": query, "aggs": {"all": {"composite": composite}}}
        answer = connection.request_json("POST", path, body)["aggregations"]["all"]
        for bucket in answer["buckets"]:
            yield {**bucket["key"], "events": bucket["doc_count"]}
        if "after_key" not in answer or len(answer["buckets"]) < _PAGE_BUCKETS:
            return
        composite["after"] = answer["after_key"]
