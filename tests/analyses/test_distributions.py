"""Measures whose distribution moved, against values worked out by hand."""

from __future__ import annotations

import math

import polars as pl
import pytest

from loganalytics.analyses.compare.distributions import compare_distributions
from loganalytics.analyses.compare.term_counts import INCIDENT_SLICE, SLICE_COLUMN
from loganalytics.schema import conform


def measured(before: list[float], after: list[float], name: str = "size") -> pl.DataFrame:
    """Return events with these numbers in the baseline and in the incident."""
    slices = [0] * len(before) + [INCIDENT_SLICE] * len(after)
    return conform(pl.DataFrame({name: [*before, *after], SLICE_COLUMN: slices, "message": "x"}))


def test_the_score_is_that_of_the_distance_for_the_number_of_values() -> None:
    """All 10 values before are less than all 30 after: 4 * 10 * 30 / 40 times a distance of 1, squared."""
    (row,) = compare_distributions(measured([1.0] * 10, [4.0] * 30)).to_dicts()
    assert (row["effect"], row["score"], row["ratio"]) == (1.0, 30.0, 4.0)
    assert (row["baseline_count"], row["incident_count"]) == (10, 30)


def test_half_the_distance_is_a_quarter_of_the_score() -> None:
    """Half of the values after are as before, and less values have a negative distance."""
    (row,) = compare_distributions(measured([4.0] * 10, [4.0] * 15 + [1.0] * 15)).to_dicts()
    assert (row["effect"], row["score"]) == (-0.5, 7.5)


def test_a_number_with_a_fraction_is_a_measure_however_few_values_it_has() -> None:
    """Whole numbers are one from 51 values on; with fewer they are codes."""
    assert compare_distributions(measured([0.5] * 10, [0.25] * 10))["field"].to_list() == ["size"]
    for distinct, fields in ((50, []), (51, ["size"])):
        assert compare_distributions(measured([*range(distinct)], [*range(20)]))["field"].to_list() == fields


@pytest.mark.parametrize("name", ["pid", "user_id", "client.port", "line", "severity_number"])
def test_a_number_that_names_something_is_not_a_measure(name: str) -> None:
    """It always moves, and that means nothing."""
    assert compare_distributions(measured([*range(100)], [*range(100, 200)], name)).is_empty()


def test_durations_are_compared_by_logger_or_else_by_service() -> None:
    """And those without either are one measure."""
    frame = measured([10.0] * 30, [40.0] * 30, "http.duration_ms")
    names = {"logger": ["db", None, None] * 20, "service": ["web", "web", None] * 20}
    table = compare_distributions(frame.with_columns(**{name: pl.Series(v) for name, v in names.items()}))
    assert table.select("field", "value", "baseline_count", "incident_p50").rows() == [
        ("duration_ms", "db", 10, 40.0), ("duration_ms", "web", 10, 40.0), ("duration_ms", None, 10, 40.0)
    ]  # fmt: skip


def test_durations_of_requests_are_compared_by_endpoint() -> None:
    """Those of an event that only happened during a request are not the request's."""
    frame = measured([10.0] * 30, [40.0] * 30, "duration_ms").with_columns(
        pl.Series("http.route", ["/a", "/b", None] * 20),
        pl.Series("message", ["GET /a 200", "query sent", "query sent"] * 20),
        **{"http.request.method": pl.lit("GET"), "logger": pl.lit("db")},
    )
    assert compare_distributions(frame).select("value", "baseline_count").rows() == [("GET /a", 10), ("db", 20)]


def test_the_most_frequent_operations_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of equally frequent ones, the first by name."""
    monkeypatch.setattr("loganalytics.analyses.compare.distributions.MAX_OPERATIONS", 2)
    frame = measured([10.0] * 80, [40.0] * 80, "duration_ms").with_columns(
        logger=pl.Series(["rare", "b", "a", "c", "a", "b", "c", "a", "b", "c"] * 16)
    )
    assert compare_distributions(frame)["value"].sort().to_list() == ["a", "b"]


def test_numbers_that_are_infinite_or_missing_do_not_count() -> None:
    """Eight others are enough."""
    odd: list[float] = [math.inf, -math.inf, math.nan]
    (row,) = compare_distributions(measured([1.0] * 8 + odd, [2.0] * 8 + odd)).to_dicts()
    assert (row["baseline_count"], row["incident_count"], row["incident_p50"]) == (8, 8, 2.0)


@pytest.mark.parametrize(
    ("before", "after", "ratio"),
    [
        ([0.0] * 20, [5.0] * 20, math.inf),
        ([5.0] * 20, [0.0] * 20, 0.0),
        ([0.0] * 20, [0.0] * 20, 1.0),
        ([2.0] * 18 + [8.0] * 2, [4.0] * 18 + [8.0] * 2, 2.0),
        ([2.0] * 18 + [8.0] * 2, [3.0] * 18 + [2.0] * 2, 0.375),
    ],
)
def test_the_ratio_is_that_of_the_quantile_that_changed_most(
    before: list[float], after: list[float], ratio: float
) -> None:
    """Median or p95, up or down; infinite where there was nothing before, 1 where there is nothing at all."""
    assert compare_distributions(measured(before, after))["ratio"].to_list() == [ratio]


def test_quantiles_may_be_zero() -> None:
    """Of numbers that are mostly so, and those of the other range are theirs."""
    (row,) = compare_distributions(measured([0.0] * 20, [0.0] * 18 + [5.0] * 2)).to_dicts()
    assert (row["baseline_p50"], row["baseline_p95"]) == (0.0, 0.0)
    assert (row["incident_p50"], row["incident_p95"]) == (0.0, 5.0)
