"""Records to events: the core columns by what the fields mean, every other field as a column of its own."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from loganalytics.formats.fields.aliases import Path, fold
from loganalytics.formats.fields.schema import BOOLEAN, DTYPES, TEXT, RecordSchema, column_name
from loganalytics.formats.timestamps import Clock, to_utc
from loganalytics.schema import severities


def to_events(
    records: pl.DataFrame,
    lines: pl.DataFrame,
    layout: RecordSchema,
    clock: Clock,
    *,
    texts: Collection[Path] | None = None,
) -> pl.DataFrame:
    """Turn records (n, r: a struct by the layout's paths) into events; one without a message gets its line (n, line).

    `texts` are the fields whose values are text that is to be typed; default: all.
    """
    events = _columns(records, layout, clock, layout.fields if texts is None else texts)
    if not events["message"].null_count():
        return events
    if events["n"].equals(lines["n"]):
        return events.with_columns(message=events["message"].fill_null(lines["line"]))
    joined = events.join(lines.select("n", "line"), on="n", how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce("message", "line").alias("message")).drop("line")


def value(path: Path) -> pl.Expr:
    """Return the expression of a field of records."""
    found = pl.col("r")
    for part in path:
        found = found.struct.field(part)
    return found


def type_text(text: pl.Expr, kind: str) -> pl.Expr:
    """Return the expression for values of a type in text; null where the text is none of it."""
    if kind == BOOLEAN:
        return pl.when(text.is_in(["true", "false"])).then(text == "true")
    return text if kind == TEXT else text.cast(DTYPES[kind], strict=False)


def _columns(records: pl.DataFrame, layout: RecordSchema, clock: Clock, texts: Collection[Path]) -> pl.DataFrame:
    core = [_first(paths).alias(column) for column, paths in layout.core.items()]
    taken = {paths[0] for paths in layout.core.values()}
    others = [
        (type_text(value(path), kind) if path in texts else value(path)).alias(column_name(path))
        for path, kind in layout.fields.items()
        if path not in taken
    ]
    events = records.select("n", *core, *others, *_meanings(layout))
    if "timestamp" in layout.core:
        events = events.with_columns(to_utc(events["timestamp"], clock))
    if "level" in events.columns:
        events = events.with_columns(severities(_level(layout)))
        events = events.with_columns(severity_number=pl.coalesce(*_numbers(records, layout), "severity_number"))
    if "message" not in events.columns:
        return events.with_columns(message=pl.lit(None, dtype=pl.String))
    return _first_line(events)


def _first(paths: tuple[Path, ...]) -> pl.Expr:
    return pl.coalesce(map(value, paths)) if len(paths) > 1 else value(paths[0])


def _meanings(layout: RecordSchema) -> list[pl.Expr]:
    """Return the columns that the dialect adds: duration_ms, and the message and level of a web request."""
    known = layout.dialect
    found: list[pl.Expr] = []
    if known.durations and ("duration_ms",) not in layout.fields:
        each = [value(path).cast(pl.Float64, strict=False) * factor for path, factor in known.durations.items()]
        found.append(pl.coalesce(each).alias("duration_ms"))
    if known.request:
        parts = [value(path).cast(pl.String) for path in known.request]
        found.append(pl.concat_str(parts, separator=" ", ignore_nulls=True).replace("", None).alias("message"))
        if "level" not in layout.core:
            status = parts[-1].cast(pl.Int32, strict=False)
            levels = pl.when(status >= 500).then(pl.lit("error")).when(status >= 400).then(pl.lit("warning"))
            found.append(levels.when(status.is_not_null()).then(pl.lit("info")).alias("level"))
    if known.absent_level and "level" not in layout.core:
        found.append(pl.lit(known.absent_level).alias("level"))
    return found


def _numbers(records: pl.DataFrame, layout: RecordSchema) -> list[pl.Series]:
    """Return OpenTelemetry's severity numbers where the records write them, which say more than a level does."""
    paths = [path for path in layout.core.get("level", ()) if fold(path[-1]) == "severitynumber"]
    number = [value(path).cast(pl.UInt8, strict=False) for path in paths]
    return [records.select(pl.when(each.is_between(1, 24)).then(each)).to_series() for each in number]


def _level(layout: RecordSchema) -> pl.Expr:
    word = pl.col("level")
    if layout.dialect.levels:
        word = word.replace(layout.dialect.levels)
    return word.fill_null(layout.dialect.absent_level) if layout.dialect.absent_level else word


def _first_line(events: pl.DataFrame) -> pl.DataFrame:
    """Keep a message's first line; what follows it is the exception, unless the record brings one of its own."""
    message = pl.col("message").str.strip_chars_end("\n")
    if not events["message"].str.contains("\n", literal=True).any():
        return events
    rest = message.str.extract(r"(?s)^[^\n]*\n(.*)$")
    both = pl.coalesce("exception", rest) if "exception" in events.columns else rest
    return events.with_columns(message.str.extract(r"^([^\n]*)").alias("message"), both.alias("exception"))
