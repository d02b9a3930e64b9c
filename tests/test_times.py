"""Lengths of time and moments, as people write them."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loganalytics.exceptions import InvalidArgumentError
from loganalytics.times import parse_every, parse_when, usual_time_range, window_start

NOON = datetime(2025, 3, 30, 12, tzinfo=UTC)  # the day the clocks went forward in Berlin


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("5m", timedelta(minutes=5)),
        ("90s", timedelta(seconds=90)),
        ("1h30m", timedelta(minutes=90)),
        ("1 day", timedelta(days=1)),
        ("2 weeks", timedelta(weeks=2)),
        ("250ms", timedelta(milliseconds=250)),
        ("1.5h", timedelta(minutes=90)),
    ],
)
def test_a_length_is_a_number_and_a_unit(text: str, length: timedelta) -> None:
    """Units may be short or words, and several may follow one another."""
    assert parse_every(text) == length


@pytest.mark.parametrize("text", ["", "5", "m", "0m", "5 months", "five minutes", "-5m", "99999999999999d"])
def test_what_is_no_length_is_named(text: str) -> None:
    """The message repeats what was written and shows what can be."""
    with pytest.raises(InvalidArgumentError, match=r"Hint: .*5m") as error:
        parse_every(text)
    assert repr(text) in str(error.value)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2h", datetime(2025, 3, 30, 10)),
        ("30 min ago", datetime(2025, 3, 30, 11, 30)),
        ("last 7d", datetime(2025, 3, 23, 12)),
        ("now", datetime(2025, 3, 30, 12)),
        ("today", datetime(2025, 3, 30)),
        ("yesterday", datetime(2025, 3, 29)),
        ("9:05", datetime(2025, 3, 30, 9, 5)),
        ("09:05:30", datetime(2025, 3, 30, 9, 5, 30)),
        ("2025-01-31", datetime(2025, 1, 31)),
        ("2025-01-31 14:10", datetime(2025, 1, 31, 14, 10)),
        ("2025-01-31T14:10:00Z", datetime(2025, 1, 31, 14, 10)),
        ("2025-01-31T14:10:00+02:00", datetime(2025, 1, 31, 12, 10)),
        ("2025-01-31 14:10:05,123", datetime(2025, 1, 31, 14, 10, 5, 123000)),
    ],
)
def test_a_moment_is_iso_text_or_counts_back_from_now(text: str, moment: datetime) -> None:
    """Without a time zone everything is UTC."""
    assert parse_when(text, now=NOON) == moment.replace(tzinfo=UTC)


def test_local_times_are_read_in_the_time_zone_given() -> None:
    """Noon in Berlin is eleven UTC in winter and ten in summer; an offset in the text wins."""
    assert parse_when("2025-01-31 12:00", tz="Europe/Berlin").hour == 11
    assert parse_when("2025-07-31 12:00", tz="Europe/Berlin").hour == 10
    assert parse_when("2025-07-31 12:00+00:00", tz="Europe/Berlin").hour == 12


def test_lengths_count_real_hours_across_a_change_of_clocks() -> None:
    """Twelve hours before 14:00 summer time is 01:00 winter time."""
    assert parse_when("12h", now=NOON, tz="Europe/Berlin") == datetime(2025, 3, 30, 0, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "soon", "2025-13-01", "7", "25:00", "9999999999d", "0001-01-01T00:00+10:00"])
def test_what_is_no_moment_is_named(text: str) -> None:
    """The message says which option held it."""
    with pytest.raises(InvalidArgumentError, match=r"Hint: .*2025-01-31 14:10") as error:
        parse_when(text, now=NOON, option="since")
    assert repr(text) in str(error.value)
    assert "since" in str(error.value)


def test_an_unknown_time_zone_is_named() -> None:
    """A slip in the zone is no stack trace of zoneinfo."""
    with pytest.raises(InvalidArgumentError, match="Mars/Phobos"):
        parse_when("today", tz="Mars/Phobos")


@given(
    st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1)),
    st.sampled_from(["7s", "5m", "1h", "1d", "1w"]),
)
def test_a_window_holds_the_time_it_starts_for(moment: datetime, every: str) -> None:
    """The start is at most one length before, and never after; also before 1970."""
    column = pl.Series("timestamp", [moment], pl.Datetime("us")).dt.replace_time_zone("UTC")
    start = pl.DataFrame([column]).select(window_start(every)).item()
    assert timedelta(0) <= moment.replace(tzinfo=UTC) - start < parse_every(every)


def test_days_start_at_midnight_and_weeks_on_mondays() -> None:
    """As people expect of a calendar."""
    frame = pl.DataFrame({"timestamp": [datetime(2025, 1, 2, 13, 5, tzinfo=UTC)]})
    assert frame.select(window_start("1d")).item() == datetime(2025, 1, 2, tzinfo=UTC)
    assert frame.select(window_start("1w")).item() == datetime(2024, 12, 30, tzinfo=UTC)


def _times(*seconds: float) -> pl.Series:
    return pl.Series([NOON + timedelta(seconds=second) for second in seconds], dtype=pl.Datetime("us", "UTC"))


DAY = 86_400.0


@pytest.mark.parametrize(("days", "is_misdated"), [(730 - 1e-6, False), (730, True)])
def test_events_are_misdated_in_logs_of_two_years_only(days: float, is_misdated: bool) -> None:
    """A hundred events within an hour, and one that long after the first."""
    times = _times(*(36.0 * i for i in range(100)), days * DAY)
    usual = usual_time_range(times)
    assert (usual is not None) == is_misdated
    if usual:
        assert usual[0] <= NOON
        assert usual[1] < NOON + timedelta(days=2)


@pytest.mark.parametrize(("days", "is_misdated"), [(999.9, False), (1000, True)])
def test_a_misdated_event_is_a_hundred_times_as_far_off_as_the_log_is_long(days: float, is_misdated: bool) -> None:
    """A log of ten days, which are the range, with as much before and after."""
    usual = usual_time_range(_times(0, *(i * DAY / 10 for i in range(101)), days * DAY))
    assert (usual is not None) == is_misdated
    if usual:
        assert usual == (NOON - timedelta(days=10), NOON + timedelta(days=20))


@pytest.mark.parametrize(("late", "is_misdated"), [(3, True), (4, False)])
def test_one_event_in_two_hundred_may_be_misdated_on_either_side(late: int, is_misdated: bool) -> None:
    """The middle 99 % of six hundred events leaves out three at the end; four are a part of the log."""
    times = _times(*(float(i) for i in range(600 - late)), *[900 * DAY] * late)
    assert (usual_time_range(times) is not None) == is_misdated
