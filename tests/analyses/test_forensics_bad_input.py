"""Logs that are odd, through all that follows and compares: nothing fails, and nothing is made up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

import loganalytics as la
from loganalytics.exceptions import InvalidArgumentError
from loganalytics.schema import conform, empty

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
SERVICES = 10_000


def events(times: list[datetime | None], services: list[str] | None = None) -> pl.DataFrame:
    """Return events at these times, some of them errors, with all that the analyses look at."""
    n = len(times)
    number = pl.int_range(n)
    return conform(
        pl.DataFrame({"timestamp": pl.Series(times, dtype=pl.Datetime("us", "UTC"))}).with_columns(
            service=pl.Series(services or ["web"] * n, dtype=pl.String),
            severity_number=pl.when(number % 7 == 3).then(17).otherwise(9).cast(pl.UInt8),
            message=pl.format("GET /steps/{} 200 in {}ms", number, number % 50 + 1),
            trace_id=pl.format("req-{}", number // 4),
            job_run_id=number // 10,
            step=pl.format("step-{}", number % 3),
            user_id=number % 5,
            source=pl.lit("a.log"),
            offset=number.cast(pl.String),
        )
    )


def seconds(n: int, start: datetime = NOON) -> list[datetime | None]:
    """Return n times a second apart."""
    return [start + timedelta(seconds=second) for second in range(n)]


ODD: dict[str, Callable[[], pl.DataFrame]] = {
    "empty": empty,
    "one event": lambda: events([NOON]),
    "one window": lambda: events(seconds(30)),
    "no times": lambda: events([None] * 60),
    "all times equal": lambda: events([NOON] * 60),
    "some times missing": lambda: events([None, *seconds(60)]),
    "no levels": lambda: events(seconds(60)).with_columns(severity_number=pl.lit(None, pl.UInt8)),
    "no services": lambda: events(seconds(60)).with_columns(service=pl.lit(None, pl.String)),
    "a gap of days": lambda: events(seconds(60) + seconds(60, NOON + timedelta(days=9))),
    "a clock that jumps back": lambda: events(seconds(60) + seconds(60, NOON - timedelta(minutes=20))),
    "future times": lambda: events(seconds(60, datetime(2999, 1, 1, tzinfo=UTC))),
    "years apart": lambda: events([datetime(1970, 1, 1, tzinfo=UTC), *seconds(60)]),
    "10,000 services": lambda: events(seconds(SERVICES), [f"s{number}" for number in range(SERVICES)]),
}


@pytest.fixture(params=ODD, scope="module")
def odd(request: pytest.FixtureRequest) -> pl.DataFrame:
    """Return one odd log."""
    return ODD[request.param]()


def with_column(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return the frame with a column that the empty one has not."""
    return frame if name in frame.columns else frame.with_columns(pl.lit(None, pl.String).alias(name))


