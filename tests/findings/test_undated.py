"""Errors without a time are findings without a time."""

from __future__ import annotations

import polars as pl
import pytest

from loganalytics.findings.undated import undated_findings

PROBLEMS = pl.DataFrame(
    [{"cluster_id": "7", "label": "disk full", "events": 5, "services": ["db"], "example": "disk \x1bfull"}]
)


@pytest.mark.parametrize(("events", "severity"), [(10, "warning"), (11, "info")])
def test_errors_of_a_log_without_times_are_told(events: int, severity: str) -> None:
    """Half of all events is a warning."""
    (finding,) = undated_findings({"events": events, "undated": events}, PROBLEMS)
    assert finding.title == f"db: 5 errors among {events} events: “disk full” (5)"
    assert (finding.severity, finding.start, finding.evidence) == (severity, None, ("disk full",))
    assert finding.cluster_ids == ("7",)


def test_a_log_most_of_which_has_times_has_none() -> None:
    """Nor has one without errors."""
    assert undated_findings({"events": 10, "undated": 5}, PROBLEMS) == []
    assert undated_findings({"events": 10, "undated": 10}, PROBLEMS.head(0)) == []
