"""Which services log, since when, until when, and which have fallen silent."""

from __future__ import annotations

from typing import cast

import polars as pl

from loganalytics.analyses.coverage.gaps import UnusualGaps, find_gaps
from loganalytics.analyses.coverage.heartbeats import heartbeats
from loganalytics.schema import TIMESTAMP, Frame, lazy

_GAPS = pl.List(pl.Struct({"start": TIMESTAMP, "end": TIMESTAMP}))


def coverage(logs: Frame) -> pl.DataFrame:
    """Return for each service when it logged first and last, and where it was unusually silent.

    A gap between two seconds that hold events, or from the last one to the end of the log, is unusual when a
    service that keeps its habits would leave one so long less than once in 10,000 logs like this. Gaps are
    measured on the service's own clock, which runs as fast as it logs at that hour of the day (in logs of two
    days and more), so that a quiet night is short. Their scale is the mean gap weighted by length: the gap that
    one is likely to look into. Bursts do not shrink it, and a service that logs only at night has one of a day.
    Unusual is what exceeds scale * ln(gaps / chance), as for exponential gaps, or, for a service so regular that
    its longest gap is below twice the scale, a multiple of that longest gap. A service with fewer than 20 gaps
    is never called silent, nor one that logged for less than half a day and less than a fifth as long as it is silent;
    pauses under a minute never count, nor does a gap in the first fiftieth of the time.

    Needs timestamp and service. Events without a timestamp are not counted.

    Returns service, events (Int64), first_seen, last_seen, expected_gap (Duration us: the longest that is not
    unusual; null for a single event), longest_gap (Duration us), longest_gap_start, silent_for (Duration us: from
    last_seen to the end of the log), is_silent (Boolean) and gaps (List[Struct{start, end}]: the unusual ones
    that ended, to the second), and, from messages that say "heartbeat", "keepalive" or the like,
    heartbeat (Duration us: the median interval between these; null when there are none or it is not regular) and
    late (Int64: intervals over 1.5 times that, the one up to the end of the log included); sorted by service.

    Example:
        >>> from datetime import datetime
        >>> from loganalytics.schema import conform
        >>> noon, two = datetime(2025, 1, 31, 12), datetime(2025, 1, 31, 14)
        >>> web = pl.DataFrame({"timestamp": pl.datetime_range(noon, two, "20s", eager=True), "service": "web"})
        >>> job = web.head(200).with_columns(service=pl.lit("job"))
        >>> table = coverage(conform(pl.concat([web, job])))
        >>> table.select("service", "events", "is_silent").rows()
        [('job', 200, True), ('web', 361, False)]
    """
    frame = lazy(logs, "timestamp", "service").filter(pl.col("timestamp").is_not_null())
    seconds = frame.select("service", second=pl.col("timestamp").dt.epoch("us") // 1_000_000).unique()
    has_message = "message" in frame.collect_schema()
    sums, times, beats = pl.collect_all(
        [
            frame.group_by("service").agg(
                events=pl.len().cast(pl.Int64),
                first_seen=pl.col("timestamp").min(),
                last_seen=pl.col("timestamp").max(),
            ),
            seconds.sort("second").group_by("service", maintain_order=True).agg("second"),
            heartbeats(frame if has_message else frame.with_columns(message=pl.lit(""))),
        ]
    )
    table = sums.join(times, on="service", nulls_equal=True).sort("service")
    table = _with_gaps(table.with_columns(silent_for=pl.col("last_seen").max() - pl.col("last_seen")))
    return table.join(beats, on="service", how="left", nulls_equal=True, maintain_order="left")


def _with_gaps(table: pl.DataFrame) -> pl.DataFrame:
    """Put the gaps in place of the seconds that hold events."""
    end = cast(float, table["second"].list.max().max())
    unusual = [find_gaps(seconds.to_numpy().astype(float), end) for seconds in table["second"]]
    expected = pl.Series([gaps.expected for gaps in unusual], dtype=pl.Float64)
    pauses = pl.col("second").list.diff(null_behavior="drop")
    longest_start = pl.col("second").list.get(pauses.list.arg_max(), null_on_oob=True)
    return table.select(
        *("service", "events", "first_seen", "last_seen"),
        expected_gap=_to_duration(pl.lit(expected)),
        longest_gap=_to_duration(pauses.list.max()),
        longest_gap_start=_to_duration(longest_start).cast(pl.Int64).cast(TIMESTAMP),
        silent_for=pl.col("silent_for").cast(pl.Duration("us")),
        is_silent=pl.Series([gaps.is_silent for gaps in unusual], dtype=pl.Boolean),
        gaps=_gap_column(unusual),
    )


def _gap_column(unusual: list[UnusualGaps]) -> pl.Series:
    rows = [[{"start": a, "end": b} for a, b in zip(gaps.starts, gaps.ends, strict=True)] for gaps in unusual]
    seconds = pl.Series(rows, dtype=pl.List(pl.Struct({"start": pl.Float64, "end": pl.Float64})))
    micros = (pl.element().struct[name] * 1_000_000 for name in ("start", "end"))
    start, end = (value.cast(pl.Int64).cast(TIMESTAMP) for value in micros)
    return seconds.list.eval(pl.struct(start=start, end=end)).cast(_GAPS)


def _to_duration(seconds: pl.Expr) -> pl.Expr:
    return (seconds * 1_000_000).cast(pl.Int64).cast(pl.Duration("us"))
