"""Fields that are the record themselves (level, message, user_id …) to typed columns."""

from __future__ import annotations

import json
import re
from typing import Any

import polars as pl

from loganalytics.formats.fields.events import to_events
from loganalytics.formats.fields.schema import RecordSchema, infer_schema
from loganalytics.formats.timestamps import Clock, detect_time_formats

# What JSON would write as a number: "007" is text, and so is what a float would round.
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,17})(\.\d{1,15})?")
# Text, even where it looks like a number.
_WORDS = ("message", "msg", "service", "logger", "exception")
_SAMPLE, _MORE = 1000, 100
# A stream whose fields never settle has the later ones in `attributes`.
_MOST_LESSONS = 20


class Fields:
    """The fields of one stream's entries and their types, from a sample that grows with every new field."""

    def __init__(self, tz: str) -> None:
        self._tz = tz
        self._sample: list[dict[str, Any]] = []
        self._seen: set[str] = set()
        self._layout: RecordSchema | None = None
        self._clock = Clock()
        self._lessons = 0

    @property
    def used(self) -> bool:
        """Whether there were any."""
        return self._lessons > 0

    def events(self, number: pl.Series, fields: pl.DataFrame) -> pl.DataFrame:
        """Return one event an entry, with its `n`; what has no column, or does not fit it, is in `attributes`."""
        self._learn(fields)
        layout = self._layout
        if layout is None:
            return pl.DataFrame({"n": number, "message": to_json(fields)})
        names = [path[0] for path in layout.fields]
        absent = [pl.lit(None, dtype=pl.String).alias(name) for name in names if name not in fields.columns]
        record = fields.with_columns(absent).select(names)
        speechless = _speechless(record, layout)
        line = pl.repeat(None, fields.height, dtype=pl.String, eager=True)
        if speechless.any():
            line = line.scatter(speechless.arg_true(), to_json(fields.filter(speechless)))
        parsed = pl.DataFrame({"n": number, "record": record.to_struct()})
        lines = pl.DataFrame({"n": number, "line": line})
        events = to_events(parsed, lines, layout, self._clock)
        return events.with_columns(_attributes(fields, layout))

    def _learn(self, fields: pl.DataFrame) -> None:
        new = [name for name in fields.columns if name not in self._seen]
        if not new or self._lessons >= _MOST_LESSONS:
            return
        rows = fields if self._lessons else fields.gather_every(max(1, fields.height // _SAMPLE))
        if self._lessons:
            rows = fields.filter(pl.any_horizontal(pl.col(new).is_not_null())).head(_MORE)
        self._lessons += 1
        self._seen.update(new)
        self._sample += [_typed(row) for row in rows.iter_rows(named=True)]
        self._layout = infer_schema(self._sample)
        paths = self._layout.core.get("timestamp", ()) if self._layout else ()
        texts = [next((str(row[p[0]]) for p in paths if row.get(p[0]) is not None), None) for row in self._sample]
        self._clock = Clock(detect_time_formats(pl.Series(texts, dtype=pl.String)), self._tz)


def to_json(fields: pl.DataFrame) -> pl.Series:
    """Return each row as JSON text, without what it lacks."""
    if not any(fields.null_count().row(0)):
        return fields.to_struct().struct.json_encode()
    rows = ({name: value for name, value in row.items() if value is not None} for row in fields.iter_rows(named=True))
    return pl.Series([json.dumps(row, ensure_ascii=False) for row in rows], dtype=pl.String)


def _typed(row: dict[str, str | None]) -> dict[str, Any]:
    return {name: text if name in _WORDS else _value(text) for name, text in row.items() if text is not None}


def _value(text: str) -> object:
    found = _NUMBER.fullmatch(text)
    if found:
        return float(text) if found[1] else int(text)
    return text == "true" if text in ("true", "false") else text


def _speechless(record: pl.DataFrame, layout: RecordSchema) -> pl.Series:
    """Tell which rows have no message of their own."""
    spoken = [pl.col(path[0]).is_not_null() for path in layout.core.get("message", ())]
    return record.select(~pl.any_horizontal(spoken) if spoken else pl.repeat(True, pl.len())).to_series()


def _attributes(fields: pl.DataFrame, layout: RecordSchema) -> pl.Series:
    """Return JSON text of what the columns do not hold."""
    others = [name for name in fields.columns if (name,) not in layout.fields]
    left = fields.select(
        *others,
        *[
            pl.when(_unlike(name, kind)).then(name).alias(name)
            for (name,), kind in layout.fields.items()
            if kind != "text" and name in fields.columns
        ],
    )
    empty = pl.repeat(None, fields.height, dtype=pl.String, eager=True).alias("attributes")
    if left.width == 0:
        return empty
    rows = left.select(pl.any_horizontal(pl.all().is_not_null())).to_series()
    return empty.scatter(rows.arg_true(), to_json(left.filter(rows))) if rows.any() else empty


def _unlike(name: str, kind: str) -> pl.Expr:
    """Whether a value does not say in its column's dtype what it says as text: "anonymous" or "007" as an integer."""
    shape = {"integer": r"^-?(?:0|[1-9]\d{0,17})$", "boolean": "^(?:true|false)$"}
    return ~pl.col(name).str.contains(shape.get(kind, r"^-?(?:0|[1-9]\d{0,17})(?:\.\d+)?$"))
