"""What the events of a cause have in common, at the edge of each threshold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from loganalytics.analyses.compare.ranges import TimeRange
from loganalytics.analyses.compare.term_counts import SLICE_COLUMN
from loganalytics.findings.common_values import dominant_values
from loganalytics.findings.evidence import Evidence, gather_evidence
from loganalytics.schema import conform

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
IS_FAILURE = pl.col("template_id") == "failure"


def events(hosts: list[str | None], other_hosts: list[str | None]) -> pl.DataFrame:
    """Return events of an incident: failures on these hosts, and other events on those."""
    failures = pl.DataFrame({"host": hosts, "template": "failure", "template_id": "failure"})
    other_events = pl.DataFrame({"host": other_hosts, "template": "other", "template_id": "other"})
    table = pl.concat([failures, other_events], how="vertical_relaxed").with_columns(message=pl.lit("x"))
    return conform(table.with_columns(pl.lit(-1, pl.Int8).alias(SLICE_COLUMN)))


@pytest.mark.parametrize(("share", "expected"), [(70, [("host", "a", 0.7)]), (69, [])])
def test_a_value_in_70_percent_of_the_rows_is_dominant(share: int, expected: list[tuple[str, str, float]]) -> None:
    """With less it is not."""
    hosts = ["a"] * share + ["b"] * (100 - share)
    assert dominant_values(events(hosts, ["c"] * 100), IS_FAILURE) == expected


@pytest.mark.parametrize(("elsewhere", "fields"), [(30, ["host"]), (31, [])])
def test_a_dominant_value_is_three_times_as_frequent_as_elsewhere(elsewhere: int, fields: list[str]) -> None:
    """90 % against 30 % stand out, against 31 % they do not."""
    frame = events(["a"] * 90 + ["b"] * 10, ["a"] * elsewhere + ["c"] * (100 - elsewhere))
    assert [field for field, _, _ in dominant_values(frame, IS_FAILURE)] == fields


@pytest.mark.parametrize(("before", "fields"), [(30, ["host"]), (31, [])])
def test_a_dominant_value_is_three_times_as_frequent_as_before(before: int, fields: list[str]) -> None:
    """90 % against 30 % in the baseline; what has always been so is nothing in common to failures."""
    frame = events(["a"] * 90 + ["b"] * 10, [None])
    baseline = events([None], ["a"] * before + ["c"] * (100 - before))
    baseline = baseline.with_columns(pl.lit(0, pl.Int8).alias(SLICE_COLUMN))
    assert [field for field, _, _ in dominant_values(pl.concat([frame, baseline]), IS_FAILURE)] == fields


def test_a_value_exactly_three_times_as_frequent_is_dominant() -> None:
    """Three quarters against one."""
    assert dominant_values(events(["a", "a", "a", "b"], ["a", "c", "c", "c"]), IS_FAILURE) == [("host", "a", 0.75)]


@pytest.mark.parametrize(("filled", "fields"), [(50, ["host"]), (49, [])])
def test_a_field_of_few_rows_says_nothing_of_all(filled: int, fields: list[str]) -> None:
    """Half of them must have it."""
    hosts: list[str | None] = [*["a"] * filled, *[None] * (100 - filled)]
    assert [field for field, _, _ in dominant_values(events(hosts, ["c"] * 100), IS_FAILURE)] == fields


def test_a_field_may_be_named_as_the_counts_are() -> None:
    """The name of a field is the log's affair."""
    frame = events(["a"] * 10, ["c"] * 10).rename({"host": "n"})
    assert dominant_values(frame, IS_FAILURE) == [("n", "a", 1.0)]


@pytest.mark.parametrize(
    ("value", "rows", "expected"),
    [("10.0.0.7", 5, ["10.0.0.7"]), ("10.0.0.7", 4, []), ("10.0.0", 5, ["10.0.0"]), ("10.00", 5, [])],
)
def test_a_wildcard_with_one_value_is_dominant(value: str, rows: int, expected: list[str]) -> None:
    """Where there are five rows or more, and the value has six characters or more."""
    frame = events([None] * rows, [None]).with_columns(
        message=pl.lit(f"refused by {value} now"), template=pl.lit("refused by <*> now")
    )
    assert [dominant for _, dominant, _ in dominant_values(frame, IS_FAILURE)] == expected


