"""Files whose times have no year: it follows from the last event, the order of the events and the file's date."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest

import loganalytics as la


def syslog(path: Path, times: list[dt.datetime], modified: dt.datetime) -> Path:
    """Write a line at each time, as of a file that was written until then."""
    path.write_text("".join(f"{time:%b} {time.day:2} {time:%H:%M:%S} host app[1]: up\n" for time in times))
    os.utime(path, (modified.timestamp(), modified.timestamp()))
    return path


def days(first: dt.datetime, last: dt.datetime, step: int) -> list[dt.datetime]:
    """Return days from first to last."""
    return [first + dt.timedelta(days=number) for number in range(0, (last - first).days + 1, step)]


@pytest.mark.parametrize("quiet_from", [2, 6, 9, 11])
def test_a_quiet_host_crosses_new_year_from_any_month(tmp_path: Path, quiet_from: int) -> None:
    """The last event is in the year of the file, the first in the one before."""
    times = [dt.datetime(2023, quiet_from, 20, 12), dt.datetime(2024, 1, 10, 12)]
    path = syslog(tmp_path / "messages", times, times[-1])
    assert [time.replace(tzinfo=None) for time in la.load(path)["timestamp"]] == times


def test_no_event_is_after_the_file(tmp_path: Path) -> None:
    """A file that spans thirteen months begins in the year before, and no event lies in the future."""
    times = days(dt.datetime(2023, 1, 5, 12), dt.datetime(2024, 2, 5, 12), 7)
    path = syslog(tmp_path / "messages", times, times[-1])
    assert [time.replace(tzinfo=None) for time in la.load(path)["timestamp"]] == times


@pytest.mark.parametrize("first", [dt.datetime(2021, 3, 1, 12), dt.datetime(2023, 12, 1, 12)])
def test_a_long_file_may_span_years(tmp_path: Path, first: dt.datetime) -> None:
    """Years that begin between the places that are sampled are found, and 29 February is a day."""
    last = dt.datetime(2024, 3, 1, 12)
    times = sorted(days(first, last, 1) * (40_000 // (last - first).days))
    path = syslog(tmp_path / "messages", times, last)
    assert path.stat().st_size > 1_000_000
    assert [time.replace(tzinfo=None) for time in la.load(path)["timestamp"]] == times


def test_a_new_year_between_two_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a block is cut changes no year."""
    monkeypatch.setattr("loganalytics.sources.files.reader.BLOCK_BYTES", 70)
    times = days(dt.datetime(2023, 12, 20, 12), dt.datetime(2024, 1, 9, 12), 1)
    path = syslog(tmp_path / "messages", times, times[-1])
    logs = la.load(path, tz="America/New_York")
    assert [time.replace(tzinfo=None) - dt.timedelta(hours=5) for time in logs["timestamp"]] == times
