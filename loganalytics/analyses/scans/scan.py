"""Where in a log errors, messages, durations and silence gather: intervals with how often chance gives one as odd."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

import numpy as np
import polars as pl

from loganalytics.analyses.scans.event_counts import NUMBER
from loganalytics.analyses.scans.grid import Grid
from loganalytics.analyses.scans.peeling import TESTS_A_WINDOW, Interval, find_intervals
from loganalytics.analyses.scans.series import Series, read_series
from loganalytics.schema import TIMESTAMP
from loganalytics.times import window_start

MAX_E_VALUE = 1.0  # what chance gives once in a log like this is not worth a row
FAMILIES = 2  # of intervals: those that last to the end of the log, and all others
ONGOING_TESTS = 40.0  # intervals that differ, of those that last to the end of the log
MIN_WINDOWS = 12  # among fewer nothing is usual
# How large a change must be to be one, whatever its chance: the ratio to what is expected, and the events it takes.
MIN_RATIO = {"errors": 2.0, "problem": 2.0, "template": 4.0, "duration": 1.5, "events": 0.0}
MIN_EVENTS = {"errors": 5, "problem": 5, "template": 25, "duration": 0}
MIN_FLOOD_RATIO = 2.0  # of a flood of harmless messages to the next highest in so long a time
MAX_FLOOD_SHARE = 0.02  # of the log, up to which it may be all that a service ever says
MAX_ALIKE = 5  # times elsewhere with half as many: a burst is one of many then, unless it is twice the next highest
MAX_REGULAR_DISPERSION = 2.0  # of messages that come by and by, not in batches
MIN_RISE = 2.0  # of all that its services log, during a flood of harmless messages
MIN_FEWER_EXPECTED = 20
MAX_FEWER_RATIO, MAX_SILENT_RATIO = 0.7, 0.1  # of a service that logs less up to the end of the log; of one that did
# Of a service that logged less for a time, in a log of several days; for a whole day, or with all, it may be a holiday.
MAX_PAST_E_VALUE, MAX_PAST_LENGTH = 1e-6, timedelta(hours=6)
MAX_NOTHING_RATIO = 0.01  # of a service that nothing shows to be expected: no other service, no other day
# Of an interval, within which of the end of the log it must end to be going on; of fewer events, whose end is vague.
ONGOING_SHARE, FEWER_ONGOING_SHARE = 0.15, 0.25

SCHEMA = {
    "measure": pl.String(), "service": pl.String(), "services": pl.List(pl.String()), "subject": pl.String(),
    "key": pl.String(), "start": TIMESTAMP, "end": TIMESTAMP,
    "is_ongoing": pl.Boolean(), "is_new": pl.Boolean(), "observed": pl.Float64(), "expected": pl.Float64(),
    "low": pl.Float64(), "high": pl.Float64(), "is_regular": pl.Boolean(), "is_alarming": pl.Boolean(),
    "burstiness": pl.Float64(), "e_value": pl.Float64(),
}  # fmt: skip


def scan_intervals(events: pl.DataFrame, errors: pl.DataFrame, *, every: timedelta) -> pl.DataFrame:
    """Return the intervals of any length in which something came more or less often, or took longer, than elsewhere.

    Needs timestamp, service, severity_number, template, template_id, operation and duration_ms of the events, and
    timestamp, service, cluster_id and label of the errors among them. Events without a time are left out.

    Returns measure ("errors" of a service, "problem", "template" of events that are no errors, "events" of a service,
    of its loggers or of all services that are fewer, errors apart, "duration" of an operation), service, services,
    subject (label, template, operation, service or logger), start and
    end (of the events in it), is_ongoing (it lasts to the end of the log), is_new (nothing of it before), observed
    (the count, the median in ms), expected, low and high (nine tenths of such times elsewhere hold no less, no more),
    is_regular (half of such times elsewhere have one, and they do not come in batches), is_alarming (warnings, or words
    of failure), burstiness (1, or more where bursts are the nature of the log) and e_value: how many intervals as odd
    as this one chance gives in a log of this size, all windows, lengths, services, messages and operations taken into
    account (as an E-value, Altschul et al. 1990, doi:10.1016/S0022-2836(05)80360-2); sorted by e_value. None among
    fewer than twelve windows.
    """
    events, errors = (table.drop_nulls("timestamp") for table in (events, errors))
    grid = _grid(events["timestamp"], every)
    if grid.count < MIN_WINDOWS:
        return pl.DataFrame(schema=SCHEMA)
    events, errors = _with_windows(events, grid), _with_windows(errors, grid)
    series, numbers = read_series(events, errors, grid)
    rows = []
    for candidate in series:
        # Each measure has the same part in what chance gives, and so have intervals that last to the end of the log.
        tried = len(MIN_RATIO) * max(numbers[candidate.measure], 1)
        least_nats = float(np.log(min(ONGOING_TESTS, TESTS_A_WINDOW * grid.count) * tried * FAMILIES / MAX_E_VALUE))
        for interval in find_intervals(candidate.scan, least_nats):
            tests = ONGOING_TESTS if _is_ongoing(candidate, interval, grid) else TESTS_A_WINDOW * grid.count
            e_value = FAMILIES * tests * tried * float(np.exp(-interval.nats))
            if e_value <= MAX_E_VALUE and _is_large(candidate, interval, grid, e_value):
                rows.append(_row(candidate, interval, grid, e_value))
    return pl.DataFrame(rows, schema=SCHEMA).sort("e_value", "measure", "subject", nulls_last=True)


def _grid(times: pl.Series, every: timedelta) -> Grid:
    windows = times.to_frame("timestamp").select(window_start(every).alias("window"))["window"].drop_nulls()
    if windows.is_empty():
        return Grid(start=datetime.min, every=every, count=0)
    first = cast(datetime, windows.min())
    return Grid.over(cast(datetime, times.min()), cast(datetime, times.max()), first, every)


def _with_windows(table: pl.DataFrame, grid: Grid) -> pl.DataFrame:
    micros = grid.every // timedelta(microseconds=1)
    number = (pl.col("timestamp") - grid.start).dt.total_microseconds() // micros
    return table.with_columns(number.cast(pl.Int64).alias(NUMBER), service=pl.col("service").cast(pl.String))


def _is_large(series: Series, interval: Interval, grid: Grid, e_value: float) -> bool:
    """Return whether a change is one that anyone would call so."""
    ratio = interval.ratio
    if series.measure == "events":
        is_short = (interval.stop - interval.first) * grid.every <= MAX_PAST_LENGTH
        is_sure = is_short and bool(series.subject) and interval.is_by_days and e_value <= MAX_PAST_E_VALUE
        maximum = MAX_FEWER_RATIO if is_sure or _is_ongoing(series, interval, grid) else MAX_SILENT_RATIO
        maximum = maximum if series.is_comparable else MAX_NOTHING_RATIO
        return interval.expected >= MIN_FEWER_EXPECTED and ratio <= maximum
    if series.measure == "template" and not series.is_alarming:
        if interval.observed < MIN_FLOOD_RATIO * interval.highest:
            return False  # one burst of several
        if series.rise(interval.first, interval.stop) < MIN_RISE:
            return False  # instead of others, not besides
        if series.is_first(interval.first) and series.lasts_to(grid.end, ONGOING_SHARE):
            return False  # a new kind of event that has come to stay
        is_long = interval.stop - interval.first > MAX_FLOOD_SHARE * grid.count
        if is_long and series.events_besides(interval.first, interval.stop) < interval.observed:
            return False  # what a service says during all of its life
    if interval.alike >= MAX_ALIKE and interval.observed < MIN_FLOOD_RATIO * interval.highest:
        return False
    is_frequent = series.measure == "duration" or interval.observed > interval.high
    return ratio >= MIN_RATIO[series.measure] and interval.observed >= MIN_EVENTS[series.measure] and is_frequent


def _is_ongoing(series: Series, interval: Interval, grid: Grid) -> bool:
    share = FEWER_ONGOING_SHARE if series.measure == "events" else ONGOING_SHARE
    return interval.stop >= grid.count - max(1, round(share * (interval.stop - interval.first)))


def _row(series: Series, interval: Interval, grid: Grid, e_value: float) -> dict[str, object]:
    start, end = (grid.start + number * grid.every for number in (interval.first, interval.stop))
    if series.times is not None:
        inside = series.times.filter(series.times.is_between(start, end, closed="left"))
        if len(inside):
            start, end = cast(datetime, inside.min()), cast(datetime, inside.max())
    return {
        "measure": series.measure, "service": series.service, "services": series.services, "subject": series.subject,
        "key": series.key, "start": start, "end": end, "is_ongoing": _is_ongoing(series, interval, grid),
        "is_new": series.is_first(interval.first), "is_alarming": series.is_alarming,
        **{name: getattr(interval, name) for name in ("observed", "expected", "low", "high")},
        "is_regular": interval.middle >= 1 and interval.dispersion <= MAX_REGULAR_DISPERSION,
        "burstiness": getattr(series.scan, "burstiness", 1.0), "e_value": e_value,
    }  # fmt: skip
