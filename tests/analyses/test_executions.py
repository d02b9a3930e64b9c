"""How often a step ran in a run: told by attempts, statuses, messages or their order, and not where steps overlap."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from loganalytics.analyses.requests.steps import steps

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)

# Step, message, status and attempt of each event, a second apart; and how often each step ran.
CASES = {
    "statuses": (
        [("a", "", "running"), ("a", "", "success"), ("a", "", "running"), ("a", "", "failed"), ("a", "", "started")],
        {"a": 3},
    ),
    "spelt statuses": (
        [("a", "", "TASK_STARTED"), ("a", "", "TASK_SUCCESS"), ("a", "", "TASK_STARTED"), ("a", "", "TASK_FAILURE")],
        {"a": 2},
    ),
    "attempts": (
        [("a", "go", None, 1), ("a", "boom", None, 1), ("a", "go", None, 2), ("a", "fine", None, 2)], {"a": 2},
    ),
    "messages": (
        [("a", "a started"), ("a", "a finished"), ("b", "b started"), ("b", "b finished"), ("a", "a started")],
        {"a": 2, "b": 1},
    ),
    "Chinese": (
        [("读取", "开始 读取"), ("读取", "读取 完成"), ("读取", "开始 读取"), ("读取", "读取 完成")], {"读取": 2},
    ),
    "retries": (
        [("a", "Starting a (attempt 1)"), ("a", "a failed: timeout"), ("a", "Starting a (attempt 2)"), ("a", "done")],
        {"a": 2},
    ),
    "one event each": (
        [("a", "get 5 rows"), ("b", "put 5 rows"), ("a", "get 7 rows"), ("b", "put 7 rows"), ("a", "get 1 rows")],
        {"a": 3, "b": 2},
    ),
    "a loop": ([("a", "read"), ("b", "write"), ("a", "read"), ("b", "write"), ("a", "read")], {"a": 3, "b": 2}),
    "side by side": (
        [("a", "a started"), ("b", "b started"), ("a", "a finished"), ("b", "b finished")], {"a": 1, "b": 1},
    ),
    "tasks side by side": (
        [("a", "Task a[1] received"), ("b", "Task b[2] received"), ("a", "Task a[1] succeeded"),
         ("a", "Task a[3] received"), ("b", "Task b[2] succeeded"), ("a", "Task a[3] succeeded")],
        {"a": 2, "b": 1},
    ),
    "German": ([("a", "a gestartet"), ("a", "a beendet"), ("a", "a gestartet"), ("a", "a beendet")], {"a": 2}),
    "Russian": ([("a", "запуск шага"), ("a", "шаг завершён"), ("a", "запуск шага")], {"a": 2}),
    "attempts in words": (
        [("a", "attempt 1 of 2"), ("a", "attempt 1 failed"), ("a", "attempt 2 of 2"), ("a", "done")], {"a": 2},
    ),
    "nested": ([("a", "begin a"), ("b", "begin b"), ("b", "end b"), ("a", "end a")], {"a": 1, "b": 1}),
    "batches": (
        [("a", "step a started"), ("a", "batch 1 started"), ("a", "batch 1 done"), ("a", "batch 2 started")], {"a": 1},
    ),
    "polling": ([("a", "x", "queued"), ("a", "x", "running"), ("a", "x", "running"), ("a", "x", "success")], {"a": 1}),
    "the outcome on every event": (
        [("a", "a 0", "success"), ("a", "a 1", "success"), ("b", "b", "success")], {"a": 1, "b": 1},
    ),
}  # fmt: skip


def log(events: list[tuple[object, ...]]) -> pl.DataFrame:
    """Return the events of one run."""
    rows = [(*event, None, None)[:4] for event in events]
    frame = pl.DataFrame(rows, schema=["step", "message", "status", "attempt"], orient="row", strict=False)
    times = pl.Series([NOON + timedelta(seconds=number) for number in range(len(rows))])
    return frame.with_columns(timestamp=times, severity_number=pl.lit(9, pl.UInt8), job_run_id=1)


@pytest.mark.parametrize("name", CASES)
def test_executions_are_counted(name):
    """A step lasts as long as these together."""
    events, expected = CASES[name]
    table = steps(log(events))
    counted = dict(table.select("step", pl.col("executions").list.len()).rows())
    assert counted == expected
    for row in table.to_dicts():
        lengths = [(once["last_seen"] - once["first_seen"]).total_seconds() for once in row["executions"]]
        assert row["duration_ms"] == pytest.approx(1000 * sum(lengths))
        assert row["events"] == sum(once["events"] for once in row["executions"])


def test_the_executions_of_one_run_are_not_those_of_another():
    """The begin of the next run ends nothing."""
    first = log(CASES["statuses"][0][:2])
    second = first.with_columns(pl.col("timestamp") + timedelta(hours=1), job_run_id=2)
    table = steps(pl.concat([first, second]))
    assert table["executions"].list.len().to_list() == [1, 1]


def test_a_log_without_messages_and_statuses_has_steps():
    """One execution each."""
    bare = log(CASES["nested"][0]).drop("message", "status", "attempt")
    assert steps(bare)["executions"].list.len().to_list() == [1, 1]
