"""Records to events: the core columns by what the fields mean, every other field as a column of its own."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from loganalytics.formats.fields.aliases import FieldPath
from loganalytics.formats.fields.durations import milliseconds
from loganalytics.formats.fields.exceptions import exception_text, stack_text
from loganalytics.formats.fields.level_columns import with_levels
from loganalytics.formats.fields.messages import messages
from loganalytics.formats.fields.record_schema import (  # fmt: skip
    BOOLEAN,
    DTYPES,
    INTEGER,
    NUMBER,
    TEXT,
    RecordSchema,
    column_name,
)
from loganalytics.formats.fields.times import BRACKETS
from loganalytics.formats.timestamps import Clock, to_utc


def to_events(
    records: pl.DataFrame,
    lines: pl.DataFrame,
    record_schema: RecordSchema,
    clock: Clock,
    *,
    text_fields: Collection[FieldPath] | None = None,
    splits_messages: bool = True,
) -> pl.DataFrame:
    """Turn records (n, record: a struct by the schema's paths) into events.

    An event without a message gets its line (n, line). `text_fields` are the fields whose values are text that is to
    be typed; default: all. With `splits_messages` what follows a message's first line is the exception.
    """
    events = _columns(records, record_schema, clock, record_schema.fields if text_fields is None else text_fields)
    events = _split_message(events) if splits_messages else events
    if not events["message"].null_count():
        return events
    if events["n"].equals(lines["n"]):
        return events.with_columns(message=events["message"].fill_null(lines["line"]))
    joined = events.join(lines.select("n", pl.col("line").alias("\0text")), on="n", how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce("message", "\0text").alias("message")).drop("\0text")


def field_value(path: FieldPath) -> pl.Expr:
    """Return the expression of a field of records."""
    value = pl.col("record")
    for name in path:
        value = value.struct.field(name)
    return value


def parse_typed(string: pl.Expr, kind: str) -> pl.Expr:
    """Return the expression for values of a type in text; null where the text is not of that type."""
    if kind == BOOLEAN:
        return pl.when(string.is_in(["true", "false"])).then(string == "true")
    return string if kind == TEXT else string.cast(DTYPES[kind], strict=False)


def time_text(record_schema: RecordSchema) -> pl.Expr:
    """Return the expression for the text of the records' times; two fields may hold a part each."""
    parts = record_schema.semantics.time_parts
    times = [
        parts[path].join(field_value(path).cast(pl.String), field_value(parts[path].path))
        if path in parts
        else field_value(path).cast(pl.String)
        for path in record_schema.core.get("timestamp", ())
    ]
    if not times:
        return pl.lit(None, dtype=pl.String)
    time = pl.coalesce(times) if times[1:] else times[0]
    return time.str.strip_chars(BRACKETS) if record_schema.semantics.times_are_bracketed else time


def _columns(
    records: pl.DataFrame, record_schema: RecordSchema, clock: Clock, text_fields: Collection[FieldPath]
) -> pl.DataFrame:
    special = ("timestamp", "level", "message", "exception")
    core = [_first(paths).alias(column) for column, paths in record_schema.core.items() if column not in special]
    derived = [*_duration(record_schema), *_exception(record_schema)]
    events = records.select("n", *core, *_other_fields(record_schema, text_fields), *derived)
    if "timestamp" in record_schema.core:
        times = records.select(time_text(record_schema).alias("timestamp")).to_series()
        events = events.with_columns(to_utc(times, clock))
    events = with_levels(events, records, record_schema, field_value)
    return events.with_columns(messages(records, record_schema, field_value))


def _other_fields(record_schema: RecordSchema, text_fields: Collection[FieldPath]) -> list[pl.Expr]:
    """Return the columns of the fields that are not a core column as they are."""
    core_columns = {column_name(paths[0]) for paths in record_schema.core.values()} - _kept_beside(record_schema)
    columns: dict[str, list[pl.Expr]] = {}
    for path, kind in record_schema.fields.items():
        if column_name(path) not in core_columns:
            value = parse_typed(field_value(path), kind) if path in text_fields else field_value(path)
            columns.setdefault(column_name(path), []).append(value)
    return [(pl.coalesce(values) if values[1:] else values[0]).alias(name) for name, values in columns.items()]


def _kept_beside(record_schema: RecordSchema) -> set[str]:
    """Return the columns of fields whose values are kept though a core column is made of them: it says less."""
    templates = record_schema.semantics.templates
    kept = [templates.template] if templates else []
    kept += [path for path in record_schema.core.get("exception", ())[:1] if path in record_schema.nested]
    kept += [path for path in record_schema.semantics.time_parts if record_schema.semantics.time_parts[path].digits]
    return set(map(column_name, kept))


def _first(paths: tuple[FieldPath, ...]) -> pl.Expr:
    return pl.coalesce(map(field_value, paths)) if len(paths) > 1 else field_value(paths[0])


def _duration(record_schema: RecordSchema) -> list[pl.Expr]:
    """Return `duration_ms`, from fields that are durations in any unit."""
    durations = record_schema.semantics.durations
    if not durations or record_schema.fields.get(("duration_ms",)) in (INTEGER, NUMBER):
        return []
    values = [
        milliseconds(field_value(path), factor)
        if record_schema.fields[path] == TEXT
        else field_value(path).cast(pl.Float64, strict=False) * factor
        for path, factor in durations.items()
    ]
    return [pl.coalesce(values).alias("duration_ms")]


def _exception(record_schema: RecordSchema) -> list[pl.Expr]:
    """Return `exception`, from a field or from an object that holds type, message and stack in fields of their own."""
    semantics = record_schema.semantics
    objects = [
        exception_text(*(field_value(path) if path else None for path in fields)) for fields in semantics.exceptions
    ]
    in_objects = {path for fields in semantics.exceptions for path in fields}
    paths = [path for path in record_schema.core.get("exception", ()) if path not in in_objects]
    texts = [*(stack_text(field_value(path)) for path in paths), *objects]
    if semantics.full_text:
        below = field_value(semantics.full_text).str.extract(r"(?s)^[^\n]*\n(.*\S)")
        texts.insert(0, below)
    return [pl.coalesce(texts).alias("exception")] if texts else []


def _split_message(events: pl.DataFrame) -> pl.DataFrame:
    """Keep a message's first line; what follows it is the exception, unless the record has one of its own."""
    message = pl.col("message").str.strip_chars_end("\n")
    if not events["message"].str.contains("\n", literal=True).any():
        return events
    after = message.str.extract(r"(?s)^[^\n]*\n(.*)$")
    exception = pl.coalesce("exception", after) if "exception" in events.columns else after
    return events.with_columns(message.str.extract(r"^([^\n]*)").alias("message"), exception.alias("exception"))