@pytest.mark.parametrize(("silent_minutes", "silent"), [(41, ["job"]), (39, [])])
def test_a_service_fell_silent_when_most_of_its_gap_lies_in_the_incident(
    silent_minutes: int, silent: list[str]
) -> None:
    """A gap from 20 minutes before the incident must last for more than 20 minutes in it."""
    seconds = [float(s) for s in range(-6 * 3600, 3600, 10)]
    gap_start, gap_end = -20 * 60.0, -20 * 60.0 + silent_minutes * 60.0
    web = pl.DataFrame({"second": seconds, "service": "web"})
    job = web.filter(~pl.col("second").is_between(gap_start, gap_end)).with_columns(service=pl.lit("job"))
    logs = pl.concat([web, job]).select(
        timestamp=pl.lit(NOON) + pl.duration(seconds="second"), service="service", message=pl.lit("ok")
    )
    evidence = gather_evidence(conform(logs), TimeRange(NOON, NOON + HOUR), TimeRange(NOON - HOUR, NOON))
    assert evidence.silent_services["service"].to_list() == silent


def logged(*seconds: float, **fields: object) -> pl.DataFrame:
    """Return an event at each of these seconds after noon."""
    times = [NOON + timedelta(seconds=s) for s in seconds]
    return conform(pl.DataFrame({"timestamp": times, **{"message": "ok", "severity_number": 9, **fields}}))


def evidence_of(*frames: pl.DataFrame, minutes: float = 60, baseline: TimeRange | None = None) -> Evidence:
    """Return the evidence of an incident from noon on, against a baseline: the hour before, if none is given."""
    incident = TimeRange(NOON, NOON + timedelta(minutes=minutes))
    logs = pl.concat(frames, how="diagonal")
    return gather_evidence(logs, incident, baseline or TimeRange(NOON - HOUR, NOON))


EVERY_MINUTE = logged(*range(-24 * 3600, 24 * 3600, 60), service="web")


@pytest.mark.parametrize(
    ("minutes", "baseline_hours", "start", "end", "every"),
    [
        (60, (24, 23), -2 * HOUR, 2 * HOUR, timedelta(minutes=5)),
        (60, (1, 0), -2 * HOUR, 2 * HOUR, timedelta(minutes=5)),
        (60, (6, 0), -6 * HOUR, 2 * HOUR, timedelta(minutes=5)),
        (20, (24, 23), -HOUR, HOUR * 5 / 6, timedelta(minutes=1)),
    ],
)
def test_the_trend_begins_twice_the_incident_before_it(
    minutes: float, baseline_hours: tuple[int, int], start: timedelta, end: timedelta, every: timedelta
) -> None:
    """An hour at least, or with a baseline that ends where the incident begins; it ends half of that after it."""
    baseline = TimeRange(NOON - baseline_hours[0] * HOUR, NOON - baseline_hours[1] * HOUR)
    trend = evidence_of(EVERY_MINUTE, minutes=minutes, baseline=baseline).trend
    assert (trend["window"][0], trend["window"][-1]) == (NOON + start, NOON + end - every)
    assert trend["window"][1] - trend["window"][0] == every


@pytest.mark.parametrize(("minutes_before", "every"), [(70, 60), (71, 300)])
def test_the_trend_has_120_windows_at_most(minutes_before: int, every: int) -> None:
    """Two hours are in minutes: 70 minutes before the incident, its 20 and 30 more; beyond, in five minutes."""
    baseline = TimeRange(NOON - timedelta(minutes=minutes_before), NOON)
    trend = evidence_of(EVERY_MINUTE, minutes=20, baseline=baseline).trend
    assert trend["window"][1] - trend["window"][0] == timedelta(seconds=every)


@pytest.mark.parametrize(
    ("hours", "seconds"), [(2.5, 300), (5, 600), (15, 1800), (30, 3600), (180, 21_600), (720, 86_400), (721, 86_400)]
)
def test_windows_of_the_trend_have_a_usual_length(hours: float, seconds: int) -> None:
    """The shortest of which 120 are enough for four times the incident, a day at most."""
    hourly = logged(*range(-2000 * 3600, 2000 * 3600, 3600))
    baseline = TimeRange(NOON - 2000 * HOUR, NOON - 1900 * HOUR)
    trend = evidence_of(hourly, minutes=60 * hours, baseline=baseline).trend
    assert trend["window"][1] - trend["window"][0] == timedelta(seconds=seconds)


def test_the_first_error_is_one_that_the_baseline_does_not_have() -> None:
    """Where there is none, the earliest; errors of the baseline itself do not count."""
    known = logged(-60, 30, message="timeout reached", severity_number=17)
    new = logged(90, 100, message="disk full", severity_number=17)
    found, repeated = evidence_of(EVERY_MINUTE, known, new).first_error, evidence_of(EVERY_MINUTE, known).first_error
    assert found is not None
    assert (found["message"], found["timestamp"], found["is_new"]) == ("disk full", NOON + timedelta(seconds=90), True)
    assert repeated is not None
    assert (repeated["timestamp"], repeated["is_new"]) == (NOON + timedelta(seconds=30), False)
    assert evidence_of(EVERY_MINUTE).first_error is None


