"""What a load read and what it could not: one row a source."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Mapping

import polars as pl

from loganalytics.schema import TIMESTAMP, Frame, lazy
from loganalytics.sources.status import Status

LOAD_REPORT_SCHEMA: dict[str, pl.DataType] = {
    "source": pl.String(),
    "format": pl.String(),
    "status": pl.String(),
    "bytes": pl.Int64(),
    "lines": pl.Int64(),
    "events": pl.Int64(),
    "unparsed": pl.Int64(),
    "no_timestamp": pl.Int64(),
    "invalid_utf8": pl.Int64(),
    "first_seen": TIMESTAMP,
    "last_seen": TIMESTAMP,
    "note": pl.String(),
    "guessed": pl.String(),
}

# By the id of the frame, as long as the frame lives: a frame has no attribute for it.
_REPORTS: dict[int, Callable[[], pl.DataFrame]] = {}


def load_report(logs: Frame) -> pl.DataFrame:
    """Return one row a source: what was read and what could not be.

    For a frame that load() or scan() returned (for a scanned one, what was read of it so far): source, format, status,
    bytes (unpacked), lines, events (lines less continuation and blank lines), unparsed (kept as events with the raw
    text), no_timestamp, invalid_utf8 (lines with bytes that were replaced), first_seen, last_seen, note (a sentence
    about what was skipped, cut short or missing), guessed (what was decided without being certain: the order of day and
    month, an encoding, the unit of a duration). For any other log frame, what the frame itself shows; the rest is null.

    The status is "read", "skipped_not_log", "skipped_duplicate", "outside_range" (of since and until), "truncated"
    (events at its end are missing) or "unreadable" (nothing of it was read).

    Requires: source, timestamp.

    >>> import loganalytics as la, pathlib
    >>> _ = pathlib.Path("app.log").write_text("2026-03-10 12:00:00 INFO started\\nnonsense\\n")
    >>> la.load_report(la.load("app.log")).select("format", "status", "lines", "events").row(0)
    ('time, level', 'read', 2, 1)
    """
    report = _REPORTS.get(id(logs))
    return report() if report else _from_frame(logs)


def remarks(row: Mapping[str, object]) -> str | None:
    """Return what there is to say of a source, a row of the report: the note, then what was guessed."""
    return "; ".join(str(row[name]) for name in ("note", "guessed") if row.get(name)) or None


def remember(logs: Frame, report: Callable[[], pl.DataFrame]) -> None:
    """Let load_report(logs) answer with this report as long as the frame lives."""
    _REPORTS[id(logs)] = report
    weakref.finalize(logs, _REPORTS.pop, id(logs), None)


def rows(records: Iterable[Mapping[str, object]]) -> pl.DataFrame:
    """Return rows of the load report, each a dict of columns of LOAD_REPORT_SCHEMA.

    `status` is a Status, and READ where it is left out; other columns that are left out are null.

    >>> rows([{"source": "app.log", "events": 2}]).select("source", "status", "events", "note").row(0)
    ('app.log', 'read', 2, None)
    """
    return pl.DataFrame([_complete(record) for record in records], schema=LOAD_REPORT_SCHEMA)


def _complete(record: Mapping[str, object]) -> dict[str, object]:
    status = Status(record.get("status", Status.READ))
    return dict.fromkeys(LOAD_REPORT_SCHEMA) | dict(record) | {"status": status.value}


def _from_frame(logs: Frame) -> pl.DataFrame:
    frame = lazy(logs, "source", "timestamp")
    counted = frame.group_by("source").agg(
        pl.len().cast(pl.Int64).alias("events"),
        pl.col("timestamp").null_count().cast(pl.Int64).alias("no_timestamp"),
        pl.col("timestamp").min().alias("first_seen"),
        pl.col("timestamp").max().alias("last_seen"),
    )
    counts = counted.sort("source").collect()
    return counts.select(
        pl.col(name).cast(kind) if name in counts.columns else pl.lit(None, dtype=kind).alias(name)
        for name, kind in LOAD_REPORT_SCHEMA.items()
    )
