"""Findings: what belongs together is one, and the gravest comes first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loganalytics.findings.ranking import SEVERITIES, Finding, rank_findings

START = datetime(2026, 7, 1, tzinfo=UTC)
STEP = timedelta(minutes=5)
TIME = pl.Datetime("us", "UTC")
LENGTH = 288
NUMBERS = dict.fromkeys(("observed", "expected", "contribution"), pl.Float64)
REASONS = pl.List(pl.Struct({"feature": pl.String, "text": pl.String, **NUMBERS}))


def at(window: float) -> datetime:
    """Return the time at which a window begins."""
    return START + window * STEP


def anomalies(flagged: dict[str, list[int]], feature: str = "events") -> pl.DataFrame:
    """Return what detect_anomalies(by="service") returns, with these windows anomalous."""
    reason = {"feature": feature, "observed": 60.0, "expected": 10.0, "contribution": 1.0, "text": f"many {feature}"}
    rows = [(at(i), service, 60, 50, 0.9, True, [reason]) for service, windows in flagged.items() for i in windows]
    calm = [(at(i), "calm", 10, 0, 0.1, False, []) for i in range(LENGTH)]
    schema = {
        "window": TIME, "service": pl.String, "events": pl.Int64, "errors": pl.Int64, "score": pl.Float64,
        "is_anomaly": pl.Boolean, "reasons": REASONS,
    }  # fmt: skip
    return pl.DataFrame(rows + calm, schema=schema, orient="row")


def coverage(gaps: dict[str, list[tuple[float, float]]], silent: dict[str, float] | None = None) -> pl.DataFrame:
    """Return what coverage() returns for services with these gaps, some silent since a window."""
    rows = []
    for service in sorted({"calm", *gaps, *(silent or {})}):
        last = (silent or {}).get(service, LENGTH)
        ended = [{"start": at(a), "end": at(b)} for a, b in gaps.get(service, [])]
        rows.append((service, START, at(last), at(LENGTH) - at(last), last < LENGTH, ended))
    schema = {
        "service": pl.String, "first_seen": TIME, "last_seen": TIME, "silent_for": pl.Duration("us"),
        "is_silent": pl.Boolean, "gaps": pl.List(pl.Struct({"start": TIME, "end": TIME})),
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def clusters(*rows: tuple[str, int, float]) -> pl.DataFrame:
    """Return what cluster_errors() returns for (label, events, first window): new unless in the first hour."""
    cells = [
        (label, events, ["web"], at(first), at(LENGTH), first >= 12, f"{label} example")
        for label, events, first in rows
    ]
    schema = {
        "label": pl.String, "events": pl.Int64, "services": pl.List(pl.String), "first_seen": TIME,
        "last_seen": TIME, "is_new": pl.Boolean, "example": pl.String,
    }  # fmt: skip
    return pl.DataFrame(cells, schema=schema, orient="row")


def slow(stretch: tuple[float, float] | None = None) -> pl.DataFrame:
    """Return the slow stretches of latency: one, between these windows, or none."""
    start, end = stretch or (0.0, 0.0)
    row = {
        "slow_what": "api.routes", "p50": 60.0, "services": ["api"], "slow_from": at(start), "slow_until": at(end),
        "slow_ratio": 8.7, "slowest": [{"duration_ms": 900.0, "message": "GET /artifacts/7 in 900ms"}],
    }  # fmt: skip
    return pl.DataFrame([row]).head(1 if stretch else 0)


def test_a_slow_stretch_is_a_finding() -> None:
    """Hours that took longer than usual are reported with the service, the ratio and the slowest events."""
    (finding,) = find(slow=(4.0, 9.0))
    assert (finding.kind, finding.service, finding.start, finding.end) == ("slowdown", "api", at(4.0), at(9.0))
    assert "api.routes slow: up to 8.7 times" in finding.title
    assert "GET /artifacts/7" in finding.evidence[0]


def test_longer_durations_in_a_slow_stretch_are_evidence_of_it() -> None:
    """They make no finding of their own, in whatever service they show."""
    (finding,) = find({"web": [5, 6]}, slow=(4.0, 9.0), feature="duration_p95")
    assert (finding.kind, finding.service) == ("slowdown", "api, web")
    assert "shows in web" in finding.detail
    assert "many duration_p95" in finding.evidence[-1]


@pytest.mark.parametrize(("windows", "feature"), [([5, 6], "errors"), ([8, 9, 10, 11], "duration_p95")])
def test_other_troubles_near_a_slow_stretch_are_findings(windows: list[int], feature: str) -> None:
    """Errors at the same time, and durations that are longer at another time."""
    assert len(find({"web": windows}, slow=(4.0, 9.0), feature=feature)) == 2


def find(
    flagged: dict[str, list[int]] | None = None,
    gaps: dict[str, list[tuple[float, float]]] | None = None,
    errors: pl.DataFrame | None = None,
    **options: Any,
) -> list[Finding]:
    """Return the findings of these anomalies, gaps and error clusters."""
    table = anomalies(flagged or {}, options.get("feature", "events"))
    errors = clusters() if errors is None else errors
    return rank_findings(
        table, coverage(gaps or {}, options.get("silent")), errors, slow(options.get("slow")), window=STEP
    )


def test_windows_across_a_short_gap_are_one_episode() -> None:
    """Two quiet windows do not end an episode; three do."""
    assert [(f.start, f.end) for f in find({"web": [10, 11, 14]})] == [(at(10), at(15))]
    assert len(find({"web": [10, 11, 15]})) == 2


def test_services_at_the_same_time_are_one_incident() -> None:
    """An incident names its services, where it began, and the strongest reason."""
    (finding,) = find({"db": [10, 11, 12], "web": [11, 12]})
    assert (finding.kind, finding.start, finding.end) == ("incident", at(10), at(13))
    assert set(finding.service.split(", ")) == {"db", "web"}
    assert "many events" in finding.title
    assert "began in db and reached web" in finding.detail


def test_services_at_different_times_are_two_anomalies() -> None:
    """What does not overlap is not joined."""
    assert [f.kind for f in find({"db": [10], "web": [100]})] == ["anomaly", "anomaly"]


def test_errors_are_graver_than_a_single_odd_window() -> None:
    """More errors than usual are critical; one odd window alone is no more than a note."""
    assert find({"web": [10]}, feature="errors")[0].severity == "critical"
    assert find({"web": [10]})[0].severity == "info"


def test_a_new_error_within_an_incident_is_its_evidence() -> None:
    """The error is named in the title of the incident, not as a finding of its own."""
    (finding,) = find({"web": [200, 201]}, errors=clusters(("DiskFull", 40, 200.2)))
    assert "DiskFull" in finding.title
    assert any("DiskFull" in line for line in finding.evidence)


def test_only_a_new_error_is_a_finding() -> None:
    """What has been there from the start is none, however frequent."""
    errors = clusters(("late", 40, 144), ("old", 400, 2))
    assert [f.title for f in find(errors=errors)] == ["web — new error “late”"]


def test_services_silent_at_the_same_time_are_one_silence() -> None:
    """A host that went down is one finding, not one a service."""
    (finding,) = find(gaps={"a": [(50, 60)], "b": [(50.1, 60)], "c": [(50, 59.9)]})
    assert (finding.kind, finding.service) == ("silence", "a, b, c")
    assert finding.title == "a, b and c silent for 50 min"


def test_a_silence_that_lasts_is_critical_and_comes_first() -> None:
    """A service that no longer speaks comes before one that paused."""
    findings = find(gaps={"a": [(50, 60)]}, silent={"b": 200})
    assert [(f.service, f.severity) for f in findings] == [("b", "critical"), ("a", "warning")]
    assert findings[0].end == at(LENGTH)


def test_a_silence_within_an_episode_of_its_service_is_evidence() -> None:
    """A service that says nothing is one finding: a silence, not an anomaly besides."""
    (finding,) = find({"a": [50, 51, 52, 53]}, gaps={"a": [(50, 54)]})
    assert (finding.kind, finding.title) == ("silence", "a silent for 20 min")
    assert any("many events" in line for line in finding.evidence)


def test_a_silence_within_an_incident_is_in_its_title() -> None:
    """When others are odd while a service says nothing, both are one finding."""
    (finding,) = find({"a": [50, 51, 52, 53], "b": [51]}, gaps={"a": [(50, 54)]})
    assert finding.kind == "incident"
    assert "a silent for 20 min" in finding.title


def test_nothing_found_is_an_empty_list() -> None:
    """Quiet logs, and no logs at all, have no findings."""
    assert find() == []
    assert rank_findings(anomalies({}).clear(), coverage({}).clear(), clusters(), slow(), window=STEP) == []


def test_without_services_the_reason_stands_alone() -> None:
    """A log that names no service has findings without one."""
    table = anomalies({"web": [10]}).filter(pl.col("service") == "web").drop("service")
    (finding,) = rank_findings(table, coverage({}), clusters(), slow(), window=STEP)
    assert (finding.service, finding.title) == ("", "many events")


@given(st.dictionaries(st.sampled_from("abc"), st.lists(st.integers(0, LENGTH - 1), max_size=12, unique=True)))
def test_every_anomalous_window_lies_in_one_finding(flagged: dict[str, list[int]]) -> None:
    """Joining loses no window, repeats none, and ranks by severity."""
    findings = find(flagged)
    for service, windows in flagged.items():
        for window in windows:
            holds = [f for f in findings if f.start <= at(window) < f.end and service in f.service]  # type: ignore[operator]
            assert len(holds) == 1
    ranks = [SEVERITIES.index(f.severity) for f in findings]
    assert ranks == sorted(ranks)


@pytest.mark.parametrize(("services", "severity"), [("ab", "warning"), ("abc", "critical")])
def test_three_services_at_once_are_critical(services: str, severity: str) -> None:
    """Two are a warning."""
    assert find({service: [10] for service in services})[0].severity == severity


@pytest.mark.parametrize(("windows", "severity"), [([10], "info"), ([10, 11], "warning")])
def test_a_warning_needs_more_than_one_window(windows: list[int], severity: str) -> None:
    """The score times the windows is above 1: 0.9 is not, 1.8 is."""
    assert find({"web": windows})[0].severity == severity


@pytest.mark.parametrize(("events", "severity"), [(5, "warning"), (4, "info")])
def test_a_new_error_of_five_events_is_a_warning(events: int, severity: str) -> None:
    """With fewer it is a note."""
    assert find(errors=clusters(("DiskFull", events, 200)))[0].severity == severity


@pytest.mark.parametrize(("first", "count"), [(198, 1), (197.9, 2), (201.9, 1), (202, 2)])
def test_a_new_error_up_to_two_windows_before_an_incident_belongs_to_it(first: float, count: int) -> None:
    """Earlier, or from its end on, it is a finding of its own."""
    assert len(find({"web": [200, 201]}, errors=clusters(("DiskFull", 40, first)))) == count


def test_a_title_names_the_first_of_several_silences() -> None:
    """The evidence has all of them."""
    (finding,) = find({"a": [50, 51, 52, 53, 54], "b": [51, 52, 53]}, gaps={"a": [(50, 54)], "b": [(51, 52)]})
    assert finding.title.count("silent") == 1
    assert finding.evidence[-2:] == ("a silent for 20 min", "b silent for 5 min")


def test_a_title_names_the_most_frequent_of_several_new_errors() -> None:
    """The evidence has the five most frequent."""
    errors = clusters(*[(f"error {i}", 40 + i, 200) for i in range(7)])
    (finding,) = find({"web": [200, 201]}, errors=errors)
    assert finding.title == "web — many events; new error “error 6”"
    lines = [line for line in finding.evidence if line.startswith("New error")]
    assert [line[11:18] for line in lines] == ["error 6", "error 5", "error 4", "error 3", "error 2"]


def test_an_error_without_text_is_named_so() -> None:
    """An empty title would say nothing."""
    assert [f.title for f in find(errors=clusters(("", 40, 144)))] == ["web — new error “(no text)”"]


def test_a_silence_of_many_gaps_says_how_many() -> None:
    """One of two, and none of one."""
    titles = [f.title for f in find(gaps={"a": [(50, 60), (70, 72)], "b": [(100, 110)]})]
    assert titles == ["a silent for 50 min, one of 2 gaps", "b silent for 50 min"]


def test_an_ongoing_silence_says_since_when() -> None:
    """And that it lasts up to the end of the log."""
    (finding,) = find(silent={"b": 276})
    assert (finding.title, finding.detail) == (
        "b silent since 2026-07-01 23:00 UTC", "No event for 1 h, up to the end of the log."
    )  # fmt: skip
    assert finding.evidence == ("b: 2026-07-01 23:00 – 2026-07-02 00:00 UTC",)


def test_of_equal_severity_the_weightier_comes_first() -> None:
    """A silence weighs by its services, a new error by its events, an anomaly by its score and windows."""
    errors = clusters(("rare", 5, 200), ("frequent", 50, 220))
    findings = find({"web": [100, 101, 102]}, gaps={"a": [(50, 60)]}, errors=errors)
    assert {finding.severity for finding in findings} == {"warning"}
    titles = ["web — new error “frequent”", "web — new error “rare”", "web — many events", "a silent for 50 min"]
    assert [finding.title for finding in findings] == titles


def test_an_anomaly_has_a_line_of_evidence_with_its_facts() -> None:
    """When it was, why, how many events and errors, and its score."""
    (finding,) = find({"web": [12, 13]})
    line = "web, 2026-07-01 01:00–01:10 UTC: many events (120 events, 100 errors, score 0.90)"
    assert (finding.evidence, finding.detail) == ((line,), "Lasted 10 min.")


def test_more_errors_than_usual_need_an_error_to_be_critical() -> None:
    """Fewer errors than usual are no trouble."""
    table = anomalies({"web": [10]}, "errors").with_columns(errors=pl.lit(0))
    (finding,) = rank_findings(table, coverage({}), clusters(), slow(), window=STEP)
    assert finding.severity == "info"


def test_a_slow_stretch_names_its_service_unless_the_operation_has_that_name() -> None:
    """In detail, it says what is usual over the whole log."""
    (finding,) = find(slow=(4.0, 9.0))
    assert finding.title == "api — api.routes slow: up to 8.7 times as long as usual"
    assert finding.detail == "The hourly median rose to 8.7 times as long as usual; over the whole log it is 60 ms."
    assert finding.severity == "warning"
    row = slow((4.0, 9.0)).with_columns(slow_what=pl.lit("api"))
    (finding,) = rank_findings(anomalies({}), coverage({}), clusters(), row, window=STEP)
    assert finding.title == "api slow: up to 8.7 times as long as usual"


def test_a_detail_has_the_second_and_the_third_reason() -> None:
    """The first is in the title."""
    (reason,) = anomalies({"web": [10]})["reasons"][0].to_list()
    reasons = [{**reason, "feature": name, "text": name, "contribution": 4.0 - i} for i, name in enumerate("abcd")]
    web = anomalies({"web": [10]}).filter("is_anomaly").with_columns(reasons=pl.Series([reasons], dtype=REASONS))
    (finding,) = rank_findings(web, coverage({}), clusters(), slow(), window=STEP)
    assert (finding.title, finding.detail) == ("web — a", "Lasted 5 min. Also: b; c.")


def test_long_texts_of_an_error_are_cut() -> None:
    """To 160 characters in its own title, 80 in that of an incident, 300 in evidence; the service to 60."""
    errors = clusters(("x" * 400, 40, 200)).with_columns(services=pl.lit(["s" * 100]), example=pl.lit("y" * 400))
    (alone,), (within,) = find(errors=errors), find({"web": [200, 201]}, errors=errors)
    assert alone.title == f"{'s' * 59}… — new error “{'x' * 159}…”"
    assert alone.evidence == ("y" * 299 + "…",)
    assert within.title == f"web — many events; new error “{'x' * 79}…”"
    assert within.evidence[1].startswith(f"New error: {'x' * 299}… (first seen")


def test_the_evidence_of_a_silence_lists_twenty_services() -> None:
    """The finding itself names all of them."""
    (finding,) = find(gaps={f"svc-{i:02}": [(50, 60)] for i in range(25)})
    assert (len(finding.evidence), finding.service.count("svc-")) == (20, 25)


@pytest.mark.parametrize(("score", "severity"), [(1.0, "info"), (1.01, "warning")])
def test_a_warning_weighs_more_than_one(score: float, severity: str) -> None:
    """As much as one window can is a note."""
    table = anomalies({"web": [10]}).with_columns(score=pl.lit(score))
    (finding,) = rank_findings(table, coverage({}), clusters(), slow(), window=STEP)
    assert finding.severity == severity


@pytest.mark.parametrize(
    "columns",
    [
        {"errors": [1, 2], "score": [0.9, 0.1], "events": [90, 10]},
        {"errors": [1, 1], "score": [0.5, 0.9], "events": [90, 10]},
        {"errors": [1, 1], "score": [0.94, 0.91], "events": [10, 90]},
    ],
)
def test_the_service_with_the_most_errors_is_named_first(columns: dict[str, list[float]]) -> None:
    """Of equally many, the one with the higher score, and where scores are nearly equal the one with more events."""
    table = anomalies({"a": [10], "b": [10]}).filter("is_anomaly")
    table = table.with_columns(pl.Series(name, numbers, table.schema[name]) for name, numbers in columns.items())
    (finding,) = rank_findings(table, coverage({}), clusters(), slow(), window=STEP)
    assert finding.service == "b, a"


def test_what_most_errors_are_is_named() -> None:
    """In the title and the evidence; once, where it is the new error."""
    table = pl.DataFrame(
        {"window": [at(20)] * 2, "service": "web", "label": ["GET /a (HTTP 500)", "b"], "errors": [8, 2]}
    )
    frames = (anomalies({"web": [20, 21]}, "errors"), coverage({}))
    (finding,) = rank_findings(*frames, clusters(), slow(), window=STEP, problems=table)
    assert finding.title == "web — many errors; most errors are “GET /a (HTTP 500)”"
    assert "8 of 10 errors: GET /a (HTTP 500)" in finding.evidence
    new = clusters(("GET /a (HTTP 500)", 8, 20))
    (finding,) = rank_findings(*frames, new, slow(), window=STEP, problems=table)
    assert finding.title == "web — many errors; new error “GET /a (HTTP 500)”"
