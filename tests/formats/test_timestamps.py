"""Text to UTC time."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loganalytics.formats.time_formats import TIME_FORMATS
from loganalytics.formats.timestamps import Clock, detect_time_formats, to_utc


def read(*texts: str, tz: str = "UTC", year: int = 2024) -> list[dt.datetime | None]:
    """Read texts by the formats that fit them."""
    series = pl.Series("t", texts, dtype=pl.String)
    return to_utc(series, Clock(detect_time_formats(series), tz, year)).to_list()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-01-13T09:58:13.631Z", "2025-01-13T09:58:13.631"),
        ("2026-03-10T20:58:09.401+02:00", "2026-03-10T18:58:09.401"),
        ("2026-03-10T20:58:09.401+0200", "2026-03-10T18:58:09.401"),
        ("2025-08-13 01:45:01.123 PDT", "2025-08-13T08:45:01.123"),
        ("2015-10-18 18:01:47,978", "2015-10-18T18:01:47.978"),
        ("20171223-22:15:29:6", "2017-12-23T22:15:29.006"),
        ("Sun Mar 13 22:49:12 2016", "2016-03-13T22:49:12"),
        ("Mon Jun  3 10:00:00 CEST 2024", "2024-06-03T08:00:00"),
        ("20/Jul/2009:22:59:26 -0700", "2009-07-21T05:59:26"),
        ("25 Apr 2024 05:32:35.018", "2024-04-25T05:32:35.018"),
        ("2005-06-03-15.42.50.675872", "2005-06-03T15:42:50.675872"),
        ("17/06/09 20:10:40", "2017-06-09T20:10:40"),
        ("081109 203615", "2008-11-09T20:36:15"),
        ("Feb 29 10:00:00", "2024-02-29T10:00:00"),
        ("Jul  1 00:21:28", "2024-07-01T00:21:28"),
        ("0517 15:04:22.619632", "2024-05-17T15:04:22.619632"),
        ("1761019822.3152757", "2025-10-21T04:10:22.315276"),
        ("1745532517537", "2025-04-24T22:08:37.537"),
        ("1745532517537000", "2025-04-24T22:08:37.537"),
        ("1745532517537000123", "2025-04-24T22:08:37.537"),
    ],
)
def test_ways_to_write_a_time(text, expected):
    """Each way of writing a time is read to the microsecond, in UTC."""
    assert read(text) == [dt.datetime.fromisoformat(expected).replace(tzinfo=dt.UTC)]


def test_naive_times_are_in_the_zone_given():
    """A time without a zone is in `tz`; one with a zone is not moved."""
    assert read("2026-07-01 12:00:00", tz="Europe/Berlin") == [dt.datetime(2026, 7, 1, 10, tzinfo=dt.UTC)]
    assert read("2026-07-01T12:00:00Z", tz="Europe/Berlin") == [dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)]


def test_a_time_that_daylight_saving_skipped_is_kept():
    """02:30 on the night when clocks jump to 3 is still some time, not null."""
    assert None not in read("2026-03-29 02:30:00", "2026-03-29 03:30:00", tz="Europe/Berlin")


def test_december_to_january_turns_the_year():
    """Times without a year go on into the next one, and a straggler after the turn goes back."""
    times = read("Dec 31 23:59:59", "Jan  1 00:00:01", "Dec 31 23:59:58", "Feb  1 00:00:00", year=2023)
    assert [t.year for t in times] == [2023, 2024, 2023, 2024]


def test_seconds_since_1970_lie_between_1990_and_2100():
    """Any other number is not a time."""
    years = [(1989, 12, 1), (1990, 1, 1), (2100, 12, 31), (2103, 3, 1)]
    seconds = [int(dt.datetime(*day, tzinfo=dt.UTC).timestamp()) for day in years]
    epoch = next(time_format for time_format in TIME_FORMATS if time_format.is_epoch)
    times = to_utc(pl.Series([str(number) for number in seconds]), Clock((epoch,)))
    assert [time and time.year for time in times] == [None, 1990, 2100, None]


def test_several_formats_in_one_column():
    """What the commonest format cannot read is read by the others; what is not a time is null."""
    times = read("2026-01-01T00:00:00Z", "2026-01-01 00:00:01Z", "2026-01-01T00:00:02Z", "never")
    assert [t and t.second for t in times] == [0, 1, 2, None]


def test_small_numbers_are_no_times():
    """A count is not taken for seconds since 1970."""
    assert read("42", "100000") == [None, None]


@given(st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2090, 1, 1)), st.sampled_from(TIME_FORMATS))
def test_every_format_reads_what_it_writes(time, time_format):
    """A time written by a format's pattern reads back as the same second."""
    if (
        time_format.is_epoch
        or time_format.has_offset
        or not time_format.has_year
        or time_format.name.startswith(("two-digit", "month/"))
    ):
        return
    fraction = ":0" if time_format.has_colon_millis else ""
    pattern = time_format.pattern.replace("%.f", fraction).replace("%6f", "000000")
    written = time.replace(microsecond=0).strftime(pattern)
    assert read(written)[0].replace(tzinfo=None, microsecond=0) == time.replace(microsecond=0)
