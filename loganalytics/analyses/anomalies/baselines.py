"""What is usual for a feature in each window, and how surprising the observed value is.

Surprise is -log10 of (a bound on) the chance that an ordinary window is at least so far out: 3 is one in a thousand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from loganalytics.analyses.anomalies.runs import RUNS, Runs, middle_of_three, over_runs, summed
from loganalytics.analyses.anomalies.window_features import Windows

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[np.float64]]

DAY, HOUR = 86_400.0, 3_600.0
FLOOR = 0.3  # events expected at least, so that a first event is none too surprising
SLOTS = 4  # windows a day; from longer windows no time of day can be read
PROLONG = 6  # hours; a day's rhythm is no line for longer
FEWEST_FOR_WEEKEND = 10  # days; fewer hold too few weekends
RUN_COST = 0.3  # surprise; for looking at runs too
FEWEST_HOURS = 4  # for a slope
MOST_GROWTH = 4.0  # of what is usual, from one day to the next
LEAST_SPREAD = 0.1  # of the logarithm of durations: less than ten per cent is no news
MOST_FROM_DURATIONS = 50.0
LN10 = 2.302585092994046
BLOCK = 36  # windows; the most surprising of so many, ...
USUAL_BLOCKS = 0.75  # ... in this share of the blocks, must not surprise


@dataclass(frozen=True)
class Usual:
    """What is usual, window by window: the middle, and the range of middles around it."""

    low: Array
    middle: Array
    high: Array


def usual_counts(counts: Array, windows: Windows, least_share: Array) -> Usual:
    """Return what is usual for counts (windows by features).

    From three days on it is the median of the same time of day over the days (from ten days on, over the days
    of the week and those of the weekend apart; UTC), and the range of these medians from the window before to the
    one after; from two weeks on, what was seen a week before or after is usual too; where the twelve hours before and
    after lie above or below (a
    weekend, a new release) it moves with them, but down to no less than the feature's `least_share`. With two
    days, the other day takes the place of the median, beside the level of the hours around; with less, it is
    that level alone.
    """
    import numpy as np

    seconds = windows.every.total_seconds()
    per_day = max(1, round(DAY / seconds))
    days = len(counts) / per_day if per_day >= SLOTS else 0.0
    slots = ((windows.first.timestamp() + np.arange(len(counts)) * seconds) % DAY // (DAY / per_day)).astype(int)
    if days >= 3:
        weekend = _weekend(windows, len(counts)) if days >= FEWEST_FOR_WEEKEND else np.zeros(len(counts), int)
        usual = _same_time_of_day(counts, slots, weekend, seconds, least_share)
        if days >= 14 - 1 / per_day:
            usual = _as_a_week_ago(counts, usual, 7 * per_day)
    else:
        usual = _around(counts, slots, seconds, with_other_day=days >= 1.9)
    rare = np.minimum(np.minimum(counts, np.quantile(counts, 0.99, axis=0)).mean(axis=0), 1.0)
    high = np.maximum(np.maximum(usual.high, rare), FLOOR)
    low = usual.low.copy()
    low[[0, -1]] = 0  # a log may begin and end within a window
    return Usual(low, np.clip(usual.middle, low, high), high)


def _weekend(windows: Windows, length: int) -> Array:
    """Return 1 for windows of a Saturday or Sunday, 0 for others."""
    import numpy as np

    return np.asarray(is_weekend(windows.first.timestamp() + np.arange(length) * windows.every.total_seconds()))


def is_weekend(seconds: Any) -> Any:
    """Return 1 for times (seconds since 1970, UTC) of a Saturday or Sunday, 0 for others."""
    return ((seconds // DAY + 3) % 7 >= 5).astype(int)  # 1970 began on a Thursday


def _as_a_week_ago(counts: Array, usual: Usual, week: int) -> Usual:
    """Return what is usual, widened to what a week before (in the first week, after) was beyond chance."""
    import numpy as np

    before = np.arange(len(counts)) - week
    then = np.where(before < 0, np.minimum(before + 2 * week, len(counts) - 1), before)
    most, least = _widened(counts, max)[then], _widened(counts, min)[then]
    noise = 2 * np.sqrt(most) + 1
    return Usual(np.minimum(usual.low, least + noise), usual.middle, np.maximum(usual.high, most - noise))


def _same_time_of_day(counts: Array, slots: Array, weekend: Array, seconds: float, least_share: Array) -> Usual:
    import numpy as np

    middle, low, high = (np.zeros_like(counts) for _ in range(3))
    for kind in np.unique(weekend):
        own = weekend == kind
        daily = by_time_of_day(counts[own], slots[own])
        low[own], middle[own], high[own] = (rows[slots[own]] for rows in daily)
    level, habit = _level(counts, seconds, hours=12), _level(middle, seconds, hours=12)
    ratio = np.divide(level, habit, out=np.ones_like(level), where=habit >= FLOOR)
    new = np.where(habit < FLOOR, level, 0.0)
    return Usual(
        low * np.clip(ratio, least_share, 1),
        middle * np.clip(ratio, least_share, MOST_GROWTH) + new,
        np.maximum(high * np.clip(ratio, 1, MOST_GROWTH), new),
    )


def _around(counts: Array, slots: Array, seconds: float, *, with_other_day: bool) -> Usual:
    import numpy as np

    level = _level(counts, seconds, hours=3)
    if not with_other_day:
        return Usual(level, level, level)
    per_day = int(slots.max()) + 1
    other = np.where(
        (np.arange(len(counts)) < per_day)[:, None],
        np.roll(counts, -per_day, axis=0),
        np.roll(counts, per_day, axis=0),
    )
    return Usual(np.minimum(level, _widened(other, min)), level, np.maximum(level, _widened(other, max)))


def by_time_of_day(counts: Array, slots: Array) -> tuple[Array, Array, Array]:
    """Return for each slot the low, middle and high: the median over the days, and its range one slot around."""
    daily = _median_by(slots, counts)
    return _widened(daily, min), daily, _widened(daily, max)


def hourly_means(counts: Array, seconds: float) -> Array:
    """Return the means of counts by hour, or by window where these are longer."""
    import numpy as np

    size = max(1, round(HOUR / seconds))
    starts = np.arange(0, len(counts), size)
    sizes = np.diff(np.append(starts, len(counts)))
    return np.asarray(np.add.reduceat(counts, starts, axis=0) / sizes[:, None])


def _median_by(groups: Array, values: Array) -> Array:
    """Return the median of the rows of each group, one row a group."""
    import numpy as np

    order = np.argsort(groups, kind="stable")
    most = int(np.bincount(groups).max())
    rank = np.arange(len(groups)) - np.searchsorted(groups[order], groups[order])
    cube = np.full((int(groups.max()) + 1, most, values.shape[1]), np.nan)
    cube[groups[order], rank] = values[order]
    return np.asarray(np.nanmedian(cube, axis=1))


def _widened(rows: Array, least_or_most: Callable[..., Any]) -> Array:
    """Return for each row the least or most of it and its neighbours, day by day round."""
    import numpy as np

    choose = np.minimum if least_or_most is min else np.maximum
    return np.asarray(choose(rows, choose(np.roll(rows, 1, axis=0), np.roll(rows, -1, axis=0))))


def _level(counts: Array, seconds: float, *, hours: int) -> Array:
    """Return the median of the hourly means so many hours around, drawn through as a line."""
    import numpy as np
    import polars as pl

    size = max(1, round(HOUR / seconds))
    starts = np.arange(0, len(counts), size)
    sizes = np.diff(np.append(starts, len(counts)))
    means = np.add.reduceat(counts, starts, axis=0) / sizes[:, None]
    reach = max(1, round(hours * HOUR / (size * seconds)))
    padded = _prolonged(means, reach) if reach <= PROLONG else means
    rolled = pl.DataFrame(padded).select(pl.all().rolling_median(2 * reach + 1, center=True, min_samples=1))
    spare = (len(padded) - len(means)) // 2
    return _line(rolled.to_numpy()[spare : spare + len(means)], starts + (sizes - 1) / 2, len(counts))


def _prolonged(means: Array, reach: int) -> Array:
    """Return the hourly means with so many more at both ends, on the line that the ends are on.

    Without them the first and last hours of a log would be held against hours on one side of them only, and be
    too high or too low wherever traffic rises or falls.
    """
    import numpy as np

    ahead = np.arange(1, reach + 1)[:, None]
    ends = []
    for end in (means[: 2 * reach + 1], means[::-1][: 2 * reach + 1]):
        # From the far hour to the near one: the median slope, and the median of what is left.
        at = -np.arange(len(end))[:, None]
        slope = np.median(np.diff(end, axis=0), axis=0) * -1 if len(end) >= FEWEST_HOURS else 0.0
        ends.append(np.maximum(np.median(end - slope * at, axis=0) + slope * ahead, 0))
    return np.vstack([ends[0][::-1], means, ends[1]])


def _line(values: Array, at: Array, length: int) -> Array:
    """Return the values at 0 to length - 1 on the lines between those given, for all columns at once."""
    import numpy as np

    place = np.arange(length)
    before = np.clip(np.searchsorted(at, place) - 1, 0, max(len(at) - 2, 0))
    after = np.minimum(before + 1, len(at) - 1)
    share = np.clip((place - at[before]) / np.maximum(at[after] - at[before], 1), 0, 1)[:, None]
    return np.asarray(values[before] * (1 - share) + values[after] * share)


def count_surprise(observed: Array, usual: Usual) -> Array:
    """Return the surprise of counts above or below what is usual: Chernoff's bound for a Poisson count."""
    import numpy as np

    expected = np.where(observed > usual.high, usual.high, usual.low)
    out = (observed > usual.high) | (observed < usual.low)
    ratio = np.divide(observed, expected, out=np.ones_like(observed), where=(observed > 0) & (expected > 0))
    nats = observed * np.log(ratio) - observed + expected
    return np.where(out, nats / LN10, 0.0)


