"""How long things take, and whether they get slower."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from loganalytics.analyses.requests.latency import latency
from loganalytics.exceptions import MissingColumnError
from loganalytics.schema import conform, empty

START = datetime(2025, 1, 1, tzinfo=UTC)


def _requests(hours: int, ms: np.ndarray, logger: str = "web") -> pl.DataFrame:
    """Return as many requests as there are durations, evenly over so many hours."""
    seconds = np.linspace(0, hours * 3600 - 1, len(ms))
    return conform(
        pl.DataFrame(
            {
                "timestamp": [START + timedelta(seconds=s) for s in seconds],
                "logger": logger,
                "message": [f"GET / in {value:.3f}ms" for value in ms],
                "offset": [str(i) for i in range(len(ms))],
            }
        )
    )


def _noise(n: int, middle: float = 50.0) -> np.ndarray:
    return middle * np.random.default_rng(0).lognormal(0, 0.3, n)


def test_quantiles_are_those_of_the_durations() -> None:
    """In milliseconds, as numpy finds them."""
    ms = np.arange(1, 1001, dtype=float)
    row = latency(_requests(1, ms)).row(0, named=True)
    assert row["count"] == 1000
    assert (row["p50"], row["p95"], row["p99"]) == pytest.approx(np.quantile(ms, [0.5, 0.95, 0.99]), abs=1)
    assert row["max"] == 1000.0


def test_the_slowest_are_shown_with_their_place() -> None:
    """Five, slowest first."""
    slowest = latency(_requests(1, np.arange(1, 101, dtype=float)))["slowest"].item().to_list()
    assert [event["duration_ms"] for event in slowest] == [100.0, 99.0, 98.0, 97.0, 96.0]
    assert slowest[0]["offset"] == "99"


def test_a_steady_rise_is_the_trend() -> None:
    """Two per cent an hour, found to a few tenths in spite of noise and of an hour ten times as slow."""
    hours = 48
    rise = 1.02 ** np.linspace(0, hours, 4800)
    ms = _noise(4800) * rise
    ms[1000:1100] *= 10
    assert latency(_requests(hours, ms))["trend"].item() == pytest.approx(0.02, abs=0.004)


def test_a_slow_stretch_is_found_with_its_times() -> None:
    """Six hours in which responses creep up to ten times the usual."""
    ms = _noise(4800)
    ms[1600:2200] *= 10 ** np.linspace(0, 1, 600)
    row = latency(_requests(48, ms)).row(0, named=True)
    assert START + timedelta(hours=16) <= row["slow_from"] <= START + timedelta(hours=18)
    assert row["slow_until"] == START + timedelta(hours=22)
    assert row["slow_ratio"] == pytest.approx(8, rel=0.3)


def test_noise_has_no_slow_stretch() -> None:
    """Nor has it much of a trend."""
    row = latency(_requests(48, _noise(4800))).row(0, named=True)
    assert row["slow_from"] is None
    assert abs(row["trend"]) < 0.003


def test_too_little_data_has_no_trend() -> None:
    """Four hours are not enough for one."""
    assert latency(_requests(4, _noise(400)))["trend"].item() is None


def test_the_slowest_value_comes_first_and_row_order_does_not_matter() -> None:
    """A missing logger is a value too; events that tell no duration are left out."""
    logs = pl.concat(
        [
            _requests(1, np.array([1.0, 2.0, 2.0])),
            _requests(1, np.array([900.0, 5.0]), logger="api"),
            _requests(1, np.array([7.0])).with_columns(logger=pl.lit(None, pl.String)),
            conform(pl.DataFrame({"message": ["no duration"], "logger": ["quiet"]})),
        ]
    )
    table = latency(logs)
    assert table["logger"].to_list() == ["api", None, "web"]
    assert_frame_equal(latency(logs.sample(fraction=1, shuffle=True, seed=1).lazy()), table)


def test_durations_without_times_are_counted() -> None:
    """They have quantiles, but no trend."""
    logs = _requests(10, _noise(100)).with_columns(timestamp=pl.lit(None, pl.Datetime("us", "UTC")))
    row = latency(logs, by="service").row(0, named=True)
    assert (row["count"], row["trend"]) == (100, None)


def test_an_empty_log_has_the_columns() -> None:
    """With the same dtypes as a full one."""
    assert latency(empty()).schema == latency(_requests(6, _noise(60))).schema


def test_a_missing_column_is_named() -> None:
    """A slip in `by` says so."""
    with pytest.raises(MissingColumnError, match="'loger'"):
        latency(empty(), by="loger")


def test_a_few_bad_hours_at_the_end_are_not_a_trend() -> None:
    """The last five of 48 hours took ten times as long: the mean of the slopes would be far above 2 % an hour."""
    ms = _noise(4800) * 1.02 ** np.linspace(0, 48, 4800)
    ms[-500:] *= 10
    assert latency(_requests(48, ms))["trend"].item() == pytest.approx(0.02, abs=0.006)


@pytest.mark.parametrize(("hours", "has_trend"), [(5, True), (4, False)])
def test_a_trend_needs_five_hours_with_three_events(hours: int, has_trend: bool) -> None:
    """Three events in each hour are enough, two are not."""
    for events, expected in ((3, has_trend), (2, False)):
        assert (latency(_requests(hours, _noise(hours * events)))["trend"].item() is not None) is expected


@pytest.mark.parametrize(("slow_hours", "is_slow"), [(1, False), (2, True)])
def test_a_single_slow_hour_is_a_peak(slow_hours: int, is_slow: bool) -> None:
    """However slow it is; two are a slow stretch."""
    ms = _noise(4800)
    ms[2000 : 2000 + 100 * slow_hours] *= 50
    assert (latency(_requests(48, ms))["slow_ratio"].item() is not None) is is_slow


@pytest.mark.parametrize(("z", "is_slow"), [(6.4, False), (6.6, True)])
@pytest.mark.parametrize("first_hour", [0, 20, 46])
def test_a_slow_stretch_must_be_far_above_the_noise(first_hour: int, z: float, is_slow: bool) -> None:
    """Two hours of z standard deviations (0.1 at least) sum up to 2 * (z - 1.5), which must reach 10."""
    ms = np.full(4800, 50.0)
    ms[100 * first_hour : 100 * first_hour + 200] *= np.exp(0.1 * z)
    row = latency(_requests(48, ms)).row(0, named=True)
    expected = (START + timedelta(hours=first_hour), START + timedelta(hours=first_hour + 2))
    assert (row["slow_from"], row["slow_until"]) == (expected if is_slow else (None, None))


def test_the_slow_ratio_is_that_of_the_worst_hour_to_the_usual() -> None:
    """Hours of four and eight times the usual median give eight."""
    ms = np.full(4800, 50.0)
    ms[2000:2100] *= 4
    ms[2100:2200] *= 8
    assert latency(_requests(48, ms))["slow_ratio"].item() == pytest.approx(8.0)


def test_equally_slow_events_come_by_time_source_and_offset() -> None:
    """The earlier one first, then the one that stands before in its file; a null comes last."""
    places = [(0, "a", "2"), (0, "a", "1"), (1, "a", "0"), (0, "b", "0"), (0, None, "0")]
    logs = pl.DataFrame(
        {
            "timestamp": [START + timedelta(seconds=second) for second, _, _ in places],
            "source": [source for _, source, _ in places],
            "offset": [offset for _, _, offset in places],
            "message": "GET / in 5ms",
        }
    )
    slowest = latency(conform(logs))["slowest"].item().to_list()
    assert [(event["source"], event["offset"]) for event in slowest] == [
        ("a", "1"), ("a", "2"), ("b", "0"), (None, "0"), ("a", "0")
    ]  # fmt: skip


def test_durations_far_below_a_millisecond_have_a_trend() -> None:
    """Cache hits of 10 to 13 microseconds that take 5 % longer each hour."""
    ms = 0.01 * 1.05 ** (np.arange(60) // 10)
    logs = _requests(6, ms).with_columns(duration_ms=pl.Series(ms))
    assert latency(logs)["trend"].item() == pytest.approx(0.05)


def test_durations_of_zero_are_a_microsecond_in_the_trend() -> None:
    """The logarithm of zero would make it infinite, or nothing: here they take ten times as long every hour."""
    ms = np.array([0.0, 0.01, 0.1, 1.0, 10.0]).repeat(3)
    logs = _requests(5, ms).with_columns(duration_ms=pl.Series(ms))
    assert latency(logs)["trend"].item() == pytest.approx(9.0)


def test_a_step_is_taken_from_the_first_column_that_names_one() -> None:
    """Where there is no column step: step_name before stage."""
    logs = _requests(1, np.array([5.0])).with_columns(step_name=pl.lit("build"), stage=pl.lit("ci"))
    assert latency(logs, by="step")["step"].to_list() == ["build"]
    assert latency(logs.with_columns(step=pl.lit("test")), by="step")["step"].to_list() == ["test"]


def test_a_step_that_no_column_names_is_missing() -> None:
    """Say so, as of any other column."""
    with pytest.raises(MissingColumnError, match="'step'"):
        latency(_requests(1, np.array([5.0])), by="step")


def test_an_endpoint_is_taken_from_messages_unless_there_is_a_column() -> None:
    """In the first case, events without an endpoint are left out."""
    logs = conform(pl.DataFrame({"message": ["GET /builds/17 200 in 5ms", "slept, took 5ms"]}))
    assert latency(logs, by="endpoint")["endpoint"].to_list() == ["GET /builds/<*>"]
    named = logs.with_columns(endpoint=pl.Series(["a", "b"]))
    assert latency(named, by="endpoint")["endpoint"].to_list() == ["a", "b"]


def test_an_operation_is_a_request_or_else_logger_or_service() -> None:
    """What only happened during a request is the logger's; a column of that name goes first."""
    messages = ["GET /builds/17 200 in 5ms", "query took 5ms, for GET /builds/17", "slept, took 5ms"]
    names = {"logger": ["access", "db", None], "service": ["web", "web", "job"]}
    logs = conform(pl.DataFrame({"message": messages, **names}))
    assert latency(logs, by="operation")["operation"].to_list() == ["GET /builds/<*>", "db", "job"]
    bare = logs.select("timestamp", "message")
    assert latency(bare, by="operation")["operation"].to_list() == [None, "GET /builds/<*>"]
    named = logs.with_columns(operation=pl.lit("a"))
    assert latency(named.lazy(), by="operation")["operation"].to_list() == ["a"]


def test_a_log_of_weeks_has_longer_buckets() -> None:
    """Of 50 days they last four hours, so that a stretch of slow hours ends where its bucket does."""
    ms = np.full(50 * 24 * 4, 50.0)
    ms[480:512] *= 9
    row = latency(_requests(50 * 24, ms)).row(0, named=True)
    assert row["slow_from"] == START + timedelta(hours=120)
    assert row["slow_until"] == START + timedelta(hours=128)


def test_events_without_a_logger_have_a_trend_too() -> None:
    """A missing value is a value."""
    logs = _requests(6, 50 * 1.05 ** (np.arange(60) // 10)).with_columns(logger=pl.lit(None, pl.String))
    assert latency(logs)["trend"].item() == pytest.approx(0.05, abs=1e-4)


def test_durations_that_never_change_have_a_trend_of_zero() -> None:
    """And no slow stretch."""
    row = latency(_requests(6, np.full(60, 50.0))).row(0, named=True)
    assert (row["trend"], row["slow_from"], row["slow_until"], row["slow_ratio"]) == (0.0, None, None, None)
