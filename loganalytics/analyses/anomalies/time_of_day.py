"""The time of day and the day of the week of windows, and medians over the days (all in UTC)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loganalytics.analyses.anomalies.window_events import Windows

DAY_SECONDS, HOUR_SECONDS = 86_400.0, 3_600.0
MIN_SLOTS_A_DAY = 4  # windows a day; longer windows have no time of day
MIN_WEEKEND_DAYS = 10  # days; a shorter log holds too few weekends


def start_seconds(windows: Windows) -> NDArray[np.float64]:
    """Return the start of each window in seconds since 1970."""
    return np.asarray(windows.start.timestamp() + np.arange(windows.count) * windows.every.total_seconds())


def is_weekend(seconds: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return 1 for times (seconds since 1970) of a Saturday or Sunday, 0 for others."""
    return np.asarray((seconds // DAY_SECONDS + 3) % 7 >= 5).astype(np.int64)  # 1970 began on a Thursday


def hours_of_day(windows: Windows) -> NDArray[np.int64]:
    """Return the hour of the day in which each window starts."""
    return (start_seconds(windows) % DAY_SECONDS // HOUR_SECONDS).astype(np.int64)


def slots_a_day(every: timedelta) -> int:
    """Return how many windows a day has; 1 where they are too long to have a time of day."""
    per_day = max(1, round(DAY_SECONDS / every.total_seconds()))
    return per_day if per_day >= MIN_SLOTS_A_DAY else 1


def slot_numbers(windows: Windows, *, weekend: bool) -> NDArray[np.int64]:
    """Return the slot (time of day) of each window; slots of the weekend, if wanted, follow those of the week."""
    per_day, seconds = slots_a_day(windows.every), start_seconds(windows)
    slot = (seconds % DAY_SECONDS // (DAY_SECONDS / per_day)).astype(np.int64)
    return slot + per_day * is_weekend(seconds) if weekend else slot


def hour_blocks(windows: Windows) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return first window and number of windows of each hour of the log, or of each window where these are longer."""
    size = max(1, round(HOUR_SECONDS / windows.every.total_seconds()))
    starts = np.arange(0, windows.count, size)
    return starts, np.diff(np.append(starts, windows.count))


def hourly_means(counts: NDArray[np.float64], windows: Windows) -> NDArray[np.float64]:
    """Return the means of counts (windows by features) by hour, or by window where these are longer."""
    starts, sizes = hour_blocks(windows)
    return np.asarray(np.add.reduceat(counts, starts, axis=0) / sizes[:, None])


def range_by_slot(
    counts: NDArray[np.float64], slots: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return low, middle and high of each slot: the median over the days, and its range from one slot to the next."""
    medians = _median_by_slot(counts, slots)
    return extreme_of_three(medians, min), medians, extreme_of_three(medians, max)


def _median_by_slot(counts: NDArray[np.float64], slots: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the median of the rows of each slot, one row a slot."""
    order = np.argsort(slots, kind="stable")
    days = int(np.bincount(slots).max())
    day = np.arange(len(slots)) - np.searchsorted(slots[order], slots[order])
    cube = np.full((int(slots.max()) + 1, days, counts.shape[1]), np.nan)
    cube[slots[order], day] = counts[order]
    return np.asarray(np.nanmedian(cube, axis=1))


def extreme_of_three(rows: NDArray[np.float64], min_or_max: Callable[..., Any]) -> NDArray[np.float64]:
    """Return for each row the minimum or maximum of it and its two neighbours; the last row is one of the first."""
    choose = np.minimum if min_or_max is min else np.maximum
    return np.asarray(choose(rows, choose(np.roll(rows, 1, axis=0), np.roll(rows, -1, axis=0))))
