"""What the tables of the analyses show, one thing each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from loganalytics.findings.symptoms import critical_symptoms, interval_symptoms, new_error_symptoms

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
    """One that comes by and by otherwise, that speaks of failure, or of which there was never one, may be."""
    unheard_of = {"is_regular": False, "is_new": True, "expected": 0.0}
    for columns, e_value in (
        ({}, 1e-9),
        ({"is_regular": False}, 0.03),
        ({"is_regular": False, "is_alarming": True}, 1e-9),
        ({**unheard_of, "e_value": 1e-20}, 1e-20),
        ({**unheard_of, "e_value": 1e-19}, 0.03),
        ({**unheard_of, "expected": 0.1, "e_value": 1e-20}, 0.03),
    ):
        (symptom,) = interval_symptoms(pl.DataFrame([interval(0, 10, "template", **columns)]))
        assert symptom.e_value == e_value
