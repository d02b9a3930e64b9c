"""Times in any writing: the grammar's law, order of day and month, zones, and times at the head of lines."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from loganalytics.formats import detect, parse
from loganalytics.formats.hints import Hints
from loganalytics.formats.timestamps import Clock, clock_of, detect_time_formats, to_utc

DATES = [
    "{t:%Y-%m-%d}", "{t.year}-{t.month}-{t.day}", "{t:%Y/%m/%d}", "{t:%Y.%m.%d}", "{t:%d %B %Y}", "{t:%d-%b-%Y}",
    "{t:%d/%b/%Y}", "{t:%B %d, %Y}", "{t:%b %d %Y}", "{t:%A, %d %B %Y}", "{t:%Y-%b-%d}",
    "{t.year}年{t.month}月{t.day}日", "{t:%Y%m%d}",
]  # fmt: skip
SEPARATORS = [" ", "T", "_", "-", ", ", " - ", "  "]
CLOCKS = {
    "{t:%H:%M:%S}": dt.timedelta(seconds=1), "{t:%H:%M}": dt.timedelta(minutes=1),
    "{t:%H:%M:%S.%f}": dt.timedelta(microseconds=1), "{t:%I:%M:%S %p}": dt.timedelta(seconds=1),
    "{t:%I:%M %p}": dt.timedelta(minutes=1), "{t:%H:%M:%S},{ms:03}": dt.timedelta(milliseconds=1),
    "{t.hour}:{t.minute}:{t.second}": dt.timedelta(seconds=1), "{t:%H-%M-%S}": dt.timedelta(seconds=1),
}  # fmt: skip
ZONES = {
    "": 0, "Z": 0, " UTC": 0, " GMT": 0, "+01:00": 60, "-0330": -210, " +0200": 120, " GMT+2": 120, " UTC-08:00": -480,
    " CET": 60, " JST": 540, " SGT": 480, " Asia/Tokyo": 540, "+05:30[Asia/Kolkata]": 330, " (MSK)": 180, "-360": -360,
    " +0100 (Central European Standard Time)": 60,
}  # fmt: skip
TIMES = st.datetimes(dt.datetime(2001, 1, 1), dt.datetime(2035, 1, 1))


def read(*texts: str, hints: Hints = Hints()) -> list[dt.datetime | None]:  # noqa: B008
    """Return the times of texts."""
    series = pl.Series("t", texts, dtype=pl.String)
    return to_utc(series, clock_of(series, hints)).to_list()


def load_lines(*lines: str, hints: Hints = Hints()) -> pl.DataFrame:  # noqa: B008
    """Return the events of a file's lines."""
    frame = pl.DataFrame({"n": range(1, len(lines) + 1), "line": lines}, schema={"n": pl.UInt64, "line": pl.String})
    return parse(frame, detect(lines, hints=hints)).events


