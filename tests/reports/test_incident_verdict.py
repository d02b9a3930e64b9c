"""The words of an incident: the verdict, the notes, the lines of the log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from loganalytics.reports.incident import incident
from loganalytics.reports.model import Incident
from loganalytics.reports.report import report
from loganalytics.reports.table_rows import event_line, event_lines
from loganalytics.schema import conform

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def logged(minutes: list[float], message: str = "ok", **fields: Any) -> pl.DataFrame:
    """Return events of the service web at these minutes after noon."""
    columns = {"message": message, "service": "web", "severity_number": 9, **fields}
    times = [NOON + minute * MINUTE for minute in minutes]
    return pl.DataFrame({"timestamp": times}).with_columns(pl.lit(value).alias(name) for name, value in columns.items())


CALM = logged([float(minute) for minute in range(-60, 60)])
BROKEN = logged([float(minute) for minute in range(10, 50)], "disk full", severity_number=17)


def found(*frames: pl.DataFrame, start: datetime = NOON, **options: Any) -> Incident:
    """Return the incident of the hour from noon on."""
    return incident(conform(pl.concat(frames, how="diagonal_relaxed")), start, start + HOUR, **options)


def test_the_likely_cause_comes_with_its_time_and_with_what_is_usual() -> None:
    """In the zone of the reader."""
    assert found(CALM, BROKEN).verdict == (
        "Likely cause: web: new error “disk full”, from 2026-03-10 12:10 UTC to 12:49. "
        "40 events in 1 h, usually none.",
    )  # fmt: skip
    local = found(CALM, BROKEN, display_tz="Asia/Shanghai")
    assert "from 2026-03-10 20:10 Asia/Shanghai to 20:49" in local.verdict[0]
    assert local.facts["timezone"] == "Asia/Shanghai"
    assert "2026-03-10 20:10–20:49 Asia/Shanghai" in local.to_html()
    assert "Times are those of Asia/Shanghai" in local.to_markdown()
    assert found(CALM, BROKEN, start=NOON.replace(tzinfo=None) + 8 * HOUR, tz="Asia/Shanghai").verdict == local.verdict


def test_a_range_outside_of_the_log_says_where_the_log_lies() -> None:
    """And one that the log does not cover, when it ends."""
    far = found(CALM, start=NOON + 24 * HOUR)
    assert far.verdict[0] == (
        "The incident (2026-03-11 12:00–13:00 UTC) holds no event, so there is nothing to compare; "
        "the log lies from 2026-03-10 11:00 UTC to 2026-03-10 12:59 UTC."
    )
    assert far.notes == far.verdict
    assert "The log ends at 2026-03-10 12:59 UTC, 31 min before the incident does." in (
        found(CALM, start=NOON + 30 * MINUTE).verdict
    )  # fmt: skip
    undated = found(CALM.with_columns(timestamp=pl.lit(None, pl.Datetime("us", "UTC"))))
    assert undated.verdict[0] == "The log holds no event that has a time, so there is nothing to compare."


@pytest.mark.parametrize(("minutes", "is_told"), [(54, True), (53.9, False)])
def test_that_the_log_ends_is_told_from_a_tenth_of_the_incident_on(minutes: float, is_told: bool) -> None:
    """Six minutes of an hour are not more than a tenth."""
    frame = logged([-60.0, 0.0, minutes])
    assert any("The log ends" in sentence for sentence in found(frame).verdict) is not is_told


@pytest.mark.parametrize(
    ("minute", "sentence"),
    [
        (-30.0, "Shortly before: api 11:30 “started version 2.4.1”."),
        (-30.1, None),
        (10.9, "At that time: api 12:10:54 “started version 2.4.1”."),
        (11.0, None),
    ],
)
def test_a_restart_from_half_an_hour_before_to_the_first_error_is_told(minute: float, sentence: str | None) -> None:
    """Or a minute later, for clocks differ."""
    notes = found(CALM, BROKEN, logged([minute], "started version 2.4.1", service="api")).notes
    assert notes == (() if sentence is None else (sentence,))


def test_without_a_cause_it_says_what_was_looked_at() -> None:
    """With the most frequent error, and what changed most where anything did; it never says that there is no error."""
    usual = logged([float(minute) for minute in range(-60, 60, 6)], "cache miss failed", severity_number=17)
    assert found(CALM, usual).verdict == (
        "No cause stands out in 70 events, 10 errors. Nothing differs from 2026-03-10 11:00–12:00 UTC (70 events, "
        "10 errors) by more than chance explains. Most frequent error: “cache miss failed” (10).",
    )
    changed = found(CALM, logged([minute / 2 for minute in range(120)], "page rendered"))
    assert changed.verdict[0].startswith(
        "No cause stands out in 180 events, 0 errors. What changed most: web: new message “page"
    )


def test_a_new_error_without_a_cause_is_not_called_nothing() -> None:
    """One error of a kind that the baseline has not is too few to be sure of, and yet leads."""
    rare = found(CALM, logged([30.0], "disk sda1 failed", severity_number=17))
    assert rare.verdict[0].startswith("No cause is certain in 61 events, 1 error, some of a kind that the baseline")
    assert "disk sda1 failed" in rare.verdict[1]


def test_no_fact_is_stated_twice() -> None:
    """Requests that fail show as status, level, logger and host; they are one finding, with the status named."""
    columns = {"http.request.method": "GET", "logger": "access", "host.name": "web-1", "level": "INFO"}
    calm = logged([minute / 4 for minute in range(-240, 240)], "handled", **columns).with_columns(
        pl.format("/orders/{}", pl.int_range(pl.len())).alias("url.path"),
        pl.lit(200).alias("http.response.status_code"),
    )
    status, is_bad = pl.col("http.response.status_code"), pl.col("timestamp") >= NOON
    failing = is_bad & (pl.int_range(pl.len()) % 2 == 0)
    logs = calm.with_columns(
        pl.when(failing).then(502 + pl.int_range(pl.len()) % 4 // 2).otherwise(status).alias(status.meta.output_name()),
        level=pl.when(failing).then(pl.lit("ERROR")).otherwise("level"),
        severity_number=pl.when(failing).then(17).otherwise("severity_number"),
    )
    findings = found(logs).findings
    assert findings["title"].to_list() == ["web: GET /orders/<*> failed with 502 and 503"]
    assert findings["detail"].to_list() == ["120 of 240 requests in 1 h, usually none."]


def test_the_lines_of_a_silence_are_the_last_before_it() -> None:
    """Of all else the first."""
    job = logged([minute / 2 for minute in range(-240, 20)], "tick", service="job")
    silent = found(CALM, job)
    row = silent.findings.row(0, named=True)
    assert row["kind"] == "silence"
    assert "Its last event: “tick”." in row["detail"]
    assert event_lines(silent, row, 1) == ["2026-03-10 12:09:30 job tick"]
    broken = found(CALM, BROKEN)
    assert event_lines(broken, broken.findings.row(0, named=True), 1) == ["2026-03-10 12:10 web disk full"]


def test_who_logs_only_errors_is_not_silent_without_them() -> None:
    """Nothing failed."""
    alarms = logged([minute / 2 for minute in range(-240, 20)], "no answer", service="alarms", severity_number=17)
    assert found(CALM, alarms).silent.is_empty()


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        ({"exception": "Traceback (most recent call last):\n  File x\nKeyError: 'a'"}, "oops ⏎ KeyError: 'a'"),
        ({"exception": "a.B: no\n\tat a.c(D.java:1)"}, "oops ⏎ a.B: no"),
        ({"exception": "oops"}, "oops"),
        ({"http.route": "/a", "http.request.method": "GET", "status": 502, "duration_ms": 1234.5},
         "oops [GET /a 502 1,234 ms]"),
        ({"http.route": "/a", "message": "GET /a 502"}, "GET /a 502"),
    ],
)  # fmt: skip
def test_a_line_has_what_says_what_failed(columns: dict[str, Any], line: str) -> None:
    """The reason of the exception, and the request, where the message has neither."""
    event = {"timestamp": NOON, "level": "ERROR", "service": "web", "message": "oops", "exception": None, **columns}
    assert event_line(event) == f"2026-03-10 12:00 ERROR web {line}"


@pytest.mark.parametrize("early", [0.0, 5.0])
def test_without_a_baseline_nothing_is_called_new_or_silent(early: float) -> None:
    """All of a log, or nearly: errors are listed by their number, and a silence is no cause."""
    quiet = logged([float(minute) for minute in range(200)], service="celery")
    calm = logged([float(minute) for minute in range(600)])
    broken = [
        logged([float(300 + minute) for minute in range(number)], text, severity_number=17)
        for text, number in (("disk full", 40), ("no route to host", 20))
    ]
    logs = conform(pl.concat([quiet, calm, *broken], how="diagonal_relaxed"))
    one = incident(logs, NOON + early * MINUTE, NOON + 10 * HOUR)
    assert one.facts["is_baseline_thin"]
    assert "what is new or silent cannot be told" in one.verdict[0]
    assert one.verdict[1].startswith("60 errors in ")
    assert "cause" not in one.findings["role"].to_list()
    assert one.findings["title"].head(2).to_list() == [
        "web: error “disk full” 40 times", "web: error “no route to host” 20 times",
    ]  # fmt: skip
    assert any(title.startswith("celery silent") for title in one.findings["title"])
    assert one.rows(1).height == 40
    assert not any("first error of a kind" in sentence for sentence in one.verdict)


def test_failures_without_a_level_count_over_time_as_everywhere() -> None:
    """In the changes of an incident and of a report, in its numbers and in its pages."""
    failed = logged([n / 2 for n in range(60)], "failed to open file", severity_number=None)
    logs = conform(
        pl.concat([logged([n / 4 for n in range(-960, 240)], severity_number=None), failed]).sort("timestamp")
    )
    one = incident(logs, NOON, NOON + 30 * MINUTE)
    assert one.facts["errors"] == one.trend["errors"].sum() == 60
    assert "errors" in one.change_points["of"].to_list()
    whole = report(logs)
    assert "errors" in whole.tables["changes"]["of"].to_list()
    assert "| 1,260 | 60 | 4.8 % |" in whole.to_markdown()
    assert "4.8 % of events, 60 of them failures without a severity" in whole.to_html()
