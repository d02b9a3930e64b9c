"""Time ranges: how they are read, cut to the log, and which one an incident is compared with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from loganalytics.analyses.compare.ranges import TimeRange, baseline_range, clip_ranges, parse_time_range
from loganalytics.exceptions import InvalidArgumentError

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
OLD = (NOON - HOUR, NOON)


def around_noon(minutes_before: float, minutes_after: float) -> TimeRange:
    """Return the range from so many minutes before noon to so many after it."""
    return TimeRange(NOON - timedelta(minutes=minutes_before), NOON + timedelta(minutes=minutes_after))


@pytest.mark.parametrize(("minutes", "is_clipped"), [(5, False), (7, True)])
def test_a_range_is_clipped_where_that_shortens_it_by_more_than_a_tenth(minutes: int, is_clipped: bool) -> None:
    """A log need not have an event in the first six minutes of an hour that it covers."""
    log_start = NOON - HOUR + timedelta(minutes=minutes)
    (clipped,) = clip_ranges(TimeRange(log_start, NOON + HOUR), TimeRange(*OLD))
    assert clipped == (TimeRange(log_start, NOON) if is_clipped else TimeRange(*OLD))


@pytest.mark.parametrize(("minutes", "is_clipped"), [(5, False), (6, False), (7, True)])
def test_a_range_is_clipped_at_its_end_too(minutes: int, is_clipped: bool) -> None:
    """A tenth is not more than a tenth."""
    log_range = TimeRange(NOON - DAY, NOON - timedelta(minutes=minutes))
    (clipped,) = clip_ranges(log_range, TimeRange(*OLD))
    assert clipped == (TimeRange(NOON - HOUR, log_range.end) if is_clipped else TimeRange(*OLD))


def test_a_range_without_an_event_of_the_log_stays() -> None:
    """There is nothing to cut it to."""
    for log_range in (TimeRange(NOON, NOON + HOUR), TimeRange(NOON - DAY, NOON - HOUR)):
        assert clip_ranges(log_range, TimeRange(*OLD)) == [TimeRange(*OLD)]


def test_a_range_holds_its_start_but_not_its_end() -> None:
    """Nor an event without a time."""
    times = pl.DataFrame({"timestamp": [NOON - HOUR, NOON, None]}, schema={"timestamp": pl.Datetime("us", "UTC")})
    assert times.select(TimeRange(*OLD).contains()).to_series().to_list() == [True, False, False]


@pytest.mark.parametrize(("minutes", "minutes_before"), [(20, 60), (60, 60), (90, 90)])
def test_the_previous_time_is_as_long_as_the_incident_and_an_hour_at_least(minutes: int, minutes_before: int) -> None:
    """A few minutes would not show what is usual."""
    assert baseline_range("previous", around_noon(0, minutes)) == around_noon(minutes_before, 0)


@pytest.mark.parametrize(("name", "days"), [("previous_day", 1), ("previous_week", 7)])
def test_a_baseline_may_be_the_same_time_of_the_day_or_week_before(name: str, days: int) -> None:
    """As long as the incident."""
    start = NOON - days * DAY
    assert baseline_range(name, around_noon(0, 20)) == TimeRange(start, start + timedelta(minutes=20))


def test_a_baseline_may_be_a_pair_of_times() -> None:
    """In a time zone, where they have none."""
    pair = ("2026-03-10 12:00", "2026-03-10 13:00")
    assert baseline_range(pair, around_noon(0, 20), tz="Europe/Berlin") == TimeRange(*OLD)


def test_an_unknown_baseline_is_an_error_that_lists_the_known_ones() -> None:
    """And with the pair of times that it may be."""
    with pytest.raises(InvalidArgumentError, match=r"'yesterday'.* previous, previous_day, previous_week, or a pair"):
        baseline_range("yesterday", around_noon(0, 20))


@pytest.mark.parametrize("pair", ["2026-03-10", (NOON,), (NOON, NOON, NOON), {NOON, NOON + HOUR}, None])
def test_what_is_not_a_pair_of_times_is_an_error(pair: object) -> None:
    """A list is one, a string or a set is not."""
    assert parse_time_range([*OLD], "incident") == TimeRange(*OLD)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgumentError, match="incident is not a pair of times"):
        parse_time_range(pair, "incident")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "pair", [("0001-01-02", "0001-02-01"), ("1000-01-01", "2026-01-01"), ("2999-01-01", "9999-12-31")]
)
def test_a_range_centuries_away_is_refused(pair):
    """The sums of its times would leave the calendar."""
    with pytest.raises(InvalidArgumentError, match="between 1900 and 2200"):
        parse_time_range(pair, "incident")
