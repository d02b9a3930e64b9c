"""How many events and errors there were, window by window."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import cast

import polars as pl

from loganalytics.analyses.errors.failures import failure_of
from loganalytics.exceptions import InvalidArgumentError
from loganalytics.schema import Frame, lazy
from loganalytics.times import parse_every, parse_zone, window_start, window_starts

# One stray time stamp of 1970 among 5 minute windows makes six million empty ones for each value.
MAX_ROWS = 5_000_000


def trend(
    logs: Frame, *, every: str | timedelta = "5m", by: str | None = None, display_tz: str = "UTC"
) -> pl.DataFrame:
    """Count events and errors in every window of time, optionally by the values of a column.

    Needs timestamp and severity_number, and the column `by`; uses level, message and exception. Errors are, as in all
    tables, events with severity_number >= 17 (failed requests, HTTP 5xx, among them: reading raises them to it), and
    events without any severity whose message reports a failure ("failed", "失败") or with a stack trace. Events
    without a timestamp are not counted. Windows are those of the clock in `display_tz`: days begin at its midnight, and
    last 23 or 25 hours where the clock is changed.

    Returns one row a window (and value), sorted by them: window (Datetime us in that zone, its start), `by`,
    events (Int64), errors (Int64), error_rate (Float64, errors / events, 0 without
    events). Windows without events, from the first event of the log to its last, are rows of zeros for
    every value.

    Raises MissingColumnError, and InvalidArgumentError when `every` is not a length of time, or when it is
    so short (or the log so long, or the values so many) that the rows could not be held in memory.

    Example:
        >>> from loganalytics.schema import conform
        >>> times = [datetime(2025, 1, 31, 14, minute) for minute in (1, 2, 11)]
        >>> logs = conform(pl.DataFrame({"timestamp": times, "severity_number": [9, 17, 9]}))
        >>> trend(logs, every="5m").select("events", "errors", "error_rate").rows()
        [(2, 1, 0.5), (0, 0, 0.0), (1, 0, 0.0)]
    """
    counts = partial(logs, every=every, by=by, display_tz=display_tz)
    return finish(merge([counts]), every=every, display_tz=display_tz)


def partial(
    logs: Frame, *, every: str | timedelta = "5m", by: str | None = None, display_tz: str = "UTC"
) -> pl.DataFrame:
    """Return the sums of one part of a log: window, `by`, events, errors; only windows that hold events."""
    needed = ["timestamp", "severity_number", *([] if by is None else [by])]
    keys = ["window", *([] if by is None else [by])]
    return (
        lazy(logs, *needed)
        .filter(pl.col("timestamp").is_not_null())
        .group_by(window_start(every, tz=parse_zone(display_tz).key), *keys[1:])
        .agg(events=pl.len().cast(pl.Int64), errors=failure_of(logs).sum().cast(pl.Int64))
        .sort(keys)
        .collect()
    )


def merge(partials: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Add up the sums of parts, in any order; the result can be merged again."""
    sums = pl.concat(partials, how="vertical_relaxed")
    keys = [name for name in sums.columns if name not in ("events", "errors")]
    return sums.group_by(keys).agg(pl.col("events", "errors").sum()).sort(keys)


def finish(merged: pl.DataFrame, *, every: str | timedelta = "5m", display_tz: str = "UTC") -> pl.DataFrame:
    """Return the trend that merged sums stand for: empty windows filled in, and the error rate."""
    keys = [name for name in merged.columns if name not in ("events", "errors")]
    frame = _all_windows(merged, every, keys[1:], display_tz).join(merged, on=keys, how="left", nulls_equal=True)
    return (
        frame.with_columns(pl.col("events", "errors").fill_null(0))
        .with_columns(error_rate=pl.col("errors") / pl.max_horizontal("events", 1))
        .sort(keys)
    )


def _all_windows(merged: pl.DataFrame, every: str | timedelta, by: list[str], display_tz: str) -> pl.DataFrame:
    if merged.is_empty():
        return merged.select("window", *by)
    length = parse_every(every)
    first = cast(datetime, merged["window"].min())
    last = cast(datetime, merged["window"].max())
    rows = ((last - first) // length + 1) * (merged[by[0]].n_unique() if by else 1)
    if rows > MAX_ROWS:
        raise InvalidArgumentError(
            f"Windows of {length} from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} would make {rows:,} "
            "rows. Hint: choose longer windows, a shorter time range (a stray time stamp stretches it), "
            "or a column with fewer values."
        )
    windows = window_starts(first, last, every, tz=display_tz)
    return windows.join(merged.select(by).unique(), how="cross") if by else windows
