"""The load report: what became of each source."""

from __future__ import annotations

import gzip
import zipfile

import polars as pl
import pytest

import loganalytics as la
from loganalytics.sources import load_report
from loganalytics.sources.status import Status


def lines(day: int) -> str:
    """Return a day's log, of some size."""
    return "".join(f"2026-03-{day:02d} {n // 60:02d}:{n % 60:02d}:00,000 INFO [app.db] line {n}\n" for n in range(1200))


def test_each_file_has_a_status(tmp_path):
    """Which code can compare, beside a note for people."""
    for day in (8, 9):
        (tmp_path / f"app.log-2026030{day}").write_text(lines(day))
    (tmp_path / "copy.log").write_text(lines(9))
    (tmp_path / "old.log").write_text(lines(1))
    (tmp_path / "broken.log.gz").write_bytes(gzip.compress(lines(8).encode())[:-200])
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 and no directory")
    (tmp_path / "gone.log").symlink_to("nowhere")
    (tmp_path / "binary").write_bytes(bytes(range(256)) * 9)
    (tmp_path / "README.md").write_text("# Title\n\nText.\n")
    (tmp_path / "empty.log").touch()
    report = la.load_report(la.load(tmp_path, since="2026-03-08"))
    names = report["source"].str.split("/").list.last()
    assert dict(zip(names, report["status"], strict=True)) == {
        "app.log-20260308": "read", "app.log-20260309": "read", "copy.log": "skipped_duplicate",
        "old.log": "outside_range", "broken.log.gz": "truncated", "broken.zip": "unreadable", "gone.log": "unreadable",
        "binary": "skipped_not_log", "README.md": "skipped_not_log", "empty.log": "read",
    }  # fmt: skip
    unread = ~pl.col("status").is_in(["read", "truncated"])
    assert report.filter(unread)["lines"].sum() == 0
    assert report.filter(unread)["note"].null_count() == 0


def test_what_exceeds_its_limit_is_truncated(tmp_path):
    """As is an archive that breaks: events at its end are missing."""
    path = tmp_path / "app.log.gz"
    path.write_bytes(gzip.compress(lines(8).encode()))
    assert la.load_report(la.load(path))["status"].item() == "read"
    assert la.load_report(la.load(path, max_unpacked_bytes=1000))["status"].item() == "truncated"


def test_a_cut_line_leaves_a_file_read(tmp_path, monkeypatch):
    """A note alone is not a failure: nothing is missing."""
    from loganalytics.sources.files import blocks, reader

    monkeypatch.setattr(reader, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(blocks, "MAX_LINE_BYTES", 5000)
    path = tmp_path / "app.log"
    path.write_text(lines(8) + "2026-03-08 23:00:00,000 INFO [app.db] " + "x" * 20_000 + "\n")
    report = la.load_report(la.load(path)).row(0, named=True)
    assert report["status"] == "read"
    assert "cut in two" in report["note"]


def test_members_of_a_zip_have_statuses_of_their_own(tmp_path):
    """An encrypted one is unreadable; the other is read."""
    path = tmp_path / "bundle.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.log", lines(8))
        archive.writestr("b.log", lines(9))
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1  # the directory's entry of a.log: mark it as encrypted
    path.write_bytes(bytes(content))
    assert la.load_report(la.load(path))["status"].to_list() == ["unreadable", "read"]


def test_tables_and_frames(tmp_path):
    """Parquet is read; of a frame that was not loaded it is not known what became of its sources."""
    (tmp_path / "app.log").write_text(lines(8))
    logs = la.load(tmp_path / "app.log")
    logs.write_parquet(tmp_path / "app.parquet")
    assert la.load_report(la.load(tmp_path / "app.parquet"))["status"].to_list() == ["read"]
    assert la.load_report(logs.head(3))["status"].to_list() == [None]


def test_a_status_that_is_not_known_is_an_error():
    """A row says how its source ended in one of the words, or nothing: then it was read."""
    rows = load_report.rows([{"source": "a"}, {"source": "b", "status": Status.TRUNCATED, "note": "cut short"}])
    assert rows.select("source", "status", "events", "note").rows() == [
        ("a", "read", None, None), ("b", "truncated", None, "cut short"),
    ]  # fmt: skip
    assert rows.schema == load_report.LOAD_REPORT_SCHEMA
    with pytest.raises(ValueError, match="skiped"):
        load_report.rows([{"source": "a", "status": "skiped"}])


def test_lines_beside_a_table_are_told(tmp_path):
    """What is no event for being a title or a comment is counted, and shown."""
    path = tmp_path / "orders.csv"
    row = "2026-03-10 12:00:00,info,hi"
    path.write_text(f"Orders of March\n\ntime,level,message\n{row}\n# pause\n# pause\n{row}\n")
    report = la.load_report(la.load(path)).row(0, named=True)
    assert (report["events"], report["unparsed"]) == (2, 0)
    assert report["note"] == 'lines beside the table, which are no events: 3 ("Orders of March", "# pause")'
