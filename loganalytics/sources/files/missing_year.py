"""The year of times that do not have one (syslog, glog, logcat)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import cast

import polars as pl

TimeRange = tuple[dt.datetime, dt.datetime]

_MAX_SPAN = dt.timedelta(days=300)


def first_year(times: pl.Series, modified: dt.datetime, neighbours: Iterable[TimeRange | None] = ()) -> int:
    """Return the year of a file's first event, of which `times` are events from its first to its last.

    Their years count from some year; how often a new one began between them is right. The last event is looked at.
    Files that are read together and have the year decide, if they agree: it is the year that brings the event nearest
    to them. Else the file's date does: the latest year in which the event had happened when the file was written.
    """
    first, last = (cast(dt.datetime, times[index]) for index in (0, -1))
    return _year_of_last(last, modified, neighbours) - (last.year - first.year)


def _year_of_last(last: dt.datetime, modified: dt.datetime, neighbours: Iterable[TimeRange | None]) -> int:
    ranges = [neighbour for neighbour in neighbours if neighbour]
    low = min((start for start, _ in ranges), default=None)
    high = max((end for _, end in ranges), default=None)
    if low and high and high - low <= _MAX_SPAN:
        years = (low.year - 1, low.year, low.year + 1, high.year + 1)
        return min(sorted(set(years), reverse=True), key=lambda year: _distance(_in_year(last, year), low, high))
    latest = modified + dt.timedelta(days=1)
    return modified.year if _in_year(last, modified.year) <= latest else modified.year - 1


def _in_year(time: dt.datetime, year: int) -> dt.datetime:
    day = 28 if (time.month, time.day) == (2, 29) else time.day
    return time.replace(year=year, day=day)


def _distance(time: dt.datetime, low: dt.datetime, high: dt.datetime) -> dt.timedelta:
    return max(low - time, time - high, dt.timedelta(0))
