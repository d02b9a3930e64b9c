"""Which silences are one, and which are but the ends of files, at the edge of each rule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from loganalytics.findings.ranking import rank_findings
from loganalytics.findings.silences import (
    as_announced,
    early_file_ends,
    merge_silences,
    overdue_symptoms,
    silence_symptoms,
)
from loganalytics.findings.symptoms import Symptom
from loganalytics.schema import TIMESTAMP

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def at(minutes: float) -> datetime:
    """Return the time so many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def coverage(*gaps: tuple[str, float, float]) -> pl.DataFrame:
    """Return what `coverage` does for services with these gaps, none of them silent at the end."""
    services = sorted({name for name, _, _ in gaps})
    rows = [
        {
            "service": service,
            "gaps": [{"start": at(start), "end": at(end)} for name, start, end in gaps if name == service],
            "is_silent": False,
            "first_seen": at(-999),
            "last_seen": at(999),
            "silent_for": timedelta(0),
        }
        for service in services
    ]
    gap_type = pl.List(pl.Struct({"start": TIMESTAMP, "end": TIMESTAMP}))
    return pl.DataFrame(rows, schema_overrides={"gaps": gap_type})


@pytest.mark.parametrize(("start", "end", "services"), [(15, 60, [("a", "b")]), (16, 60, [("a",), ("b",)])])
def test_silences_that_share_three_quarters_of_their_time_are_one(
    start: float, end: float, services: list[tuple[str, ...]]
) -> None:
    """45 of 60 minutes are enough, 44 are not."""
    merged = merge_silences(coverage(("a", 0, 60), ("b", start, end)))
    assert [silence.services for silence in merged] == services


def test_of_several_gaps_the_longest_stands_for_all() -> None:
    """With their number."""
    (silence,) = merge_silences(coverage(("a", 0, 10), ("a", 20, 50), ("a", 60, 65)))
    assert (silence.start, silence.end, silence.gap_count, silence.is_ongoing) == (at(20), at(50), 3, False)


def test_silences_that_last_are_not_joined_with_gaps() -> None:
    """Though they take the same time; a service may have both."""
    frame = coverage(("a", 0, 60), ("b", 0, 60)).with_columns(
        is_silent=pl.col("service") == "b", last_seen=pl.lit(at(0)), silent_for=timedelta(hours=1)
    )
    gap, lasting = merge_silences(frame)
    assert (gap.services, gap.is_ongoing, gap.gap_count) == (("a", "b"), False, 1)
    assert (lasting.services, lasting.is_ongoing, lasting.end) == (("b",), True, at(60))


def test_of_gaps_of_equal_length_the_first_stands_for_all() -> None:
    """And of joined silences, the greatest number of gaps."""
    (silence,) = merge_silences(coverage(("a", 0, 10), ("b", 20, 30), ("b", 0, 10)))
    assert (silence.services, silence.start, silence.gap_count) == (("a", "b"), at(0), 2)


def ended(minutes: float, **columns: object) -> pl.DataFrame:
    """Return the coverage of a service that falls silent so long before the end of a log of twenty hours."""
    silent = timedelta(minutes=minutes)
    rows = [
        {"service": "web", "last_seen": at(1200), "silent_for": timedelta(0), "is_silent": False},
        {"service": "job", "last_seen": at(1200) - silent, "silent_for": silent, "is_silent": True},
    ]
    frame = pl.DataFrame(rows).with_columns(
        pl.lit(NOON).cast(TIMESTAMP).alias("first_seen"),
        gaps=pl.lit([], dtype=pl.List(pl.Struct({"start": TIMESTAMP, "end": TIMESTAMP}))),
    )
    return frame.with_columns(pl.lit(value).alias(name) for name, value in columns.items())


@pytest.mark.parametrize(("minutes", "is_file_end"), [(120, True), (121, False)])
def test_a_file_may_end_a_tenth_of_the_log_before_the_others(minutes: float, is_file_end: bool) -> None:
    """If no other service writes to it; longer is a silence."""
    (silence,) = merge_silences(ended(minutes, own_source=True))
    assert silence.is_file_end is is_file_end
    assert (early_file_ends(ended(minutes, own_source=True)) >= {"job"}) is is_file_end
    (shared,) = merge_silences(ended(minutes, own_source=False))
    assert not shared.is_file_end


@pytest.mark.parametrize(("share", "count"), [(0.8, 1), (0.81, 0)])
def test_a_service_that_logs_errors_only_is_not_silent_when_they_stop(share: float, count: int) -> None:
    """Four of five events are errors."""
    assert len(merge_silences(ended(400, error_share=share))) == count


@pytest.mark.parametrize(
    ("message", "is_planned"),
    [
        ("Shutting down", True),
        ("worker stopped", True),
        ("服务正在退出", True),
        ("task 12 finished", False),
        ("terminating connection", False),
        ("GET / 200", False),
    ],
)
def test_a_service_that_says_so_has_ended_as_planned(message: str, is_planned: bool) -> None:
    """It is told, and no alarm."""
    (symptom,) = silence_symptoms(merge_silences(ended(400, last_message=message)))
    assert (symptom.text == "planned") is is_planned
    assert (symptom.e_value == 1.0) is is_planned


@pytest.mark.parametrize(
    ("message", "observed", "is_announced"),
    [("service stopped for maintenance", 2.0, True), ("service stopped", 3.0, False), ("order 7 accepted", 0.0, False)],
)
def test_a_time_without_events_that_was_announced_is_no_news(message: str, observed: float, is_announced: bool) -> None:
    """By one of the last three events before it; where hardly any are logged in it."""
    symptom = Symptom(
        kind="events", services=("web",), start=at(60), end=at(120), e_value=1e-9, observed=observed, expected=100.0
    )
    messages = [*["ok"] * 5, message, "ok", "ok"]
    events = pl.DataFrame({
        "timestamp": [at(minute) for minute in range(len(messages))], "service": "web", "message": messages
    }).with_columns(pl.col("timestamp").cast(TIMESTAMP))  # fmt: skip
    announced = as_announced(symptom, events)
    assert (announced.e_value, announced.text) == ((1.0, "planned") if is_announced else (1e-9, ""))


def test_a_job_that_did_not_come_is_a_warning_that_says_how_regular_it_was() -> None:
    """With the service, where there is one."""
    row = {
        "service": "db", "template": "backup finished", "template_id": "1", "runs": 29,
        "period": timedelta(days=1), "last_seen": NOON, "end": at(2000),
    }  # fmt: skip
    symptoms = overdue_symptoms(pl.DataFrame([row]))
    (finding,) = rank_findings(symptoms, window=timedelta(minutes=5))
    assert finding.severity == "warning"
    assert finding.title == (
        "db: “backup finished” did not come for 1 d 9 h, after 29 times every 1 d, since 2026-03-10 12:00 UTC"
    )
    assert overdue_symptoms(pl.DataFrame([{**row, "service": None}]))[0].services == ()
