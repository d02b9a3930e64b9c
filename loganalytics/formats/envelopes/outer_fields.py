"""The fields that a wrapper gives a line, beside those of the line within, which are the ones that count."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from loganalytics.formats.envelopes.envelope import Wrapper
from loganalytics.formats.regex.text_levels import level_words
from loganalytics.schema import severities

OBSERVED_TIMESTAMP = "observed_timestamp"
"""The wrapper's time, of an event that has one of its own."""

_LEVEL = ("level", "severity_number")
_OUTER = "\0outer"


def add_wrapper(events: pl.DataFrame, outer: pl.DataFrame) -> pl.DataFrame:
    """Add what a wrapper says of events (n, ...): a text with the wrapper's time is read as one behind a time is."""
    if "level" in outer.columns and "severity_number" not in outer.columns:
        outer = outer.with_columns(severities(pl.col("level")))
    events = add_outer(events, outer)
    if "timestamp" not in outer.columns or events["parsed"].all():
        return events
    is_text = ~events["parsed"] & events["timestamp"].is_not_null()
    words = events.select(severities(pl.when(is_text).then(level_words(events))))
    if "level" in events.columns:
        words = words.select(
            pl.when(events["level"].is_null()).then(name).otherwise(events[name]).alias(name) for name in _LEVEL
        )
    return events.with_columns(*words, parsed=is_text | events["parsed"])


def without_marks(events: pl.DataFrame, wrappers: Iterable[Wrapper]) -> pl.DataFrame:
    """Cut off messages the marks of their level that it was read from."""
    for mark in (wrapper.envelope.level_mark for wrapper in wrappers):
        if mark and "level" in events.columns:
            text = pl.when(pl.col("level").is_not_null()).then(pl.col("message").str.replace(mark, ""))
            events = events.with_columns(text.otherwise("message").alias("message"))
    return events


def add_outer(events: pl.DataFrame, outer: pl.DataFrame, *, prefix: str = "wrapper.") -> pl.DataFrame:
    """Add the columns of `outer` (n, ...) to events of the same numbers; null values are filled by them.

    A value that the event has another of stays under the prefix and its name.
    """
    joined = events.join(outer, on="n", how="left", maintain_order="left", suffix=_OUTER)
    joined = _with_level(joined) if any(name in joined.columns for name in _LEVEL) else joined
    for name in outer.columns:
        if f"{name}{_OUTER}" in joined.columns:
            joined = _filled(joined, name, OBSERVED_TIMESTAMP if name == "timestamp" else f"{prefix}{name}")
    return joined


def _with_level(events: pl.DataFrame) -> pl.DataFrame:
    """Fill level and severity as a pair, so that neither contradicts the other."""
    if f"level{_OUTER}" not in events.columns:
        return events
    numbers = [f"severity_number{_OUTER}"] if f"severity_number{_OUTER}" in events.columns else []
    outer = events.select(pl.col(f"level{_OUTER}").alias("level"), *numbers)
    is_missing = events["level"].is_null()
    return events.with_columns(
        pl.when(is_missing).then(outer["level"]).otherwise("level").alias("level"),
        *(
            pl.when(is_missing).then(outer[name]).otherwise("severity_number").alias("severity_number")
            for name in numbers
        ),
    ).drop(numbers)


def _filled(events: pl.DataFrame, name: str, kept_name: str) -> pl.DataFrame:
    """Fill a column's nulls from the outer one of its name; what differs from it stays under another name."""
    column, outer = events[name], events[f"{name}{_OUTER}"]
    same_type = outer if column.dtype == outer.dtype else outer.cast(column.dtype, strict=False)
    differs = outer.is_not_null() & column.fill_null(same_type).ne_missing(same_type)
    differs |= outer.is_not_null() & same_type.is_null()
    columns = [column.fill_null(same_type).alias(name)]
    if differs.any():
        kept = [kept_name] if kept_name in events.columns else []
        columns.append(events.select(pl.coalesce(*kept, pl.when(differs).then(outer)).alias(kept_name)).to_series())
    return events.drop(f"{name}{_OUTER}").with_columns(columns)