def persistent(observed: Array, usual: Usual, surprise: Array) -> tuple[Array, Runs]:
    """Return the surprise of counts, or of the runs of windows that they are part of where that is more.

    A run is judged by its sum, each window at no more than what is a little odd: one that is very odd is no run. Of
    the shortest runs a window counts for as much as the middle one of it and its neighbours: two are.
    """
    import numpy as np

    little = usual.high + np.sqrt(usual.high) + 1
    clipped = np.minimum(observed, little)
    even = np.minimum(observed, np.maximum(little, middle_of_three(observed)))
    runs = Runs.none(observed.shape)
    for values, length in ((clipped, RUNS[0]), (clipped, RUNS[1]), (even, RUNS[0])):
        if len(observed) < 2 * length:
            continue
        held, low, high = (summed(part, length) for part in (values, usual.low, usual.high))
        # Fewer than usual counts as it is: one window of many makes up for those of few.
        held = np.where(held < low, np.minimum(summed(observed, length), low), held)
        run = count_surprise(held, Usual(low, low, high)) - np.log10(length) - RUN_COST
        surprise = runs.longer(surprise, run, length)
    return surprise, runs


def count_range(usual: Usual, tempered: Array) -> Usual:
    """Return the range outside of which counts surprise by 1 and more, scaled down by these factors; and the middle.

    The bound of Chernoff lies outside of two standard deviations above, and of one on the scale of roots below.
    """
    import numpy as np

    low = np.maximum(np.sqrt(usual.low) - np.sqrt(1 / tempered), 0) ** 2
    return Usual(low, usual.middle, usual.high + 2 * np.sqrt(np.maximum(usual.high, FLOOR) / tempered))


