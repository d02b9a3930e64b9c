"""Times as the server read them: only it knows for certain what a mapping's own format, or a list of dates, means.

In an index whose dates have the usual formats only those are asked for that cannot be read, or that are so small a
number that they may be seconds: by default the server takes any number for milliseconds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import polars as pl

from loganalytics.formats.fields.aliases import value_at
from loganalytics.formats.fields.record_schema import RecordSchema
from loganalytics.formats.hints import Hints
from loganalytics.formats.times.zones import localize
from loganalytics.schema import TIMESTAMP
from loganalytics.sources.elasticsearch.connection import Connection
from loganalytics.sources.elasticsearch.errors import RequestRefused, ServerUnavailable
from loganalytics.sources.elasticsearch.mapping import IndexMapping
from loganalytics.sources.reconnect import Backoff, retry

_BACKOFF = Backoff(first=0.2, longest=5.0)
_SMALL_NUMBER = r'"?-?\d{1,11}(?:\.\d+)?"?\s*[,}]'
# What ends a time that names its zone: after a clock an offset, or a name.
_ZONED = re.compile(r"(?:[:T]\d{2,6}(?:[.,]\d+)?\s*[+-]\d{2}(?::?\d{2})?|[Zz]|\b[A-Z]{3,5}|\])$")

_ServerTime = tuple[str, int]
"""The field that holds a time, and its microseconds since 1970."""


class ServerTimes:
    """The times that the server has for documents of the indices of one mapping."""

    def __init__(
        self, connection: Connection, mapping: IndexMapping, hints: Hints, *, retry_seconds: float = 0.0
    ) -> None:
        self._connection, self._mapping, self._hints = connection, mapping, hints
        self._retry_seconds = retry_seconds

    def correct(
        self, frame: pl.DataFrame, lines: pl.Series, index: str, record_schema: RecordSchema | None
    ) -> pl.DataFrame:
        """Return the log frame of documents of an index, with the server's times where others may be wrong.

        `lines` are the documents, JSON text. A time that names no zone is in that of the hints, as others are; what
        the user says of the order of a date, or its pattern, goes first.

        Raises ServerUnavailable and RequestRefused.
        """
        fields = self._mapping.dates(index)
        rows = self._doubtful_rows(frame, lines, index, fields, record_schema) if fields else pl.Series(dtype=pl.UInt32)
        if rows.is_empty():
            return frame
        times_by_id = self._ask(index, frame["offset"].gather(rows).to_list(), fields)
        server_times = [times_by_id.get(name) for name in frame["offset"].gather(rows)]
        read = self._to_utc(server_times, lines.gather(rows))
        times = read.zip_with(read.is_not_null(), frame["timestamp"].gather(rows))
        frame = frame.with_columns(frame["timestamp"].scatter(rows, times))
        return _without_read_texts(frame, rows, [time and time[0] for time in server_times])

    def _doubtful_rows(
        self, frame: pl.DataFrame, lines: pl.Series, index: str, fields: Sequence[str], schema: RecordSchema | None
    ) -> pl.Series:
        """Return the numbers of the rows whose time is to be asked for."""
        if frame.is_empty():
            return pl.Series(dtype=pl.UInt32)
        is_unread = frame["timestamp"].is_null() & lines.str.contains_any(
            [json.dumps(_leaf(field)) for field in fields]
        )
        semantics = schema.semantics if schema else None
        is_composed = semantics is not None and bool(semantics.zone or semantics.time_parts)
        if is_composed or self._hints.time_pattern or self._hints.dayfirst is not None:
            return is_unread.arg_true()
        if self._mapping.has_own_format(fields, index):
            return pl.arange(0, frame.height, eager=True)
        names = "|".join(re.escape(_leaf(field)) for field in fields)
        return (is_unread | lines.str.contains(rf'"(?:{names})"\s*:\s*{_SMALL_NUMBER}')).arg_true()

    def _ask(self, index: str, ids: Sequence[str], fields: Sequence[str]) -> dict[str, _ServerTime]:
        """Return the times of documents by their ids; of several in one document the first."""
        try:
            hits = self._search("fields", index, ids, fields)
        except RequestRefused:  # which reads the document again, and not every number that was once taken
            hits = self._search("docvalue_fields", index, ids, fields)
        times = {hit["_id"]: _first_time(hit.get("fields", {}), fields) for hit in hits}
        return {name: time for name, time in times.items() if time is not None}

    def _search(self, way: str, index: str, ids: Sequence[str], fields: Sequence[str]) -> list[dict[str, Any]]:
        path = f"/{quote(index, safe='')}/_search?allow_partial_search_results=false"
        body = {
            "size": len(ids),
            "track_total_hits": False,
            "_source": False,
            "query": {"ids": {"values": list(ids)}},
            way: [{"field": field, "format": "epoch_millis"} for field in fields],
        }
        answer = retry(
            lambda: self._connection.request_json("POST", f"{path}&filter_path=hits.hits._id,hits.hits.fields", body),
            is_transient=lambda error: isinstance(error, ServerUnavailable), backoff=_BACKOFF,
            seconds=self._retry_seconds, on_failure=lambda _: None,
        )  # fmt: skip
        hits: list[dict[str, Any]] = answer.get("hits", {}).get("hits", [])
        return hits

    def _to_utc(self, times: Sequence[_ServerTime | None], lines: pl.Series) -> pl.Series:
        """Return the times as those of the log frame; the server takes one that names no zone for UTC."""
        read = pl.Series([time and time[1] for time in times], dtype=pl.Int64).cast(pl.Datetime("us"))
        in_utc = read.dt.replace_time_zone("UTC").cast(TIMESTAMP)
        if self._hints.tz == "UTC":
            return in_utc
        is_naive = [time is not None and _is_naive(line, *time) for line, time in zip(lines, times, strict=True)]
        return localize(read, self._hints.tz, None).cast(TIMESTAMP).zip_with(pl.Series(is_naive), in_utc)


def _first_time(values_by_field: Mapping[str, Sequence[str]], fields: Sequence[str]) -> _ServerTime | None:
    for field in fields:
        for value in values_by_field.get(field, ()):
            return field, int(Decimal(value) * 1000)
    return None


def _leaf(field: str) -> str:
    return field.rpartition(".")[2]


def _is_naive(line: str, field: str, micros: int) -> bool:
    """Whether a document writes a time without its zone; a number that counts from 1970 needs none."""
    record = json.loads(line)
    value = record.get(field, value_at(record, tuple(field.split("."))))
    value = value[0] if isinstance(value, list) and value else value
    text = str(value).strip()
    if re.fullmatch(r"-?\d+(?:\.\d+)?", text):
        return all(abs(Decimal(text) * unit - micros) >= unit for unit in (1000, 1_000_000))
    return not _ZONED.search(text)


def _without_read_texts(frame: pl.DataFrame, rows: pl.Series, fields: Sequence[str | None]) -> pl.DataFrame:
    """Take the texts of times that the server could read out of `attributes`, unless they hold more than one time."""
    if "attributes" not in frame.columns:
        return frame
    texts = frame["attributes"].gather(rows)
    changed = [
        text if text is None or field is None else _without(json.loads(text), field)
        for text, field in zip(texts, fields, strict=True)
    ]
    return frame.with_columns(frame["attributes"].scatter(rows, pl.Series(changed, dtype=pl.String)))


def _without(attributes: dict[str, Any], field: str) -> str | None:
    value = attributes.get(field)
    times = json.loads(value) if isinstance(value, str) and value.startswith("[") else value
    if not isinstance(times, list) or len(times) == 1:
        attributes.pop(field, None)
    return json.dumps(attributes, ensure_ascii=False) if attributes else None
