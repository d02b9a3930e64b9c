"""The years of times that write none."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loganalytics.formats.year_turns import LEAP_YEAR, turn_years


def in_one_year(times: list[dt.datetime]) -> pl.Series:
    """Return the times as a reader gives them that knows no year."""
    return pl.Series([time.replace(year=LEAP_YEAR) for time in times], dtype=pl.Datetime("us"))


def days(*texts: str) -> list[dt.datetime]:
    """Return days as times."""
    return [dt.datetime.fromisoformat(text) for text in texts]


@pytest.mark.parametrize(
    "times",
    [
        days("2023-12-31", "2024-01-01"),
        days("2023-09-12", "2024-01-03"),
        days("2023-06-30", "2024-05-01"),
        days("2023-11-01", "2024-02-29", "2024-12-31", "2025-02-28"),
        days("2023-12-31", "2024-01-01", "2023-12-31", "2024-01-01"),
        days("2024-02-29", "2024-02-28"),
    ],
)
def test_a_step_back_over_a_month_is_a_new_year(times: list[dt.datetime]) -> None:
    """A quiet host may cross New Year from any month; stragglers stay in the old year."""
    assert turn_years(in_one_year(times), times[0].year).to_list() == times


def test_a_step_back_of_a_month_is_disorder() -> None:
    """At 31 days back the year stays, at 32 a new one began."""
    stays = turn_years(in_one_year(days("2023-05-01", "2023-03-31")), 2023)
    turns = turn_years(in_one_year(days("2023-05-01", "2023-03-30")), 2023)
    assert [time.year for time in (*stays, *turns)] == [2023, 2023, 2023, 2024]


@given(
    st.datetimes(dt.datetime(2021, 1, 1), dt.datetime(2025, 1, 1)),
    st.lists(st.integers(0, 300), min_size=1, max_size=12),
    st.integers(0, 12),
)
def test_cuts_change_nothing(first: dt.datetime, gaps: list[int], cut: int) -> None:
    """Times read in two parts, the second after the last of the first, are as when read at once."""
    times = [first + dt.timedelta(days=sum(gaps[:end])) for end in range(len(gaps) + 1)]
    cut = min(cut, len(times))
    head = turn_years(in_one_year(times[:cut]), first.year).to_list()
    tail = turn_years(in_one_year(times[cut:]), first.year, head[-1] if head else None).to_list()
    assert head + tail == times
