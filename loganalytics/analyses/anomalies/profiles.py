"""What is expected at a time of day, kept: the baselines of one value of `by`, with which any window is compared."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from loganalytics.analyses.anomalies.duration_baselines import (
    HOURS_A_DAY,
    MAX_DURATION_SURPRISAL,
    duration_residuals,
    expected_by_hour,
    residual_surprisal,
)
from loganalytics.analyses.anomalies.scores import (
    Scores,
    concat_scores,
    ignore_fewer_errors,
    score_error_share,
    score_unseen_templates,
)
from loganalytics.analyses.anomalies.surprisal import (
    MIN_EXPECTED_EVENTS,
    ExpectedRange,
    count_surprisal,
    overdispersion_factors,
    surprising_beyond,
)
from loganalytics.analyses.anomalies.time_of_day import (
    MIN_WEEKEND_DAYS,
    hourly_means,
    hours_of_day,
    range_by_slot,
    slot_numbers,
    slots_a_day,
)
from loganalytics.analyses.anomalies.window_events import Windows
from loganalytics.analyses.anomalies.window_features import NEW_EVENTS, OVERALL_DURATIONS, FeatureNames, Features

MIN_DAYS = 3  # from which each time of day has an expected count of its own


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What is expected for one value; slots are times of day, those of the weekend after those of the week.

    Attributes:
        value: the value.
        names: of the counts.
        low, middle, high: slots x names, the expected range.
        duration_names: of the durations.
        log_durations: hours of the day x duration_names, the logarithm of the expected milliseconds.
        log_spread: of one duration, by duration_names.
        unseen_share: chance that an event is of a kind never seen.
        feature_factors: overdispersion factors of the features, in the order of `score_features`.
        window_factor: overdispersion factor of the whole window.
    """

    value: object
    names: list[str]
    low: NDArray[np.float64]
    middle: NDArray[np.float64]
    high: NDArray[np.float64]
    duration_names: list[str]
    log_durations: NDArray[np.float64]
    log_spread: NDArray[np.float64]
    unseen_share: float
    feature_factors: NDArray[np.float64]
    window_factor: float

    @property
    def feature_names(self) -> FeatureNames:
        """Return the names of the counts and durations."""
        return FeatureNames(counts=self.names, durations=self.duration_names)


def learn_profile(features: Features, windows: Windows) -> tuple[Profile, Scores]:
    """Return the profile of the windows of a value, and the scores that it gives them."""
    # In what a model is learnt from, no event is of a kind that it does not know.
    counts = np.column_stack([features.counts, np.zeros(windows.count)])
    without_unseen = replace(
        features, names=[*features.names, NEW_EVENTS], counts=counts, unseen=np.zeros(windows.count)
    )
    expected = _expected_by_slot(counts, windows)
    log_durations, log_spread = expected_by_hour(features.durations, features.measured, windows)
    profile = Profile(
        value=features.value,
        names=without_unseen.names,
        low=expected.low,
        middle=expected.middle,
        high=expected.high,
        duration_names=features.duration_names,
        log_durations=log_durations,
        log_spread=log_spread,
        unseen_share=float(features.expected_unseen[-1] / max(counts[-1, 0], 1.0)),
        feature_factors=np.ones(len(without_unseen.names) + 2 + len(features.duration_names)),
        window_factor=1.0,
    )
    unscaled = score_features(without_unseen, windows, profile)
    factors = overdispersion_factors(unscaled.surprisal)
    return replace(profile, feature_factors=factors), replace(unscaled, surprisal=unscaled.surprisal * factors)


def _expected_by_slot(counts: NDArray[np.float64], windows: Windows) -> ExpectedRange:
    """Return the expected range by slot: medians of the days; one slot where there are fewer than three days."""
    per_day = slots_a_day(windows.every)
    days = len(counts) / per_day if per_day > 1 else 0.0
    if days < MIN_DAYS:
        hourly = hourly_means(counts, windows)
        low, high = hourly.min(axis=0)[None], hourly.max(axis=0)[None]
        middle = np.median(hourly, axis=0)[None]
        return ExpectedRange(low=low, middle=middle, high=np.maximum(high, MIN_EXPECTED_EVENTS))
    has_weekend = days >= MIN_WEEKEND_DAYS
    slots = slot_numbers(windows, weekend=has_weekend)
    ranges = []
    for day_type in range(2 if has_weekend else 1):
        days_used = slots // per_day == day_type
        ranges.append(range_by_slot(counts[days_used], slots[days_used] - day_type * per_day))
    rare = np.minimum(counts.mean(axis=0), 1.0)
    low, middle, high = (np.vstack(rows) for rows in zip(*ranges, strict=True))
    return ExpectedRange(low=low, middle=middle, high=np.maximum(np.maximum(high, rare), MIN_EXPECTED_EVENTS))


def score_features(features: Features, windows: Windows, profile: Profile) -> Scores:
    """Score every feature by the profile, each window by itself."""
    expected = _expected_in(windows, profile)
    unseen_share = 2 * features.counts[:, 0] * profile.unseen_share
    scores = concat_scores(
        [
            _score_counts(features, expected, profile),
            score_error_share(features.counts, expected),
            score_unseen_templates(features.unseen, np.maximum(unseen_share, MIN_EXPECTED_EVENTS) / 2),
            _score_durations(features, windows, profile),
        ]
    )
    return replace(scores, surprisal=scores.surprisal * profile.feature_factors)


def _expected_in(windows: Windows, profile: Profile) -> ExpectedRange:
    """Return the expected range of the counts in each window."""
    size = len(profile.low)
    if size == 1:
        slots = np.zeros(windows.count, np.int64)
    else:
        slots = slot_numbers(windows, weekend=size > slots_a_day(windows.every))
    return ExpectedRange(low=profile.low[slots], middle=profile.middle[slots], high=profile.high[slots])


def _score_counts(features: Features, expected: ExpectedRange, profile: Profile) -> Scores:
    surprisal = count_surprisal(features.counts, expected)
    ignore_fewer_errors(surprisal, features.counts, expected, features.names)
    usual = surprising_beyond(expected, profile.feature_factors[: len(features.names)])
    return Scores(
        names=features.names, observed=features.counts, expected=usual.middle, low=usual.low, high=usual.high,
        surprisal=surprisal, run=np.ones(surprisal.shape),
    )  # fmt: skip


def _score_durations(features: Features, windows: Windows, profile: Profile) -> Scores:
    middle = profile.log_durations[hours_of_day(windows)]
    expected, residual = duration_residuals(features.durations, features.measured, middle, profile.log_spread)
    surprisal = np.minimum(residual_surprisal(residual), MAX_DURATION_SURPRISAL)
    return Scores(
        names=features.duration_names, observed=features.durations, expected=expected.middle, low=expected.low,
        high=expected.high, surprisal=surprisal, run=np.ones(surprisal.shape),
    )  # fmt: skip


def unknown_profile(value: object) -> Profile:
    """Return the profile of a value that was not there: nothing is expected."""
    zero = np.zeros((1, 2))
    return Profile(
        value=value,
        names=["events", "errors"],
        low=zero,
        middle=zero,
        high=zero + MIN_EXPECTED_EVENTS,
        duration_names=OVERALL_DURATIONS,
        log_durations=np.full((HOURS_A_DAY, 2), np.nan),
        log_spread=zero[0],
        unseen_share=0.0,
        feature_factors=np.ones(6),
        window_factor=1.0,
    )
