"""Messages that are log lines themselves: what they say is added to the events around them."""

from __future__ import annotations

import polars as pl

from loganalytics.schema import CORE

# What the line within knows better than what is around it.
_WITHIN = {"logger", "message", "exception"}


def to_lines(messages: pl.Series) -> pl.Series:
    """Return messages as lines: of JSON that is written over several lines the breaks are blanks."""
    is_object = messages.str.starts_with("{") & messages.str.contains("\n", literal=True)
    if not is_object.any():
        return messages
    one_line = messages.str.strip_chars_end("\n").str.replace_all("\n", " ", literal=True)
    return one_line.zip_with(is_object.fill_null(value=False), messages)


def with_inner(events: pl.DataFrame, inner: pl.DataFrame) -> pl.DataFrame:
    """Add the events (n, parsed, ...) that messages are to the events (n, ...) around them.

    What is around a line tells the time, the level and the other core columns, where it has them; another field of the
    same name, and another time, are called message.<name>.
    """
    names = [name for name in inner.columns if name not in ("n", "parsed")]
    read = inner.filter("parsed").select("n", *[pl.col(name).alias(f"\0{name}") for name in names])
    joined = events.join(read, on="n", how="left", maintain_order="left")
    if {"timestamp", "\0timestamp"} <= set(joined.columns):
        differs = joined["timestamp"] != joined["\0timestamp"]
        other = joined.select(pl.when(differs).then(pl.col("\0timestamp")).alias("message.timestamp"))
        joined = joined.hstack(other) if differs.any() else joined
    return joined.with_columns(_column(name, events.columns) for name in names).drop(f"\0{name}" for name in names)


def _column(name: str, outer: list[str]) -> pl.Expr:
    within = pl.col(f"\0{name}")
    if name not in outer:
        return within.alias(name)
    if name in _WITHIN:
        return pl.coalesce(within, name).alias(name)
    return pl.coalesce(name, within).alias(name) if name in CORE else within.alias(f"message.{name}")
