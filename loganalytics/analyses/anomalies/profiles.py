"""What is usual at a time of day, kept: the baselines of one value of `by`, against which any window can be held."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from loganalytics.analyses.anomalies import baselines
from loganalytics.analyses.anomalies.explanations import Judged, join
from loganalytics.analyses.anomalies.window_features import NEW_EVENTS, OVERALL, Features, Windows

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[np.float64]]

HOURS = 24


@dataclass(frozen=True)
class Profile:
    """What is usual for one value; slots are times of day, those of the weekend after those of the week."""

    value: object
    names: list[str]  # of counts
    low: Array  # slots x names
    middle: Array
    high: Array
    timed: list[str]  # of durations
    hours: Array  # hours of the day x timed: logarithm of the usual milliseconds
    spread: Array  # of one duration, by timed
    unseen: float  # chance that an event is of a kind never seen
    factors: Array  # by which the surprise of each feature is tempered, in the order of `judge`
    factor: float  # by which the whole window's is


def learn(features: Features, windows: Windows) -> tuple[Profile, Judged]:
    """Return the profile of the windows of a value, and what it says of them."""
    import numpy as np

    # In what a model is learnt from, no event is of a kind that it does not know.
    counts = np.column_stack([features.counts, np.zeros(windows.count)])
    features = replace(features, names=[*features.names, NEW_EVENTS], counts=counts)
    low, middle, high = _counts(features.counts, windows)
    hours, spread = baselines.usual_hours(features.durations, features.measured, windows)
    expected = features.unseen_expected[-1] / max(features.counts[-1, 0], 1.0)
    ones = np.ones(len(features.names) + 2 + len(features.timed))
    profile = Profile(features.value, features.names, low, middle, high, features.timed, hours, spread,
                      float(expected), ones, 1.0)  # fmt: skip
    known = replace(features, unseen=np.zeros(windows.count))
    untempered = judge(known, windows, profile)
    factors = baselines.temper(untempered.surprise)
    return replace(profile, factors=factors), replace(untempered, surprise=untempered.surprise * factors)


def _counts(counts: Array, windows: Windows) -> tuple[Array, Array, Array]:
    """Return low, middle and high by slot: medians of the days; one slot where there are fewer than three days."""
    import numpy as np

    per_day = slots_a_day(windows.every)
    days = len(counts) / per_day if per_day > 1 else 0.0
    if days < 3:
        hourly = baselines.hourly_means(counts, windows.every.total_seconds())
        low, high = hourly.min(axis=0), hourly.max(axis=0)
        return low[None], np.median(hourly, axis=0)[None], np.maximum(high, baselines.FLOOR)[None]
    weekend = days >= baselines.FEWEST_FOR_WEEKEND
    slots = slot_numbers(windows, weekend=weekend)
    parts = []
    for kind in range(2 if weekend else 1):
        own = slots // per_day == kind
        parts.append(baselines.by_time_of_day(counts[own], slots[own] - kind * per_day))
    rare = np.minimum(counts.mean(axis=0), 1.0)
    low, middle, high = (np.vstack(rows) for rows in zip(*parts, strict=True))
    return low, middle, np.maximum(np.maximum(high, rare), baselines.FLOOR)


def slots_a_day(every: timedelta) -> int:
    """Return how many windows a day has; 1 where no time of day can be read from them."""
    per_day = max(1, round(baselines.DAY / every.total_seconds()))
    return per_day if per_day >= baselines.SLOTS else 1


def slot_numbers(windows: Windows, *, weekend: bool) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return the slot of each window."""
    import numpy as np

    per_day = slots_a_day(windows.every)
    seconds = windows.first.timestamp() + np.arange(windows.count) * windows.every.total_seconds()
    slot = (seconds % baselines.DAY // (baselines.DAY / per_day)).astype(np.int64)
    return slot + per_day * baselines.is_weekend(seconds) if weekend else slot


def judge(features: Features, windows: Windows, profile: Profile) -> Judged:
    """Hold every window against the profile, each by itself."""
    import numpy as np

    from loganalytics.analyses.anomalies.windows import is_trouble, share_of_errors

    per_day, size = slots_a_day(windows.every), len(profile.low)
    slots = slot_numbers(windows, weekend=size > per_day) if size > 1 else np.zeros(windows.count, int)
    usual = baselines.Usual(profile.low[slots], profile.middle[slots], profile.high[slots])
    surprise = baselines.count_surprise(features.counts, usual)
    trouble = np.array([is_trouble(name) for name in features.names])
    surprise[(features.counts < usual.low) & trouble] = 0
    told = baselines.count_range(usual, profile.factors[: len(features.names)])
    counts = Judged(features.names, features.counts, told.middle, told.low, told.high, surprise,
                    np.ones(surprise.shape))  # fmt: skip
    parts = [
        counts,
        share_of_errors(features.counts, usual),
        _unseen(features, profile),
        _durations(features, windows, profile),
    ]
    joined = join(parts)
    return replace(joined, surprise=joined.surprise * profile.factors)


def _unseen(features: Features, profile: Profile) -> Judged:
    import numpy as np

    observed = features.unseen[:, None]
    expected = np.maximum(2 * features.counts[:, [0]] * profile.unseen, baselines.FLOOR)
    surprise = baselines.count_surprise(observed, baselines.Usual(0 * expected, expected, expected))
    high = expected + 2 * np.sqrt(expected)
    return Judged(["unseen_templates"], observed, expected / 2, 0 * high, high, surprise, np.ones(surprise.shape))


def _durations(features: Features, windows: Windows, profile: Profile) -> Judged:
    import numpy as np

    seconds = windows.first.timestamp() + np.arange(windows.count) * windows.every.total_seconds()
    middle = profile.hours[(seconds % baselines.DAY // baselines.HOUR).astype(int)]
    usual, residual = baselines.duration_range(features.durations, features.measured, middle, profile.spread)
    surprise = np.maximum(residual, 0) ** 2 / 2 / baselines.LN10
    return Judged(features.timed, features.durations, usual.middle, usual.low, usual.high,
                  np.minimum(surprise, baselines.MOST_FROM_DURATIONS), np.ones(surprise.shape))  # fmt: skip


def nothing_known(value: object) -> Profile:
    """Return the profile of a value that was not there: nothing is usual."""
    import numpy as np

    zero = np.zeros((1, 2))
    return Profile(value, ["events", "errors"], zero, zero, zero + baselines.FLOOR, OVERALL,
                   np.full((HOURS, 2), np.nan), zero[0], 0.0, np.ones(6), 1.0)  # fmt: skip
