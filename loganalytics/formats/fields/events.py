"""Records to events: the core columns by what the fields mean, every other field as a column of its own."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from loganalytics.formats.fields.aliases import FieldPath, fold_name
from loganalytics.formats.fields.record_schema import BOOLEAN, DTYPES, TEXT, RecordSchema, column_name
from loganalytics.formats.timestamps import Clock, to_utc
from loganalytics.schema import severities


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


def _columns(
    records: pl.DataFrame, record_schema: RecordSchema, clock: Clock, text_fields: Collection[FieldPath]
) -> pl.DataFrame:
    core = [_first(paths).alias(column) for column, paths in record_schema.core.items()]
    core_fields = {paths[0] for paths in record_schema.core.values()}
    other_fields = [
        (parse_typed(field_value(path), kind) if path in text_fields else field_value(path)).alias(column_name(path))
        for path, kind in record_schema.fields.items()
        if path not in core_fields
    ]
    derived = [_duration(record_schema), *_request(record_schema), _default_level(record_schema)]
    events = records.select("n", *core, *other_fields, *[column for column in derived if column is not None])
    if "timestamp" in record_schema.core:
        events = events.with_columns(to_utc(events["timestamp"], clock))
    if "level" in events.columns:
        events = events.with_columns(severities(_level(record_schema)))
        numbers = _severity_numbers(records, record_schema)
        events = events.with_columns(severity_number=pl.coalesce(*numbers, "severity_number"))
    if "message" not in events.columns:
        return events.with_columns(message=pl.lit(None, dtype=pl.String))
    return events


def _first(paths: tuple[FieldPath, ...]) -> pl.Expr:
    return pl.coalesce(map(field_value, paths)) if len(paths) > 1 else field_value(paths[0])


def _duration(record_schema: RecordSchema) -> pl.Expr | None:
    """Return `duration_ms`, from fields that are durations in any unit."""
    durations = record_schema.semantics.durations
    if not durations or ("duration_ms",) in record_schema.fields:
        return None
    milliseconds = [field_value(path).cast(pl.Float64, strict=False) * factor for path, factor in durations.items()]
    return pl.coalesce(milliseconds).alias("duration_ms")


def _request(record_schema: RecordSchema) -> list[pl.Expr]:
    """Return the message of a web request, and the level by its status where there is no other."""
    paths = record_schema.semantics.request_paths
    if not paths:
        return []
    words = [field_value(path).cast(pl.String) for path in paths]
    message = pl.concat_str(words, separator=" ", ignore_nulls=True).replace("", None).alias("message")
    if "level" in record_schema.core:
        return [message]
    status = words[-1].cast(pl.Int32, strict=False)
    level = pl.when(status >= 500).then(pl.lit("error")).when(status >= 400).then(pl.lit("warning"))
    return [message, level.when(status.is_not_null()).then(pl.lit("info")).alias("level")]


def _default_level(record_schema: RecordSchema) -> pl.Expr | None:
    default = record_schema.semantics.default_level
    return pl.lit(default).alias("level") if default and "level" not in record_schema.core else None


def _severity_numbers(records: pl.DataFrame, record_schema: RecordSchema) -> list[pl.Series]:
    """Return OpenTelemetry's severity numbers where the records write them, which say more than a level does."""
    paths = [path for path in record_schema.core.get("level", ()) if fold_name(path[-1]) == "severitynumber"]
    numbers = [field_value(path).cast(pl.UInt8, strict=False) for path in paths]
    return [records.select(pl.when(number.is_between(1, 24)).then(number)).to_series() for number in numbers]


def _level(record_schema: RecordSchema) -> pl.Expr:
    semantics = record_schema.semantics
    level = pl.col("level").replace(semantics.level_words) if semantics.level_words else pl.col("level")
    return level.fill_null(semantics.default_level) if semantics.default_level else level


def _split_message(events: pl.DataFrame) -> pl.DataFrame:
    """Keep a message's first line; what follows it is the exception, unless the record has one of its own."""
    message = pl.col("message").str.strip_chars_end("\n")
    if not events["message"].str.contains("\n", literal=True).any():
        return events
    after = message.str.extract(r"(?s)^[^\n]*\n(.*)$")
    exception = pl.coalesce("exception", after) if "exception" in events.columns else after
    return events.with_columns(message.str.extract(r"^([^\n]*)").alias("message"), exception.alias("exception"))
