"""The sample that formats are detected on: head, middle and end of a file."""

from __future__ import annotations

import gzip

import pytest

import loganalytics as la
from loganalytics.sources.files.discovery import discover
from loganalytics.sources.files.location import Spool, locate
from loganalytics.sources.files.sampling import sample_files
from loganalytics.sources.read_options import ReadOptions

PLAIN = "2026-03-10 00:00:00,053 INFO [api.routes] order {} accepted"
JSON = '{{"ts": "2026-03-10T00:00:00Z", "lvl": "error", "msg": "order {} lost"}}'


def sample_of(path):
    """Return the sample of one file."""
    return sample_files(locate(discover(path), Spool()), ReadOptions())[0].lines


def write(path, *parts):
    """Write lines: pairs of a pattern and how often it stands."""
    texts = [pattern for pattern, times in parts for _ in range(times)]
    path.write_text("".join(pattern.format(number) + "\n" for number, pattern in enumerate(texts)))
    return path


@pytest.mark.parametrize("lines", [30_000, 2_000])
@pytest.mark.parametrize("place", ["middle", "end"])
def test_another_format_later_in_the_file_is_detected(tmp_path, place, lines):
    """A file that changes its format after the head is read by both, also one that is smaller than the head's bytes."""
    after = lines * 9 // 20 if place == "middle" else 0
    path = write(tmp_path / "app.log", (PLAIN, lines * 9 // 20), (JSON, lines // 10), (PLAIN, after))
    logs = la.load(path)
    assert la.load_report(logs)["format"][0] == "Python logging (bracketed logger) + JSON lines"
    assert logs.filter(level="ERROR").height == lines // 10
    assert logs.filter(level="ERROR")["message"][0].endswith("lost")


def test_the_head_comes_first_and_lines_are_whole(tmp_path):
    """The sample's lines are lines of the file, in its order, from its first to its last."""
    path = write(tmp_path / "app.log", (PLAIN, 20_000))
    lines = path.read_text().splitlines()
    sample = sample_of(path)
    numbers = [lines.index(line) for line in sample]
    assert numbers == sorted(set(numbers))
    assert numbers[:500] == list(range(500))
    assert 9_000 < numbers[600] < 11_000
    assert numbers[-1] == 19_999


def test_a_last_line_without_an_end_is_in_the_sample(tmp_path):
    """A file need not end with a newline."""
    path = write(tmp_path / "app.log", (PLAIN, 20_000))
    path.write_bytes(path.read_bytes() + b"2026-03-10 the very last")
    assert sample_of(path)[-1] == "2026-03-10 the very last"


def test_of_a_packed_file_the_head_is_the_sample(tmp_path):
    """Its end would have to be unpacked to."""
    path = tmp_path / "app.log.gz"
    text = "".join(PLAIN.format(number) + "\n" for number in range(20_000))
    path.write_bytes(gzip.compress(text.encode()))
    numbers = [int(line.split()[5]) for line in sample_of(path)]
    assert numbers[0] == 0
    assert 500 < max(numbers) < 10_000


def test_lines_longer_than_a_window(tmp_path):
    """A window within one long line has no whole line to show."""
    path = tmp_path / "app.log"
    path.write_text(PLAIN + "x" * 2_000_000 + "\n" + PLAIN + "\n")
    assert len(sample_of(path)) in (1, 2)
    assert la.load(path).height == 2
