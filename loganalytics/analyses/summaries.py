"""What summarizes a group of events, a pattern or a problem: its earliest event, its services, its course in time."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl

from loganalytics.schema import conform
from loganalytics.templates import TemplateCatalogue
from loganalytics.templates.annotate import with_templates

REQUIRED_COLUMNS = ("timestamp", "severity_number", "service", "message")

TimeRange = tuple[datetime | None, datetime | None]

SPARKLINE_WINDOWS = 24
"""How many windows of equal length a sparkline has, from the first event of the log to its last."""

_EVENT_ORDER = (
    pl.col("timestamp"),
    pl.col("source"),
    pl.col("offset").str.len_bytes(),  # line 9, then line 10
    pl.col("offset"),
    pl.col("message"),
    pl.col("exception"),
)

_LATE_P_VALUE = 0.01  # of a first event this late, before the correction for the number of rows


def read_summary_columns(frame: pl.LazyFrame, *optional: str, known: TemplateCatalogue | None = None) -> pl.DataFrame:
    """Return the columns that a summary needs, optional ones where present, and template columns, mined if need be."""
    present = frame.collect_schema().names()
    names = (*optional, "exception", "trace_id", "source", "offset", "template", "template_id")
    events = conform(frame.select(*REQUIRED_COLUMNS, *[name for name in names if name in present]).collect())
    if known is not None:
        return with_templates(events, known=known)
    return events if {"template", "template_id"} <= set(present) else with_templates(events)


def earliest_events(frame: pl.DataFrame, key: str) -> pl.DataFrame:
    """Return the earliest event of each key; ties go by source, offset, then text, so input order never matters.

    Nulls come last. The keys' order is arbitrary.
    """
    decided = [frame.clear()]
    for value in _EVENT_ORDER:
        if frame.select(value.is_null().all()).item():
            continue
        # The rows that have the least value of their key remain: a pass each, where sorting text costs many.
        frame = frame.filter(value.eq_missing(value.min().over(key)))
        is_tied = frame[key].is_duplicated()
        decided.append(frame.filter(~is_tied))
        frame = frame.filter(is_tied)
    return pl.concat([*decided, frame.unique(key)])


def service_names() -> pl.Expr:
    """Return the expression for the names of a group's services."""
    return pl.col("service").cast(pl.String).drop_nulls().unique().sort()


def first_and_last_time(frame: pl.LazyFrame) -> TimeRange:
    """Return the times of the first and the last event."""
    times = frame.select(first=pl.col("timestamp").min(), last=pl.col("timestamp").max()).collect()
    return times.row(0)


def sparkline_window(times: TimeRange) -> pl.Expr:
    """Return the expression for the number of the window that an event falls in, or null, named `window`."""
    first, last = times
    if first is None or last is None:
        return pl.lit(None, dtype=pl.Int64).alias("window")
    elapsed = (pl.col("timestamp") - first).dt.total_microseconds()
    length = max((last - first) // timedelta(microseconds=1), 1)
    # As floats: a log of years in microseconds times 24 is far from the end of Int64, but not of all inputs.
    return (elapsed / length * SPARKLINE_WINDOWS).floor().clip(0, SPARKLINE_WINDOWS - 1).cast(pl.Int64).alias("window")


def sparklines(sums: pl.DataFrame, keys: pl.Series) -> pl.DataFrame:
    """Return each key with its `trend` (List[UInt32]), from sums by key and window; a key without sums has zeros."""
    name = keys.name
    rows = keys.to_frame().with_row_index("row")
    counts = np.zeros((len(keys), SPARKLINE_WINDOWS), np.uint32)
    cells = sums.join(rows, on=name, nulls_equal=True)
    np.add.at(counts, (cells["row"].to_numpy(), cells["window"].to_numpy()), cells["events"].to_numpy())
    trend = pl.Series("trend", counts, dtype=pl.Array(pl.UInt32, SPARKLINE_WINDOWS)).cast(pl.List(pl.UInt32))
    return keys.to_frame().with_columns(trend)


def is_late(times: TimeRange) -> pl.Expr:
    """Return the expression for whether the first event of each row came too late in the log for chance.

    Needs events and first_seen. Were the n events of a row spread evenly over the log, none would fall into its first
    part f with probability (1 - f)^n. A row is late when it has two events or more and that probability is less than
    1 %, divided by the number of rows, because each row is one more test (Bonferroni).
    """
    first, last = times
    if first is None or last is None or first == last:
        return pl.lit(value=False)
    before = (pl.col("first_seen") - first).dt.total_microseconds() / ((last - first) / timedelta(microseconds=1))
    p_value = (1 - before.clip(0, 1)).pow(pl.col("events"))
    return ((p_value < _LATE_P_VALUE / pl.len()) & (pl.col("events") > 1)).fill_null(value=False)
