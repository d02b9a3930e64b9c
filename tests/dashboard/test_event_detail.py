"""One event in full: found by its link, its neighbours from its own source, its JSON whole."""

from __future__ import annotations

import json

import polars as pl
import pytest

from loganalytics import schema
from loganalytics.dashboard.components import event_detail
from loganalytics.filters.expressions import Where


@pytest.fixture
def logs():
    """Return lines of two sources that were read one after the other in turn."""
    return schema.conform(
        pl.DataFrame(
            {
                "message": [f"line {n}" for n in range(60)],
                "source": ["a|b.log", "c.log"] * 30,
                "offset": [str(n // 2 + 1) for n in range(60)],
                "user_id": [7] * 60,
            }
        )
    )


def test_a_link_finds_its_event_also_where_the_name_has_a_bar(logs):
    """The offset stands behind the last bar."""
    event = event_detail.find(logs, "a|b.log|3")
    assert event["message"] == "line 4"
    assert event_detail.event_id(event) == "a|b.log|3"


@pytest.mark.parametrize("link", ["", "|", "c.log", "c.log|999", "d.log|1"])
def test_a_link_to_nothing_finds_nothing(logs, link):
    """No error."""
    assert event_detail.find(logs, link) is None


def test_neighbours_are_those_of_its_own_source(logs):
    """Ten before and ten after."""
    lines = event_detail.panel(event_detail.find(logs, "c.log|15"), logs, "UTC")["lines"]
    assert [line[0] for line in lines] == [f"c.log|{n}" for n in range(5, 26)]


def test_a_condition_on_a_value_keeps_the_event_itself():
    """Of any type: the condition is written as the filter compares."""
    logs = schema.conform(
        pl.DataFrame(
            {
                "message": ["a", "b"], "source": ["x", "x"], "offset": ["1", "2"], "flag": [True, False],
                "share": [1e-7, 0.25], "number": [2**53 + 3, 1], "note": ["\x00 =1+1", None], "tags": [["a"], ["b"]],
            },
        )
    )  # fmt: skip
    for row, event in enumerate(logs.rows(named=True)):
        for field in ("flag", "share", "number", "note"):
            value = event_detail.condition_value(logs, event, field)
            assert Where(field, value).expression(logs.columns).meta.root_names() == [field]
            assert logs.filter(Where(field, value).expression(logs.columns)).rows(named=True) == [
                logs.row(row, named=True)
            ]
    assert event_detail.condition_value(logs, logs.row(0, named=True), "tags") is None


def test_as_json_it_has_each_field_that_has_a_value(logs):
    """Typed, and nothing that is empty."""
    assert json.loads(event_detail.as_json(event_detail.find(logs, "c.log|1"))) == {
        "message": "line 1", "source": "c.log", "offset": "1", "user_id": 7,
    }  # fmt: skip