def usual_durations(durations: Array, measured: Array, windows: Windows) -> tuple[Array, Usual, Array, Runs]:
    """Return quantiles of duration with what is usual for them, the surprise of slower ones, and the runs told.

    Usual is the median over the hours of the day, one hour around, on other days (of the whole log where it is
    shorter than two days), on the scale of logarithms; its spread is the MAD of what is left, for a window with
    one duration, and shrinks with the root of their number. A run is judged, and told, by its geometric mean.
    """
    import numpy as np

    middle = _usual_log_duration(np.log(np.maximum(durations, 1e-3)), windows)
    sigma = _sigma(measured, _spread(durations, measured, middle))
    residual = _residual(durations, middle, sigma)
    surprise = np.maximum(residual, 0) ** 2 / 2 / LN10
    clipped = np.clip(residual, -2, 2)
    runs = Runs.none(durations.shape)
    for length in RUNS:
        if len(durations) < 2 * length:
            continue
        run = np.maximum(summed(clipped, length), 0) ** 2 / length / 2 / LN10 - np.log10(length) - RUN_COST
        surprise = runs.longer(surprise, run, length)
    parts = (middle, sigma, np.maximum(residual, -2))
    middle, sigma, residual = (
        over_runs(np.where(np.isnan(durations), np.nan, part), runs, np.nanmean) for part in parts
    )
    observed, usual = np.exp(middle + sigma * residual), _range(middle, sigma / np.sqrt(runs.length))
    return observed, usual, np.minimum(surprise, MOST_FROM_DURATIONS), runs


