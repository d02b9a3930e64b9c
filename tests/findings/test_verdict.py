"""The verdict never says that all is well without what was looked at."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from loganalytics.findings.ranking import Finding
from loganalytics.findings.verdict import Status, looked_at, status, verdict


def facts(**values: Any) -> dict[str, Any]:
    """Return the facts of a log of 1,000 events."""
    return {
        "events": 1000, "errors": 0, "unleveled_failures": 0, "undated": 0, "unread": [], "top_problem": None,
        "top_problem_events": 0, **values,
    }  # fmt: skip


FINDING = Finding(
    kind="errors", service="api", start=datetime(2026, 7, 1, tzinfo=UTC), end=None, severity="critical",
    title="api: it broke", detail="", evidence=(),
)  # fmt: skip


def test_an_all_clear_says_of_how_many_events() -> None:
    """And that none is an error."""
    assert verdict([], facts()) == "Nothing beyond the usual was found in 1,000 events. None of them is an error."
    assert status([], facts()) is Status.ALL_CLEAR


def test_errors_are_told_with_the_greatest_problem() -> None:
    """Those without a severity too."""
    said = verdict([], facts(errors=4, unleveled_failures=1, top_problem="disk \x1bfull", top_problem_events=3))
    assert said.endswith("in 1,000 events. 5 errors (0.5 %), most often “disk full” (3 times).")


def test_the_gravest_finding_is_the_verdict() -> None:
    """With how many there are."""
    assert verdict([FINDING], facts()) == "1 critical finding. It is: api: it broke."
    assert verdict([FINDING, FINDING], facts()).startswith("2 critical findings. The gravest: api: it broke.")
    assert status([FINDING], facts(events=0)) is Status.FINDINGS


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"events": 0}, "There are no events to report on."),
        ({"undated": 501}, "501 of 1,000 events have no time"),
        ({"unread": ["a.log"]}, "1 source could not be read to the end: a.log."),
    ],
)
def test_where_nothing_can_be_judged_nothing_is_clear(values: dict[str, Any], said: str) -> None:
    """No events, most without a time, files that were not read."""
    assert said in verdict([], facts(**values))
    assert status([], facts(**values)) is Status.NOTHING_JUDGED


def test_what_was_looked_at_is_told_with_findings_too() -> None:
    """Events, their time, errors, and what could not be judged."""
    times = {"first_seen": datetime(2026, 7, 1, tzinfo=UTC), "last_seen": datetime(2026, 7, 1, 6, tzinfo=UTC)}
    assert looked_at(facts(errors=2, undated=1, unread=["a.log"], **times)) == (
        "Looked at 1,000 events, 2026-07-01 00:00–06:00 UTC. 2 errors (0.2 %). "
        "1 event without a time could not be judged. 1 source could not be read to the end: a.log."
    )


def test_events_without_a_time_are_counted() -> None:
    """Half of them still leave something to judge."""
    assert "500 events without a time could not be judged." in verdict([], facts(undated=500))
    assert status([], facts(undated=500)) is Status.ALL_CLEAR
