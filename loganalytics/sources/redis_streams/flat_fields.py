"""Fields that are the record themselves (level, message, user_id …) to typed columns."""

from __future__ import annotations

import json
import re
from typing import Any

import polars as pl

from loganalytics.formats.fields.events import to_events
from loganalytics.formats.fields.known_names import may_have_meaning
from loganalytics.formats.fields.record_schema import RecordSchema, infer_schema
from loganalytics.formats.hints import Hints
from loganalytics.formats.timestamps import Clock, clock_of

# What JSON would write as a number: "007" is text, and so is what a float would round.
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,17})(\.\d{1,15})?")
# Text, even where it looks like a number.
_TEXT_FIELDS = ("message", "msg", "service", "logger", "exception")
_SAMPLE_ROWS, _RELEARN_ROWS = 1000, 100
# A stream whose fields never settle has the later ones in `attributes`.
_MAX_LESSONS = 20


class FlatFieldsParser:
    """The fields of one stream's entries and their types, from a sample that grows with every new field."""

    def __init__(self, hints: Hints) -> None:
        self._hints = hints
        self._sample: list[dict[str, Any]] = []
        self._known_fields: set[str] = set()
        self._schema: RecordSchema | None = None
        self._clock = Clock()
        self._lessons = 0

    @property
    def used(self) -> bool:
        """Whether there were any."""
        return self._lessons > 0

    def events(self, number: pl.Series, fields: pl.DataFrame) -> pl.DataFrame:
        """Return one event an entry, with its `n`; what has no column, or does not fit it, is in `attributes`."""
        self._learn(fields)
        record_schema = self._schema
        if record_schema is None:
            return pl.DataFrame({"n": number, "message": to_json(fields)})
        names = [path[0] for path in record_schema.fields]
        absent = [pl.lit(None, dtype=pl.String).alias(name) for name in names if name not in fields.columns]
        record = fields.with_columns(absent).select(names)
        without_message = _without_message(record, record_schema)
        line = pl.repeat(None, fields.height, dtype=pl.String, eager=True)
        if without_message.any():
            line = line.scatter(without_message.arg_true(), to_json(fields.filter(without_message)))
        parsed = pl.DataFrame({"n": number, "record": record.to_struct()})
        lines = pl.DataFrame({"n": number, "line": line})
        events = to_events(parsed, lines, record_schema, self._clock)
        attributes = _attributes(fields, record_schema)
        if "attributes" in events.columns:  # the times that are none
            attributes = _merged(events["attributes"], attributes)
        return events.with_columns(attributes)

    def _learn(self, fields: pl.DataFrame) -> None:
        new_fields = [name for name in fields.columns if name not in self._known_fields]
        if self._lessons >= _MAX_LESSONS:
            new_fields = [name for name in new_fields if may_have_meaning((name,))]
        if not new_fields:
            return
        if self._lessons:
            rows = fields.filter(pl.any_horizontal(pl.col(new_fields).is_not_null())).head(_RELEARN_ROWS)
        else:
            rows = fields.gather_every(max(1, fields.height // _SAMPLE_ROWS))
        self._lessons += 1
        self._known_fields.update(new_fields)
        self._sample += [_typed_row(row) for row in rows.iter_rows(named=True)]
        self._schema = infer_schema(self._sample, self._hints)
        times = [self._schema.time_of(row) if self._schema else None for row in self._sample]
        self._clock = clock_of(pl.Series(times, dtype=pl.String), self._hints)


def to_json(fields: pl.DataFrame) -> pl.Series:
    """Return each row as JSON text, without what it lacks."""
    if not any(fields.null_count().row(0)):
        return fields.to_struct().struct.json_encode()
    rows = ({name: value for name, value in row.items() if value is not None} for row in fields.iter_rows(named=True))
    return pl.Series([json.dumps(row, ensure_ascii=False) for row in rows], dtype=pl.String)


def _typed_row(row: dict[str, str | None]) -> dict[str, Any]:
    return {
        name: value if name in _TEXT_FIELDS else _typed_value(value) for name, value in row.items() if value is not None
    }


def _typed_value(value: str) -> object:
    number = _NUMBER.fullmatch(value)
    if number:
        return float(value) if number[1] else int(value)
    return value == "true" if value in ("true", "false") else value


def _without_message(record: pl.DataFrame, record_schema: RecordSchema) -> pl.Series:
    """Return which rows have no message of their own."""
    messages = [pl.col(path[0]).is_not_null() for path in record_schema.core.get("message", ())]
    return record.select(~pl.any_horizontal(messages) if messages else pl.repeat(True, pl.len())).to_series()


def _attributes(fields: pl.DataFrame, record_schema: RecordSchema) -> pl.Series:
    """Return JSON text of what the columns do not hold."""
    without_column = [name for name in fields.columns if (name,) not in record_schema.fields]
    misfits = [
        pl.when(_does_not_fit(name, kind)).then(name).alias(name)
        for (name,), kind in record_schema.fields.items()
        if kind != "text" and name in fields.columns
    ]
    attributes = fields.select(*without_column, *misfits)
    empty = pl.repeat(None, fields.height, dtype=pl.String, eager=True).alias("attributes")
    if attributes.width == 0:
        return empty
    rows = attributes.select(pl.any_horizontal(pl.all().is_not_null())).to_series()
    return empty.scatter(rows.arg_true(), to_json(attributes.filter(rows))) if rows.any() else empty


def _merged(attributes: pl.Series, more: pl.Series) -> pl.Series:
    """Return the attributes of both."""
    rows = (attributes.is_not_null() & more.is_not_null()).arg_true()
    pairs = zip(attributes.gather(rows), more.gather(rows), strict=True)
    texts = [json.dumps(json.loads(first) | json.loads(second), ensure_ascii=False) for first, second in pairs]
    return attributes.fill_null(more).scatter(rows, texts).alias("attributes")


def _does_not_fit(name: str, kind: str) -> pl.Expr:
    """Whether a value would not be the same text in its column's dtype: "anonymous" or "007" as an integer."""
    pattern = {"integer": r"^-?(?:0|[1-9]\d{0,17})$", "boolean": "^(?:true|false)$"}
    return ~pl.col(name).str.contains(pattern.get(kind, r"^-?(?:0|[1-9]\d{0,17})(?:\.\d+)?$"))