def duration_range(durations: Array, measured: Array, middle: Array, spread: Array) -> tuple[Usual, Array]:
    """Return the usual range of quantiles of duration, and how many spreads above its middle they are."""
    sigma = _sigma(measured, spread)
    return _range(middle, sigma), _residual(durations, middle, sigma)


def _sigma(measured: Array, spread: Array) -> Array:
    import numpy as np

    return np.asarray(np.maximum(np.nan_to_num(spread) / np.sqrt(np.maximum(measured, 1)), LEAST_SPREAD))


def _residual(durations: Array, middle: Array, sigma: Array) -> Array:
    import numpy as np

    return np.asarray(np.nan_to_num((np.log(np.maximum(durations, 1e-3)) - middle) / sigma))


def _range(middle: Array, sigma: Array) -> Usual:
    import numpy as np

    return Usual(np.exp(middle - 2 * sigma), np.exp(middle), np.exp(middle + 2 * sigma))


def _spread(durations: Array, measured: Array, middle: Array) -> Array:
    """Return the spread (scaled MAD) of the logarithm of one duration."""
    import numpy as np

    residual = np.log(np.maximum(durations, 1e-3)) - middle
    return np.asarray(1.4826 * _median(np.abs(residual * np.sqrt(np.maximum(measured, 1)))))


def usual_hours(durations: Array, measured: Array, windows: Windows) -> tuple[Array, Array]:
    """Return the logarithm of the usual duration by hour of the day, one hour around, and the spread about it."""
    import numpy as np

    logs = np.log(np.maximum(durations, 1e-3))
    seconds = windows.first.timestamp() + np.arange(len(logs)) * windows.every.total_seconds()
    hour = (seconds % DAY // HOUR).astype(int)
    whole = _median(logs)
    usual = np.tile(whole, (24, 1))
    if len(logs) * windows.every.total_seconds() >= 3 * DAY:
        for one in range(24):
            around = _median(logs[np.isin(hour, [(one - 1) % 24, one, (one + 1) % 24])])
            usual[one] = np.where(np.isnan(around), whole, around)
    return usual, _spread(durations, measured, usual[hour])


def _usual_log_duration(logs: Array, windows: Windows) -> Array:
    import numpy as np

    whole = np.broadcast_to(_median(logs), logs.shape)
    seconds = windows.first.timestamp() + np.arange(len(logs)) * windows.every.total_seconds()
    span = len(logs) * windows.every.total_seconds()
    if span < 1.9 * DAY:
        return np.asarray(whole)
    day, hour = (seconds // DAY).astype(int), (seconds % DAY // HOUR).astype(int)
    # Of two days the other one says what is usual; a median over three or more can bear the day itself.
    days = [day != today for today in np.unique(day)] if span < 3 * DAY else [day >= 0]
    usual = np.full(logs.shape, np.nan)
    for one in range(24):
        near = np.isin(hour, [(one - 1) % 24, one, (one + 1) % 24])
        for others in days:
            own = ~others if len(days) > 1 else others
            usual[own & (hour == one)] = _median(logs[near & others])
    return np.where(np.isnan(usual), whole, usual)


def _median(rows: Array) -> Array:
    """Return the median of each column, NaN where there is nothing."""
    import numpy as np

    columns = [column[~np.isnan(column)] for column in rows.T]
    return np.array([np.median(column) if len(column) else np.nan for column in columns])


def temper(surprise: Array, share: float = USUAL_BLOCKS) -> Array:
    """Return the factors by which to scale down features that surprise often, one a column.

    The most surprising of 36 ordinary windows exceeds 2.2 (one in 144) once in four times. Where the blocks of a
    log do so more often, the feature comes in bursts by nature, or its counts vary more than Poisson's. `share` is
    that of the blocks taken for ordinary.
    """
    import numpy as np

    size = max(1, min(BLOCK, len(surprise) // 8))
    most = np.maximum.reduceat(surprise, np.arange(0, len(surprise), size), axis=0)
    at = int(share * (len(most) - 1))
    often = np.partition(most, at, axis=0)[at]
    usual = np.log10(size / (1 - share))
    return np.asarray(usual / np.maximum(often, usual))
