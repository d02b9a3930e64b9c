"""The years of times that write none: where a new year began between two events, as their order shows."""

from __future__ import annotations

import calendar
import datetime as dt
from typing import cast

import polars as pl

LEAP_YEAR = 2000
"""A year in which every day can be read."""
# Several writers are out of order by less; a step back by more is a new year, whatever months lie between.
_MAX_STEP_BACK = 31
# A straggler of December among the first events of January; a host that was quiet for so long is rare.
_MIN_STRAGGLER_STEP = 359


def turn_years(times: pl.Series, year: int, before: dt.datetime | None = None) -> pl.Series:
    """Return naive times that were all read in one year, in the years in which they happened, the first in `year`.

    `before` is the time of the event before the first, if there was one; then the first is in its year or the next.
    """
    if times.null_count() == times.len():
        return times
    first = cast(dt.datetime, times.drop_nulls()[0])
    offset = (before.year if before else year) - first.year
    first_step = _day(first) - _day(before) if before else 0
    span = cast(dt.datetime, times.max()).date() - cast(dt.datetime, times.min()).date()
    if span.days <= _MAX_STEP_BACK:  # no time is so far from another that the year turned between them
        return _later(times, offset + _turn(first_step))
    days = times.dt.ordinal_day().cast(pl.Int32).fill_null(strategy="forward")
    steps = days.diff().fill_null(0)
    steps = steps.scatter(times.is_not_null().arg_max() or 0, first_step)
    turns = ((steps < -_MAX_STEP_BACK).cast(pl.Int32) - (steps > _MIN_STRAGGLER_STEP).cast(pl.Int32)).cum_sum()
    return _add_years(times, turns + offset)


def _turn(step: int) -> int:
    return int(step < -_MAX_STEP_BACK) - int(step > _MIN_STRAGGLER_STEP)


def _day(time: dt.datetime) -> int:
    """Return the number of the day as in a leap year."""
    return time.timetuple().tm_yday + (not calendar.isleap(time.year) and time.month > 2)


def _later(times: pl.Series, years: int) -> pl.Series:
    return times.dt.offset_by(f"{years}y") if years else times


def _add_years(times: pl.Series, years: pl.Series) -> pl.Series:
    if years.n_unique() == 1:
        return _later(times, int(years[0]))
    frame = pl.DataFrame({"t": times, "n": years})
    return frame.select(pl.col("t").dt.offset_by(pl.concat_str(pl.col("n"), pl.lit("y")))).to_series()
