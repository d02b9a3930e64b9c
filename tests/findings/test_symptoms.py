"""What the tables of the analyses show, one thing each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from loganalytics.findings.symptoms import (
    critical_symptoms,
    interval_symptoms,
    last_error_symptoms,
    new_error_symptoms,
    not_new_at_the_start,
)

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


def interval(start: float, end: float, measure: str = "problem", **columns: Any) -> dict[str, Any]:
    """Return a row of `scan_intervals` between two minutes."""
    return {
        "measure": measure, "services": ["api"], "subject": "it broke", "key": "1", "is_ongoing": False,
        "is_new": False,
        "start": NOON + timedelta(minutes=start),
        "end": NOON + timedelta(minutes=end), "observed": 40.0, "low": 0.0,
        "expected": 1.0, "high": 2.0, "burstiness": 1.0, "e_value": 1e-9, "is_regular": True, "is_alarming": False,
        **columns,
    }  # fmt: skip


def cluster(events: int, critical: int, *, is_new: bool) -> pl.DataFrame:
    """Return a problem as `cluster_errors` does, with how many of its events are CRITICAL."""
    row = {"cluster_id": "1", "label": "panic", "services": ["db"], "first_seen": NOON, "last_seen": NOON}
    return pl.DataFrame([{**row, "events": events, "critical": critical, "is_new": is_new}])


@pytest.mark.parametrize(
    ("events", "critical", "is_new", "number"),
    [(1, 1, False, 1), (10, 1, False, 1), (11, 11, False, 0), (11, 11, True, 1), (1, 0, True, 0)],
)
def test_rare_critical_events_are_told(events: int, critical: int, is_new: bool, number: int) -> None:
    """Up to ten of a kind, and as many as there are of a new one."""
    assert len(critical_symptoms(cluster(events, critical, is_new=is_new))) == number


def test_new_errors_are_told() -> None:
    """However few."""
    assert len(new_error_symptoms(cluster(2, 0, is_new=True))) == 1
    assert new_error_symptoms(cluster(2, 0, is_new=False)) == []


@pytest.mark.parametrize(("start", "number"), [(12.5, 1), (12.6, 2)])
def test_intervals_of_one_thing_with_a_short_pause_are_one(start: float, number: int) -> None:
    """A fifth of their time; counts are added."""
    symptoms = interval_symptoms(pl.DataFrame([interval(0, 10), interval(start, 12.5)]))
    assert len(symptoms) == number
    if number == 1:
        assert (symptoms[0].observed, symptoms[0].high) == (80, 4)


@pytest.mark.parametrize(("observed", "number"), [(28.0, 1), (27.0, 2)])
def test_the_errors_of_a_service_that_are_of_one_problem_are_told_once(observed: float, number: int) -> None:
    """Seven of ten are."""
    rows = [interval(0, 10, "errors", subject="api", key="api"), interval(0, 10, observed=observed)]
    assert len(interval_symptoms(pl.DataFrame(rows))) == number


def test_a_batch_of_harmless_messages_is_no_warning() -> None:
    """One that comes by and by otherwise, or that speaks of failure, may be."""
    for columns, e_value in (
        ({}, 1e-9),
        ({"is_regular": False}, 0.03),
        ({"is_regular": False, "is_alarming": True}, 1e-9),
    ):
        (symptom,) = interval_symptoms(pl.DataFrame([interval(0, 10, "template", **columns)]))
        assert symptom.e_value == e_value


@pytest.mark.parametrize(("hours", "kinds", "number"), [(9, 1, 1), (8.9, 1, 0), (9, 2, 2), (9, 3, 0)])
def test_an_error_that_came_once_at_the_end_is_a_note(hours: float, kinds: int, number: int) -> None:
    """In the last tenth of the log, where there are two kinds of them at most."""
    seen = NOON + timedelta(hours=hours)
    single = cluster(1, 0, is_new=False).with_columns(first_seen=pl.lit(seen), last_seen=pl.lit(seen))
    clusters = pl.concat([single.with_columns(cluster_id=pl.lit(str(kind))) for kind in range(kinds)])
    symptoms = last_error_symptoms(clusters, NOON, NOON + timedelta(hours=10))
    assert [(symptom.e_value, symptom.is_told_anyway) for symptom in symptoms] == [(1.0, True)] * number
    assert last_error_symptoms(cluster(2, 0, is_new=False), NOON, NOON) == []


@pytest.mark.parametrize(("minutes", "is_new"), [(6, False), (6.1, True)])
def test_what_begins_with_the_log_is_not_said_to_be_new(minutes: float, is_new: bool) -> None:
    """In its first hundredth."""
    (symptom,) = new_error_symptoms(cluster(2, 0, is_new=True))
    first = NOON - timedelta(minutes=minutes)
    assert not_new_at_the_start(symptom, first, first + timedelta(hours=10)).is_new is is_new
    assert not_new_at_the_start(symptom, None, None) == symptom
