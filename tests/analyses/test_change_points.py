"""Where a trend changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from loganalytics.analyses.change_points.detect import change_points
from loganalytics.analyses.change_points.seasonality import remove_season
from loganalytics.analyses.change_points.spikes import overdispersion
from loganalytics.analyses.trends import trend
from loganalytics.exceptions import InvalidArgumentError, MissingColumnError
from loganalytics.schema import conform

START = datetime(2026, 1, 5, tzinfo=UTC)
DAY = 288  # windows of five minutes


def series(values: np.ndarray, minutes: int = 5, name: str = "events") -> pl.DataFrame:
    """Return a trend of these values."""
    windows = [START + timedelta(minutes=minutes * i) for i in range(len(values))]
    return pl.DataFrame({"window": pl.Series(windows, dtype=pl.Datetime("us", "UTC")), name: values})


def poisson(mean: object, n: int | None = None, seed: int = 0) -> np.ndarray:
    """Return counts of this mean."""
    return np.random.default_rng(seed).poisson(mean, n)


def rhythm(days: int) -> np.ndarray:
    """Return a mean that is four times as high by day, with a batch every night."""
    mean = 50 * (1 + 0.6 * np.sin(2 * np.pi * np.arange(days * DAY) / DAY - 1.5))
    for day in range(days):
        mean[day * DAY + 24 : day * DAY + 28] += 300
    return mean


def changes(values: np.ndarray, minutes: int = 5, **options: object) -> list[tuple[int, str]]:
    """Return the place and kind of each change."""
    detected = change_points(series(values, minutes), **options)  # type: ignore[arg-type]
    return [((row["window"] - START) // timedelta(minutes=minutes), row["kind"]) for row in detected.to_dicts()]


@pytest.mark.parametrize(("value", "kind"), [(120, "spike"), (0, "dip")])
def test_a_window_that_stands_out(value: int, kind: str) -> None:
    """With what was usual before, and the peak."""
    x = poisson(20, 600)
    x[300] = value
    row = change_points(series(x)).row(0, named=True)
    assert changes(x) == [(300, kind)]
    assert row["after"] == value
    assert row["before"] == pytest.approx(20, abs=4)
    assert row["p_value"] < 0.01


@pytest.mark.parametrize("length", [6, 12])
def test_a_burst_of_at_most_12_windows_is_one_spike(length: int) -> None:
    """It is one change, found where it begins."""
    x = poisson(100, 600)
    x[300 : 300 + length] = 300
    assert changes(x) == [(300, "spike")]


def test_a_burst_of_13_windows_is_a_level() -> None:
    """It lasts for more than half of the 25 windows around: up and down again are two steps."""
    x = poisson(100, 600)
    x[300:313] = 300
    assert changes(x) == [(300, "step"), (313, "step")]


def test_levels_that_stay() -> None:
    """Up and down again are two steps, with the levels before and after."""
    x = np.concatenate([poisson(20, 300), poisson(35, 100, 1), poisson(20, 200, 2)])
    detected = change_points(series(x))
    positions = [position for position, _ in changes(x)]
    assert detected["kind"].to_list() == ["step", "step"]
    assert abs(positions[0] - 300) <= 2
    assert abs(positions[1] - 400) <= 2
    assert detected["before"].to_list() == pytest.approx([20, 35], abs=2)
    assert detected["after"].to_list() == pytest.approx([35, 20], abs=2)


def test_a_slope_is_no_stair() -> None:
    """A rise over 200 windows is one trend, from about its begin to about its end."""
    x = np.concatenate([poisson(20, 200), poisson(np.linspace(20, 80, 200), seed=1), poisson(80, 200, 2)])
    lasting = [(position, kind) for position, kind in changes(x) if kind in ("step", "trend")]
    assert [kind for _, kind in lasting] == ["trend"]
    assert abs(lasting[0][0] - 200) <= 30
    row = change_points(series(x)).filter(pl.col("kind") == "trend").row(0, named=True)
    assert row["before"] < 25
    assert row["after"] > 70


@pytest.mark.parametrize("mean", [0.05, 1, 20, 1000])
def test_noise_has_none(mean: float) -> None:
    """Neither sparse nor dense."""
    assert sum(len(changes(poisson(mean, 1000, seed))) for seed in range(8)) == 0


def test_bursty_and_wandering_noise_has_hardly_any() -> None:
    """Counts that vary more than Poisson's, and measures whose neighbours are alike."""
    detected = 0
    for seed in range(6):
        rng = np.random.default_rng(seed)
        detected += len(changes(rng.negative_binomial(2, 2 / 32, 1000)))
        wave = np.zeros(1000)
        for i in range(1, 1000):
            wave[i] = 0.7 * wave[i - 1] + rng.normal()
        detected += len(changes(wave))
    assert detected <= 2


@pytest.mark.parametrize("days", [2, 3, 7, 14])
def test_what_comes_back_every_day_is_no_change(days: int) -> None:
    """Neither the daily rhythm nor the nightly batch."""
    assert changes(poisson(rhythm(days))) == []


def test_another_period_is_seen_too() -> None:
    """A busy time in every 24 windows, within one day."""
    assert changes(poisson(10 + 40 * (np.arange(250) % 24 < 4)), minutes=1) == []


