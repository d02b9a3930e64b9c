"""Messages that came at regular intervals, as those of jobs do, and have not come again."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from loganalytics.schema import TIMESTAMP

MIN_RUNS = 6  # fewer show no interval
MIN_PERIOD = timedelta(minutes=10)
TOLERANCE = 0.2  # of the median interval, by which each may be shorter or longer
LATE = 1.3  # times the longest interval: so long after the last run the next one is overdue

SCHEMA = {
    "service": pl.String(), "template": pl.String(), "template_id": pl.String(), "runs": pl.Int64(),
    "period": pl.Duration("us"), "last_seen": TIMESTAMP, "end": TIMESTAMP,
}  # fmt: skip


def overdue(events: pl.DataFrame) -> pl.DataFrame:
    """Return the messages that came at regular intervals and are overdue at the end of the log.

    Needs timestamp, service, template and template_id. A message is regular when it came six times or more, each time
    ten minutes or more after the last, and within a fifth of the median interval; it is overdue when 1.3 times its
    longest interval has passed since.

    Returns service, template, template_id, runs (Int64), period (Duration us, the median), last_seen and end (of the
    log); sorted by last_seen.

    Example:
        >>> from datetime import datetime
        >>> nights = pl.datetime_range(datetime(2026, 3, 1, 2), datetime(2026, 3, 20, 2), "1d", eager=True)
        >>> hours = pl.datetime_range(datetime(2026, 3, 1), datetime(2026, 3, 22), "1h", eager=True)
        >>> logs = pl.concat([
        ...     pl.DataFrame({"timestamp": times, "service": "db", "template": text, "template_id": text})
        ...     for times, text in ((nights, "backup finished"), (hours.dt.offset_by("7m"), "ok"))
        ... ])
        >>> overdue(logs.with_columns(pl.col("timestamp").cast(TIMESTAMP))).select("template", "runs").rows()
        [('backup finished', 20)]
    """
    dated = events.drop_nulls(["timestamp", "template_id"]).select(
        "timestamp", pl.col("service").cast(pl.String), pl.col("template").cast(pl.String),
        pl.col("template_id").cast(pl.String),
    )  # fmt: skip
    if dated.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    most = (dated["timestamp"].max() - dated["timestamp"].min()) / MIN_PERIOD + 1  # type: ignore[operator]
    runs = (
        dated.sort("timestamp")
        .group_by("service", "template_id", maintain_order=True)
        .agg(
            template=pl.col("template").first(), runs=pl.len().cast(pl.Int64), last_seen=pl.col("timestamp").last(),
            pauses=pl.col("timestamp").diff(null_behavior="drop"),
        )
        .filter(pl.col("runs").is_between(MIN_RUNS, most))
        .with_columns(
            period=pl.col("pauses").list.median(), shortest=pl.col("pauses").list.min(),
            longest=pl.col("pauses").list.max(), end=pl.lit(dated["timestamp"].max(), TIMESTAMP),
        )
    )  # fmt: skip
    micros = {name: pl.col(name).dt.total_microseconds() for name in ("period", "shortest", "longest")}
    is_regular = (
        (micros["shortest"] >= (1 - TOLERANCE) * micros["period"])
        & (micros["longest"] <= (1 + TOLERANCE) * micros["period"])
        & (pl.col("period") >= MIN_PERIOD)
    )
    due = pl.col("last_seen") + pl.duration(microseconds=(LATE * micros["longest"]).cast(pl.Int64))
    return runs.filter(is_regular & (pl.col("end") > due)).select(*SCHEMA).cast(SCHEMA).sort("last_seen", "template_id")  # type: ignore[arg-type]
