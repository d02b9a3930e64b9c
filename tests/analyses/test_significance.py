"""Tests of significance, against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loganalytics.analyses.compare.significance import benjamini_hochberg, g_test, kolmogorov_smirnov


def test_g_is_twice_the_log_likelihood_ratio() -> None:
    """80 against 10 where 3 to 1 is expected, worked out by hand, with Williams' correction."""
    g = float(g_test(np.array([80.0]), np.array([10.0]), np.array([0.25]))[0])
    assert g == pytest.approx(2 * (80 * np.log(80 / 67.5) + 10 * np.log(10 / 22.5)) / (1 + (4 + 4 / 3 - 1) / (6 * 90)))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_corrected_p_values_are_no_smaller_and_keep_their_order(p: list[float]) -> None:
    """Benjamini and Hochberg never make a p-value smaller, nor change the ranks."""
    p_values = np.array(p)
    corrected = benjamini_hochberg(p_values)
    assert (corrected >= p_values - 1e-12).all()
    assert (np.diff(corrected[np.argsort(p_values, kind="stable")]) >= -1e-12).all()


def test_no_events_at_all_have_a_g_of_zero() -> None:
    """Without a division by zero."""
    with np.errstate(all="raise"):
        assert g_test(np.array([0.0]), np.array([0.0]), np.array([0.5])).tolist() == [0.0]


@pytest.mark.parametrize(("before", "after", "logarithm"), [(8.0, 0.0, np.log(4)), (0.0, 8.0, np.log(4 / 3))])
def test_a_count_of_zero_adds_nothing_to_g(before: float, after: float, logarithm: float) -> None:
    """The limit of x log x; three quarters are expected after."""
    g = float(g_test(np.array([before]), np.array([after]), np.array([0.75]))[0])
    assert g == pytest.approx(2 * 8 * logarithm / (1 + (4 / 3 + 4 - 1) / (6 * 8)))


def test_a_p_value_that_is_missing_stays_missing() -> None:
    """It counts as a test that shows nothing, and does not spoil the others."""
    corrected = benjamini_hochberg(np.array([0.01, np.nan, 0.02]))
    assert corrected.tolist() == pytest.approx([0.03, np.nan, 0.03], nan_ok=True)
    assert benjamini_hochberg(np.array([])).tolist() == []


def test_the_distance_of_kolmogorov_and_smirnov_is_positive_where_later_values_are_larger() -> None:
    """Half of the values lie above all of before, and the other way round it is negative."""
    before, after = np.arange(10.0), np.arange(10.0) + 5
    assert kolmogorov_smirnov(before, after)[0] == 0.5
    assert kolmogorov_smirnov(after, before)[0] == -0.5