def dated(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the events that bear a time."""
    return frame.drop_nulls("timestamp")


def test_change_points_finds_nothing_in_steady_logs(odd: pl.DataFrame) -> None:
    """A series too short, too even or too sparse has no change; all are of the windows that were given."""
    table = la.trend(dated(odd).filter(pl.col("timestamp").dt.year() > 1970), every="1h", by="service")
    result = la.change_points(table)
    assert result.columns == ["window", "service", "kind", "p_value", "before", "after"]
    assert result.join(table, on=["window", "service"], how="anti", nulls_equal=True).is_empty()


@pytest.mark.parametrize("half", [NOON + timedelta(seconds=20), NOON - timedelta(days=400), NOON + timedelta(days=400)])
def test_compare_counts_what_is_in_either_range(odd: pl.DataFrame, half: datetime) -> None:
    """No count is greater than the events of its range, whether these are two, one or none."""
    baseline, incident = (half - timedelta(days=30), half), (half, half + timedelta(days=30))
    result = la.compare(odd, baseline=baseline, incident=incident)
    time = pl.col("timestamp")
    for side, (start, end) in (("baseline", baseline), ("incident", incident)):
        inside = odd.filter(time.is_between(start, end, closed="left")).height
        assert max(result[f"{side}_count"].to_list(), default=0) <= inside
    assert result.filter(pl.col("p_value").is_nan()).is_empty()


def test_incident_says_what_it_knows(odd: pl.DataFrame) -> None:
    """There is always a verdict, and every finding leads to its events."""
    result = la.incident(odd, NOON + timedelta(seconds=20), NOON + timedelta(hours=1))
    assert result.verdict
    for row in result.findings.to_dicts()[:3]:
        assert result.rows(row["rank"]).height > 0
    assert result.to_html()
    assert result.to_markdown()
    assert result.to_json()


def test_traces_count_every_event_with_an_id(odd: pl.DataFrame) -> None:
    """None is lost or counted twice, with and without times."""
    result = la.traces(odd)
    assert result["events"].sum() == odd["trace_id"].count()
    assert result.filter(pl.col("duration_ms") < 0).is_empty()


def test_trace_is_in_order(odd: pl.DataFrame) -> None:
    """Events by time, those without one last; no gap is negative."""
    result = la.trace(odd, "req-0")
    assert result.height == odd.filter(pl.col("trace_id") == "req-0").height
    assert result.filter(pl.col("gap_ms") < 0).is_empty()
    assert result["timestamp"].equals(result["timestamp"].sort(nulls_last=True))


@pytest.mark.parametrize("across", [False, True])
def test_context_is_around_the_event(odd: pl.DataFrame, across: bool) -> None:
    """The event itself is at 0, and the distances have no hole; across sources an event needs a time."""
    candidates = dated(odd) if across else odd
    if candidates.is_empty():
        with pytest.raises(InvalidArgumentError, match="no event"):
            la.context(odd, source="a.log", offset=0, across=across)
        return
    offset = candidates["offset"][-1]
    result = la.context(odd, source="a.log", offset=offset, before=3, after=3, across=across)
    distances = result["distance"].to_list()
    assert distances == list(range(distances[0], distances[-1] + 1))
    assert result.filter(pl.col("distance") == 0)["offset"].to_list() == [offset]


def test_steps_count_every_dated_event(odd: pl.DataFrame) -> None:
    """A step takes no negative time; events without a time are in none."""
    frame = with_column(with_column(odd, "step"), "job_run_id")
    result = la.steps(frame)
    assert result["events"].sum() == dated(frame)["job_run_id"].count()
    assert result.filter(pl.col("duration_ms") < 0).is_empty()


def test_sessions_count_every_dated_event(odd: pl.DataFrame) -> None:
    """A clock that jumps back opens no session that ends before it begins."""
    frame = with_column(odd, "user_id")
    result = la.sessions(frame)
    assert result["events"].sum() == dated(frame)["user_id"].count()
    assert result.filter(pl.col("duration_ms") < 0).is_empty()


@pytest.mark.parametrize("by", ["service", "endpoint", "step"])
def test_latency_counts_every_duration(odd: pl.DataFrame, by: str) -> None:
    """With or without times, all durations are there, and quantiles are in order."""
    result = la.latency(odd if by != "step" else with_column(odd, "step"), by=by)
    assert result["count"].sum() == odd.height
    assert result.filter((pl.col("p50") > pl.col("p95")) | (pl.col("p95") > pl.col("max"))).is_empty()


def test_coverage_knows_every_service(odd: pl.DataFrame) -> None:
    """Each service has one row; none is silent of whom nothing usual is known."""
    result = la.coverage(odd)
    assert result["service"].n_unique() == result.height
    assert set(result["service"].to_list()) >= set(dated(odd)["service"].unique().to_list())
    assert result.filter(pl.col("is_silent") & (pl.col("events") < 20)).is_empty()


def test_a_log_with_its_own_column_slice(odd: pl.DataFrame) -> None:
    """It is compared as any other field, and given back as it was."""
    frame = odd.with_columns(slice=pl.lit("north"))
    result = la.incident(frame, NOON + timedelta(seconds=20), NOON + timedelta(hours=1))
    for row in result.findings.to_dicts()[:1]:
        assert result.rows(row["rank"])["slice"].unique().to_list() == ["north"]


def test_the_field_slice_may_be_what_differs() -> None:
    """All of the incident comes from one value of the log's own column."""
    frame = events(seconds(1000))
    frame = frame.with_columns(
        slice=pl.when(pl.int_range(pl.len()) < 500).then(pl.lit("north")).otherwise(pl.lit("south"))
    )
    half = NOON + timedelta(seconds=500)
    result = la.compare(frame, baseline=(NOON, half), incident=(half, NOON + timedelta(seconds=1000)))
    assert ("new", "slice", "south") in result.select("kind", "field", "value").rows()
