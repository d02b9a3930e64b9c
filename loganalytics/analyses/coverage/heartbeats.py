"""Events by which a service says at regular intervals that it is alive, and those that came late."""

from __future__ import annotations

import polars as pl

HEARTBEAT_PATTERN = r"(?i)\bheart-?beats?\b|\bkeep-?alive\b|\bstill alive\b|\bhealth-?check\b|\bliveness\b"
LATE_FACTOR = 1.5  # times the usual interval: a longer one is late
MIN_HEARTBEATS = 5  # fewer show no interval
INTERVAL_TOLERANCE = 0.25  # of the usual interval, up or down: such an interval counts as regular
MIN_REGULAR_SHARE = 0.75  # of the intervals


def heartbeats(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Return service, heartbeat (the usual interval) and late (how many were) of each service that has heartbeats.

    Needs timestamp, service and message. A service whose heartbeats do not come at regular intervals has null for the
    last two. The time from the last heartbeat to the end of the log counts as an interval too.
    """
    time = pl.col("timestamp")
    intervals = time.sort().diff(null_behavior="drop").dt.total_microseconds()
    median = pl.element().median()
    is_near = pl.element().is_between((1 - INTERVAL_TOLERANCE) * median, (1 + INTERVAL_TOLERANCE) * median)
    usual = pl.col("intervals").list.median()
    regular_share = pl.col("intervals").list.eval(is_near.mean()).list.first()
    is_regular = (pl.col("heartbeats") >= MIN_HEARTBEATS) & (regular_share >= MIN_REGULAR_SHARE)
    late = pl.col("intervals").list.eval((pl.element() > LATE_FACTOR * median).sum()).list.first().cast(pl.Int64)
    is_overdue = (pl.col("end") - pl.col("last")).dt.total_microseconds() > LATE_FACTOR * usual
    return (
        frame.with_columns(end=time.max())
        .filter(pl.col("message").str.contains(HEARTBEAT_PATTERN) & time.is_not_null())
        .group_by("service")
        .agg(heartbeats=pl.len().cast(pl.Int64), intervals=intervals, last=time.max(), end=pl.col("end").first())
        .select(
            "service",
            heartbeat=pl.when(is_regular).then(usual.cast(pl.Int64).cast(pl.Duration("us"))),
            late=pl.when(is_regular).then(late + is_overdue.cast(pl.Int64)),
        )
    )