@pytest.mark.parametrize("days", [2, 3, 14])
def test_changes_are_found_in_a_daily_rhythm(days: int) -> None:
    """A spike, a dip and a level that stays, at their place and nowhere else."""
    calm = poisson(rhythm(days))
    spike, dip, step = calm.copy(), calm.copy(), calm.copy()
    spike[400] = 6 * spike[400] + 50
    dip[400:404] = 0
    step[430:] = poisson(rhythm(days)[430:] * 1.8, seed=1)
    assert changes(spike) == [(400, "spike")]
    assert changes(dip) == [(400, "dip")]
    [(position, kind)] = changes(step)
    assert (kind, abs(position - 430) <= 2) == ("step", True)


def test_a_rate_can_be_looked_at_too() -> None:
    """Any column of numbers will do; one of text will not."""
    rng = np.random.default_rng(0)
    rate = np.concatenate([rng.normal(0.1, 0.02, 100), rng.normal(0.2, 0.02, 100)])
    detected = change_points(series(rate, name="error_rate"), column="error_rate")
    assert detected["kind"].to_list() == ["step"]
    with pytest.raises(InvalidArgumentError, match="'word' holds no numbers"):
        change_points(series(rate).with_columns(word=pl.lit("x")), column="word")


def test_a_column_of_the_result_cannot_split_the_trend() -> None:
    """A trend by `kind` would have that column twice."""
    with pytest.raises(InvalidArgumentError, match="'kind'"):
        change_points(series(poisson(20, 200)).with_columns(kind=pl.lit("a")))


def test_each_value_has_its_own() -> None:
    """A trend by service tells whose change it is, and a null is a service too."""
    quiet, loud = poisson(20, 200), poisson(20, 200, 1)
    loud[100] = 200
    table = pl.concat(
        [series(quiet).with_columns(service=pl.lit(None, pl.String)), series(loud).with_columns(service=pl.lit("web"))]
    )
    detected = change_points(table)
    assert detected.select("service", "kind").rows() == [("web", "spike")]
    assert detected.columns == ["window", "service", "kind", "p_value", "before", "after"]


@pytest.mark.parametrize("values", [[], [5], [5] * 100, [0] * 100, [1, 2, 900], [1] * 5 + [500] + [1] * 5])
def test_too_short_or_too_even_to_tell(values: list[int]) -> None:
    """An empty frame with its columns."""
    detected = change_points(series(np.array(values, dtype=np.int64)))
    assert detected.is_empty()
    assert detected.columns == ["window", "kind", "p_value", "before", "after"]


@pytest.mark.parametrize(("windows", "kinds"), [(11, []), (12, ["spike"])])
def test_it_takes_twelve_windows(windows: int, kinds: list[str]) -> None:
    """The same spike in eleven windows is not found."""
    x = np.full(windows, 20)
    x[5] = 500
    assert [kind for _, kind in changes(x)] == kinds


@pytest.mark.parametrize(("days", "is_found"), [(1.9, True), (2, False)])
def test_a_batch_at_the_same_time_of_two_days_is_no_change(days: float, is_found: bool) -> None:
    """With less than two days there is no other day to compare with."""
    x = poisson(50, round(days * DAY))
    x[24:28] = x[DAY + 24 : DAY + 28] = 350
    assert bool(changes(x)) == is_found


@pytest.mark.parametrize("alpha", [0.0, 0.0025])
@pytest.mark.parametrize("sign", [1, -1])
def test_overdispersion_is_measured_on_the_calm_windows_and_made_good(alpha: float, sign: int) -> None:
    """Of normal noise with variance mu + alpha mu^2 it is alpha, above and below, spikes or not."""
    mu, n = 10_000.0, 20_000
    x = np.random.default_rng(0).normal(mu, np.sqrt(mu + alpha * mu**2), n).round()
    x[::1000] = 40_000
    windows = series(x)["window"]
    dispersed = remove_season(x, is_count=True, windows=windows)
    expected = np.full(n, 2 * np.sqrt(mu + 0.375))
    assert overdispersion(dispersed, expected, sign) == pytest.approx(alpha, rel=0.07, abs=2e-5)


def test_from_a_log() -> None:
    """What trend() returns is taken as it is, lazy or not; the same log gives the same changes."""
    times = [START + timedelta(seconds=20 * i) for i in range(3000)]
    times += [START + timedelta(hours=8, seconds=i) for i in range(300)]
    table = trend(conform(pl.DataFrame({"timestamp": times, "level": "INFO"})), every="5m", by="level")
    detected = change_points(table)
    assert detected.select("level", "kind").rows() == [("INFO", "spike")]
    assert detected["window"][0] == START + timedelta(hours=8)
    assert_frame_equal(change_points(table.lazy()), detected)


def test_missing_columns_are_named() -> None:
    """Both of them."""
    with pytest.raises(MissingColumnError, match="'window'"):
        change_points(pl.DataFrame({"events": [1]}))
    with pytest.raises(MissingColumnError, match="'errors'"):
        change_points(series(np.array([1])), column="errors")


@given(st.lists(st.integers(0, 10**6), min_size=0, max_size=60))
def test_any_counts_will_do(values: list[int]) -> None:
    """Whatever the counts, the p-values are below 0.01 and the windows are the trend's own."""
    table = series(np.array(values, dtype=np.int64))
    detected = change_points(table)
    assert (detected["p_value"] < 0.01).all()
    assert detected["window"].is_in(table["window"].to_list()).all()


@given(st.lists(st.floats(allow_nan=True, allow_infinity=False, width=32), min_size=12, max_size=40))
def test_any_measure_will_do(values: list[float]) -> None:
    """Gaps in it and huge numbers do no harm."""
    detected = change_points(series(np.array(values, dtype=np.float64)))
    assert (detected["p_value"] < 0.01).all()
