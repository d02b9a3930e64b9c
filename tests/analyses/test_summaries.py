"""What summaries of events have in common: a group's earliest event, and when a group counts as new."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from loganalytics.analyses.summaries import earliest_events, is_late, sparkline_window

BEGIN = datetime(2026, 3, 10, tzinfo=UTC)
END = BEGIN + timedelta(hours=10)


EVENT_SCHEMA = {
    "key": pl.String(),
    "timestamp": pl.Datetime("us", "UTC"),
    "source": pl.String(),
    "offset": pl.String(),
    "message": pl.String(),
    "exception": pl.String(),
}
events = st.tuples(
    st.sampled_from([None, "a", "b"]),
    st.sampled_from([None, BEGIN, END]),
    st.sampled_from([None, "x.log", "y.log"]),
    st.sampled_from([None, "9", "10"]),
    st.sampled_from(["", "no", "yes"]),
    st.sampled_from([None, "E1", "E2"]),
)


@given(st.lists(events, max_size=12).flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))))
def test_the_earliest_event_is_the_first_of_a_sort(orders):
    """By time, then source, line number and text, nulls last, whatever the order of the input."""
    rows, shuffled = (pl.DataFrame(order, schema=EVENT_SCHEMA, orient="row") for order in orders)
    order = ("timestamp", "source", pl.col("offset").str.len_bytes(), "offset", "message", "exception")
    expected = rows.sort(*order, nulls_last=True).unique("key", keep="first", maintain_order=True)
    assert_frame_equal(earliest_events(shuffled, "key"), expected, check_row_order=False)


def test_an_event_without_a_time_has_no_window():
    """In a log with times and in one without any."""
    times = pl.DataFrame({"timestamp": [None, END]}, schema={"timestamp": EVENT_SCHEMA["timestamp"]})
    assert times.select(sparkline_window((BEGIN, END))).to_series().to_list() == [None, 23]
    assert times.head(1).with_columns(sparkline_window((None, None)))["window"].to_list() == [None]


def late(events: list[int], hours: list[float | None], ends=(BEGIN, END)) -> list[bool]:
    """Say of groups of events, first seen so many hours after the beginning, which are late."""
    first_seen = [None if hour is None else BEGIN + timedelta(hours=hour) for hour in hours]
    table = pl.DataFrame(
        {"events": events, "first_seen": first_seen}, schema_overrides={"first_seen": pl.Datetime("us", "UTC")}
    )
    return table.with_columns(is_late=is_late(ends))["is_late"].to_list()


@pytest.mark.parametrize(("events", "expected"), [(6, False), (7, True)])
def test_late_is_less_probable_than_one_percent(events, expected):
    """Half of the log without one of n events: 0.5 ** 6 is 1.6 %, 0.5 ** 7 is 0.8 %."""
    assert late([events], [5]) == [expected]


@pytest.mark.parametrize(("events", "expected"), [(7, False), (8, True)])
def test_the_threshold_is_divided_by_the_number_of_groups(events, expected):
    """Of two groups each has to be less probable than 0.5 %; the other one was there from the beginning."""
    assert late([events, 50], [5, 0]) == [expected, False]


def test_one_event_is_never_late():
    """A single event in the last moment is chance, two are not."""
    assert late([1], [9.999]) == [False]
    assert late([2], [9.999]) == [True]


def test_nothing_is_late_without_times():
    """A group without a time, a log without times and one of a single moment."""
    assert late([50], [None]) == [False]
    assert late([50], [9], ends=(None, None)) == [False]
    assert late([50], [0], ends=(BEGIN, BEGIN)) == [False]
