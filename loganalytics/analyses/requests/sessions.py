"""Sessions of a user, an address or a client: its events up to the next long pause."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from loganalytics.analyses.errors.failures import is_failure
from loganalytics.analyses.requests.durations import to_milliseconds
from loganalytics.schema import Frame, lazy
from loganalytics.times import parse_every


def sessions(logs: Frame, *, by: str = "user_id", gap: str | timedelta = "30m") -> pl.DataFrame:
    """Cut the events of each value of a column into sessions: a pause longer than `gap` begins a new one.

    Needs timestamp, severity_number, service and message, and the column `by`. Events without a value or a time are
    not counted.

    Returns `by`, session (Int64, from 1, in order of time within the value), first_seen, last_seen (Datetime us UTC),
    duration_ms (Float64), events, errors (Int64), services (List[String], in the order in which they came in),
    longest_pause_ms (Float64; null for one event), first_message and last_message; sorted by first_seen, then by value.

    Raises MissingColumnError, and InvalidArgumentError for a gap that is not a length of time.

    Example:
        >>> from datetime import datetime
        >>> from loganalytics.schema import conform
        >>> times = [datetime(2025, 1, 31, 12, 0), datetime(2025, 1, 31, 12, 20), datetime(2025, 1, 31, 13, 0)]
        >>> logs = conform(pl.DataFrame({"timestamp": times, "user_id": 7, "message": ["in", "work", "in again"]}))
        >>> sessions(logs).select("user_id", "session", "events", "duration_ms", "first_message").rows()
        [(7, 1, 2, 1200000.0, 'in'), (7, 2, 1, 0.0, 'in again')]
    """
    max_pause = parse_every(gap)
    frame = lazy(logs, "timestamp", "severity_number", "service", "message", by)
    have = frame.collect_schema().names()
    time = pl.col("timestamp")
    position = [name for name in ("source", "offset") if name in have and name != by]
    columns = list(dict.fromkeys(["timestamp", "severity_number", "service", "message", by, *position]))
    pause = time.diff().over(by)
    return (
        frame.select(*columns, is_failure=is_failure(have))
        .drop_nulls(["timestamp", by])
        .sort(by, "timestamp", *[pl.col(name) for name in position], maintain_order=True)
        .with_columns(pause=pause, session=(pause > max_pause).fill_null(value=True).cast(pl.Int64).cum_sum().over(by))
        .group_by(by, "session", maintain_order=True)
        .agg(
            first_seen=time.min(),
            last_seen=time.max(),
            duration_ms=to_milliseconds(time.max() - time.min()),
            events=pl.len().cast(pl.Int64),
            errors=pl.col("is_failure").sum().cast(pl.Int64),
            services=pl.col("service").cast(pl.String).drop_nulls().unique(maintain_order=True),
            longest_pause_ms=to_milliseconds(pl.col("pause").slice(1).max()),
            first_message=pl.col("message").first(),
            last_message=pl.col("message").last(),
        )
        .sort("first_seen", by)
        .collect()
    )
