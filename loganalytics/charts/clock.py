"""The clock of a time zone on an axis: where its ticks stand, and what they show.

Vega knows UTC and the browser's zone. A time stays where it is on the axis, so a day of 23 or 25 hours is as long as
it was, and a range drawn there is one of true times; only ticks and labels are those of the zone's clock.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from loganalytics.humanize import localize

MAX_TICKS = 18  # as many as fit on the widest page; where they do not fit, every other label is left out
_MAX_SAMPLES = 3000  # times at which the offset of the clock is looked up
_STEPS = [
    *(timedelta(seconds=n) for n in (1, 2, 5, 10, 30)),
    *(timedelta(minutes=n) for n in (1, 2, 5, 10, 30)),
    *(timedelta(hours=n) for n in (1, 2, 3, 6, 12)),
    *(timedelta(days=n) for n in (1, 2, 5, 10, 30, 90, 365)),
]


def tick_times(first: datetime, last: datetime, tz: str) -> list[datetime]:
    """Return the times of ticks: full hours, days and the like of the clock in that zone."""
    step = next((step for step in _STEPS if (last - first) / step <= MAX_TICKS), (last - first) / MAX_TICKS)
    start, end = (localize(moment, tz).replace(tzinfo=None) for moment in (first, last))
    clock = start.replace(hour=0, minute=0, second=0, microsecond=0)
    clock += (start - clock) // step * step
    zone, ticks = localize(first, tz).tzinfo, set()
    while clock <= end + timedelta(hours=1):  # the clock may have been put back since
        for fold in (0, 1):  # the same hour comes twice when it is
            moment = clock.replace(tzinfo=zone, fold=fold).astimezone(UTC)
            if first <= moment <= last and moment.astimezone(zone).replace(tzinfo=None, fold=0) == clock:
                ticks.add(moment)
        clock += step
    return sorted(ticks)


def shown_time(first: datetime, last: datetime, tz: str) -> str:
    """Return the Vega expression of a time in that zone, as one in UTC that has the same clock."""
    changes = _offsets(first, last, tz)
    offsets = [f"{offset // timedelta(milliseconds=1)}" for _, offset in changes]
    expression = offsets[-1]
    for (moment, _), offset in zip(reversed(changes[1:]), reversed(offsets[:-1]), strict=True):
        expression = f"datum.value < {moment.timestamp() * 1000:.0f} ? {offset} : {expression}"
    return f"datum.value + ({expression})"


def _offsets(first: datetime, last: datetime, tz: str) -> list[tuple[datetime, timedelta]]:
    """Return how far the clock is ahead of UTC at first, and from each time on at which that changes."""
    start, end = first.astimezone(UTC), last.astimezone(UTC)
    step = max(timedelta(days=1), (end - start) / _MAX_SAMPLES)
    samples = [start + number * step for number in range(int((end - start) / step) + 1)] + [end]
    offsets = [(start, _offset(start, tz))]
    for before, after in pairwise(samples):
        if _offset(before, tz) != _offset(after, tz):
            offsets.append((_change(before, after, tz), _offset(after, tz)))
    return offsets


def _change(before: datetime, after: datetime, tz: str) -> datetime:
    """Return the minute from which on the clock has the offset that it has later."""
    while after - before > timedelta(minutes=1):
        middle = before + (after - before) / 2
        before, after = (middle, after) if _offset(middle, tz) != _offset(after, tz) else (before, middle)
    return (after + timedelta(seconds=1)).replace(second=0, microsecond=0)


def _offset(moment: datetime, tz: str) -> timedelta:
    return localize(moment, tz).utcoffset() or timedelta(0)
