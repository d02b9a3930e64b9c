"""What holds for a log as a whole."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from loganalytics.findings.state import state_symptoms
from loganalytics.findings.symptoms import Symptom

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


def state(errors: int, events: int, **columns: Any) -> list[Symptom]:
    """Return the symptoms of a log with so many errors of one problem."""
    table = pl.DataFrame([{"label": "disk full", "events": errors, "services": ["db"], "cluster_id": "1", **columns}])
    return state_symptoms({"events": events}, table.head(1 if errors else 0), NOON, NOON)


@pytest.mark.parametrize(
    ("errors", "text", "e_value"),
    [
        (200, "200 of 400 events are errors (50 %): “disk full” (200)", 0.02),
        (
            40,
            "40 of 400 events are errors (10 %), a high share without a change that stands out: “disk full” (40)",
            1.0,
        ),
        (39, None, None),
    ],
)
def test_a_log_of_errors_is_a_warning_and_one_of_many_a_note(errors: int, text: str | None, e_value: float) -> None:
    """With the greatest problems; a steady tenth is a note, too, so that nothing is called fine."""
    assert [(symptom.text, symptom.e_value) for symptom in state(errors, 400)] == ([(text, e_value)] if text else [])


@pytest.mark.parametrize(("events", "is_told"), [(199, True), (200, False)])
def test_in_a_short_log_no_error_is_usual(events: int, is_told: bool) -> None:
    """It is a note."""
    symptoms = state(1, events)
    assert bool(symptoms) is is_told
    if is_told:
        assert symptoms[0].text == "1 error among 199 events, too few to say what is usual: “disk full” (1)"
        assert symptoms[0].e_value == 1.0


def test_a_log_without_errors_has_none() -> None:
    """However short."""
    assert state(0, 5) == []
