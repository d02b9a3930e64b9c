"""How surprising counts are, and by how much features that are surprising often are scaled."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

from loganalytics.analyses.anomalies.surprisal import (
    ExpectedRange,
    count_surprisal,
    overdispersion_factors,
    surprising_beyond,
)

BLOCK = 36
BY_CHANCE = np.log10(BLOCK / 0.25)  # one window in 144


def _between(low: float, high: float) -> ExpectedRange:
    return ExpectedRange(low=np.array([[low]]), middle=np.array([[low]]), high=np.array([[high]]))


@given(st.integers(0, 2000), st.floats(0.3, 1000), st.floats(1, 3))
def test_surprisal_is_a_bound_on_the_chance_of_such_a_count(observed: int, low: float, ratio: float) -> None:
    """It is 0 in the expected range, and never claims less chance than Poisson's distribution gives."""
    high = low * ratio
    surprisal = count_surprisal(np.array([[float(observed)]]), _between(low, high)).item()
    assert surprisal >= 0
    if low <= observed <= high:
        assert surprisal == 0
    elif observed > high:
        assert surprisal <= -poisson.logsf(observed - 1, high) / np.log(10) + 1e-9
    else:
        assert surprisal <= -poisson.logcdf(observed, low) / np.log(10) + 1e-9


@given(st.integers(0, 2000), st.floats(0.3, 1000), st.floats(1, 3), st.floats(0.1, 1))
def test_counts_with_a_surprisal_of_1_lie_outside_the_range_that_is_shown(
    observed: int, low: float, ratio: float, factor: float
) -> None:
    """Once scaled: so no reason names a count within what it says is usual."""
    expected = _between(low, low * ratio)
    surprisal = count_surprisal(np.array([[float(observed)]]), expected).item()
    shown = surprising_beyond(expected, np.array([factor]))
    if surprisal * factor >= 1:
        assert not shown.low.item() <= observed <= shown.high.item()


@pytest.mark.parametrize(("factor", "low", "high"), [(1.0, 9_801, 10_200), (0.25, 9_604, 10_400)])
def test_the_range_that_is_shown_is_two_standard_deviations_wide(factor: float, low: float, high: float) -> None:
    """Above; below it is one on the scale of square roots; wider for what is scaled down."""
    shown = surprising_beyond(_between(10_000, 10_000), np.array([factor]))
    assert (shown.low.item(), shown.high.item()) == pytest.approx((low, high))


def _blocks(maxima: list[float]) -> np.ndarray:
    """Return the surprisal of windows whose blocks of 36 have these maxima."""
    surprisal = np.zeros((len(maxima) * BLOCK, 1))
    surprisal[7::BLOCK, 0] = maxima
    return surprisal


@pytest.mark.parametrize(
    ("maxima", "factor"),
    [
        ([BY_CHANCE] * 6 + [9.0] * 2, 1.0),
        ([BY_CHANCE] * 5 + [2 * BY_CHANCE] * 3, 0.5),
        ([BY_CHANCE] * 5 + [4 * BY_CHANCE] * 3, 0.25),
        ([0.0] * 8, 1.0),
    ],
)
def test_features_that_surprise_more_often_than_by_chance_are_scaled(maxima: list[float], factor: float) -> None:
    """One block of four may exceed 2.2; where more do, that quantile is scaled down to 2.2, and never up."""
    assert overdispersion_factors(_blocks([maximum for maximum in maxima for _ in range(2)])) == pytest.approx(factor)


def test_the_share_of_ordinary_blocks_can_be_chosen() -> None:
    """With a quarter of them ordinary the second block of eight decides: by chance it has one window in 48."""
    assert overdispersion_factors(_blocks([1.0, 2 * np.log10(48), *[9.0] * 6]), 0.25) == pytest.approx(0.5)


def test_poisson_counts_are_hardly_scaled() -> None:
    """Features whose counts vary as they should keep their surprisal; those of twice the spread do not."""
    rng = np.random.default_rng(0)
    expected = ExpectedRange(
        low=np.full((3600, 1), 50.0), middle=np.full((3600, 1), 50.0), high=np.full((3600, 1), 50.0)
    )
    even, bursty = rng.poisson(50, (3600, 1)), rng.normal(50, 4 * 50**0.5, (3600, 1)).clip(0)
    assert overdispersion_factors(count_surprisal(even.astype(float), expected)).item() > 0.9
    assert overdispersion_factors(count_surprisal(bursty, expected)).item() < 0.25
