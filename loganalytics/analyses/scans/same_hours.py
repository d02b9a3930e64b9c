"""What the same hours of a log's other days had."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loganalytics.analyses.scans.grid import DAYS_A_WEEK, HOUR, Flags, Floats, Grid

MANY_DAYS = 10  # from so many on, what two other days had at the same hours is usual; below, what one had
SATURDAY = 5
MIN_WEEKEND_RATIO = 0.8  # of what a weekend has to what working days have, from which on it is a day as others
MIN_DAYS_OF_KIND = 2  # other working days (or weekend days) that show what is usual on such a day


def at_same_hours(sums: Floats, grid: Grid, length: int) -> Floats:
    """Return what other days had at the same hours: a row a day, a column for each first window; NaN where unknown.

    Days that the interval itself reaches into are left out.
    """
    day = grid.windows_a_day
    if not day or len(sums) <= day:
        return np.full((1, len(sums)), np.nan)
    reach = len(sums) // day + 1
    rows = np.full((2 * reach, len(sums)), np.nan)
    for row, days_away in enumerate(_days_away(reach)):
        shift = days_away * day
        if length <= abs(shift) < len(sums):
            target = slice(max(0, -shift), min(len(sums), len(sums) - shift))
            rows[row, target] = sums[max(0, shift) : min(len(sums), len(sums) + shift)]
    return rows


def highest_of_days(sums: Floats, grid: Grid, length: int) -> Floats:
    """Return the highest sum at the same hours of other days, by the first window; NaN where no other day is known.

    The second highest where there are ten other days or more; but what the same day of another week had is usual too.
    So is what came up to an hour earlier or later: jobs begin late, and clocks are changed.
    """
    from scipy.ndimage import maximum_filter1d

    days = at_same_hours(maximum_filter1d(sums, 2 * (HOUR // grid.every) + 1, mode="nearest"), grid, length)
    return np.asarray(np.fmax(-_second_of_many(-days), _highest(days[_is_week_away(len(days))])))


@dataclass(frozen=True, kw_only=True)
class OtherDays:
    """What other days had at the same hours (rows), by the first window of an interval (columns).

    Attributes:
        sums: working days for those on working days and weekends for those at weekends, where these differ and two of
            the kind are known; else all. NaN where no day is known.
        is_kind_known: whether two of the kind are known.
        is_first_weekend: whether it is a weekend unlike the working days, and no two others are known.
    """

    sums: Floats
    is_kind_known: Flags
    is_first_weekend: Flags

    @classmethod
    def of(cls, sums: Floats, grid: Grid, length: int) -> OtherDays:
        """Return what to compare intervals of a length with."""
        days = at_same_hours(sums, grid, length)
        nowhere = np.zeros(days.shape[1], bool)
        if not grid.windows_a_day:
            return cls(sums=days, is_kind_known=nowhere, is_first_weekend=nowhere)
        first = grid.start.weekday() * grid.windows_a_day + grid.windows_a_day * grid.start.hour // 24
        middle = first + np.arange(days.shape[1]) + length // 2
        weekday = (middle // grid.windows_a_day) % DAYS_A_WEEK
        is_weekend = weekday >= SATURDAY
        away = np.array(_days_away(len(days) // 2)) if len(days) > 1 else np.zeros(1, int)
        is_same = is_weekend == ((weekday + away[:, None]) % DAYS_A_WEEK >= SATURDAY)
        is_alike = _is_weekend_like_other_days(sums, is_weekend, grid)
        of_kind = np.where(is_same | is_alike, days, np.nan)
        is_known = np.isfinite(of_kind).sum(axis=0) >= MIN_DAYS_OF_KIND
        unknown = nowhere if is_alike else is_weekend & ~is_known
        return cls(sums=np.where(is_known, of_kind, days), is_kind_known=is_known, is_first_weekend=unknown)


def _is_weekend_like_other_days(sums: Floats, is_weekend: Flags, grid: Grid) -> bool:
    """Return whether as much is logged at weekends as at the same hours of working days."""
    hour = np.arange(len(sums)) % grid.windows_a_day
    with np.errstate(invalid="ignore"):  # 0 / 0 where an hour is not known
        weekend, workday = (
            np.bincount(hour[flags], sums[flags], grid.windows_a_day)
            / np.bincount(hour[flags], None, grid.windows_a_day)
            for flags in (is_weekend, ~is_weekend)
        )
    is_known = np.isfinite(weekend) & np.isfinite(workday)
    if not is_known.any():
        return True
    return bool(weekend[is_known].sum() >= MIN_WEEKEND_RATIO * workday[is_known].sum())


def lowest_of_days(days: Floats) -> Floats:
    """Return the lowest of what other days had (rows), by the first window; NaN where none is known.

    The second lowest where there are ten other days or more; but what the same day of another week had is usual too.
    """
    return np.fmin(_second_of_many(days), -_highest(-days[_is_week_away(len(days))]))


def mean_of_days(days: Floats) -> Floats:
    """Return the mean of what other days had (rows); NaN where none is known."""
    known = np.isfinite(days).sum(axis=0)
    return np.where(known > 0, np.nansum(days, axis=0) / np.maximum(known, 1), np.nan)


def times_looked_at(grid: Grid, length: int) -> float:
    """Return of how many intervals that do not overlap `highest_of_days` takes the highest."""
    return grid.other_days * (1 + 2 * (HOUR // grid.every) / length)


def _days_away(reach: int) -> list[int]:
    return [number for number in range(-reach, reach + 1) if number]


def _is_week_away(rows: int) -> Flags:
    return np.array([number % DAYS_A_WEEK == 0 for number in _days_away(rows // 2)], bool)


def _second_of_many(days: Floats) -> Floats:
    """Return the lowest of few, the second lowest of many; NaN of none."""
    ordered = np.sort(days, axis=0)  # NaN last
    second = ordered[min(1, len(ordered) - 1)]
    return np.asarray(np.where(np.isfinite(days).sum(axis=0) >= MANY_DAYS, second, ordered[0]))


def _highest(days: Floats) -> Floats:
    return np.asarray(np.fmax.reduce(days, axis=0, initial=np.nan))
