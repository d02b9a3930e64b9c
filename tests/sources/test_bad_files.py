"""One bad file, link or name among others spoils nothing: the rest is read, and the load report tells."""

from __future__ import annotations

import gzip
import os
import socket

import polars as pl
import pytest

import loganalytics as la
from loganalytics.cli.main import main
from loganalytics.exceptions import UnreadableSourceError

LINE = "2026-03-10 12:00:{:02d},000 ERROR [app.db] {}\n"


def log(name, count=3):
    """Return a log whose messages begin with a name."""
    return "".join(LINE.format(n, f"{name} {n}") for n in range(count))


@pytest.fixture
def folder(tmp_path):
    """Make a folder with a good log."""
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "good.log").write_text(log("good"))
    return folder


def statuses(logs):
    """Return the statuses of a load report by file name."""
    report = la.load_report(logs).select(pl.col("source").str.split("/").list.last(), "status")
    return dict(report.iter_rows())


def write_frame(path, **columns):
    """Write a Parquet file with a time and other columns."""
    time = pl.Series("timestamp", ["2026-03-10T12:00:00"]).str.to_datetime()
    pl.DataFrame([time]).with_columns(**columns).write_parquet(path)


def test_a_broken_parquet_file_among_others(folder):
    """It is named as unreadable, and the command line exits with 3; alone it is an error."""
    broken = folder / "x.parquet"
    broken.write_bytes(b"PAR1" + os.urandom(500))
    write_frame(folder / "fine.parquet", message=pl.lit("fine"))
    logs = la.load(folder)
    assert sorted(logs["message"]) == ["fine", "good 0", "good 1", "good 2"]
    assert statuses(logs) == {"fine.parquet": "read", "x.parquet": "unreadable", "good.log": "read"}
    assert la.scan(folder).collect().height == 4
    assert main(["trend", str(folder)]) == 3
    with pytest.raises(UnreadableSourceError, match=r"x\.parquet"):
        la.load(broken)


def test_a_corrupt_page_of_a_parquet_file(folder):
    """Its footer promises what cannot be read: the rest is read, and alone it is an error."""
    broken = folder / "x.parquet"
    time = pl.Series("timestamp", ["2026-03-10T12:00:00"] * 5000).str.to_datetime()
    message = pl.Series("message", [f"event {n * 7919 % 1000} of {n}" for n in range(5000)])
    pl.DataFrame([time, message]).write_parquet(broken, compression="snappy")
    content = bytearray(broken.read_bytes())
    middle = len(content) // 2
    content[middle - 500 : middle + 500] = b"\xff" * 1000
    broken.write_bytes(content)
    write_frame(folder / "fine.parquet", message=pl.lit("fine"))
    logs = la.load(folder)
    assert sorted(logs["message"]) == ["fine", "good 0", "good 1", "good 2"]
    assert statuses(logs) == {"fine.parquet": "read", "x.parquet": "unreadable", "good.log": "read"}
    with pytest.raises(UnreadableSourceError, match=r"x\.parquet.* corrupt part"):
        la.load(broken)


def test_a_parquet_file_that_is_no_log_is_left_out(folder):
    """A table without messages beside logs is no failure."""
    write_frame(folder / "prices.parquet", price=pl.lit(3))
    assert statuses(la.load(folder)) == {"prices.parquet": "skipped_not_log", "good.log": "read"}
    assert main(["trend", str(folder)]) == 0


def test_text_in_bytes_in_a_parquet_file(tmp_path):
    """A message that was written as bytes is read, what is not UTF-8 replaced."""
    write_frame(tmp_path / "bytes.parquet", message=pl.lit(b"caf\xe9 ok"), level=pl.lit(b"error"))
    logs = la.load(tmp_path / "bytes.parquet")
    assert logs.select("message", "level", "severity_number").row(0) == ("caf\ufffd ok", "error", None)


