"""One notion of an error: the tables of windows, templates, requests, steps, sessions and problems count the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

import loganalytics as la
from loganalytics.schema import conform

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
TRACE = 'Traceback (most recent call last):\n  File "app.py", line 3, in run\n    x()\nValueError: no'

# Severity number, level, message and exception of an event, and whether it is an error.
EVENTS = {
    "by its level": ((17, "ERROR", "x", None), True),
    "a word under a level": ((9, "INFO", "request failed", None), False),
    "a word without a level": ((None, None, "request failed", None), True),
    "a Chinese word": ((None, None, "连接数据库失败", None), True),
    "no failure": ((None, None, "0 errors", None), False),
    "nothing": ((None, None, "all fine", None), False),
    "a word under an unknown level": ((None, "LOUD", "request failed", None), False),
    "a trace without a level": ((None, None, "x", TRACE), True),
    "a trace under an unknown level": ((None, "LOUD", "x", TRACE), True),
    "a trace under a level": ((9, "INFO", "x", TRACE), False),
    "more lines that are no trace": ((None, None, "x", "second line\nthird line"), False),
    "a crash": ((None, None, "panic: nil map", None), True),
}


def logs() -> pl.DataFrame:
    """Return the events, a minute apart, all of one request, run, step and user."""
    fields = [event for event, _ in EVENTS.values()]
    frame = pl.DataFrame(
        fields, schema=["severity_number", "level", "message", "exception"], orient="row", strict=False
    )
    times = pl.Series([NOON + timedelta(minutes=number) for number in range(len(fields))])
    return conform(
        frame.with_columns(
            timestamp=times, trace_id=pl.lit("t-1"), job_run_id=1, step=pl.lit("a"), user_id=7, source=pl.lit("a.log"),
            offset=pl.int_range(pl.len()).cast(pl.String),
        )
    )  # fmt: skip


@pytest.mark.parametrize("name", EVENTS)
def test_every_table_counts_an_event_alike(name):
    """Alone in its log."""
    event = logs()[list(EVENTS).index(name) : list(EVENTS).index(name) + 1]
    counted = {
        "windows": la.trend(event)["errors"].sum(),
        "templates": la.patterns(event)["errors"].sum(),
        "requests": la.traces(event)["errors"].sum(),
        "steps": la.steps(event)["errors"].sum(),
        "sessions": la.sessions(event)["errors"].sum(),
        "problems": la.cluster_errors(event)["events"].sum(),
    }
    assert set(counted.values()) == {int(EVENTS[name][1])}, counted


def test_a_lazy_log_counts_the_same():
    """Which reads the messages as well."""
    expected = sum(is_error for _, is_error in EVENTS.values())
    assert la.trend(logs().lazy())["errors"].sum() == expected == la.trend(logs())["errors"].sum()
    assert la.patterns(logs().lazy())["errors"].sum() == expected


def test_the_first_error_of_a_request_may_have_no_level():
    """It is named, and the request comes before those without errors."""
    table = la.traces(logs()[2:3])
    assert table["first_error"].to_list() == ["request failed"]


def test_a_frame_of_times_and_severities_has_a_trend():
    """Nothing else is needed."""
    bare = logs().select("timestamp", "severity_number")
    assert la.trend(bare)["errors"].sum() == 1
