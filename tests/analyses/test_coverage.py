"""Which services log, and which have fallen silent."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from loganalytics.analyses.coverage.coverage import coverage
from loganalytics.analyses.coverage.gaps import find_gaps
from loganalytics.schema import conform, empty

START = datetime(2025, 1, 1, tzinfo=UTC)
HOUR, DAY = 3600.0, 86400.0


def _logs(**services: np.ndarray) -> pl.DataFrame:
    """Return the events of services, given as seconds after the start."""
    return pl.concat(
        conform(
            pl.DataFrame(
                {"timestamp": [START + timedelta(seconds=float(s)) for s in seconds], "service": name},
                schema={"timestamp": pl.Datetime("us", "UTC"), "service": pl.String},
            )
        )
        for name, seconds in services.items()
    )


def _steady(end: float, start: float = 0.0) -> np.ndarray:
    """Return a service that logs every 10 to 30 seconds."""
    times = start + np.cumsum(np.random.default_rng(0).uniform(10, 30, int((end - start) / 10)))
    return times[times < end]


def _random(mean: float, end: float, seed: int = 0) -> np.ndarray:
    times = np.cumsum(np.random.default_rng(seed).exponential(mean, int(end / mean * 1.5) + 50))
    return times[times < end]


def _daily(end: float) -> np.ndarray:
    """Return a service twenty times as busy at two in the afternoon as at two in the morning."""
    times = _random(7, end)
    share = 0.05 + 0.95 * (1 + np.cos((times / DAY - 14 / 24) * 2 * np.pi)) / 2
    return times[np.random.default_rng(1).random(len(times)) < share]


def _nightly(days: int) -> np.ndarray:
    """Return a job that writes 300 events within two minutes, some time around two o'clock."""
    rng = np.random.default_rng(2)
    return np.concatenate(
        [d * DAY + 2 * HOUR + rng.uniform(0, 600) + np.sort(rng.uniform(0, 120, 300)) for d in range(days)]
    )


def _without(times: np.ndarray, start: float, end: float) -> np.ndarray:
    return times[(times < start) | (times > end)]


def _of(table: pl.DataFrame, service: str) -> dict[str, object]:
    return table.row(by_predicate=pl.col("service") == service, named=True)


@pytest.mark.parametrize("days", [0.1, 1, 3])
def test_a_steady_service_that_stops_for_twenty_minutes_is_silent(days: float) -> None:
    """At the end of the log it is silent; before, it has a gap, to within half a minute."""
    end = days * DAY
    steady = _steady(end)
    table = coverage(
        _logs(whole=steady, stopped=steady[steady < end - 1200], gap=_without(steady, end * 0.4, end * 0.4 + 1200))
    )
    assert table["service"].to_list() == ["gap", "stopped", "whole"]
    assert table["is_silent"].to_list() == [False, True, False]
    assert table["gaps"].list.len().to_list() == [1, 0, 0]
    (gap,) = _of(table, "gap")["gaps"]  # type: ignore[misc]
    assert abs(gap["start"] - START - timedelta(seconds=end * 0.4)) < timedelta(seconds=35)
    assert gap["end"] - gap["start"] >= timedelta(minutes=20) - timedelta(seconds=2)


def test_the_expected_gap_is_the_longest_usual_one() -> None:
    """The unusual one is the longest, and does not spoil it."""
    row = _of(coverage(_logs(web=_without(_steady(DAY), 40_000, 43_000))), "web")
    assert timedelta(seconds=20) < row["expected_gap"] <= timedelta(seconds=32)  # type: ignore[operator]
    assert row["longest_gap"] >= timedelta(seconds=2990)  # type: ignore[operator]
    assert START + timedelta(seconds=39_960) < row["longest_gap_start"] <= START + timedelta(seconds=40_000)  # type: ignore[operator]


@pytest.mark.parametrize("days", [1, 2, 3, 10])
def test_habits_are_no_silence(days: int) -> None:
    """Rare services, nightly ones, bursts, heartbeats and quiet nights, whenever the log ends."""
    end = days * DAY
    bursts = np.concatenate([t + np.arange(0, 30, 0.2) for t in _random(2 * HOUR, end, seed=5)])
    table = coverage(
        _logs(
            always=_steady(end),
            rare=_random(DAY / 2, end),
            once=np.array([100.0]),
            nightly=_nightly(days),
            bursts=bursts[bursts < end],
            heartbeat=np.arange(0, end, 300.0),
            daily=_daily(end),
            poisson=_random(20, end),
        )
    )
    assert table.filter(pl.col("is_silent"))["service"].to_list() == []
    assert table.filter(pl.col("gaps").list.len() > 0)["service"].to_list() == []


def test_half_an_hour_of_silence_shows_by_day_though_not_by_night() -> None:
    """The night of the same service has gaps of many minutes."""
    busy, quiet = 1.6 * DAY, 2.1 * DAY
    table = coverage(
        _logs(
            day=_without(_daily(4 * DAY), busy, busy + 1800),
            night=_without(_daily(4 * DAY), quiet, quiet + 600),
        )
    )
    assert table["gaps"].list.len().to_list() == [1, 0]


def test_a_long_outage_does_not_hide_a_short_one() -> None:
    """Both are told, in order of time."""
    times = _without(_without(_steady(2 * DAY), 20_000, 45_000), 90_000, 91_500)
    gaps = _of(coverage(_logs(web=times)), "web")["gaps"]
    assert [gap["start"].day for gap in gaps] == [1, 2]  # type: ignore[attr-defined]


