"""The two time ranges of a comparison: the incident, and the baseline that it is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl

from loganalytics.exceptions import InvalidArgumentError
from loganalytics.filters.expressions import time_range_filter
from loganalytics.times import parse_when

TimeInput = str | datetime | date
TimeRangeInput = tuple[TimeInput, TimeInput]

BASELINE_SHIFTS = {"previous_day": timedelta(days=1), "previous_week": timedelta(weeks=1)}
EDGE_SLACK = 0.1  # share of a range in which no event need lie although the log covers all of it
FIRST_YEAR, LAST_YEAR = 1900, 2200  # of a range: outside of them no log lies, and sums of times leave the calendar
MIN_BASELINE = timedelta(hours=1)  # for the time just before: a few minutes would not show what is usual


@dataclass(frozen=True)
class TimeRange:
    """A time range in UTC, its end excluded."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """Return how long it lasts."""
        return self.end - self.start

    def contains(self, column: str = "timestamp") -> pl.Expr:
        """Return the expression that is true for the times in the range, and false for null."""
        return time_range_filter(self.start, self.end, column=column).fill_null(value=False)


def clip_ranges(log_range: TimeRange, *ranges: TimeRange) -> list[TimeRange]:
    """Return the ranges cut to the time that the log covers, where that shortens them by more than a tenth.

    A log that begins in the middle of a baseline did not have half the events before; its baseline is shorter.
    """
    clipped = []
    for time_range in ranges:
        start, end = max(time_range.start, log_range.start), min(time_range.end, log_range.end)
        is_clipped = start < end and end - start < time_range.length * (1 - EDGE_SLACK)
        clipped.append(TimeRange(start, end) if is_clipped else time_range)
    return clipped


def parse_time_range(pair: TimeRangeInput, option: str, *, tz: str = "UTC") -> TimeRange:
    """Return the range that a pair of times means.

    Raises InvalidArgumentError when it is not a pair, when a time cannot be read or is centuries away, and when it ends
    before it starts.
    """
    if isinstance(pair, str) or not isinstance(pair, tuple | list) or len(pair) != 2:
        raise InvalidArgumentError(
            f"{option} is not a pair of times, but {str(pair)[:80]!r}. Hint: write (start, end), "
            'such as ("2026-03-11 14:10", "2026-03-11 14:35").'
        )
    start, end = (parse_when(when, tz=tz, option=f"time of {option}") for when in pair)
    if start >= end:
        raise InvalidArgumentError(
            f"{option} ends at {end:%Y-%m-%d %H:%M:%S} UTC, not after its start at {start:%Y-%m-%d %H:%M:%S} UTC. "
            "Hint: write the earlier time first."
        )
    if start.year < FIRST_YEAR or end.year > LAST_YEAR:
        raise InvalidArgumentError(
            f"{option} lies from {start:%Y-%m-%d} to {end:%Y-%m-%d}. "
            f"Hint: take times between {FIRST_YEAR} and {LAST_YEAR}."
        )
    return TimeRange(start, end)


def baseline_range(baseline: str | TimeRangeInput, incident: TimeRange, *, tz: str = "UTC") -> TimeRange:
    """Return the range that an incident is compared with: by name, or a pair of times.

    "previous" is the time just before, as long as the incident and at least an hour; "previous_day" and
    "previous_week" are the same time of the day or week before.

    Raises InvalidArgumentError for another name.
    """
    if not isinstance(baseline, str):
        return parse_time_range(baseline, "baseline", tz=tz)
    if baseline in BASELINE_SHIFTS:
        shift = BASELINE_SHIFTS[baseline]
        return TimeRange(incident.start - shift, incident.end - shift)
    if baseline != "previous":
        names = ", ".join(["previous", *BASELINE_SHIFTS])
        raise InvalidArgumentError(
            f"There is no baseline {baseline!r}. Hint: one of {names}, or a pair of times (start, end)."
        )
    return TimeRange(incident.start - max(incident.length, MIN_BASELINE), incident.start)
