"""Times of events that write none, from the events before them in the same file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import replace

import polars as pl

from loganalytics.formats.continuations import Parsed
from loganalytics.formats.envelopes.streams import ONE_WRITER
from loganalytics.formats.internal_columns import FORMAT_INDEX, STREAM, UNTIMED
from loganalytics.schema import TIMESTAMP

INFERRED = "timestamp.inferred"
"""The column that is true for events that have their time from the event before, null for all others."""


def mark_untimed(events: pl.DataFrame, untimed: Collection[int]) -> pl.DataFrame:
    """Mark events without a time in formats that have none, whose indices these are, and those in no format.

    What a format with a time could not read stays without one.
    """
    has_time = pl.lit(value=False)
    if "timestamp" in events.columns:
        if not events["timestamp"].null_count():
            return events
        has_time = pl.col("timestamp").is_not_null()
    index = pl.col(FORMAT_INDEX) if FORMAT_INDEX in events.columns else pl.lit(None)
    is_untimed = index.is_null() | index.is_in(list(untimed)) | ~pl.col("parsed")
    return events.with_columns((~has_time & is_untimed).alias(UNTIMED))


def with_inferred_times(parsed: Parsed) -> Parsed:
    """Give events that are marked as untimed the time of the event before, by the same writer if that had one."""
    events, before = parsed.events, parsed.before
    if events.is_empty():
        return parsed
    if "timestamp" not in events.columns:
        events = events.with_columns(timestamp=pl.lit(None, dtype=TIMESTAMP))
    if UNTIMED in events.columns:
        events = _inferred(events, before.times)
    times = {**before.times, **last_times(events)}
    return replace(parsed, events=events, before=replace(before, times=times))


def last_times(events: pl.DataFrame) -> dict[str, dt.datetime]:
    """Return the last time of each stream of events, and that of all of them under ONE_WRITER."""
    if "timestamp" not in events.columns:
        return {}
    times = events["timestamp"].drop_nulls()
    last = {ONE_WRITER: times[-1]} if times.len() else {}
    if STREAM not in events.columns:
        return last
    of_streams = events.select(STREAM, "timestamp").drop_nulls().unique(STREAM, keep="last")
    return dict(of_streams.iter_rows()) | last


def _inferred(events: pl.DataFrame, times_before: Mapping[str, dt.datetime]) -> pl.DataFrame:
    time = pl.col("timestamp")
    known = time.forward_fill().fill_null(pl.lit(times_before.get(ONE_WRITER), dtype=TIMESTAMP))
    if STREAM in events.columns:
        before = pl.col(STREAM).replace_strict(dict(times_before), default=None, return_dtype=TIMESTAMP)
        known = pl.coalesce(time.forward_fill().over(STREAM), before, known)
    inferred = events.select(pl.when(time.is_null() & pl.col(UNTIMED)).then(known).alias("timestamp")).to_series()
    if inferred.null_count() == events.height:
        return events
    mark = pl.when(inferred.is_not_null()).then(pl.lit(value=True)).alias(INFERRED)
    return events.with_columns(pl.coalesce("timestamp", inferred), mark)
