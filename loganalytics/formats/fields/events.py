"""Records to events: the core columns by what the fields mean, every other field as a column of its own."""

from __future__ import annotations

import json
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
)
from loganalytics.formats.fields.semantics import FieldSemantics
from loganalytics.formats.fields.times import BRACKETS, MIDNIGHT
from loganalytics.formats.internal_columns import column_name
from loganalytics.formats.timestamps import Clock, to_utc
from loganalytics.schema import CORE, DURATION


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
    events = to_columns(records, record_schema, clock, text_fields=text_fields)
    return finish(events, lines, splits_messages=splits_messages)


def finish(events: pl.DataFrame, lines: pl.DataFrame, *, splits_messages: bool = True) -> pl.DataFrame:
    """Divide messages of several lines, and give an event without a message its line (n, line)."""
    events = _split_message(events) if splits_messages else events
    if not events["message"].null_count():
        return events
    if events["n"].equals(lines["n"]):
        rows = (
            events["message"].is_null().arg_true()
        )  # few: a column that is put together anew takes four times as long
        return events.with_columns(events["message"].scatter(rows, lines["line"].gather(rows)))
    joined = events.join(lines.select("n", pl.col("line").alias("\0text")), on="n", how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce("message", "\0text").alias("message")).drop("\0text")


def fill_core(events: pl.DataFrame, late: pl.DataFrame, derived: Collection[str]) -> pl.DataFrame:
    """Fill core columns and `duration_ms` by what late fields of some events (n, columns) hold.

    The `derived` columns do not come from the records themselves, so that what a late field says goes first.
    """
    names = [name for name in (*CORE, DURATION) if name in late.columns and late[name].null_count() < late.height]
    joined = events.select("n").join(late.select("n", *names), on="n", how="left", maintain_order="left")
    filled: list[pl.Series] = []
    for name in names:
        if name not in events.columns:
            filled.append(joined[name])
        else:
            takes_late = goes_late(events, joined, "level" if name == "severity_number" else name, derived)
            filled.append(joined[name].cast(events[name].dtype, strict=False).zip_with(takes_late, events[name]))
    return events.with_columns(filled)


def goes_late(events: pl.DataFrame, late: pl.DataFrame, name: str, derived: Collection[str]) -> pl.Series:
    """Tell for which events a column is taken from late fields: where it is null, derived, or the lesser level."""
    has_value = late[name].is_not_null() if name in late.columns else pl.repeat(False, late.height, eager=True)
    if name not in events.columns or name in derived:
        return has_value
    is_open = events[name].is_null()
    if name == "level" and "severity_number" in late.columns:
        is_open |= (late["severity_number"] > events["severity_number"]).fill_null(value=False)
    return has_value & is_open


def field_value(path: FieldPath) -> pl.Expr:
    """Return the expression of a field of records."""
    value = pl.col("record")
    for name in path:
        value = value.struct.field(name)
    return value


def parse_typed(string: pl.Expr, kind: str) -> pl.Expr:
    """Return the expression for values of a type in text; null where the text is not of that type.

    What has a zero before it is no number, which would lose it.
    """
    if kind == BOOLEAN:
        return pl.when(string.is_in(["true", "false"])).then(string == "true")
    if kind == TEXT:
        return string
    is_padded = string.str.starts_with("0") & ~string.str.starts_with("0.") & (string.str.len_bytes() > 1)
    return pl.when(~is_padded).then(string.cast(DTYPES[kind], strict=False))


def time_text(record_schema: RecordSchema) -> pl.Expr:
    """Return the expression for the text of the records' times; two fields may hold a part each."""
    semantics = record_schema.semantics
    times = [_one_time(path, semantics) for path in record_schema.core.get("timestamp", ())]
    if not times:
        return pl.lit(None, dtype=pl.String)
    time = pl.coalesce(times) if times[1:] else times[0]
    time = time.str.strip_chars(BRACKETS) if semantics.times_are_bracketed else time
    return semantics.zone.add_to(time, field_value(semantics.zone.path)) if semantics.zone else time


