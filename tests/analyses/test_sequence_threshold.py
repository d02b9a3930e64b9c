"""Anomalies begin where the scores leave room for a beginning, and nowhere near where they leave none."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganalytics.analyses.anomalies.sequence_threshold import (
    EXPECTED_THRESHOLD,
    MAX_THRESHOLD,
    MIN_THRESHOLD,
    find_threshold,
)


def _usual(number: int, seed: int, highest: float = np.inf) -> np.ndarray:
    """Return scores with an exponential tail, cut off at the highest."""
    return np.minimum(np.random.default_rng(seed).exponential(size=number), highest)


@pytest.mark.parametrize("share", [0.005, 0.02, 0.1])
@pytest.mark.parametrize(("highest", "lowest_odd"), [(3.0, 4.2), (4.2, 5.2), (5.4, 7.5)])
def test_the_threshold_lies_in_the_gap(share: float, highest: float, lowest_odd: float) -> None:
    """Before, at and beyond the expected place; few anomalies or many."""
    odd = lowest_odd + np.random.default_rng(1).random(round(4000 * share)) * 3
    threshold = find_threshold(np.concatenate([_usual(4000, 0, highest), odd]))
    assert highest - 0.2 <= threshold <= lowest_odd + 0.2


@pytest.mark.parametrize("number", [1000, 20_000])
def test_a_tail_without_a_gap_has_next_to_no_anomaly(number: int) -> None:
    """At most one in a hundred, over twenty seeds."""
    samples = [_usual(number, seed) for seed in range(20)]
    assert np.mean([(scores >= find_threshold(scores)).mean() for scores in samples]) <= 0.01


@pytest.mark.parametrize("scores", [[], [0.0] * 50, [1.0, 1.5, 1.9]])
def test_without_high_scores_the_expected_threshold_holds(scores: list[float]) -> None:
    """Nothing to be told from."""
    assert find_threshold(np.array(scores)) == EXPECTED_THRESHOLD


def test_clumps_of_like_sequences_do_not_drag_the_threshold_about() -> None:
    """Equal scores leave gaps between each two; moved by a tenth of a step, as by another seed, they change little."""
    usual = _usual(5000, 0, 3.6)
    clumps = np.repeat([4.4, 5.3, 5.9, 6.6, 7.2, 7.9], [25, 25, 20, 40, 45, 30])
    thresholds = []
    for seed in range(20):
        shift = np.repeat(np.random.default_rng(seed).normal(0, 0.1, 6), [25, 25, 20, 40, 45, 30])
        thresholds.append(find_threshold(np.concatenate([usual, clumps + shift])))
    assert max(thresholds) - min(thresholds) < 0.6


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1e6), max_size=80))
def test_the_threshold_is_within_its_bounds_whatever_the_scores(scores: list[float]) -> None:
    """And the same for the same scores in another order."""
    threshold = find_threshold(np.array(scores))
    assert MIN_THRESHOLD - 1e-9 <= threshold <= MAX_THRESHOLD + 1e-9
    assert find_threshold(np.array(scores[::-1])) == threshold