def test_bytes_that_claim_to_be_packed(folder):
    """Random bytes with the ending or the first bytes of an archive are told; alone they are an error."""
    (folder / "a.gz").write_bytes(b"\x1f\x8b" + os.urandom(300))
    (folder / "b.zip").write_bytes(b"PK\x03\x04" + os.urandom(300))
    logs = la.load(folder)
    assert logs.height == 3
    assert statuses(logs) == {"a.gz": "unreadable", "b.zip": "unreadable", "good.log": "read"}
    assert main(["trend", str(folder)]) == 3
    with pytest.raises(UnreadableSourceError, match=r"a\.gz"):
        la.load(folder / "a.gz")


def test_a_truncated_archive_is_told_by_formats_and_sources(folder, capsys):
    """Both verbs exit with 3, as those that read it all."""
    packed = gzip.compress((log("packed") + os.urandom(20_000).hex()).encode())
    (folder / "cut.log.gz").write_bytes(packed[:-500])
    for verb in ("formats", "sources"):
        assert main([verb, str(folder / "cut.log.gz")]) == 3
        assert main([verb, str(folder / "good.log")]) == 0


def test_names_that_are_not_utf8(folder):
    """They are written with escapes, and files of such names are read, scanned, described and followed."""
    name = os.fsencode(folder) + b"/caf\xe9.log"
    with open(name, "w") as file:
        file.write(log("odd"))
    logs = la.load(folder)
    assert logs["source"].unique().sort().to_list() == [f"{folder}/caf\\xe9.log", f"{folder}/good.log"]
    assert logs["service"].unique().sort().to_list() == ["caf\\xe9", "good"]
    assert la.load(os.fsdecode(name)).height == 3
    assert la.scan(folder).collect().equals(logs)
    assert la.describe(folder).height == 2
    with la.tail(folder, since="2020-01-01") as tail:
        events = pl.concat([tail.read(1) for _ in range(3)])
    assert sorted(events["source"].unique()) == [f"{folder}/caf\\xe9.log", f"{folder}/good.log"]
    assert events.height == 6
    assert main(["trend", str(folder)]) == 0


def test_names_with_escapes_are_shown_harmlessly(folder, capsys):
    """Neither a terminal escape nor a line break of a name reaches the screen."""
    (folder / "a\x1b[31mred\nfake line.log").write_text(log("odd"))
    assert la.load(folder).height == 6
    for verb in ("sources", "formats", "patterns", "coverage"):
        assert main([verb, str(folder)]) == 0
        shown = capsys.readouterr()
        assert "\x1b" not in shown.out + shown.err
        assert "\nfake line" not in shown.out + shown.err


def test_a_folder_within_itself(folder):
    """A link back to a folder is skipped and told."""
    (folder / "again").symlink_to(folder)
    (folder / "self").symlink_to("self")
    logs = la.load(folder)
    assert logs.height == 3
    assert statuses(logs) == {"again": "skipped_duplicate", "self": "unreadable", "good.log": "read"}


def test_a_name_that_begins_with_a_tilde(folder, monkeypatch):
    """It is a name, unless it is that of a home."""
    (folder / "~x.log").write_text(log("tilde"))
    (folder / "~root").write_text(log("tilde"))
    write_frame(folder / "~t.parquet", message=pl.lit("tilde"))
    monkeypatch.chdir(folder)
    assert la.load("~x.log").height == 3
    assert la.load("~root").height == 3
    assert la.load(".").height == 10
    assert la.load("*.log").height == 6
    assert la.load("~t.parquet").height == 1
    monkeypatch.setenv("HOME", str(folder))
    assert la.load("~/good.log").height == 3


def test_pipes_sockets_and_devices_of_a_folder(folder):
    """They are not waited for, but told."""
    os.mkfifo(folder / "pipe.log")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "s"))
        logs = la.load(folder)
    assert logs.height == 3
    assert statuses(logs) == {"pipe.log": "skipped_not_log", "s": "skipped_not_log", "good.log": "read"}