def test_only_requests_of_the_incident_that_failed_are_evidence() -> None:
    """Not those without an error, nor those that failed before."""
    failed = logged(-60, message="failed", severity_number=17, trace_id="before")
    fine = logged(60, 70, trace_id="fine")
    broken = logged(60, 70, message="failed", severity_number=17, trace_id="broken")
    assert evidence_of(EVERY_MINUTE, failed, fine, broken).traces["trace_id"].to_list() == ["broken"]


def test_changed_templates_have_the_facts_of_the_incident() -> None:
    """How many of its events are errors, the gravest severity, the services, and from when to when it came."""
    mixed = [logged(*range(60, 600, 60), message="write failed", service="b", severity_number=17)]
    mixed += [logged(*range(90, 690, 60), message="write failed", service="a", severity_number=13)]
    table = evidence_of(EVERY_MINUTE, *mixed).comparison
    (row,) = table.filter((pl.col("field") == "template") & (pl.col("value") == "write failed")).to_dicts()
    assert (row["errors"], row["severity_number"], row["services"]) == (9, 17, ["a", "b"])
    assert (row["first_seen"], row["last_seen"]) == (NOON + timedelta(seconds=60), NOON + timedelta(seconds=630))


def test_a_service_that_stays_silent_is_silent_to_the_end_of_the_incident() -> None:
    """With how many events it had in the baseline."""
    job = logged(*range(-6 * 3600, 600, 10), service="job")
    web = logged(*range(-6 * 3600, 7200, 10), service="web")
    (row,) = evidence_of(job, web).silent_services.to_dicts()
    assert (row["service"], row["lasts"], row["baseline_count"]) == ("job", True, 360)
    assert (row["start"], row["end"]) == (NOON + timedelta(seconds=590), NOON + HOUR)


@pytest.mark.parametrize(("length", "expected"), [(60, 1), (61, 0)])
def test_a_wildcard_with_a_long_value_is_not_named(length: int, expected: int) -> None:
    """More than 60 characters are a payload."""
    frame = events([None] * 5, [None]).with_columns(
        message=pl.lit(f"refused by {'x' * length} now"), template=pl.lit("refused by <*> now")
    )
    assert len(dominant_values(frame, IS_FAILURE)) == expected


def test_the_first_eight_wildcards_are_looked_at() -> None:
    """A message with more of them is data."""
    names = [f"value-{i}" for i in range(9)]
    frame = events([None] * 5, [None]).with_columns(
        message=pl.lit(" and ".join(names)), template=pl.lit(" and ".join(["<*>"] * 9))
    )
    assert [value for _, value, _ in dominant_values(frame, IS_FAILURE)] == names[:8]


def test_a_wildcard_that_repeats_a_field_is_named_once() -> None:
    """By the field."""
    frame = events(["host-17"] * 5, ["b"]).with_columns(
        message=pl.lit("refused by host-17 now"), template=pl.lit("refused by <*> now")
    )
    assert dominant_values(frame, IS_FAILURE) == [("host", "host-17", 1.0)]


def test_requests_that_failed_have_endpoint_status_services_and_times() -> None:
    """The most frequent endpoint and status of a route; of its durations the services only."""
    minutes = [60.0 * minute for minute in range(60)]
    calm = logged(*[-second for second in minutes[1:]], message="GET /orders/17 200 in 5 ms", service="web")
    other = logged(*[second - 3600 for second in range(0, 7200, 30)], message="GET /cart 200 in 5 ms", service="web")
    answers = (
        (minutes[:40], "GET", 500, "web"),
        (minutes[40:50], "GET", 503, "app"),
        (minutes[50:], "PUT", 503, "app"),
    )
    failed = [
        logged(
            *times, message=f"{method} /orders/18 failed in 90 ms", service=service, status=status, severity_number=17
        )
        for times, method, status, service in answers
    ]
    rows = evidence_of(calm, other, *failed).comparison.to_dicts()
    route = next(row for row in rows if (row["field"], row["scope"]) == ("http.route", "errors"))
    assert (route["value"], route["endpoint"], route["status"]) == ("/orders/<*>", "GET /orders/<*>", 500)
    assert (route["services"], route["first_seen"]) == (["app", "web"], NOON)
    slower = next(row for row in rows if row["kind"] == "slower")
    assert (slower["value"], slower["endpoint"], slower["services"]) == (
        "GET /orders/<*>", "GET /orders/<*>", ["app", "web"]
    )  # fmt: skip
    assert slower["first_seen"] is None
