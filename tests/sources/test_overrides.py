"""What the user says of times holds for logs of any kind, and in load, scan and tail alike."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys

import pytest

import loganalytics as la
from loganalytics.formats.definitions import Format

# One event a line, in each kind of log; TIME stands for its time.
KINDS = {
    "text": "TIME ERROR disk full\n",
    "json": '{"time": "TIME", "level": "error", "msg": "disk full"}\n',
    "logfmt": 'time="TIME" level=error msg="disk full"\n',
    "csv": "time,level,message\nTIME,ERROR,disk full\n",
    "wrapped": "2024-12-01T00:00:00.000000000Z stdout F TIME ERROR disk full\n",
}
OPTIONS = {
    "dayfirst": ("03/10/2024 12:34:56", {"dayfirst": True}, dt.datetime(2024, 10, 3, 12, 34, 56)),
    "monthfirst": ("03/10/2024 12:34:56", {"dayfirst": False}, dt.datetime(2024, 3, 10, 12, 34, 56)),
    "tz": ("2024-03-10 13:34:56", {"tz": "Europe/Berlin"}, dt.datetime(2024, 3, 10, 12, 34, 56)),
    "time": ("10-24-03 56:34:12", {"time": "%m-%y-%d %S:%M:%H"}, dt.datetime(2024, 10, 3, 12, 34, 56)),
}
CASES = [
    pytest.param(kind, option, id=f"{kind}-{option}")
    for kind in KINDS
    for option in OPTIONS
]  # fmt: skip


@pytest.fixture
def log(tmp_path):
    """Return a function that writes a log of a kind with a time."""

    def write(kind: str, time: str):
        path = tmp_path / f"app.{'csv' if kind == 'csv' else 'log'}"
        path.write_text(KINDS[kind].replace("TIME", time))
        return path

    return write


def first(events) -> tuple[dt.datetime, str, str]:
    """Return what the first event says."""
    return events.select("timestamp", "level", "message").row(0)


@pytest.mark.parametrize(("kind", "option"), CASES)
def test_options_hold_for_load_scan_and_tail(log, kind, option):
    """Each way to read says the same."""
    time, options, expected = OPTIONS[option]
    path = log(kind, time)
    event = (expected.replace(tzinfo=dt.UTC), "ERROR", "disk full")
    assert first(la.load(path, **options)) == event
    assert first(la.scan(path, **options).collect()) == event
    with la.tail(path, since="2000-01-01", idle=0.5, **options) as tail:
        assert first(tail.read(5)) == event


def test_a_table_whose_first_column_is_the_time_stays_a_table(tmp_path):
    """Its header names the columns, whatever pattern the times are in."""
    path = tmp_path / "app.csv"
    path.write_text("when,level,message,host\n24|03|10 123456,ERROR,disk full,web1\n24|03|10 123457,INFO,ok,web2\n")
    logs = la.load(path, time="%y|%m|%d %H%M%S")
    assert logs["timestamp"][0] == dt.datetime(2024, 3, 10, 12, 34, 56, tzinfo=dt.UTC)
    assert logs.select("level", "message", "host").row(0) == ("ERROR", "disk full", "web1")


def test_each_own_format_has_its_own_pattern(tmp_path):
    """Two formats in one file, each with times of its own."""
    (tmp_path / "app.log").write_text("A 10-24-03T01:02:03 one\nB 56.34.12/10.24.03 two\n" * 3)
    formats = [
        Format("first", r"^A (?P<timestamp>\S+) (?P<message>.*)$", time="%m-%y-%dT%H:%M:%S"),
        Format("second", r"^B (?P<timestamp>\S+) (?P<message>.*)$", time="%S.%M.%H/%m.%y.%d"),
    ]
    logs = la.load(tmp_path / "app.log", formats=formats)
    assert logs["message"].to_list()[:2] == ["one", "two"]
    assert logs["timestamp"][1] == dt.datetime(2024, 10, 3, 12, 34, 56, tzinfo=dt.UTC)


def test_counts_at_the_head_of_lines_are_told(tmp_path):
    """They may be other numbers."""
    (tmp_path / "app.log").write_text("1710074096.789 ERROR boom\n1710074097 INFO ok\n")
    assert "since 1970" in la.load_report(la.load(tmp_path / "app.log"))["guessed"][0]


def test_options_on_the_command_line(log):
    """The same as flags."""
    path = log("text", "03/10/2024 13:34:56")
    command = [
        sys.executable,
        "-m",
        "loganalytics.cli",
        "export",
        path.name,
        "-o",
        "out.csv",
        "--dayfirst",
        "--tz",
        "Europe/Berlin",
    ]
    subprocess.run(command, cwd=path.parent, check=True, capture_output=True, env=dict(os.environ))
    assert "2024-10-03T11:34:56" in (path.parent / "out.csv").read_text().replace(" ", "T")


def test_the_second_hour_of_a_night_over_polls_of_a_tail(tmp_path):
    """When clocks were put back, what comes later is later, though it was read at another time."""
    path = tmp_path / "app.log"
    path.write_text("")
    texts = ["2026-10-25 02:10:00", "2026-10-25 02:50:00", "2026-10-25 02:05:00", "2026-10-25 02:55:00"]
    times = []
    with la.tail(path, tz="Europe/Berlin") as tail:
        for text in texts:
            with path.open("a") as file:
                file.write(f"{text} INFO hi\n")
            times += tail.read(5)["timestamp"].to_list()
    assert [time.strftime("%H:%M") for time in times] == ["00:10", "00:50", "01:05", "01:55"]
