"""Parquet as log frames, and export: what is written is what is read back."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import textwrap

import polars as pl
import pytest

import loganalytics as la
from loganalytics import schema
from loganalytics.exceptions import InvalidArgumentError, UnreadableSourceError
from loganalytics.exports import Export, export


@pytest.fixture
def log(tmp_path):
    """Write three days of logs, with fields of several types, and a line without a time."""
    path = tmp_path / "app.jsonl"
    rows = [
        {"ts": f"2026-03-{8 + n // 24:02d}T{n % 24:02d}:00:00Z", "level": "error" if n % 10 == 0 else "info",
         "msg": f"=hello {n}\nthere", "user_id": n, "duration_ms": n / 3, "http": {"method": "GET"}}
        for n in range(72)
    ]  # fmt: skip
    path.write_text("no time here\n" + "".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_folder_is_divided_by_day_and_read_back(log, tmp_path):
    """Events, columns and types return as they were; events without a time are in a folder of their own."""
    written = export(la.scan(log), f"{tmp_path}/lake/")
    days = ("2026-03-08", "2026-03-09", "2026-03-10", "__HIVE_DEFAULT_PARTITION__")
    assert sorted(written.files) == [tmp_path / "lake" / f"date={day}" / "part-0.parquet" for day in days]
    assert written.events == 73
    logs = la.load(tmp_path / "lake")
    assert logs.sort("offset").equals(la.load(log).select(logs.columns).sort("offset"))
    report = la.load_report(logs)
    assert report.select("format", "events").row(0) == ("Parquet", 24)


@pytest.mark.parametrize("name", ["out.parquet", "out.csv", "out.ndjson"])
def test_one_file(log, tmp_path, name):
    """By its suffix; each holds every event."""
    path = tmp_path / name
    assert export(la.scan(log), path) == Export(events=73, files=(path,))
    read = {"parquet": pl.read_parquet, "csv": pl.read_csv, "ndjson": pl.read_ndjson}[path.suffix[1:]](path)
    assert read.height == 73
    assert list(read.columns)[:10] == list(schema.CORE)
    assert read["message"][1].startswith("'=hello" if name.endswith("csv") else "=hello")
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_a_lake_is_scanned_with_pushdown(log, tmp_path):
    """Filters and columns reach the files, and other days' files are not opened."""
    export(la.scan(log), f"{tmp_path}/lake/")
    plan = la.scan(tmp_path / "lake").filter(pl.col("level") == "ERROR").select("service", "level").explain()
    assert "SELECTION" in plan
    assert "PROJECT 2/" in plan
    plan = la.scan(tmp_path / "lake", since="2026-03-10").explain()
    assert "date=2026-03-10" in plan
    logs = la.scan(tmp_path / "lake", since="2026-03-09 12:00", until="2026-03-10").collect()
    assert logs["timestamp"].dt.hour().to_list() == list(range(12, 24))


def test_append(log, tmp_path):
    """A folder that holds something is not written to unless told; then parts with other columns stand side by side."""
    other = tmp_path / "web.log"
    other.write_text("2026-03-09 12:00:00,000 INFO [web] hello\n")
    export(la.scan(log), f"{tmp_path}/lake/")
    with pytest.raises(InvalidArgumentError, match="not empty"):
        export(la.scan(other), tmp_path / "lake")
    written = export(la.scan(other), tmp_path / "lake", append=True)
    assert written.files == (tmp_path / "lake" / "date=2026-03-09" / "part-1.parquet",)
    logs = la.load(tmp_path / "lake")
    assert logs.height == 74
    assert logs.filter(service="web")["user_id"].to_list() == [None]


def test_a_file_is_not_added_to(log, tmp_path):
    """It would be replaced, and what it held be gone."""
    path = tmp_path / "out.parquet"
    path.write_text("old")
    with pytest.raises(InvalidArgumentError, match="would be replaced"):
        export(la.scan(log), path, append=True)
    assert path.read_text() == "old"


def test_parts_have_names_of_their_own_where_there_are_no_links(log, tmp_path, monkeypatch):
    """As on some network drives."""

    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr("os.link", refuse)
    for _ in range(2):
        export(la.scan(log), f"{tmp_path}/lake/", append=True)
    assert la.load(tmp_path / "lake").height == 2 * 73


