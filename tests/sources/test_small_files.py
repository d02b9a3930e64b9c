"""Many small files: read together, each as if it were alone."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import loganalytics as la
from loganalytics.formats import detect
from loganalytics.formats.hints import NO_HINTS
from loganalytics.sources.files import deduplication, reader
from loganalytics.sources.files.small_files import DetectionMemory, shape_of

LINES = (
    "2026-03-{day:02d} 12:00:{n:02d},123 INFO [app.db] hello {n}",
    "2026-03-{day:02d} 12:00:{n:02d},123 ERROR [app.db] failed\nTraceback (most recent call last):\nValueError: {n}",
    '{{"ts": "2026-03-{day:02d}T12:00:{n:02d}Z", "level": "warn", "msg": "hello {n}", "user": {n}}}',
    "Mar {day:2d} 12:00:{n:02d} host sshd[{n}]: hello {n}",
    "  at indented.Frame({n})",
    "{day:02d}/03/2026 12:00:{n:02d} WARN hello {n}",
    '10.0.0.{n} - - [{day:02d}/Mar/2026:12:00:{n:02d} +0000] "GET /x/{n} HTTP/1.1" 50{n} 123 "-" "curl"',
    "",
    "no time {n}",
)
file_lines = st.lists(st.tuples(st.sampled_from(LINES), st.integers(1, 28), st.integers(0, 9)), min_size=1, max_size=4)


def write(folder, files):
    """Write files of lines into a folder."""
    for number, lines in enumerate(files):
        text = "".join(line.format(day=day, n=n) + "\n" for line, day, n in lines)
        (folder / f"job{number:03d}-{'abcdefgh'[number % 8]}.log").write_text(text)


@settings(max_examples=15, deadline=None)
@given(st.lists(file_lines, min_size=2, max_size=8))
def test_files_read_together_are_as_files_read_alone(tmp_path_factory, files):
    """Whatever stands in the file before, and whether or not it looks alike."""
    folder = tmp_path_factory.mktemp("small")
    write(folder, files)
    together, scanned = la.load(folder), la.scan(folder).collect()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "is_small", lambda sample: False)
        alone = la.load(folder)
    columns = sorted(alone.columns)
    assert together.select(columns).equals(alone.select(columns))
    shown = [name for name in columns if name in scanned.columns]
    assert scanned.select(shown).equals(alone.select(shown))
    assert la.load_report(together).equals(la.load_report(alone))


def test_a_folder_of_small_files_keeps_its_order(tmp_path, monkeypatch):
    """Files of several formats come in the order of their names, in as many frames as it takes."""
    monkeypatch.setattr(reader, "_MAX_TOGETHER", 7)
    write(tmp_path, [[(LINES[number % 3], 10, number % 10)] for number in range(50)])
    logs = la.load(tmp_path)
    assert logs["source"].is_sorted()
    assert logs.height == 50
    assert la.load_report(logs).select(pl.col("lines", "events").sum()).row(0) == (50 + 2 * 17, 50)


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        ("2026-03-10 12:00:01 a 5", "2026-03-31 12:59:59 a 7", False),
        ("2026-03-10 12:00:01 a 5", "2026-04-11 12:59:59 a 7", True),
        ("03/10/2026 a", "13/10/2026 a", False), ("x 5", "x 55", False), ("x=13", "x=12", True),
    ],
)  # fmt: skip
def test_shapes_are_alike_but_for_digits(first, second, is_same):
    """A number that shows the order of day and month makes a difference."""
    assert (shape_of(first) == shape_of(second)) == is_same


def test_an_order_of_day_and_month_is_each_files_own():
    """What one file shows of it is not taken for another that does not show it."""
    memory = DetectionMemory(())
    for line in ("13/03/2026 12:00:00 WARN a", "03/04/2026 12:00:00 WARN a", "03/14/2026 12:00:00 WARN a"):
        assert memory.detect([line], NO_HINTS) == detect([line])


def test_a_year_that_is_lent_is_each_files_own():
    """Times without a year have that of the same file's other lines."""
    memory = DetectionMemory(())
    for year in (2023, 2025):
        lines = [f"{year}-03-10 12:00:00,000 INFO [app.db] a", "Mar 10 12:00:00 host sshd[1]: b"]
        assert memory.detect(lines, NO_HINTS) == detect(lines)


def test_many_files_that_begin_alike_are_not_all_compared(tmp_path, monkeypatch):
    """Of short files only those of one rotated set may be copies: the others are not looked at again."""
    compared = []
    repeats = deduplication._repeats
    monkeypatch.setattr(deduplication, "_repeats", lambda *pair: compared.append(pair) or repeats(*pair))
    for number in range(60):
        (tmp_path / f"job{number}x.log").write_text("2026-03-10 12:00:00,123 INFO [app.db] started\n")
    assert la.load(tmp_path).height == 60
    assert compared == []


def test_files_that_differ_in_digits_only_are_looked_at_once():
    """What a detection costs would else be paid for each of many small files."""
    memory = DetectionMemory(())
    first, second = (f"2026-03-10 12:00:0{n},123 - app - ERROR - order {n} failed" for n in (1, 2))
    assert memory.detect([second], NO_HINTS) is memory.detect([first], NO_HINTS)
