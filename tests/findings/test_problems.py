"""The problem that most errors of an episode are, at the edge of each threshold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from loganalytics.findings.episodes import Episode
from loganalytics.findings.problems import MainProblem, main_problem
from loganalytics.sanitize import printable

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
STEP = timedelta(minutes=5)


def episode(*services: str, feature: str = "errors", windows: int = 2) -> Episode:
    """Return an episode from noon on."""
    return Episode(
        services=services, start=NOON, end=NOON + windows * STEP, score=0.9, windows=windows, events=9, errors=9,
        reasons=((feature, f"many {feature}"),),
    )  # fmt: skip


def problems(*rows: tuple[int, str | None, str, int]) -> pl.DataFrame:
    """Return the errors of problems, by window from noon on and service."""
    schema = {"window": pl.Int64, "service": pl.String, "label": pl.String, "errors": pl.Int64}
    table = pl.DataFrame(rows, schema=schema, orient="row")
    return table.with_columns(window=pl.lit(NOON) + pl.col("window") * STEP)


@pytest.mark.parametrize(("errors", "main"), [(50, True), (49, False)])
def test_a_main_problem_has_half_of_the_errors(errors: int, main: bool) -> None:
    """With less there is none."""
    others = [(0, "web", f"problem {number}", (100 - errors) // 2) for number in range(2)]
    rest = [(1, "web", "rest", 100 - errors - sum(row[3] for row in others))]
    found = main_problem(problems((0, "web", "GET /a", errors), *others, *rest), [episode("web")])
    assert found == (MainProblem(label="GET /a", errors=errors, all_errors=100) if main else None)


@pytest.mark.parametrize(("errors", "main"), [(2, True), (1, False)])
def test_a_main_problem_has_two_errors(errors: int, main: bool) -> None:
    """One is no problem of an episode."""
    assert (main_problem(problems((0, "web", "GET /a", errors)), [episode("web")]) is not None) is main


def test_only_the_time_and_the_services_of_the_episode_count() -> None:
    """The end is not part of it; an episode of the whole log is one of all services."""
    table = problems((-1, "web", "a", 9), (0, "web", "b", 2), (1, "web", "b", 2), (2, "web", "c", 9), (0, "db", "d", 9))
    assert main_problem(table, [episode("web")]) == MainProblem(label="b", errors=4, all_errors=4)
    assert main_problem(table, [episode()]) == MainProblem(label="d", errors=9, all_errors=13)
    assert main_problem(table, [episode("cache")]) is None


def test_the_services_are_those_that_the_episode_shows() -> None:
    """Its names are made safe to show."""
    table = problems((0, "a\x1b[31m", "b", 2), (0, None, "c", 9))
    named = main_problem(table, [episode(printable("a\x1b[31m"))])
    assert named == MainProblem(label="b", errors=2, all_errors=2)


@pytest.mark.parametrize(
    ("feature", "main"),
    [("errors", True), ("error_share", True), ("level:CRITICAL", True), ("errors:host:a", True), ("events", False),
     ("duration_p95", False), ("level:INFO", False)],
)  # fmt: skip
def test_an_episode_that_is_not_of_errors_has_no_problem(feature: str, main: bool) -> None:
    """A few errors are there at any time."""
    assert (main_problem(problems((0, "web", "a", 9)), [episode("web", feature=feature)]) is not None) is main
