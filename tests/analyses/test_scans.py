"""Intervals in which something gathers: what is found, and what is not, on small invented logs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from loganalytics.analyses.scans.counts import CountScan, burstiness
from loganalytics.analyses.scans.durations import DurationScan
from loganalytics.analyses.scans.fewer import FewerScan
from loganalytics.analyses.scans.grid import Grid, interval_sums
from loganalytics.analyses.scans.improbability import rate_nats, rate_of_extreme, share_nats
from loganalytics.analyses.scans.peeling import Interval, find_intervals
from loganalytics.analyses.scans.same_hours import OtherDays, at_same_hours, highest_of_days, lowest_of_days
from loganalytics.analyses.scans.scan import SCHEMA, scan_intervals

START = datetime(2026, 3, 2, tzinfo=UTC)
LEAST = 20.0  # nats


def grid(count: int, every: timedelta = timedelta(minutes=5)) -> Grid:
    """Return so many windows from midnight on."""
    return Grid(start=START, every=every, count=count)


def scan(
    counts: list[float] | np.ndarray, exposure: np.ndarray | None = None, kind: type[CountScan | FewerScan] = CountScan
) -> list[Interval]:
    """Return the intervals of counts by window."""
    values = np.asarray(counts, float)
    return find_intervals(kind(grid=grid(len(values)), counts=values, exposure=exposure), LEAST)


def steady(count: int, rate: float = 10.0, seed: int = 0) -> np.ndarray:
    """Return Poisson counts."""
    return np.random.default_rng(seed).poisson(rate, count).astype(float)


def test_a_share_is_as_improbable_as_chernoff_bounds_it() -> None:
    """Ten of ten events in a tenth of the time: the chance is 1e-10; what is expected is not improbable at all."""
    assert share_nats(np.array([10.0]), 10, 0.1, above=True)[0] == pytest.approx(10 * np.log(10))
    assert share_nats(np.array([1.0]), 10, 0.1, above=True)[0] == 0
    assert share_nats(np.array([0.0]), 10, 0.5, above=False)[0] == pytest.approx(10 * np.log(2))
    assert rate_nats(np.array([5.0]), np.array([5.0]))[0] == 0


def test_a_burst_is_found_with_its_edges() -> None:
    """And told with what is usual in so long a time."""
    counts = steady(200)
    counts[90:96] += 30
    (interval,) = scan(counts)
    assert (interval.first, interval.stop) == (90, 96)
    assert interval.expected == pytest.approx(60, rel=0.1)
    assert interval.low < 60 < interval.high < interval.observed


def test_steady_counts_have_no_interval() -> None:
    """Whatever the seed, neither more nor fewer."""
    for seed in range(20):
        assert scan(steady(200, seed=seed)) == []
        assert scan(steady(200, seed=seed), kind=FewerScan) == []


def test_a_rise_with_all_that_is_logged_is_not_one_of_its_own() -> None:
    """Twice the traffic, twice the errors."""
    counts, exposure = steady(200), steady(200, 1000.0)
    counts[50:80] *= 4
    assert scan(counts, exposure)
    exposure[50:80] *= 4
    assert all(interval.ratio < 1.2 for interval in scan(counts, exposure))


def test_a_series_of_bursts_is_not_surprised_by_one() -> None:
    """Where each eighth of the log has one."""
    counts = np.zeros(320)
    counts[::20] = 15.0
    assert scan(counts) == []
    assert burstiness(counts, grid(320)) > 1.5
    assert burstiness(steady(320), grid(320)) == 1.0


def test_what_comes_every_day_is_usual() -> None:
    """Even a little later, and by a clock that was changed; but not ten times as much."""
    hours = [2, 2.5, 3, 2, 3]
    counts = np.zeros(5 * 288)
    for day, hour in enumerate(hours):
        counts[int(day * 288 + hour * 12) : int(day * 288 + hour * 12) + 6] = 20
    assert scan(counts) == []
    counts[288 * 2 + 36 : 288 * 2 + 42] = 200
    (interval,) = scan(counts)
    assert (interval.first, interval.stop) == (288 * 2 + 36, 288 * 2 + 42)


def test_a_weekend_is_no_fall() -> None:
    """In a log of three weeks nor in one of a week."""
    day = np.arange(21 * 24) // 24
    counts = np.where(day % 7 >= 5, 3.0, 30.0)
    hourly = Grid(start=START, every=timedelta(hours=1), count=len(counts))
    assert find_intervals(FewerScan(grid=hourly, counts=counts, exposure=None), LEAST) == []
    week = Grid(start=START, every=timedelta(hours=1), count=7 * 24)
    assert find_intervals(FewerScan(grid=week, counts=counts[: 7 * 24], exposure=None), LEAST) == []


def test_half_of_the_traffic_gone_is_a_fall_if_it_went_at_once() -> None:
    """Traffic that ebbs away over hours is not."""
    counts, others = steady(200, 20.0), steady(200, 50.0)
    counts[150:] /= 2
    (interval,) = scan(counts, others, kind=FewerScan)
    assert abs(interval.first - 150) <= 2
    ebbing = 20.0 * np.linspace(1.6, 0.3, 200)
    assert scan(ebbing, others, kind=FewerScan) == []


def test_what_stops_and_comes_again_is_judged_each_time() -> None:
    """Two bursts far apart are two intervals, not one with the quiet time between."""
    counts = np.zeros(200)
    counts[40:46], counts[120:126] = 20, 20
    assert sorted((i.first, i.stop) for i in scan(counts)) == [(40, 46), (120, 126)]


def test_slow_calls_are_found_by_their_median() -> None:
    """A few very slow ones are not."""
    rng = np.random.default_rng(1)
    window = np.repeat(np.arange(200), 5)
    milliseconds = np.exp(rng.normal(4, 0.3, len(window)))
    milliseconds[::97] *= 30
    assert find_intervals(DurationScan.of(grid(200), window, milliseconds), LEAST) == []
    milliseconds[window >= 180] *= 3
    (interval,) = find_intervals(DurationScan.of(grid(200), window, milliseconds), LEAST)
    assert abs(interval.first - 180) <= 1
    assert interval.observed == pytest.approx(3 * interval.expected, rel=0.2)


def test_other_days_leave_out_the_interval_itself() -> None:
    """And say nothing in a log of one day."""
    assert np.isnan(highest_of_days(interval_sums(np.arange(288.0), 3), grid(288), 3)).all()
    two_days = interval_sums(np.arange(288.0 * 2), 3)
    assert lowest_of_days(at_same_hours(two_days, grid(288 * 2), 3))[0] == two_days[288]
    long = highest_of_days(interval_sums(np.arange(900.0), 300), grid(900), 300)
    assert np.isnan(long[300])
    assert long[0] == 576 * 300 + sum(range(300)) + 12 * 300


def test_weekends_are_compared_with_weekends_where_they_differ_and_two_are_known() -> None:
    """From Monday on, an hour a window."""
    day = np.arange(15 * 24) // 24
    weekend = np.where(day % 7 >= 5, 3.0, 30.0)
    hourly = Grid(start=START, every=timedelta(hours=1), count=len(weekend))
    other = OtherDays.of(weekend, hourly, 1)
    assert lowest_of_days(other.sums)[[0, 5 * 24]].tolist() == [30.0, 3.0]
    assert other.is_kind_known.all()
    week = Grid(start=START, every=timedelta(hours=1), count=6 * 24)
    first = OtherDays.of(weekend[: 6 * 24], week, 1)
    assert np.flatnonzero(first.is_first_weekend).tolist() == list(range(5 * 24, 6 * 24))
    assert not first.is_kind_known[5 * 24]
    assert OtherDays.of(np.full(6 * 24, 9.0), week, 1).is_kind_known.all()


def test_the_highest_of_several_counts_is_above_their_rate() -> None:
    """As often as not the highest of so many from this rate is so high."""
    generator = np.random.default_rng(0)
    rate = float(rate_of_extreme(np.array([9.0]), 10, highest=True)[0])
    highest = generator.poisson(rate, (4000, 10)).max(axis=1)
    assert np.mean(highest >= 9) == pytest.approx(0.5, abs=0.06)
    lowest = generator.poisson(float(rate_of_extreme(np.array([9.0]), 10, highest=False)[0]), (4000, 10)).min(axis=1)
    assert np.mean(lowest <= 9) == pytest.approx(0.5, abs=0.06)
    assert (
        rate_of_extreme(np.array([9.0]), 20, rank=2, highest=True)[0]
        > rate_of_extreme(np.array([9.0]), 20, highest=True)[0]
    )


def test_half_at_a_busy_hour_is_found_by_the_same_hour_of_other_days() -> None:
    """Though it is as much as is usual on average; a quiet night is no fall, and a day off of all services neither."""
    generator = np.random.default_rng(1)
    hour = np.arange(5 * 288 - 60) / 12 % 24
    shape = 12.0 * (1 + 0.8 * np.sin((hour - 8) / 24 * 2 * np.pi))
    counts = generator.poisson(shape).astype(float)
    steady_others = generator.poisson(5 * shape).astype(float)
    assert scan(counts, steady_others, kind=FewerScan) == []
    start = len(counts) - 36
    halved = np.where(np.arange(len(counts)) >= start, np.floor(counts / 2), counts)
    (interval,) = scan(halved, steady_others, kind=FewerScan)
    assert abs(interval.first - start) <= 3
    assert interval.is_by_days
    assert interval.expected == pytest.approx(2 * interval.observed, rel=0.15)
    off = np.where(np.arange(len(counts)) >= start, np.floor(steady_others / 2), steady_others)
    assert scan(halved, off, kind=FewerScan) == []


def test_the_last_window_is_judged_by_the_part_of_it_that_is_logged() -> None:
    """A tenth of a window has a tenth of the events."""
    counts = steady(5 * 288, 30.0)
    counts[-1] = 3
    whole = Grid(start=START, every=timedelta(minutes=5), count=len(counts))
    partial = Grid(start=START, every=timedelta(minutes=5), count=len(counts), last_share=0.1)
    free = np.ones(len(counts), bool)
    nats = [FewerScan(grid=g, counts=counts, exposure=None).nats(free, 1)[-1] for g in (whole, partial)]
    assert nats[0] > 10
    assert nats[1] == 0


def frame(times: list[float], service: str = "api", severity: int = 9, message: str = "ok") -> pl.DataFrame:
    """Return events at minutes."""
    stamps = [START + timedelta(minutes=minute) for minute in times]
    return pl.DataFrame(
        {"timestamp": stamps}, schema={"timestamp": pl.Datetime("us", "UTC")}
    ).with_columns(
        severity_number=pl.lit(severity, pl.UInt8), service=pl.lit(service), template=pl.lit(message),
        template_id=pl.lit(message), operation=pl.lit(service), duration_ms=pl.lit(None, pl.Float64),
    )  # fmt: skip


def errors_of(events: pl.DataFrame) -> pl.DataFrame:
    """Return the errors with their problem."""
    errors = events.filter(pl.col("severity_number") >= 17)
    return errors.with_columns(cluster_id=pl.col("template_id"), label=pl.col("template"))


def test_a_log_of_errors_that_rise_up_to_its_end_has_one_interval_of_each_kind() -> None:
    """It is going on, since the first of them, and not new."""
    quiet = frame([float(m) for m in range(600)])
    early = frame([100.0, 300.0], severity=17, message="timeout")
    late = frame([540 + n for n in range(60)], severity=17, message="timeout")
    events = pl.concat([quiet, early, late]).sort("timestamp")
    table = scan_intervals(events, errors_of(events), every=timedelta(minutes=2))
    assert set(table["measure"]) == {"errors", "problem"}
    row = table.row(0, named=True)
    assert (row["is_ongoing"], row["is_new"], row["services"]) == (True, False, ["api"])
    assert abs(row["start"] - (START + timedelta(minutes=540))) <= timedelta(minutes=2)
    assert row["e_value"] < 1e-6


@pytest.mark.parametrize(("count", "is_found"), [(5, True), (4, False)])
def test_fewer_than_five_errors_are_no_interval(count: int, is_found: bool) -> None:
    """However close together."""
    events = pl.concat([
        frame([m / 4 for m in range(20_000)]),
        frame([2000 + n * 10 for n in range(count)], severity=17, message="x"),
    ]).sort("timestamp")  # fmt: skip
    table = scan_intervals(events, errors_of(events), every=timedelta(minutes=10))
    assert table.filter(pl.col("measure") == "problem").height == is_found


def test_a_new_kind_of_event_that_stays_is_no_flood() -> None:
    """One that comes for ten minutes is, if it raises the total."""
    quiet = frame([m / 2 for m in range(2400)])
    stays = frame([600 + n / 2 for n in range(1200)], message="new")
    flood = frame([600 + n / 40 for n in range(400)], message="flood")
    for extra, count in ((stays, 0), (flood, 1)):
        events = pl.concat([quiet, extra]).sort("timestamp")
        table = scan_intervals(events, errors_of(events), every=timedelta(minutes=2))
        assert table.filter(pl.col("measure") == "template").height == count


@pytest.mark.parametrize(("bursts", "is_found"), [(5, True), (6, False)])
def test_one_of_many_bursts_is_no_flood(bursts: int, is_found: bool) -> None:
    """Five others with half as many are many."""
    quiet = frame([m / 8 for m in range(16_000)])
    sizes = [60, *[40] * (bursts - 1)]
    minutes = [100 + 300 * number + n / 20 for number, size in enumerate(sizes) for n in range(size)]
    events = pl.concat([quiet, frame(minutes, message="login failed")]).sort("timestamp")
    table = scan_intervals(events, errors_of(events), every=timedelta(minutes=10))
    found = table.filter((pl.col("measure") == "template") & (pl.col("observed") == 60))
    assert found.height == is_found


def test_a_logger_of_a_single_service_may_log_less() -> None:
    """And all services together, where there are several."""
    often = [m / 4 for m in range(4 * 600)]
    events = pl.concat([
        frame(often).with_columns(logger=pl.lit("http")),
        frame([m for m in often if m < 480]).with_columns(logger=pl.lit("mail")),
    ]).sort("timestamp")  # fmt: skip
    table = scan_intervals(events, errors_of(events), every=timedelta(minutes=5))
    row = table.row(by_predicate=pl.col("measure") == "events", named=True)
    assert (row["subject"], row["services"], row["is_ongoing"]) == ("mail", ["api"], True)
    busy = [m for m in often if not 240 <= m < 300]
    both = pl.concat([frame(busy), frame(busy, service="web")]).sort("timestamp")
    table = scan_intervals(both, errors_of(both), every=timedelta(minutes=5))
    assert [] in table.filter(pl.col("measure") == "events")["services"].to_list()


@pytest.mark.parametrize("minutes", [[], [0.0], [0.0, 20.0]])
def test_a_short_log_has_no_intervals(minutes: list[float]) -> None:
    """Of fewer than twelve windows, or none."""
    events = frame(minutes)
    table = scan_intervals(events, errors_of(events), every=timedelta(minutes=2))
    assert table.schema == pl.Schema(SCHEMA)
    assert table.is_empty()
