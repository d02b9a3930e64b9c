"""Time ranges of files: to the edge, the events are those of reading everything."""

from __future__ import annotations

import datetime as dt
import gzip
import os

import pytest

import loganalytics as la

START = dt.datetime(2026, 3, 10, 12)
HOUR, SECOND = dt.timedelta(hours=1), dt.timedelta(seconds=1)


def line(time: dt.datetime, message: str = "ordinary") -> str:
    """Return one line, to the millisecond."""
    return f"{time:%Y-%m-%d %H:%M:%S},{time.microsecond // 1000:03d} INFO [app.db] {message}\n"


def write_hiding(path, hidden: dt.datetime, *, head: tuple[dt.datetime, ...] = ()) -> None:
    """Write a large file of 12:00 to 13:00 with one event where no window of the reader looks."""
    lines = [line(time) for time in head]
    lines += [line(START + HOUR * number / 20_000) for number in range(20_001)]
    lines.insert(1500, line(hidden, "hidden"))
    path.write_text("".join(lines))


def status_of(logs) -> str:
    """Return the status of the only file."""
    return la.load_report(logs)["status"].item()


@pytest.mark.parametrize("read", [la.load, lambda *source, **options: la.scan(*source, **options).collect()])
def test_since_is_inclusive_and_until_exclusive(tmp_path, read):
    """In text and in Parquet, as a whole and lazily: an event at `since` is in the range, one at `until` is not."""
    path = tmp_path / "app.log"
    path.write_text("".join(line(START + SECOND * number) for number in range(5)))
    la.load(path).write_parquet(tmp_path / "app.parquet")
    for source in (path, tmp_path / "app.parquet"):
        logs = read(source, since=START + SECOND, until=START + 3 * SECOND)
        assert logs["timestamp"].dt.second().to_list() == [1, 2]


@pytest.mark.parametrize(
    ("hidden", "option"),
    [
        (START - HOUR, {"until": START - HOUR + dt.timedelta(milliseconds=1)}),
        (START + 2 * HOUR, {"since": START + 2 * HOUR}),
    ],
)
def test_an_event_an_hour_out_of_order_is_found(tmp_path, hidden, option):
    """Before the first and after the last of the file's times, as far as lines may be out of order."""
    write_hiding(tmp_path / "app.log", hidden)
    logs = la.load(tmp_path / "app.log", **option)
    assert logs["message"].to_list() == ["hidden"]
    assert status_of(logs) == "read"


@pytest.mark.parametrize("option", [{"until": START - HOUR}, {"since": START + 2 * HOUR + SECOND}])
def test_a_file_more_than_an_hour_away_is_not_read(tmp_path, option):
    """Its first and its last times decide."""
    write_hiding(tmp_path / "app.log", START)
    logs = la.load(tmp_path / "app.log", **option)
    assert (logs.height, status_of(logs)) == (0, "outside_range")
    assert la.load_report(logs)["lines"].item() == 0


@pytest.mark.parametrize(
    ("delay", "status", "messages"), [(HOUR, "outside_range", []), (HOUR + SECOND, "read", ["hidden"])]
)
def test_a_file_that_is_more_than_an_hour_out_of_order_is_read(tmp_path, delay, status, messages):
    """Such a file may hold events of any time."""
    write_hiding(tmp_path / "app.log", START - 9 * HOUR, head=(START, START - delay))
    logs = la.load(tmp_path / "app.log", until=START - 8 * HOUR)
    assert (logs["message"].to_list(), status_of(logs)) == (messages, status)


@pytest.mark.parametrize(("early", "status"), [(SECOND * 0, "read"), (SECOND, "outside_range")])
def test_a_packed_file_ends_a_day_after_it_was_written(tmp_path, early, status):
    """Its events may be in the time of another zone; beyond that its date is believed."""
    path = tmp_path / "app.log.gz"
    path.write_bytes(gzip.compress(line(START).encode()))
    since = dt.datetime(2026, 3, 12, 12, tzinfo=dt.UTC)
    os.utime(path, ((since - dt.timedelta(days=1) - early).timestamp(),) * 2)
    assert status_of(la.load(path, since=since)) == status
