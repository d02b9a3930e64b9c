"""Files to log frames: what people have on their disks, and what is broken there."""

from __future__ import annotations

import bz2
import datetime as dt
import gzip
import io
import lzma
import os
import sys

import polars as pl
import pytest

import loganalytics as la
from loganalytics import schema
from loganalytics.exceptions import SourceNotFoundError, UnreadableSourceError
from loganalytics.sources.files import blocks, reader

LINE = "2026-03-10 12:00:{:02d},000 INFO [app.db] hello {}\n"
TEXT = "".join(LINE.format(n % 60, n) for n in range(200))


@pytest.fixture
def log(tmp_path):
    """Write a log of 200 lines."""
    path = tmp_path / "app.log"
    path.write_text(TEXT)
    return path


def test_a_log_frame_has_the_core_columns(log):
    """The columns are those of the contract, and (source, offset) tells where a line stood."""
    logs = la.load(log)
    assert list(logs.columns)[: len(schema.CORE)] == list(schema.CORE)
    assert logs.row(2, named=True)["source"] == str(log)
    assert logs["offset"].to_list() == [str(n) for n in range(1, 201)]
    assert logs["service"].unique().to_list() == ["app"]


def test_scan_gives_what_load_gives(log):
    """Both roads lead to the same frame, and a scan takes filters and projections."""
    assert la.scan(log).collect().equals(la.load(log))
    kept = la.scan(log).filter(pl.col("message") == "hello 7").select("message", "offset").collect()
    assert kept.rows() == [("hello 7", "8")]
    assert la.scan(log).head(3).collect().height == 3


def test_small_blocks_give_the_same_events(tmp_path, monkeypatch):
    """Where a block ends does not matter, in the middle of a stack trace too."""
    path = tmp_path / "app.log"
    path.write_text("".join(LINE.format(1, n) + "Traceback:\n  File x\nValueError: no\n" for n in range(50)))
    whole = la.load(path)
    monkeypatch.setattr(reader, "BLOCK_BYTES", 37)
    assert la.load(path).equals(whole)
    assert la.load_report(la.load(path)).select("lines", "events").row(0) == (200, 50)


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)])
def test_packed_files_are_unpacked(tmp_path, suffix, pack):
    """Compression is seen by the file's first bytes."""
    path = tmp_path / f"app.log{suffix}"
    path.write_bytes(pack(TEXT.encode()))
    logs = la.load(path)
    assert logs.height == 200
    assert logs["service"][0] == "app"


def test_a_truncated_gz_gives_what_it_holds(tmp_path):
    """The lines before the break are events; the report says that the rest is lost."""
    path = tmp_path / "app.log.gz"
    noisy = "".join(LINE.format(n % 60, os.urandom(20).hex()) for n in range(5000)).encode()
    path.write_bytes(gzip.compress(noisy)[:-2000])
    logs = la.load(path)
    assert 4000 < logs.height < 5000
    assert "unreadable after" in la.load_report(logs)["note"][0]


def test_rotated_sets_come_in_the_order_of_time(tmp_path):
    """app.log.2.gz, app.log.1, app.log; and app.log.10 before app.log.9."""
    for name in ("app.log", "app.log.1", "app.log.9", "app.log.10"):
        (tmp_path / name).write_text(LINE.format(1, name))
    (tmp_path / "app.log.2.gz").write_bytes(gzip.compress(LINE.format(1, "app.log.2").encode()))
    order = [message.removeprefix("hello ") for message in la.load(tmp_path)["message"]]
    assert order == ["app.log.10", "app.log.9", "app.log.2", "app.log.1", "app.log"]


def test_a_list_and_a_glob_read_each_file_once(log, tmp_path):
    """A file named twice is read once."""
    assert la.load([log, str(tmp_path / "*.log"), tmp_path]).height == 200


def test_standard_input(monkeypatch):
    """A dash is standard input."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode())))
    logs = la.load("-")
    assert logs.height == 200
    assert logs["service"].null_count() == 200


def test_since_and_until(log):
    """Both are cut to the half-open range."""
    logs = la.load(log, since="2026-03-10 12:00:10", until="2026-03-10 12:00:12")
    assert sorted(logs["timestamp"].dt.second().unique()) == [10, 11]


def test_a_missing_path_suggests_a_near_one(log):
    """The error names the path and the one that was perhaps meant."""
    with pytest.raises(SourceNotFoundError, match=r"did you mean .*app.log"):
        la.load(log.with_name("ap.log"))


def test_an_empty_glob_is_an_error(tmp_path):
    """A pattern that matches nothing is told, not an empty frame."""
    with pytest.raises(SourceNotFoundError, match="No file matches"):
        la.load(str(tmp_path / "*.log"))


def test_an_empty_file(tmp_path):
    """An empty file is told as such."""
    path = tmp_path / "empty.log"
    path.touch()
    with pytest.raises(UnreadableSourceError, match="empty"):
        la.load(path)


def test_a_binary_file(tmp_path):
    """A file that is not text is refused by name."""
    path = tmp_path / "app.bin"
    path.write_bytes(bytes(range(256)) * 50)
    with pytest.raises(UnreadableSourceError, match=r"app\.bin.*not text"):
        la.load(path)


def test_a_folder_of_mixed_things(log, tmp_path):
    """Logs are read; what is none is skipped and told."""
    (tmp_path / "core").write_bytes(bytes(range(256)) * 50)
    (tmp_path / "empty.log").touch()
    (tmp_path / "README.md").write_text("# Title\n\nText.\n")
    (tmp_path / ".hidden.log").write_text(TEXT)
    logs = la.load(tmp_path)
    report = la.load_report(logs)
    assert logs.height == 200
    noted = report.filter(pl.col("note").is_not_null())["source"].str.split("/").list.last()
    assert sorted(noted) == ["README.md", "core", "empty.log"]


def test_an_empty_folder(tmp_path):
    """Nothing to read is an empty log frame."""
    assert la.load(tmp_path).schema == schema.empty().schema


def test_invalid_utf8_is_replaced_and_counted(tmp_path):
    """The line stays, its broken bytes become replacement characters."""
    path = tmp_path / "app.log"
    broken = b"2026-03-10 12:00:00,000 INFO [app.db] caf\xe9\n"
    path.write_bytes(TEXT.replace("hello", "größe").encode() + broken)
    logs = la.load(path)
    assert logs["message"][-1] == "caf\ufffd"
    assert la.load_report(logs)["invalid_utf8"][0] == 1


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks(tmp_path, encoding):
    """Windows' ways to write text are read."""
    path = tmp_path / "app.log"
    path.write_text(TEXT, encoding=encoding)
    assert la.load(path)["message"].to_list() == [f"hello {n}" for n in range(200)]


