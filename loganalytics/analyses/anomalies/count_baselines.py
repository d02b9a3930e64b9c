"""How many events are expected in each window: by the time of day, and by the hours around."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganalytics.analyses.anomalies.surprisal import MIN_EXPECTED_EVENTS, ExpectedRange
from loganalytics.analyses.anomalies.time_of_day import (
    HOUR_SECONDS,
    MIN_WEEKEND_DAYS,
    extreme_of_three,
    hour_blocks,
    hourly_means,
    is_weekend,
    range_by_slot,
    slot_numbers,
    slots_a_day,
    start_seconds,
)
from loganalytics.analyses.anomalies.window_events import Windows

MAX_EXTRAPOLATED_HOURS = 6  # a daily rhythm is not a line for longer
MIN_SLOPE_HOURS = 4  # hourly means from which a slope is read
MAX_DAILY_GROWTH = 4.0  # times the expected count, from one day to the next
MIN_TWO_DAYS = 1.9  # days, from which the other day counts
MIN_WEEKLY_DAYS = 14  # days, from which the week before or after counts


def expected_counts(counts: NDArray[np.float64], windows: Windows, min_share: NDArray[np.float64]) -> ExpectedRange:
    """Return the expected range of counts (windows by features).

    From three days on it is the median of the same time of day over the days (from ten days on, over the days
    of the week and those of the weekend apart; UTC), and the range of these medians from the window before to the
    one after; from two weeks on, what was seen a week before or after is expected too. Where the twelve hours
    before and after lie above or below (a weekend, a new release) it moves with them, but down to no less than the
    feature's `min_share`. With two days, the other day takes the place of the median, beside the level of the
    hours around; with less, it is that level alone.
    """
    per_day = slots_a_day(windows.every)
    days = len(counts) / per_day if per_day > 1 else 0.0
    if days >= 3:
        expected = _by_time_of_day(counts, windows, min_share, split_weekend=days >= MIN_WEEKEND_DAYS)
        if days >= MIN_WEEKLY_DAYS - 1 / per_day:
            expected = _widened_by_week(counts, expected, 7 * per_day)
    else:
        expected = _around(counts, windows, with_other_day=days >= MIN_TWO_DAYS)
    rare = np.minimum(np.minimum(counts, np.quantile(counts, 0.99, axis=0)).mean(axis=0), 1.0)
    high = np.maximum(np.maximum(expected.high, rare), MIN_EXPECTED_EVENTS)
    low = expected.low.copy()
    low[[0, -1]] = 0  # a log may begin and end within a window
    return ExpectedRange(low=low, middle=np.clip(expected.middle, low, high), high=high)


def _widened_by_week(counts: NDArray[np.float64], expected: ExpectedRange, week: int) -> ExpectedRange:
    """Return the range, widened to what a week before (in the first week, after) was beyond chance."""
    before = np.arange(len(counts)) - week
    other_week = np.where(before < 0, np.minimum(before + 2 * week, len(counts) - 1), before)
    high, low = extreme_of_three(counts, max)[other_week], extreme_of_three(counts, min)[other_week]
    noise = 2 * np.sqrt(high) + 1
    return ExpectedRange(
        low=np.minimum(expected.low, low + noise),
        middle=expected.middle,
        high=np.maximum(expected.high, high - noise),
    )


def _by_time_of_day(
    counts: NDArray[np.float64], windows: Windows, min_share: NDArray[np.float64], *, split_weekend: bool
) -> ExpectedRange:
    """Return the range of the medians of each time of day, moved with the level of the day around."""
    slots = slot_numbers(windows, weekend=False)
    weekend = is_weekend(start_seconds(windows)) if split_weekend else np.zeros(len(counts), int)
    low, middle, high = (np.zeros_like(counts) for _ in range(3))
    for day_type in np.unique(weekend):
        days = weekend == day_type
        medians = range_by_slot(counts[days], slots[days])
        low[days], middle[days], high[days] = (rows[slots[days]] for rows in medians)
    level, daily_level = _level(counts, windows, hours=12), _level(middle, windows, hours=12)
    is_regular = daily_level >= MIN_EXPECTED_EVENTS
    ratio = np.divide(level, daily_level, out=np.ones_like(level), where=is_regular)
    new = np.where(is_regular, 0.0, level)
    return ExpectedRange(
        low=low * np.clip(ratio, min_share, 1),
        middle=middle * np.clip(ratio, min_share, MAX_DAILY_GROWTH) + new,
        high=np.maximum(high * np.clip(ratio, 1, MAX_DAILY_GROWTH), new),
    )


def _around(counts: NDArray[np.float64], windows: Windows, *, with_other_day: bool) -> ExpectedRange:
    """Return the level of the three hours around as the range, with the same time of the other day if wanted."""
    level = _level(counts, windows, hours=3)
    if not with_other_day:
        return ExpectedRange(low=level, middle=level, high=level)
    per_day = slots_a_day(windows.every)
    other_day = np.where(
        (np.arange(len(counts)) < per_day)[:, None],
        np.roll(counts, -per_day, axis=0),
        np.roll(counts, per_day, axis=0),
    )
    return ExpectedRange(
        low=np.minimum(level, extreme_of_three(other_day, min)),
        middle=level,
        high=np.maximum(level, extreme_of_three(other_day, max)),
    )


def _level(counts: NDArray[np.float64], windows: Windows, *, hours: int) -> NDArray[np.float64]:
    """Return the median of the hourly means so many hours around, interpolated to the windows."""
    starts, sizes = hour_blocks(windows)
    means = hourly_means(counts, windows)
    block_seconds = max(1, round(HOUR_SECONDS / windows.every.total_seconds())) * windows.every.total_seconds()
    reach = max(1, round(hours * HOUR_SECONDS / block_seconds))
    padded = _extrapolate(means, reach) if reach <= MAX_EXTRAPOLATED_HOURS else means
    rolled = pl.DataFrame(padded).select(pl.all().rolling_median(2 * reach + 1, center=True, min_samples=1))
    padding = (len(padded) - len(means)) // 2
    medians = rolled.to_numpy()[padding : padding + len(means)]
    return _interpolate(medians, starts + (sizes - 1) / 2, len(counts))


def _extrapolate(means: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """Return the hourly means with so many more at both ends, on the line through those at the end.

    Without them the first and last hours of a log would be compared with hours on one side of them only, and be
    too high or too low wherever traffic rises or falls.
    """
    ahead = np.arange(1, reach + 1)[:, None]
    extensions = []
    for end in (means[: 2 * reach + 1], means[::-1][: 2 * reach + 1]):
        # From the nearest hour to the farthest: the median slope, and the median of the rest.
        hours = -np.arange(len(end))[:, None]
        slope = np.median(np.diff(end, axis=0), axis=0) * -1 if len(end) >= MIN_SLOPE_HOURS else 0.0
        extensions.append(np.maximum(np.median(end - slope * hours, axis=0) + slope * ahead, 0))
    return np.vstack([extensions[0][::-1], means, extensions[1]])


def _interpolate(rows: NDArray[np.float64], positions: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """Return the rows at 0 to length - 1 on the lines between those at `positions`, for all columns at once."""
    targets = np.arange(length)
    before = np.clip(np.searchsorted(positions, targets) - 1, 0, max(len(positions) - 2, 0))
    after = np.minimum(before + 1, len(positions) - 1)
    share = np.clip((targets - positions[before]) / np.maximum(positions[after] - positions[before], 1), 0, 1)[:, None]
    return np.asarray(rows[before] * (1 - share) + rows[after] * share)
