"""Which columns are counted, and how the counts are compared."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from loganalytics.analyses.compare.significance import g_test
from loganalytics.analyses.compare.term_counts import (
    INCIDENT_SLICE,
    PROBLEM,
    SLICE_COLUMN,
    TERM_COUNTS,
    Exposure,
    categorical_fields,
    count_terms,
    scale_to_traffic,
    score_terms,
)
from loganalytics.schema import conform

HOURS = Exposure(baseline_minutes=60.0, incident_minutes=60.0)


def sliced(slices: list[int], **fields: object) -> pl.DataFrame:
    """Return one event for each number of a slice, with these fields."""
    columns = {SLICE_COLUMN: slices, "message": "x", "template": "x", "template_id": "x", "severity_number": 9}
    return conform(pl.DataFrame({**columns, **fields}))


def test_numbers_with_more_than_fifty_values_are_a_measure() -> None:
    """With fifty they are codes, of which each is compared."""
    for distinct, is_code in ((50, True), (51, False)):
        frame = pl.DataFrame({"size": [i % distinct for i in range(4000)]})
        assert ("size" in categorical_fields(frame)) is is_code


@pytest.mark.parametrize(("numbers", "fields"), [(90, []), (89, ["took"])])
def test_texts_that_are_numbers_with_units_are_a_measure(numbers: int, fields: list[str]) -> None:
    """From nine in ten on, where there are more than fifty of them."""
    texts = [f"{number}.5ms" for number in range(numbers)] + [f"none {number}" for number in range(100 - numbers)]
    assert categorical_fields(sliced([0] * 200, took=texts * 2)) == fields
    assert categorical_fields(sliced([0] * 100, took=texts[:50] * 2)) == ["took"]


def test_problems_are_counted_where_the_events_have_them() -> None:
    """All of them, as templates are; they are no field besides."""
    events = sliced([0, 0, -1], **{PROBLEM: ["disk full", None, "disk full"]})
    (row,) = count_terms(events).filter(pl.col("field") == PROBLEM).to_dicts()
    assert (row["scope"], row["value"], row["baseline_count"], row["incident_count"]) == ("events", "disk full", 1, 1)
    assert categorical_fields(events) == []


@pytest.mark.parametrize(("distinct", "fields"), [(100, ["user"]), (101, [])])
def test_words_of_which_each_comes_twice_are_a_field(distinct: int, fields: list[str]) -> None:
    """Of 200 events, 100 users are counted; 101 are identities."""
    assert categorical_fields(pl.DataFrame({"user": [f"user-{i % distinct}" for i in range(200)]})) == fields


def test_a_column_without_a_value_is_not_a_field() -> None:
    """Nor is a column of numbers with a fraction, or one that every log has."""
    columns = {"host": pl.Series([None] * 4, dtype=pl.String), "load": [0.5] * 4, "message": ["x"] * 4}
    assert categorical_fields(pl.DataFrame(columns)) == []


def test_service_level_and_logger_come_before_other_fields() -> None:
    """Where several say the same, the first is returned."""
    names = ["app", "level", "logger", "service", "zone"]
    assert categorical_fields(pl.DataFrame({name: ["x"] * 4 for name in names})) == [
        "level", "logger", "service", "app", "zone"
    ]  # fmt: skip


def test_events_and_errors_are_counted_in_both_ranges() -> None:
    """All events, templates and values; values also among the errors, but not the level, which they share."""
    frame = sliced([0, 0, INCIDENT_SLICE], host=["a", "b", "a"], severity_number=[17, 9, 17], level="ERROR")
    counts = count_terms(frame).select("scope", "field", "value", "baseline_count", "incident_count").sort(pl.all())
    assert counts.rows() == [
        ("errors", "host", "a", 1, 1),
        ("events", None, "", 2, 1),
        ("events", "host", "a", 1, 1),
        ("events", "host", "b", 1, 0),
        ("events", "level", "ERROR", 2, 1),
        ("events", "template", "x", 2, 1),
    ]


@pytest.mark.parametrize(("slices", "dispersion"), [([0] * 12, 12.0), (list(range(12)), 0.0), ([3, 3, 7, 7], 20 / 11)])
def test_dispersion_is_the_variance_of_the_slices_over_their_mean(slices: list[int], dispersion: float) -> None:
    """Of twelve slices, those without an event counted as 0."""
    (value,) = count_terms(sliced(slices)).filter(pl.col("field") == "template")["dispersion"]
    slice_counts = np.bincount(slices, minlength=12)
    assert value == pytest.approx(dispersion) == pytest.approx(slice_counts.var(ddof=1) / slice_counts.mean())


def test_the_500_most_frequent_values_of_either_range_are_counted() -> None:
    """Of templates, all are."""
    names = [f"v{i:03}" for i in range(501)] * 2 + ["rare"] * 2
    frame = sliced([0] * 1002 + [INCIDENT_SLICE] * 2, user=names, template=names, template_id=names)
    counts = count_terms(frame)
    users = counts.filter(pl.col("field") == "user")["value"].to_list()
    assert sorted(users) == ["rare", *[f"v{i:03}" for i in range(500)]]
    assert counts.filter(pl.col("field") == "template").height == 502


def test_the_incident_is_expected_to_hold_its_share_of_time_and_traffic() -> None:
    """A third as long, but three times as busy: half of the events."""
    assert Exposure(baseline_minutes=60.0, incident_minutes=20.0, traffic_ratio=3.0).incident_share == 0.5


@pytest.mark.parametrize(("count", "ratio"), [(4, 1.0), (5, 2.0)])
def test_the_change_in_traffic_needs_five_common_templates(count: int, ratio: float) -> None:
    """With five events and more each in either range."""
    rows = [{"field": "template", "baseline_count": 10, "incident_count": 20} for _ in range(count)]
    assert scale_to_traffic(pl.DataFrame(rows), HOURS).traffic_ratio == ratio


@pytest.mark.parametrize(("count", "ratio"), [(4, 1.0), (5, 3.0)])
def test_a_common_template_has_five_events_in_either_range(count: int, ratio: float) -> None:
    """With four, it does not say how much busier the incident was."""
    rows = [{"field": "template", "baseline_count": count, "incident_count": 3 * count} for _ in range(5)]
    assert scale_to_traffic(pl.DataFrame(rows), HOURS).traffic_ratio == ratio


def test_a_flood_and_an_end_do_not_move_the_change_in_traffic() -> None:
    """Each weighs as much as its lesser count, and the incident is half as long as the baseline."""
    counts = [(20, 20), (30, 30), (20, 20), (10, 9000), (9000, 10)]
    rows = [{"field": "template", "baseline_count": before, "incident_count": after} for before, after in counts]
    exposure = Exposure(baseline_minutes=60.0, incident_minutes=30.0)
    assert scale_to_traffic(pl.DataFrame(rows), exposure).traffic_ratio == 2.0


def test_the_change_in_traffic_is_the_weighted_median_of_the_templates() -> None:
    """Of five with one weight it is the third; one with more weight than the others together decides alone."""
    rows = [{"field": "template", "baseline_count": 10, "incident_count": 10 * ratio} for ratio in (5, 1, 3, 2, 4)]
    assert scale_to_traffic(pl.DataFrame(rows), HOURS).traffic_ratio == 3.0
    heavy = {"field": "template", "baseline_count": 60, "incident_count": 300}
    assert scale_to_traffic(pl.DataFrame([*rows, heavy]), HOURS).traffic_ratio == 5.0


def test_values_of_fields_do_not_count_for_the_change_in_traffic() -> None:
    """Only templates do."""
    rows = [{"field": "host", "baseline_count": 10, "incident_count": 30} for _ in range(9)]
    assert scale_to_traffic(pl.DataFrame(rows), HOURS) == HOURS


def terms(*rows: dict[str, object]) -> pl.DataFrame:
    """Return counted terms: a template that came 10 times before and 30 times after, but for what a row says."""
    term = {
        "scope": "events", "field": "template", "value": "x", "template_id": "x", "baseline_count": 10,
        "incident_count": 30, "dispersion": 0.0,
    }  # fmt: skip
    return pl.DataFrame([{**term, **row} for row in rows], schema=TERM_COUNTS)


def g_of(before: float, after: float, share: float) -> float:
    """Return G of two counts."""
    return float(g_test(np.array([before]), np.array([after]), np.array([share]))[0])


def test_templates_are_compared_by_traffic_and_all_events_by_time() -> None:
    """Three times as many are no news of a template where all of them are."""
    busy = Exposure(baseline_minutes=60.0, incident_minutes=60.0, traffic_ratio=3.0)
    scores = score_terms(terms({}, {"field": None, "value": ""}), busy)
    assert scores["score"].to_list() == [0.0, pytest.approx(g_of(10, 30, 0.5))]
    assert scores["p_value"].to_list() == [1.0, pytest.approx(math.erfc(math.sqrt(g_of(10, 30, 0.5) / 2)))]


@pytest.mark.parametrize(("dispersion", "divisor"), [(0.2, 1.0), (4.0, 4.0), (None, 1.0), (math.nan, 1.0)])
def test_g_is_divided_by_the_dispersion_where_that_is_above_one(dispersion: float | None, divisor: float) -> None:
    """What comes more evenly than by chance is not made surer."""
    (score,) = score_terms(terms({"dispersion": dispersion}), HOURS)["score"]
    assert score == pytest.approx(g_of(10, 30, 0.5) / divisor)


@pytest.mark.parametrize(("errors", "share"), [(30, 0.25), (90, 0.25)])
def test_errors_of_a_value_must_be_more_than_its_share_of_events_explains(errors: int, share: float) -> None:
    """A host with a quarter of the events, and a quarter of the errors or a half of them; the lesser G counts."""
    all_events = [
        {"field": "host", "value": "a", "incident_count": 100},
        {"field": "host", "value": "b", "incident_count": 300},
    ]
    counts = [{"field": "host", "value": "a", "scope": "errors", "baseline_count": 1, "incident_count": errors}]
    counts += [{"field": "host", "value": "b", "scope": "errors", "baseline_count": 3, "incident_count": 90}]
    (score, _) = score_terms(terms(*all_events, *counts), HOURS).filter(pl.col("scope") == "errors")["score"]
    assert score == pytest.approx(min(g_of(90, errors, share), g_of(1, errors, 0.5)))