def test_a_failed_export_leaves_nothing(log, tmp_path):
    """Neither a folder nor half a file, and what was there before stays."""
    broken = la.scan(log).with_columns(pl.col("message").cast(pl.Int64))
    (tmp_path / "old.parquet").write_text("old")
    for output in (f"{tmp_path}/lake/", tmp_path / "old.parquet"):
        with pytest.raises(pl.exceptions.PolarsError):
            export(broken, output)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["app.jsonl", "old.parquet"]
    assert (tmp_path / "old.parquet").read_text() == "old"


@pytest.mark.parametrize(("output", "form"), [("out.docx", None), ("-", "parquet"), ("out", None), ("out.csv", "xml")])
def test_a_format_that_is_none(log, output, form):
    """It is told before anything is written."""
    with pytest.raises(InvalidArgumentError):
        export(la.scan(log), output, form=form)


def test_parquet_of_others(tmp_path):
    """A table with timestamp and message is a log frame: local times in `tz`, its place as source and offset."""
    path = tmp_path / "theirs.parquet"
    when = dt.datetime(2026, 3, 10, 12)
    pl.DataFrame({"message": ["a", None], "timestamp": [when, None], "level": ["ERROR", "INFO"], "x": [1, 2]}).cast(
        {"timestamp": pl.Datetime("ms")}
    ).write_parquet(path)
    logs = la.load(path, tz="Europe/Berlin")
    assert logs.schema == pl.Schema(schema.CORE | {"x": pl.Int64()})
    assert logs.row(0, named=True)["timestamp"] == dt.datetime(2026, 3, 10, 11, tzinfo=dt.UTC)
    assert logs.select("severity_number", "message", "source", "offset").rows() == [
        (17, "a", str(path), "0"), (9, "", str(path), "1"),
    ]  # fmt: skip


def test_parquet_that_is_no_log(tmp_path):
    """The error tells the columns that it has."""
    path = tmp_path / "table.parquet"
    pl.DataFrame({"when": [1]}).write_parquet(path)
    with pytest.raises(UnreadableSourceError, match="when"):
        la.load(path)
    path.write_bytes(b"PAR1 and no more")
    with pytest.raises(UnreadableSourceError, match=r"table\.parquet"):
        la.load(path)


def test_text_and_parquet_together(log, tmp_path):
    """A list or folder may hold both."""
    export(la.scan(log), tmp_path / "a.parquet")
    assert la.load([log, tmp_path / "a.parquet"]).height == la.scan(tmp_path).collect().height == 146


def test_a_delta_table_is_refused(log, tmp_path):
    """Its folder holds files that are no longer current."""
    (tmp_path / "t" / "_delta_log").mkdir(parents=True)
    export(la.scan(log), tmp_path / "t" / "a.parquet")
    with pytest.raises(UnreadableSourceError, match="Delta"):
        la.load(tmp_path / "t")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the peak is told in other units")
def test_more_than_memory(tmp_path):
    """A file of 2 GB is counted, filtered, exported and read back in less than 1.5 GB of memory.

    It is resident memory that is held down: allocators map address space that they never touch, and how much of it is
    up to chance, so that a limit on the address space fails now and then. The usual peak is half as high, for a file of
    5 GB too.
    """
    code = """
        import importlib, pathlib, re, sys
        import loganalytics as la
        from loganalytics.exports import Export, export
        zstd = importlib.import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
        path, lake = sys.argv[1:]
        line = "2026-03-{:02d} {:02d}:00:00,000 {} [app.db] " + "a longer message " * 1200 + "\\n"
        size = 0
        with zstd.open(path, "wb", level=1) as file:
            for n in range(1000):
                size += file.write((line.format(8 + n % 3, n % 24, "ERROR" if n % 10 == 0 else "INFO") * 100).encode())
        logs = la.scan(path, max_unpacked_bytes=size)
        direct = logs.filter(level="ERROR").select("offset").collect().height
        written = export(logs, lake)
        errors = la.scan(lake).filter(level="ERROR").select("offset").collect().height
        # Not ru_maxrss: that of a process that was started counts the one that started it.
        resident = re.search(r"VmHWM:\\s+(\\d+) kB", pathlib.Path("/proc/self/status").read_text()).group(1)
        print(size, direct, errors, written.events, len(written.files), resident)
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(tmp_path / "big.log.zst"), f"{tmp_path}/lake/"]
    result = subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | {"POLARS_MAX_THREADS": "2"}
    )
    assert result.returncode == 0, result.stderr
    size, *counts, resident = map(int, result.stdout.split())
    assert size > 2_000_000_000
    assert counts == [10_000, 10_000, 100_000, 3]
    assert resident < 1_500_000  # KiB
