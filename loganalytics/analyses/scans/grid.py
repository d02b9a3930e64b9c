"""The windows that a log is cut into, and the same hours of its other days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Positions = NDArray[np.integer[Any]]

DAYS_A_WEEK = 7
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LENGTH_STEP = 1.35  # from one length of interval to the next
MIN_WINDOW_SHARE = 0.05
MAX_SHARE = 0.6  # of the log: what lasts longer is the usual
MANY_DAYS = 10  # from so many on, what two other days had at the same hours is usual; below, what one had


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Windows of equal length, over the time from the first event to the last.

    Attributes:
        start: of the first window.
        every: length of a window.
        count: how many there are.
        first_share: of the first window, that lies within the log.
        last_share: of the last one.
    """

    start: datetime
    every: timedelta
    count: int
    first_share: float = 1.0
    last_share: float = 1.0

    @classmethod
    def over(cls, first: datetime, last: datetime, start: datetime, every: timedelta) -> Grid:
        """Return the windows from `start` on that hold the times from first to last."""
        count = (last - start) // every + 1
        return cls(
            start=start,
            every=every,
            count=count,
            first_share=max(1 - (first - start) / every, MIN_WINDOW_SHARE) if count > 1 else 1.0,
            last_share=max((last - start) / every - (count - 1), MIN_WINDOW_SHARE) if count > 1 else 1.0,
        )

    @cached_property
    def time(self) -> Floats:
        """Return how much of each window lies within the log: 1 but for the first and the last."""
        time = np.ones(self.count)
        time[0], time[-1] = self.first_share, self.last_share
        return time

    @property
    def windows_a_day(self) -> int:
        """Return how many windows a day has; 0 where a window is longer than six hours or no whole part of a day."""
        return DAY // self.every if DAY % self.every == timedelta(0) and self.every <= DAY / 4 else 0

    def lengths(self) -> list[int]:
        """Return the lengths of interval to look at, in windows."""
        lengths, length = [], 1.0
        while length <= max(1, MAX_SHARE * self.count):
            lengths.append(round(length))
            length = max(length * LENGTH_STEP, length + 1)
        return lengths


def interval_sums(values: Floats, length: int) -> Floats:
    """Return the sums over each interval of this many windows (axis 0), by its first window."""
    total = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0)])
    return np.asarray(total[length:] - total[:-length])


def other_days(sums: Floats, grid: Grid, length: int, *, highest: bool) -> Floats | None:
    """Return what is usual at the same hours on other days, by the first window: their highest or lowest sum.

    The second highest where there are ten other days or more. For the highest, what came up to an hour earlier or
    later counts too: jobs begin late, and clocks are changed. Days that the interval itself reaches into are left
    out. NaN where no other day is known; None where there is none at all.
    """
    day = grid.windows_a_day
    if not day or len(sums) <= day:
        return None
    near = _extreme_around(sums, HOUR // grid.every) if highest else sums
    return _usual_at(near, day, len(sums) // day + 1, length, highest=highest)


def _extreme_around(sums: Floats, reach: int) -> Floats:
    """Return the highest of each value and those up to so many places beside it."""
    from scipy.ndimage import maximum_filter1d

    return np.asarray(maximum_filter1d(sums, 2 * reach + 1, mode="nearest"))


def _usual_at(sums: Floats, day: int, days: int, length: int, *, highest: bool) -> Floats:
    """Return the highest or lowest sum at the same hours of other days.

    Of ten days and more the second; but what the same day of another week had is usual too.
    """
    shifted = np.full((2 * days, len(sums)), -np.inf if highest else np.inf)
    weekly = np.full(len(sums), np.nan)
    extreme = np.fmax if highest else np.fmin
    for row, days_away in enumerate(day_number for day_number in range(-days, days + 1) if day_number):
        shift = days_away * day
        if length <= abs(shift) < len(sums):
            target = slice(max(0, -shift), min(len(sums), len(sums) - shift))
            shifted[row, target] = sums[max(0, shift) : min(len(sums), len(sums) + shift)]
            if days_away % DAYS_A_WEEK == 0:
                weekly[target] = extreme(weekly[target], shifted[row, target])
    days_known = np.isfinite(shifted).sum(axis=0)
    ordered = np.sort(shifted, axis=0)
    first, second = (ordered[-1], ordered[-2]) if highest else (ordered[0], ordered[1])
    usual = np.where(days_known >= MANY_DAYS, second, first)
    return np.asarray(extreme(np.where(days_known > 0, usual, np.nan), weekly))