def _one_time(path: FieldPath, semantics: FieldSemantics) -> pl.Expr:
    """Return the expression for the text of the time in a field, with the part that another holds."""
    time = field_value(path).cast(pl.String)
    if path in semantics.time_parts:
        part = semantics.time_parts[path]
        return part.join(time, field_value(part.path))
    return pl.concat_str(time, pl.lit(MIDNIGHT)) if path in semantics.days else time


def to_columns(
    records: pl.DataFrame,
    record_schema: RecordSchema,
    clock: Clock,
    *,
    text_fields: Collection[FieldPath] | None = None,
) -> pl.DataFrame:
    """Return the columns of records, messages as they are written; parameters as to_events() has them."""
    text_fields = record_schema.fields if text_fields is None else text_fields
    special = ("timestamp", "level", "message", "exception")
    core = [
        pl.coalesce(_name(path, record_schema) for path in paths).alias(column)
        for column, paths in record_schema.core.items()
        if column not in special
    ]
    derived = [*_duration(record_schema), *_exception(record_schema)]
    events = records.select("n", *core, *_other_fields(record_schema, text_fields), *derived)
    if "timestamp" in record_schema.core:
        texts = records.select(time_text(record_schema).alias("timestamp")).to_series()
        times = to_utc(texts, clock)
        if times.null_count() > texts.null_count():
            unread = (times.is_null() & (texts.str.strip_chars() != "")).fill_null(value=False)
            events = events.with_columns(_unread_times(records, record_schema, unread).alias("attributes"))
        events = events.with_columns(times)
    events = with_levels(events, records, record_schema, field_value)
    return events.with_columns(messages(records, record_schema, field_value))


def _unread_times(records: pl.DataFrame, record_schema: RecordSchema, unread: pl.Series) -> pl.Series:
    """Return JSON text of the texts of the times that are none."""
    texts = [field_value(path).cast(pl.String).alias(".".join(path)) for path in record_schema.core["timestamp"]]
    fields = records.filter(unread).select(texts)
    rows = [{name: text for name, text in row.items() if text is not None} for row in fields.iter_rows(named=True)]
    attributes = pl.repeat(None, records.height, dtype=pl.String, eager=True)
    return attributes.scatter(unread.arg_true(), [json.dumps(row, ensure_ascii=False) for row in rows])


def _other_fields(record_schema: RecordSchema, text_fields: Collection[FieldPath]) -> list[pl.Expr]:
    """Return the columns of the fields that are not a core column as they are."""
    columns: dict[str, list[pl.Expr]] = {}
    own_duration = {DURATION: f"attributes.{DURATION}"} if _duration(record_schema) else {}
    for path, kind in record_schema.fields.items():
        if path not in record_schema.without_column:
            value = parse_typed(field_value(path), kind) if path in text_fields else field_value(path)
            name = column_name(path)
            columns.setdefault(own_duration.get(name, name), []).append(value)
    return [(pl.coalesce(values) if values[1:] else values[0]).alias(name) for name, values in columns.items()]


def _name(path: FieldPath, record_schema: RecordSchema) -> pl.Expr:
    """Return the value of a core column's field; an object is none where others have a name, which is within it."""
    value = field_value(path)
    return pl.when(~value.str.starts_with("{")).then(value) if path in record_schema.named_objects else value


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


def _joined_once(text: pl.Expr, more: pl.Expr) -> pl.Expr:
    """Return two texts joined, or the longer one where it holds the other."""
    return (
        pl.when(more.is_null() | text.str.contains(more, literal=True)).then(pl.coalesce(text, more))
        .when(text.is_null() | more.str.contains(text, literal=True)).then(more)
        .otherwise(pl.concat_str(text, more, separator="\n"))
    )  # fmt: skip


def _split_message(events: pl.DataFrame) -> pl.DataFrame:
    """Keep a message's first line; what follows it begins the exception, unless that holds it already."""
    message = pl.col("message").str.strip_chars_end("\n")
    if not events["message"].str.contains("\n", literal=True).any():
        return events
    after = message.str.extract(r"(?s)^[^\n]*\n(.*)$")
    exception = _joined_once(after, pl.col("exception")) if "exception" in events.columns else after
    return events.with_columns(message.str.extract(r"^([^\n]*)").alias("message"), exception.alias("exception"))
