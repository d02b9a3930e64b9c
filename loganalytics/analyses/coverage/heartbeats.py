"""Events that come at fixed times to say that a service lives, and those that came late."""

from __future__ import annotations

import polars as pl

WORDS = r"(?i)\bheart-?beats?\b|\bkeep-?alive\b|\bstill alive\b|\bhealth-?check\b|\bliveness\b"
LATE = 1.5  # times the usual interval
FEWEST = 5  # heartbeats that show an interval
REGULAR = 0.75  # share of the intervals within a quarter of the usual one


def heartbeats(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Return service, heartbeat (the usual interval) and late (how many were) of each service that has heartbeats.

    Needs timestamp, service and message. A service whose heartbeats come at no regular interval has null for the last
    two. The time from the last one to the end of the log counts as well.
    """
    time = pl.col("timestamp")
    pauses = time.sort().diff(null_behavior="drop").dt.total_microseconds()
    usual = pl.col("pauses").list.median()
    near = pl.col("pauses").list.eval(
        pl.element().is_between(0.75 * pl.element().median(), 1.25 * pl.element().median()).mean()
    )
    regular = (pl.col("heartbeats") >= FEWEST) & (near.list.first() >= REGULAR)
    late = (pl.col("pauses").list.eval((pl.element() > LATE * pl.element().median()).sum()).list.first()).cast(pl.Int64)
    silent = (pl.col("end") - pl.col("last")).dt.total_microseconds() > LATE * usual
    return (
        frame.with_columns(end=time.max())
        .filter(pl.col("message").str.contains(WORDS) & time.is_not_null())
        .group_by("service")
        .agg(heartbeats=pl.len().cast(pl.Int64), pauses=pauses, last=time.max(), end=pl.col("end").first())
        .select(
            "service",
            heartbeat=pl.when(regular).then(usual.cast(pl.Int64).cast(pl.Duration("us"))),
            late=pl.when(regular).then(late + silent.cast(pl.Int64)),
        )
    )  # fmt: skip