def utc(text: str) -> dt.datetime:
    """Return a time in UTC."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def written(time: dt.datetime, date: str, separator: str, clock: str, zone: str) -> tuple[str, dt.datetime]:
    """Return a time as text, and the instant that it says."""
    precision = CLOCKS[clock]
    since = time - dt.datetime(2000, 1, 1)
    time -= since % precision
    text = date.format(t=time) + separator + clock.format(t=time, ms=time.microsecond // 1000) + zone
    return text, (time - dt.timedelta(minutes=ZONES[zone])).replace(tzinfo=dt.UTC)


@given(
    TIMES, st.sampled_from(DATES), st.sampled_from(SEPARATORS), st.sampled_from(list(CLOCKS)),
    st.sampled_from(list(ZONES)),
)  # fmt: skip
def test_what_the_grammar_writes_is_read(time, date, separator, clock, zone):
    """Each date with each clock and each zone is the instant that was written, in a field and at the head of a line."""
    assume(not (clock.endswith("%p}") and zone == "Z"))
    assume(not (clock == "{t:%H-%M-%S}" and zone == "-360"))  # milliseconds
    text, instant = written(time, date, separator, clock, zone)
    assert read(text) == [instant]
    events = load_lines(*[f"{text} ERROR disk full"] * 3)
    assert events["timestamp"].to_list() == [instant] * 3
    assert events["message"].to_list() == ["disk full"] * 3


@given(TIMES, st.sampled_from(DATES), st.sampled_from([" PM", " +01:00", " CET", ".123", " Asia/Tokyo", " GMT+3"]))
def test_a_time_is_not_read_without_what_continues_it(time, date, continued):
    """Half of the day, offset, zone or fraction: the instant is that with it, or none."""
    time = time.replace(hour=time.hour % 12 or 12, microsecond=0)
    text = f"{date.format(t=time)} {time:%H:%M:%S}"
    without, with_it = read(text)[0], read(text + continued)[0]
    assert without is not None
    assert with_it is None or with_it != without or continued == " PM"
    line = load_lines(*[f"{text}{continued} ERROR disk full"] * 3)
    assert line["timestamp"][0] == with_it


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("14/03/24 13:34:56", "2024-03-14T13:34:56"),
        ("24-03-14 13:34:56", "2024-03-14T13:34:56"),
        ("17/06/09 20:10:40", "2017-06-09T20:10:40"),
        ("Di 10. Dez 13:34:56 CET 2024", "2024-12-10T12:34:56"),
        ("10 de março de 2024 12:34:56", "2024-03-10T12:34:56"),
        ("14 марта 2024 г. 13:34:56", "2024-03-14T13:34:56"),
        ("jeudi 14 mars 2024 à 13:34:56", "2024-03-14T13:34:56"),
        ("2024年3月10日 下午1:34:56", "2024-03-10T13:34:56"),
        ("2024. 3. 10. 오후 1:34:56", "2024-03-10T13:34:56"),
        ("Sunday, March 10, 2024 1:34:56\u202fPM", "2024-03-10T13:34:56"),
        ("3/10/24 13:34:56:7 CET", "2024-03-10T12:34:56.007"),
        ("2024-03-10 24:00:00", "2024-03-11T00:00:00"),
        ("2016-12-31 11:59:60 PM", "2017-01-01T00:00:00"),
        ("20240310123456", "2024-03-10T12:34:56"),
        ("13:34:56.789 14.03.2024", "2024-03-14T13:34:56.789"),
        ("Sun Mar 10 12:34:56 2024 +01:00", "2024-03-10T11:34:56"),
        ("2024-03-10 01:34:56.5 a.m.", "2024-03-10T01:34:56.5"),
        ("240310 12:34:56 EST", "2024-03-10T17:34:56"),
        ("20240310 013456 PM", "2024-03-10T13:34:56"),
        ("/Date(1710074096789+0100)/", "2024-03-10T12:34:56.789"),
        (" 2024-03-10T12:34:56Z ", "2024-03-10T12:34:56"),
        ("10-Jul-2024 12:34:56 America/New_York", "2024-07-10T16:34:56"),
        ("2024-070T12:34:56Z", "2024-03-10T12:34:56"),
        ("2024-366 12:34:56.5", "2024-12-31T12:34:56.5"),
        ("2024-W10-7T12:34:56+01:00", "2024-03-10T11:34:56"),
        ("2021-W01-1T00:00:00Z", "2021-01-04T00:00:00"),
        ("[2024,3,10,12,34,56,78000000]", "2024-03-10T12:34:56.078"),
        ("[2024, 3, 10, 12, 34]", "2024-03-10T12:34:00"),
        ("20240310 123456:078", "2024-03-10T12:34:56.078"),
        ('12:34:56.789+480" date="03-10-2024', "2024-03-10T20:34:56.789"),
    ],
)
def test_ways_to_write_a_time(text, expected):
    """Each way of writing a time is read to the microsecond, in UTC."""
    assert read(text) == [utc(expected)]


@pytest.mark.parametrize("text", ["2024-13-10 1:2:3", "31/04/2024 12:34", "2024-3-9 25:00:00", "2024-3-9 1:60:00",
                                  "5 Foo 2024 12:34:56", "2024-3-9 24:00:01", "2024-03-10 12:34:56 QQQ",
                                  "2023-366T12:34:56Z", "2024-W54-1T12:34:56Z"])  # fmt: skip
def test_what_no_calendar_has_is_no_time(text):
    """Neither the 31st of April nor a word that is no month."""
    assert read(text) == [None]


def test_one_day_over_twelve_shows_the_order_of_all():
    """03/10 is October where 13/10 is written as well; nothing is guessed."""
    texts = pl.Series(["03/10/2024 12:00:00", "13/10/2024 12:00:00"])
    clock = clock_of(texts)
    assert to_utc(texts, clock).dt.month().to_list() == [10, 10]
    assert clock.guesses == ()


def test_days_that_follow_one_another_show_the_order():
    """Three nights in a row are three days of one month, not the ninth of three months; that is told."""
    texts = pl.Series([f"{day:02}/04/2022 {hour:02}:00:00" for day in (9, 10, 11) for hour in (0, 12)])
    clock = clock_of(texts)
    assert to_utc(texts, clock).dt.month().unique().to_list() == [4]
    assert "dayfirst=False" in clock.guesses[0]


def test_a_day_to_come_is_the_least_likely():
    """Where three numbers of two digits may be any day, that of a time after now is not the one that was meant."""
    year = dt.datetime.now(dt.UTC).year
    past = dt.datetime(year - 1, 11, (year + 1) % 100, 10, tzinfo=dt.UTC)  # read the other way: in the next year
    assert read(f"{past:%y/%m/%d} 10:00:00") == [past]


def test_the_order_can_be_said():
    """Where the dates do not show it, the user's word holds; where they do, the dates."""
    assert read("03/10/2024 12:00", hints=Hints(dayfirst=True)) == [utc("2024-10-03T12:00")]
    assert read("03/10/2024 12:00", hints=Hints(dayfirst=False)) == [utc("2024-03-10T12:00")]
    assert read("03/14/2024 12:00", hints=Hints(dayfirst=True)) == [utc("2024-03-14T12:00")]


