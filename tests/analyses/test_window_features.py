"""Which features a window has: each limit that the docstrings name, on either side."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from loganalytics.analyses.anomalies.profiles import learn_profile
from loganalytics.analyses.anomalies.window_events import Windows, lay_windows, read_events
from loganalytics.analyses.anomalies.window_features import Features, read_features
from loganalytics.schema import conform

START = datetime(2025, 1, 6, tzinfo=UTC)


def _features(rows: list[tuple[int, str]], every: str = "5m", **columns: object) -> tuple[Features, Windows]:
    """Return the features of events given by window of five minutes and template."""
    times = [START + timedelta(minutes=5 * window) for window, _ in rows]
    templates = [template for _, template in rows]
    frame = {"timestamp": times, "message": templates, "template": templates, "template_id": templates, **columns}
    windows, numbered = lay_windows(read_events(conform(pl.DataFrame(frame)), None), every)
    [features] = read_features(numbered, windows.count)
    return features, windows


def test_200_templates_are_features_half_of_them_bursty() -> None:
    """The hundred with the most events, and the hundred with the most in one window, three at least."""
    steady = [(window, f"steady {i:03}") for i in range(150) for window in range(8)]
    bursty = [(9, f"bursty {i:03}") for i in range(150) for _ in range(3)]
    pairs = [(9, f"pair {i:03}") for i in range(150) for _ in range(2)]
    names = _features(steady + bursty + pairs)[0].names
    assert sum(name.startswith("template:steady") for name in names) == 100
    assert sum(name.startswith("template:bursty") for name in names) == 100
    assert not any(name.startswith("template:pair") for name in names)


@pytest.mark.parametrize(("events", "is_measured"), [(2, [False, False]), (3, [True, False]), (10, [True, True])])
def test_quantiles_of_duration_take_enough_durations(events: int, is_measured: list[bool]) -> None:
    """A median takes three in the window, a 95th percentile ten."""
    durations = [float(i) for i in range(events)]
    features, _ = _features([(0, "served")] * events, duration_ms=durations)
    assert features.duration_names == ["duration_p50", "duration_p95"]
    assert (~np.isnan(features.durations[0])).tolist() == is_measured


@pytest.mark.parametrize(("days", "slots"), [(2, 1), (3, 4), (9, 4), (10, 8)])
def test_a_profile_has_times_of_day_from_three_days_on_and_weekends_from_ten(days: int, slots: int) -> None:
    """Windows of six hours, four a day."""
    profile, _ = learn_profile(*_features([(window * 72, "tick") for window in range(days * 4)], "6h"))
    assert len(profile.low) == slots


def test_windows_longer_than_six_hours_have_no_time_of_day() -> None:
    """Three of them would make a day."""
    profile, _ = learn_profile(*_features([(window * 96, "tick") for window in range(30)], "8h"))
    assert len(profile.low) == 1