def test_a_service_that_died_long_ago_is_silent() -> None:
    """Three days of steady events, then none for a week."""
    row = _of(coverage(_logs(dead=_steady(3 * DAY), alive=_steady(10 * DAY))), "dead")
    assert row["is_silent"]
    assert row["silent_for"] > timedelta(days=6)  # type: ignore[operator]


def test_row_order_and_laziness_do_not_matter() -> None:
    """A log frame need not be sorted."""
    logs = _logs(web=_steady(HOUR), api=_random(60, HOUR))
    assert_frame_equal(coverage(logs.sample(fraction=1, shuffle=True, seed=1).lazy()), coverage(logs))


def test_events_without_time_or_service() -> None:
    """The first are not counted; the second are a service without name."""
    logs = conform(pl.DataFrame({"timestamp": [START, START, None], "service": [None, None, "web"]}))
    table = coverage(logs)
    assert table.select("service", "events", "is_silent").rows() == [(None, 2, False)]
    assert table["expected_gap"].item() is None


def test_an_empty_log_has_the_columns() -> None:
    """With the same dtypes as a full one."""
    assert coverage(empty()).schema == coverage(_logs(web=_steady(HOUR))).schema


def _with_gap(gaps: np.ndarray, seconds: float) -> np.ndarray:
    """Return times with these gaps, and one more in the middle."""
    half = len(gaps) // 2
    return np.cumsum(np.concatenate([[0.0], gaps[:half], [seconds], gaps[half:]]))


def test_a_gap_is_unusual_from_the_documented_length_on() -> None:
    """scale * ln(gaps / chance), with the mean weighted by length as the scale and 1 in 10,000 as the chance."""
    gaps = np.random.default_rng(1).permutation(-np.log1p(-(np.arange(200) + 0.5) / 200)) * 60
    scale = (gaps**2).sum() / gaps.sum()
    assert gaps.max() > 2 * scale
    limit = scale * np.log(gaps.sum() / scale / 1e-4)
    for factor, gap_count in ((0.99, 0), (1.01, 1)):
        times = _with_gap(gaps, factor * limit)
        assert len(find_gaps(times, times[-1]).starts) == gap_count


def test_a_regular_source_has_an_unusual_gap_sooner() -> None:
    """Its longest gap times 1 + ln(1 / chance) / ln(gaps), which is less than for exponential gaps."""
    gaps = np.full(400, 100.0)
    limit = 100 * (1 + np.log(1e4) / np.log(400))
    for factor, gap_count in ((0.99, 0), (1.01, 1)):
        times = _with_gap(gaps, factor * limit)
        assert len(find_gaps(times, times[-1]).starts) == gap_count


@pytest.mark.parametrize(("seconds", "gap_count"), [(59.0, 0), (60.0, 1)])
def test_pauses_under_a_minute_never_count(seconds: float, gap_count: int) -> None:
    """However busy the source."""
    times = _with_gap(np.full(3000, 1.0), seconds)
    assert len(find_gaps(times, times[-1]).starts) == gap_count


@pytest.mark.parametrize(("gaps", "is_silent"), [(19, False), (20, True)])
def test_a_service_with_fewer_than_twenty_gaps_is_never_silent(gaps: int, is_silent: bool) -> None:
    """Twenty show what is usual; the one up to the end of the log is not among them."""
    times = np.arange(gaps + 1) * 100.0
    assert find_gaps(times, times[-1] + 1800).is_silent is is_silent


@pytest.mark.parametrize(("share", "is_silent"), [(4.99, True), (5.01, False)])
def test_a_service_must_have_logged_for_a_fifth_as_long_as_it_is_silent(share: float, is_silent: bool) -> None:
    """Or for half a day."""
    times = _steady(10 * HOUR)
    assert find_gaps(np.floor(times), times[-1] + 10 * HOUR * share).is_silent is is_silent
    long = _steady(13 * HOUR)
    assert find_gaps(np.floor(long), long[-1] + 9 * DAY).is_silent


@pytest.mark.parametrize(("seconds", "gap_count"), [(1200.0, 1), (1400.0, 0)])
def test_gaps_that_take_up_a_quarter_of_the_time_are_the_habit(seconds: float, gap_count: int) -> None:
    """Here of 4,000 seconds with events: 1,200 of 5,200 are less than a quarter, 1,400 of 5,400 are more."""
    times = _with_gap(np.full(400, 10.0), seconds)
    assert len(find_gaps(times, times[-1]).starts) == gap_count


@pytest.mark.parametrize(("count", "gap_count"), [(20, 20), (21, 20)])
def test_at_most_twenty_unusual_gaps_are_returned(count: int, gap_count: int) -> None:
    """The longest."""
    gaps = np.full(20_000, 10.0)
    gaps[np.arange(1, count + 1) * 900] = 1000.0
    times = np.cumsum(gaps)
    assert len(find_gaps(times, times[-1]).starts) == gap_count


@pytest.mark.parametrize(("start", "gap_count"), [(1120, 1), (1080, 0)])
def test_a_gap_while_a_service_is_only_starting_is_none(start: float, gap_count: int) -> None:
    """In the first fiftieth of the time."""
    times = _without(_steady(15 * HOUR), start, start + 3000)
    assert len(find_gaps(np.floor(times), times[-1]).starts) == gap_count
