"""What a load read and what it could not: one row a source."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from loganalytics.schema import TIMESTAMP, Frame, lazy
from loganalytics.sources import parquet
from loganalytics.sources.files.reader import LogFile
from loganalytics.sources.uri import without_credentials

LOAD_REPORT_SCHEMA: dict[str, pl.DataType] = {
    "source": pl.String(),
    "format": pl.String(),
    "bytes": pl.Int64(),
    "lines": pl.Int64(),
    "events": pl.Int64(),
    "unparsed": pl.Int64(),
    "no_timestamp": pl.Int64(),
    "invalid_utf8": pl.Int64(),
    "first_seen": TIMESTAMP,
    "last_seen": TIMESTAMP,
    "note": pl.String(),
}

# By the id of the frame, as long as the frame lives: a frame has no attribute for it.
_REPORTS: dict[int, Callable[[], pl.DataFrame]] = {}


def load_report(logs: Frame) -> pl.DataFrame:
    """Return one row a source: what was read and what could not be.

    For a frame that load() or scan() returned (a scanned one tells what was read of it so far): source, format, bytes
    (unpacked), lines, events (lines less continuation and blank lines), unparsed (kept as events with the raw text),
    no_timestamp, invalid_utf8 (lines with bytes that were replaced), first_seen, last_seen, note (why a file was
    skipped or cut short). For any other log frame, what the frame itself tells; the rest is null.

    Requires: source, timestamp.

    >>> import loganalytics as la, pathlib
    >>> _ = pathlib.Path("app.log").write_text("2026-03-10 12:00:00 INFO started\\nnonsense\\n")
    >>> la.load_report(la.load("app.log")).select("format", "lines", "events").row(0)
    ('time, level', 2, 1)
    """
    known = _REPORTS.get(id(logs))
    return known() if known else _from_frame(logs)


def remember(logs: Frame, report: Callable[[], pl.DataFrame]) -> None:
    """Let load_report(logs) answer with this report as long as the frame lives."""
    _REPORTS[id(logs)] = report
    weakref.finalize(logs, _REPORTS.pop, id(logs), None)


def rows(records: Iterable[Mapping[str, object]]) -> pl.DataFrame:
    """Return rows of the load report, each a dict of LOAD_REPORT_SCHEMA's columns; one that is left out is null.

    >>> rows([{"source": "app.log", "events": 2}]).select("source", "events", "note").row(0)
    ('app.log', 2, None)
    """
    return pl.DataFrame([{name: row.get(name) for name in LOAD_REPORT_SCHEMA} for row in records], LOAD_REPORT_SCHEMA)


def of_files(files: Sequence[LogFile]) -> pl.DataFrame:
    """Return the report of files that were read."""
    return rows(
        {
            "source": file.source, "format": file.detection.name if file.sample else None, "bytes": file.reading.bytes,
            "lines": file.reading.lines, "events": file.events, "unparsed": file.unparsed,
            "no_timestamp": file.no_timestamp, "invalid_utf8": file.reading.invalid_utf8,
            "first_seen": file.first_seen, "last_seen": file.last_seen, "note": file.reading.note or None,
        }
        for file in files
    )  # fmt: skip


def of_tables(tables: Sequence[str], storage_options: Mapping[str, Any] | None) -> pl.DataFrame:
    """Return the report of Parquet files; their rows are counted as lines, as their footers tell."""
    return rows(
        {
            "source": without_credentials(name), "format": "Parquet",
            "bytes": None if "://" in name else os.path.getsize(name), "lines": count, "events": count, "unparsed": 0,
        }
        for name, count in zip(tables, parquet.row_counts(tables, storage_options), strict=True)
    )  # fmt: skip


def _from_frame(logs: Frame) -> pl.DataFrame:
    frame = lazy(logs, "source", "timestamp")
    counted = frame.group_by("source").agg(
        pl.len().cast(pl.Int64).alias("events"),
        pl.col("timestamp").null_count().cast(pl.Int64).alias("no_timestamp"),
        pl.col("timestamp").min().alias("first_seen"),
        pl.col("timestamp").max().alias("last_seen"),
    )
    known = counted.sort("source").collect()
    return known.select(
        pl.col(name).cast(kind) if name in known.columns else pl.lit(None, dtype=kind).alias(name)
        for name, kind in LOAD_REPORT_SCHEMA.items()
    )
