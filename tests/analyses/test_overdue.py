"""Messages that came at regular intervals, and not again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from loganalytics.analyses.coverage.overdue import SCHEMA, overdue
from loganalytics.schema import TIMESTAMP

START = datetime(2026, 3, 2, 2, tzinfo=UTC)


def logged(hours: list[float], end: float, service: str = "db") -> pl.DataFrame:
    """Return a job's messages at hours, in a log that something else fills up to its end."""
    others = [hour / 7 for hour in range(int(end * 7))]
    rows = [(START + timedelta(hours=hour), service, "backup finished") for hour in hours]
    rows += [(START + timedelta(hours=hour), "web", "ok") for hour in [*others, end]]
    frame = pl.DataFrame(rows, schema=["timestamp", "service", "template"], orient="row")
    return frame.with_columns(pl.col("timestamp").cast(TIMESTAMP), template_id=pl.col("template"))


@pytest.mark.parametrize(("runs", "number"), [(6, 1), (5, 0)])
def test_a_job_of_six_runs_that_did_not_come_again_is_overdue(runs: int, number: int) -> None:
    """With how often it came, and when last."""
    table = overdue(logged([24.0 * run for run in range(runs)], 24 * runs + 10))
    assert table.height == number
    if number:
        row = table.row(0, named=True)
        assert (row["service"], row["template"], row["runs"], row["period"]) == (
            "db", "backup finished", 6, timedelta(days=1),
        )  # fmt: skip
        assert (row["last_seen"], row["end"]) == (START + timedelta(days=5), START + timedelta(hours=154))


@pytest.mark.parametrize(("late", "number"), [(1.29, 0), (1.31, 1)])
def test_it_is_overdue_after_its_longest_interval_and_three_tenths(late: float, number: int) -> None:
    """Jobs begin late."""
    assert overdue(logged([24.0 * run for run in range(8)], 24 * (7 + late))).height == number


@pytest.mark.parametrize(("pause", "number"), [(28.7, 1), (28.9, 0), (72.0, 0)])
def test_what_pauses_longer_now_and_then_is_not_regular(pause: float, number: int) -> None:
    """By more than a fifth: a job of working days is not overdue at a weekend."""
    runs = [24.0 * run for run in range(8)]
    runs = [*runs[:4], *[hour + pause - 24 for hour in runs[4:]]]
    assert overdue(logged(runs, runs[-1] + 60)).height == number


@pytest.mark.parametrize(("minutes", "number"), [(10, 1), (9, 0)])
def test_what_comes_more_often_than_every_ten_minutes_is_no_job(minutes: int, number: int) -> None:
    """Of these `coverage` knows."""
    assert overdue(logged([run * minutes / 60 for run in range(20)], 12)).height == number


def test_an_empty_log_has_nothing_overdue() -> None:
    """And the columns are there."""
    assert overdue(logged([], 1).clear()).schema == pl.Schema(SCHEMA)
