"""Times of events that write none, from the events before them in the same file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from loganalytics.formats.continuations import Parsed
from loganalytics.formats.internal_columns import FORMAT_INDEX
from loganalytics.schema import TIMESTAMP

INFERRED = "timestamp.inferred"
"""The column that is true for events that have their time from the event before, null for all others."""


def with_inferred_times(parsed: Parsed, untimed: Sequence[int] | None) -> Parsed:
    """Give events whose format has no time that of the event before, and mark them.

    `untimed` are the indices of these formats; None where no format of the file has times. What a format with a time
    could not read stays without one.
    """
    events, before = parsed.events, parsed.before
    if untimed is None or events.is_empty():
        return parsed
    if "timestamp" not in events.columns:
        events = events.with_columns(timestamp=pl.lit(None, dtype=TIMESTAMP))
    timestamp, index = pl.col("timestamp"), pl.col(FORMAT_INDEX) if FORMAT_INDEX in events.columns else pl.lit(None)
    is_untimed = timestamp.is_null() & (index.is_null() | index.is_in(untimed))
    known = timestamp.forward_fill().fill_null(pl.lit(before.time, dtype=TIMESTAMP))
    frame = events.select(is_untimed=is_untimed, known=known)
    parsed = replace(parsed, before=replace(before, time=frame["known"][-1]))
    is_inferred = frame["is_untimed"] & frame["known"].is_not_null()
    if not is_inferred.any():
        return parsed
    times = pl.select(pl.when(is_inferred).then(frame["known"]).otherwise(events["timestamp"])).to_series()
    is_marked = pl.when(is_inferred).then(pl.lit(value=True))
    return replace(parsed, events=events.with_columns(times.alias("timestamp"), is_marked.alias(INFERRED)))
