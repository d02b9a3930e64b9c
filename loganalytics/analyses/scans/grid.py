"""The windows that a log is cut into."""

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
    def end(self) -> datetime:
        """Return the time of the last event."""
        return self.start + (self.count - 1 + self.last_share) * self.every

    @property
    def windows_a_day(self) -> int:
        """Return how many windows a day has; 0 where a window is longer than six hours or no whole part of a day."""
        return DAY // self.every if DAY % self.every == timedelta(0) and self.every <= DAY / 4 else 0

    @property
    def other_days(self) -> float:
        """Return how many days it holds but one; 1 at least."""
        return max(1.0, self.count / self.windows_a_day - 1) if self.windows_a_day else 1.0

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


def block_sums(values: Floats, blocks: int) -> Floats:
    """Return the sums over so many parts of equal length, two at least."""
    return np.array([part.sum() for part in np.array_split(values, min(len(values), max(2, blocks)))])


def expected_by(
    exposure: Floats | None, counts: Floats, grid: Grid, interval: tuple[int, int], outside: Flags
) -> float:
    """Return how many are expected in an interval by what else was logged; by time, where that is nothing."""
    first, stop = interval
    values = grid.time if exposure is None or not exposure[outside].sum() else exposure
    share = values[first:stop].sum() / max(float(values[outside].sum()), MIN_WINDOW_SHARE)
    return float(counts[outside].sum() * share)
