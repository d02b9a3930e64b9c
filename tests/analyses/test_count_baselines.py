"""How many events are expected: each threshold that the docstrings name, on either side."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from loganalytics.analyses.anomalies.count_baselines import expected_counts
from loganalytics.analyses.anomalies.surprisal import ExpectedRange
from loganalytics.analyses.anomalies.window_events import Windows

MONDAY = datetime(2025, 1, 6, tzinfo=UTC)
QUARTER_HOURS = 96  # a day
ALL_MAY_GO = np.array([0.0])


def _expected(counts: np.ndarray, min_share: np.ndarray = ALL_MAY_GO) -> ExpectedRange:
    """Return what is expected of counts in quarters of an hour from Monday on."""
    windows = Windows(start=MONDAY, every=timedelta(minutes=15), count=len(counts))
    return expected_counts(counts[:, None].astype(float), windows, min_share)


def _level(days: float) -> np.ndarray:
    return np.full(round(days * QUARTER_HOURS), 100.0)


@pytest.mark.parametrize(("days", "is_expected"), [(1.8, False), (2, True)])
def test_the_other_day_counts_in_a_log_of_two_days(days: float, is_expected: bool) -> None:
    """A batch at eight in the morning of both days."""
    counts = _level(days)
    counts[[32, QUARTER_HOURS + 32]] = 900
    assert (_expected(counts).high[QUARTER_HOURS + 32].item() >= 900) == is_expected


@pytest.mark.parametrize(("days", "is_expected"), [(2.9, True), (3, False)])
def test_from_three_days_on_it_takes_more_than_one_other_day(days: float, is_expected: bool) -> None:
    """A batch on one day is expected on the next of two, and is not in the median of three."""
    counts = _level(days)
    counts[32] = 900
    assert (_expected(counts).high[QUARTER_HOURS + 32].item() >= 900) == is_expected


@pytest.mark.parametrize(("days", "is_expected"), [(9, False), (10, True)])
def test_from_ten_days_on_the_weekend_is_apart(days: int, is_expected: bool) -> None:
    """A batch at noon on Saturday and Sunday only is expected there."""
    counts = _level(days)
    saturday, sunday = (day * QUARTER_HOURS + 48 for day in (5, 6))
    counts[[saturday, sunday]] = 900
    assert (_expected(counts).high[sunday].item() >= 900) == is_expected


@pytest.mark.parametrize(("days", "is_expected"), [(13, False), (14, True)])
def test_from_two_weeks_on_the_week_before_counts(days: int, is_expected: bool) -> None:
    """A batch every Tuesday at noon is beyond chance a week later, less its noise."""
    counts = _level(days)
    counts[[QUARTER_HOURS + 48, 8 * QUARTER_HOURS + 48]] = 900
    assert (_expected(counts).high[8 * QUARTER_HOURS + 48].item() >= 900 - 2 * 30 - 1) == is_expected


@pytest.mark.parametrize(("hours", "is_expected"), [(12, False), (13, True)])
def test_what_lasts_longer_than_half_a_day_becomes_usual(hours: int, is_expected: bool) -> None:
    """Three times the traffic in the middle of a log of five days; of 25 hours around it takes 13."""
    counts = _level(5)
    begin = 2 * QUARTER_HOURS
    counts[begin : begin + hours * 4] = 300
    assert (_expected(counts).high[begin + hours * 2].item() >= 299) == is_expected


@pytest.mark.parametrize(("hours", "is_expected"), [(3, False), (4, True)])
def test_in_short_logs_four_hours_become_usual(hours: int, is_expected: bool) -> None:
    """Three times the traffic in the middle of a day; of seven hours around it takes four."""
    counts = _level(1)
    begin = 48
    counts[begin : begin + hours * 4] = 300
    assert (_expected(counts).high[begin + hours * 2].item() >= 299) == is_expected


@pytest.mark.parametrize("min_share", [0.0, 0.25])
def test_expected_counts_fall_to_no_less_than_the_share_of_the_feature(min_share: float) -> None:
    """A day without events: what may go for good is expected to be gone, a service is expected to slow down only."""
    counts = _level(5)
    counts[2 * QUARTER_HOURS : 3 * QUARTER_HOURS] = 0
    assert _expected(counts, np.array([min_share])).low[2 * QUARTER_HOURS + 48].item() == pytest.approx(100 * min_share)


def test_a_log_may_begin_and_end_within_a_window() -> None:
    """Its first and last window may be empty; those beside them may not."""
    low = _expected(_level(4)).low[:, 0]
    assert (low[0], low[-1]) == (0, 0)
    assert (low[1:-1] == 100).all()
