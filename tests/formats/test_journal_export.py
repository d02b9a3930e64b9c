"""The systemd journal in its export and verbose forms."""

from __future__ import annotations

import json
import struct

import polars as pl

from loganalytics.formats.detection import detect
from loganalytics.formats.framing import frame_all
from loganalytics.formats.journal_export import detect_journal

ENTRIES = [
    {"__CURSOR": "s=1", "__REALTIME_TIMESTAMP": "1710074096000000", "PRIORITY": "3", "MESSAGE": 'no "space" \\ left=1'},
    {"__CURSOR": "s=2", "__REALTIME_TIMESTAMP": "1710074097000000", "PRIORITY": "6", "MESSAGE": "ok\ttab"},
]


def framed(lines: list[str], block: int = 1000) -> list[dict[str, str]]:
    """Return the entries of lines that come in blocks of so many."""
    framing = detect_journal(lines)
    assert framing is not None
    frame = pl.DataFrame({"n": range(1, len(lines) + 1), "line": lines}, schema={"n": pl.UInt64, "line": pl.String})
    framer = framing.framer()
    frames = [framer.feed(frame.slice(start, block)) for start in range(0, len(lines), block)]
    records = pl.concat([*frames, framer.finish()])
    assert block < 1000 or records.equals(frame_all(frame, framing))
    return [json.loads(line) for line in records["line"]]


def test_export_entries_are_objects_in_any_blocks():
    """Each block of KEY=VALUE lines is a record, however the lines come."""
    lines = [line for entry in ENTRIES for line in [*(f"{k}={v}" for k, v in entry.items()), ""]]
    assert framed(lines) == framed(lines, 1) == framed(lines, 3) == ENTRIES


def test_a_value_of_several_lines_is_read_by_its_size():
    """Blank lines and lines like fields within such a value do not end it."""
    text = "first\n\nPRIORITY=9\nlast"
    size = struct.pack("<Q", len(text)).decode()
    lines = ["__CURSOR=a", "__REALTIME_TIMESTAMP=1", "MESSAGE", *(size + text).split("\n"), "_PID=7", ""]
    assert framed(lines) == [{"__CURSOR": "a", "__REALTIME_TIMESTAMP": "1", "MESSAGE": text, "_PID": "7"}]


def test_verbose_entries_have_the_time_of_their_header():
    """The cursor in the header holds the time in microseconds."""
    lines = [
        f"Sun 2024-03-10 12:34:56.000000 UTC [s=ab;i=1;b=cd;m=1;t={1710074096000000:x};x=1]",
        "    PRIORITY=4",
        "    MESSAGE=disk nearly full",
    ]
    assert (
        framed(lines * 2)
        == [{"__REALTIME_TIMESTAMP": "1710074096000000", "PRIORITY": "4", "MESSAGE": "disk nearly full"}] * 2
    )


def test_other_fields_and_values_are_no_journal():
    """An environment file is not taken for a journal."""
    assert detect(["PATH=/bin", "HOME=/root", "", "USER=x"]).framing is None
