"""Events whose message is their whole line, since the time in it is no time or is part of what is said."""

from __future__ import annotations

import polars as pl

from loganalytics.formats.definitions import PROSE, Format
from loganalytics.formats.time_formats import UNREAD


def with_unread_times(events: pl.DataFrame, lines: pl.DataFrame, form: Format) -> pl.DataFrame:
    """Keep the text of a time that cannot be read: the whole line (n, line) is the message then."""
    if "timestamp" not in events.columns or not events["timestamp"].null_count():
        return events
    undated = _lines_of(lines, events.filter(pl.col("timestamp").is_null()))
    texts = undated["line"].str.extract_groups(form.regex).struct.field("timestamp")
    return _with_lines(events, undated.filter(texts.is_not_null() & (texts != UNREAD)))


def with_whole_sentences(events: pl.DataFrame, before: pl.Series, lines: pl.DataFrame) -> pl.DataFrame:
    """Keep the time in the message where what stands before it is prose: it is part of the sentence."""
    is_sentence = before.str.contains(PROSE).fill_null(value=False)
    return _with_lines(events, _lines_of(lines, events.filter(is_sentence))) if is_sentence.any() else events


def _lines_of(lines: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    return lines.filter(pl.col("n").is_in(events["n"].implode()))


def _with_lines(events: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Return the events, those of these lines with the line as their message."""
    if lines.is_empty():
        return events
    texts = lines.select("n", pl.col("line").alias("\0line"))
    joined = events.join(texts, on="n", how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce("\0line", "message").alias("message")).drop("\0line")
