"""The two time ranges of a comparison: what happened, and what it is held against."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl

from loganalytics.exceptions import InvalidArgumentError
from loganalytics.filters.expressions import time_range_filter
from loganalytics.times import parse_when

Moment = str | datetime | date
Pair = tuple[Moment, Moment]

BACK = {"previous_day": timedelta(days=1), "previous_week": timedelta(weeks=1)}
SLACK = 0.1  # of a range, between whose begin and end events need not lie to its very edges
SHORTEST = timedelta(hours=1)  # of what came just before: a few minutes would know little of what is usual


@dataclass(frozen=True)
class Range:
    """A time range in UTC, its end not in it."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """Return how long it lasts."""
        return self.end - self.start

    def holds(self, column: str = "timestamp") -> pl.Expr:
        """Return the expression that is true for the times in the range, and false for null."""
        return time_range_filter(self.start, self.end, column=column).fill_null(value=False)


def within(known: Range, *ranges: Range) -> list[Range]:
    """Return the ranges cut to the time of which anything is known, where that leaves out more than a tenth.

    A log that begins in the middle of a baseline had not half the events before; it is the baseline that is shorter.
    """
    found = []
    for one in ranges:
        start, end = max(one.start, known.start), min(one.end, known.end)
        is_cut = start < end and end - start < one.length * (1 - SLACK)
        found.append(Range(start, end) if is_cut else one)
    return found


def parse_range(pair: Pair, option: str, *, tz: str = "UTC") -> Range:
    """Return the range that a pair of times means.

    Raises InvalidArgumentError when it is no pair, when a time cannot be read, and when it ends before it starts.
    """
    if isinstance(pair, str) or not isinstance(pair, tuple | list) or len(pair) != 2:
        raise InvalidArgumentError(
            f"{option} is no pair of times, but {str(pair)[:80]!r}. Hint: write (start, end), "
            'such as ("2026-03-11 14:10", "2026-03-11 14:35").'
        )
    start, end = (parse_when(when, tz=tz, option=f"time of {option}") for when in pair)
    if start >= end:
        raise InvalidArgumentError(
            f"{option} ends at {end:%Y-%m-%d %H:%M:%S} UTC, not after its start at {start:%Y-%m-%d %H:%M:%S} UTC. "
            "Hint: write the earlier time first."
        )
    return Range(start, end)


def baseline_range(baseline: str | Pair, incident: Range, *, tz: str = "UTC") -> Range:
    """Return the range that an incident is held against: by name, or a pair of times.

    "previous" is the time just before, as long as the incident and at least an hour; "previous_day" and
    "previous_week" are the same time of the day or week before.

    Raises InvalidArgumentError for another name.
    """
    if not isinstance(baseline, str):
        return parse_range(baseline, "baseline", tz=tz)
    if baseline in BACK:
        return Range(incident.start - BACK[baseline], incident.end - BACK[baseline])
    if baseline != "previous":
        names = ", ".join(["previous", *BACK])
        raise InvalidArgumentError(
            f"There is no baseline {baseline!r}. Hint: one of {names}, or a pair of times (start, end)."
        )
    return Range(incident.start - max(incident.length, SHORTEST), incident.start)