def test_an_abbreviation_of_several_zones_is_told():
    """CST is America's unless the logs are of China."""
    texts = pl.Series(["2024-03-10 12:00:00 CST"])
    assert "Asia/Shanghai" in clock_of(texts).guesses[0]
    assert read(texts[0], hints=Hints(tz="Asia/Shanghai")) == [utc("2024-03-10T04:00")]
    assert clock_of(texts, Hints(tz="Asia/Shanghai")).guesses == ()


def test_the_second_hour_of_a_night_comes_second():
    """When clocks are put back, times that go backwards are those of the second hour, also in the next block."""
    texts = ["2026-10-25 02:10:00", "2026-10-25 02:50:00", "2026-10-25 02:05:00", "2026-10-25 02:55:00",
             "2026-10-25 03:00:00"]  # fmt: skip
    clock = Clock(detect_time_formats(pl.Series(texts)), "Europe/Berlin")
    times = to_utc(pl.Series(texts), clock)
    assert times.dt.to_string("%H:%M").to_list() == ["00:10", "00:50", "01:05", "01:55", "02:00"]
    assert to_utc(pl.Series(texts[3:4]), clock.following(times[2]))[0] == times[3]


@pytest.mark.parametrize("pattern", ["%d.%m.%y %H:%M:%S,%f", "%d.%m.%y %T%.f", "%d.%m.%y %H:%M:%S,%3f"])
def test_a_pattern_of_the_user_reads_lines_and_fields(pattern):
    """In Python's dialect or in Rust's."""
    hints = Hints(time=pattern)
    assert read("01.02.03 04:05:06,789", hints=hints) == [utc("2003-02-01T04:05:06.789")]
    events = load_lines("01.02.03 04:05:06,789 ERROR disk full", hints=hints)
    assert events.select("timestamp", "message").row(0) == (utc("2003-02-01T04:05:06.789"), "disk full")


def test_the_users_pattern_goes_before_tables_and_wrappers():
    """A time that looks like a row of a table, or a container's prefix, is a time if the user says so."""
    events = load_lines("24|03|14|133456 ERROR disk full", hints=Hints(time="%y|%m|%d|%H%M%S"))
    assert events.select("timestamp", "message").row(0) == (utc("2024-03-14T13:34:56"), "disk full")


@pytest.mark.parametrize(
    "line",
    [
        "Backup from 2024-03-10 12:34:56 to 2024-03-10 13:00:00 done",
        "Backup from 3/10/2024 1:34 PM to 3/10/2024 2:00 PM done",
    ],
)
def test_a_time_within_a_sentence_stays_in_it(line):
    """It is the event's time and part of what is said."""
    event = load_lines(*[line] * 3).row(0, named=True)
    assert event["message"] == line
    assert event["timestamp"].date() == dt.date(2024, 3, 10)


@pytest.mark.parametrize("time", ["2024-02-30 12:34:56", "2024-03-10 25:61:00", "31/04/2024 12:34:56"])
def test_a_time_that_cannot_be_read_stays_in_the_text(time):
    """Nobody may lose what a broken clock wrote."""
    good = "2024-03-10 12:34:56" if time.startswith("2024") else "30/04/2024 12:34:56"
    events = load_lines(f"{good} ERROR disk full", f"{time} ERROR disk gone")
    assert events["timestamp"].to_list()[1] is None
    assert events["message"][1] == f"{time} disk gone" or events["message"][1] == f"{time} ERROR disk gone"


def test_a_line_that_no_format_takes_stands_as_it_was():
    """Whatever was tried with it; a blank before the day of the month is none of the text."""
    events = load_lines(*[" 9 Mar 2024 01:34:56 PM ERROR disk full"] * 3, "\t9 Mar 2024 01:34:56 PM indented")
    assert events["timestamp"].to_list() == [utc("2024-03-09T13:34:56")] * 3
    assert events["message"].to_list() == ["disk full"] * 3
    assert "\t9 Mar 2024 01:34:56 PM indented" in events["exception"].to_list()


def test_counts_since_1970_before_text():
    """Seconds or milliseconds at the head of nearly all lines are times; numbers that go back and forth are not."""
    events = load_lines("1710074096.789 ERROR boom", "1710074097 INFO ok")
    assert events["timestamp"].to_list() == [utc("2024-03-10T12:34:56.789"), utc("2024-03-10T12:34:57")]
    orders = load_lines("1910074096 ordered", "1710074097 paid", "1210074097 sent")
    assert "timestamp" not in orders.columns or orders["timestamp"].null_count() == 3


def test_clocks_without_a_date_have_that_of_the_file():
    """The date is given; past midnight it is the next."""
    events = load_lines("23:59:58 INFO a", "00:00:01 ERROR b", hints=Hints(date=dt.date(2024, 3, 10)))
    assert events["timestamp"].to_list() == [utc("2024-03-10T23:59:58"), utc("2024-03-11T00:00:01")]
    assert events["message"].to_list() == ["a", "b"]
