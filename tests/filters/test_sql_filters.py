"""Conditions in SQL over log frames."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loganalytics.exceptions import InvalidArgumentError, MissingColumnError
from loganalytics.filters.sql import check_columns, condition, where, where_in_batch


@pytest.fixture
def logs():
    """Return events with a null, and with a name that needs quotes."""
    return pl.DataFrame(
        {"message": ["a", "b", "it's"], "duration_ms": [100.0, None, 900.0], "http.status_code": [200, 500, 503]}
    )


@pytest.mark.parametrize(
    ("query", "messages"),
    [
        ("duration_ms > 500", ["it's"]),
        ("not duration_ms > 500", ["a"]),  # null is neither
        ("duration_ms is null", ["b"]),
        ('"http.status_code" >= 500', ["b", "it's"]),
        ("message like 'it''%' or message = 'a'", ["a", "it's"]),
        ("message in ('a', 'b') and \"http.status_code\" = 500", ["b"]),
        (None, ["a", "b", "it's"]),
    ],
)
def test_events_for_which_it_holds(logs, query, messages):
    """As SQL has it."""
    assert where(logs, query)["message"].to_list() == messages


@pytest.mark.parametrize(
    "query", ["", "duration_ms >", "message = 'a", "duration_ms > 'text'", "no_function(message) = 1"]
)
def test_a_query_that_cannot_be_evaluated_is_refused(logs, query):
    """With the condition and an example of one."""
    with pytest.raises(InvalidArgumentError, match=r"cannot be evaluated.*Hint") as error:
        where(logs, query)
    assert repr(query) in str(error.value)


@pytest.mark.parametrize("query", ["level:ERROR", "status:>=500", 'NOT message:"timed out"', "_exists_:status"])
def test_lucenes_syntax_is_named(logs, query):
    """Which is that of other sources, with what to write instead."""
    with pytest.raises(InvalidArgumentError, match=r"in Lucene's syntax.*Hint: an SQL condition"):
        where(logs, query)


def test_a_column_that_is_not_there(logs):
    """Is named, with those that are; a part of the logs may lack it, and keeps its own columns."""
    with pytest.raises(MissingColumnError, match="'user_id'; the logs have message, duration_ms"):
        where(logs, "user_id = 7")
    assert where_in_batch(logs, "user_id = 7").is_empty()
    assert where_in_batch(logs, "user_id is null or duration_ms > 500").equals(logs)
    assert where_in_batch(logs, None) is logs


def test_of_many_columns_the_first_are_named():
    """The message stays readable."""
    columns = [f"c{number}" for number in range(30)]
    with pytest.raises(MissingColumnError, match="c19, …"):
        check_columns(condition("x = 1"), columns)


@given(st.lists(st.one_of(st.none(), st.integers(-9, 9))), st.integers(-9, 9))
def test_a_condition_its_opposite_and_null_are_all(values, bound):
    """Each event is in one of the three."""
    logs = pl.DataFrame({"x": values}, schema={"x": pl.Int64})
    subsets = [where(logs, query) for query in (f"x > {bound}", f"not x > {bound}", "x is null")]
    assert sum(subset.height for subset in subsets) == logs.height