def test_crlf_and_ansi(tmp_path):
    """Line ends and colours are no part of the text."""
    path = tmp_path / "app.log"
    path.write_bytes(b"2026-03-10 12:00:00,000 \x1b[31mERROR\x1b[0m [app.db] red\r\n")
    event = la.load(path).row(0, named=True)
    assert (event["level"], event["message"]) == ("ERROR", "red")


def test_a_long_line(tmp_path):
    """A line of 10 MB is one event, whole."""
    path = tmp_path / "app.log"
    path.write_text(TEXT + LINE.format(1, "x" * 10_000_000))
    assert la.load(path)["message"].str.len_bytes().max() == 10_000_006


def test_a_line_without_a_time_keeps_its_text(tmp_path):
    """It is an event without a time, and the report counts it."""
    path = tmp_path / "app.log"
    path.write_text("no time here\n" + TEXT)
    logs = la.load(path)
    assert logs.row(0, named=True)["message"] == "no time here"
    assert la.load_report(logs).select("unparsed", "no_timestamp").row(0) == (1, 1)


def test_the_year_comes_from_the_neighbours(log, tmp_path):
    """Syslog writes no year: the files read with it tell."""
    (tmp_path / "syslog").write_text("Mar 10 12:00:00 host sshd[1]: hello\n")
    times = la.load(tmp_path).filter(pl.col("service") == "sshd")["timestamp"]
    assert times.to_list() == [dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)]


def test_the_year_comes_from_the_files_date(tmp_path):
    """Alone, a file tells its year by when it was written: December, written in January, is last year's."""
    path = tmp_path / "syslog"
    path.write_text("Dec 31 23:59:59 host sshd[1]: old\nJan  1 00:00:01 host sshd[1]: new\n")
    written = dt.datetime(2024, 1, 2, tzinfo=dt.UTC).timestamp()
    os.utime(path, (written, written))
    assert [t.year for t in la.load(path)["timestamp"]] == [2023, 2024]


def test_load_report_of_a_frame_that_was_not_loaded(log):
    """A filtered frame tells what it can of itself."""
    report = la.load_report(la.load(log).head(5))
    assert report.select("source", "events", "lines").row(0) == (str(log), 5, None)


@pytest.mark.parametrize("head", ["2026-03-10 12:00:00,000 INFO [app.db] ", '{"ts":"2026-03-10T12:00:00Z","msg":"'])
def test_a_very_long_line_is_cut(tmp_path, monkeypatch, head):
    """Beyond a limit a line is cut in pieces, between characters; no text is lost, and the report tells."""
    monkeypatch.setattr(reader, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(blocks, "MAX_LINE_BYTES", 5000)
    path = tmp_path / "app.log"
    path.write_text((head + "short\n") * 3 + head + "ä" * 20_000 + "\n" + head + "short\n", encoding="utf-8")
    logs = la.load(path)
    text = "".join(logs.select(pl.concat_str("message", "exception", ignore_nulls=True)).to_series())
    assert text.count("ä") == 20_000
    assert "\ufffd" not in text
    assert "was cut in two" in la.load_report(logs)["note"][0]


def test_blank_lines_do_not_fill_memory(tmp_path, monkeypatch):
    """A block of very many lines is taken in parts; the numbers of the lines go on."""
    monkeypatch.setattr(blocks, "_MAX_BLOCK_LINES", 150)
    path = tmp_path / "app.log"
    path.write_text("\n" * 100 + TEXT + "\n" * 30 + LINE.format(1, "last"))
    logs = la.load(path)
    assert logs["offset"].cast(pl.Int64).to_list() == [*range(101, 301), 331]


def test_a_time_from_the_event_before_that_the_sample_did_not_show(tmp_path):
    """A scan says of it that it is inferred, as load() does; other large logs have the column and nothing in it."""
    lines = [f"2026-03-10 12:00:{n % 60:02},123 INFO [app] job {n}" for n in range(9000)]
    path = tmp_path / "app.log"
    path.write_text("\n".join([*lines[:3000], "panic: boom", *lines[3000:]]) + "\n")
    loaded, scanned = la.load(path), la.scan(path).collect()
    assert scanned.equals(loaded)
    assert scanned.filter("timestamp.inferred")["message"].to_list() == ["panic: boom"]
    path.write_text("\n".join(lines) + "\n")
    assert la.scan(path).collect()["timestamp.inferred"].null_count() == 9000
