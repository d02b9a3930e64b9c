"""Logs from anywhere to log frames."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import polars as pl

from loganalytics import schema
from loganalytics.progress import track
from loganalytics.sources import files as _files
from loganalytics.sources.discovery import Source, find_files
from loganalytics.sources.tally import load_report, of_files, remember
from loganalytics.times import parse_when, parse_zone

__all__ = ["load", "load_report", "scan"]

When = str | dt.datetime | None


def load(source: Source, *, since: When = None, until: When = None, tz: str = "UTC") -> pl.DataFrame:
    """Read logs into a log frame, formats and compression detected.

    Args:
        source: a file, a glob, a folder (read with its subfolders), a list of these, or "-" for standard input.
        since: keep events from then on: ISO text, a datetime, or "2h", "7d" before now. Events without a time are kept
            only when neither `since` nor `until` is given.
        until: keep events before then.
        tz: the time zone of times that bear none.

    Returns the core columns of the log frame, then the fields of the records. Files come in the order of their names,
    rotated sets in the order of time, and lines in the order of the file. No line is dropped: see load_report().

    Raises SourceNotFoundError when there is no such file, UnreadableSourceError when it is not a log.

    >>> import loganalytics as la, pathlib
    >>> _ = pathlib.Path("app.log").write_text("2026-03-10 12:00:00 ERROR disk full\\n")
    >>> la.load("app.log")["level", "message"].row(0)
    ('ERROR', 'disk full')
    """
    opened = _files.open_files(find_files(source), tz=parse_zone(tz).key)
    total = sum(file.path.stat().st_size for file in opened if file.path.exists())
    keep = _within(since, until, tz)
    frames = [frame.filter(keep) for frame in track(_read_all(opened), lambda: _files.position(opened), total)]
    logs = pl.concat(frames, how="diagonal_relaxed") if frames else schema.empty()
    if "attributes" in logs.columns and logs["attributes"].null_count() == logs.height:
        logs = logs.drop("attributes")
    remember(logs, lambda: of_files(opened))
    return logs


def scan(source: Source, *, since: When = None, until: When = None, tz: str = "UTC") -> pl.LazyFrame:
    """Read logs lazily, block by block: for what is larger than memory.

    Takes what load() takes and returns a LazyFrame with the same columns, as the samples of the files show them; a
    field that first occurs later is in `attributes`.

    >>> import loganalytics as la, pathlib
    >>> _ = pathlib.Path("app.log").write_text("2026-03-10 12:00:00 ERROR disk full\\n")
    >>> la.scan("app.log").filter(level="ERROR").collect().height
    1
    """
    from polars.io.plugins import register_io_source

    paths = find_files(source)
    opened = _files.open_files(paths, tz=parse_zone(tz).key)
    shapes = [pl.DataFrame(schema=_files.event_schema(file)) for file in opened]
    columns = pl.concat([schema.empty(), *shapes], how="diagonal_relaxed").schema
    keep = _within(since, until, tz)

    def batches(
        with_columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, _batch_size: int | None
    ) -> Iterator[pl.DataFrame]:
        opened[:] = _files.open_files(paths, tz=tz)
        for frame in _read_all(opened):
            shaped = _shape(frame, columns).filter(keep)
            shaped = shaped if predicate is None else shaped.filter(predicate)
            if n_rows is not None:
                shaped = shaped.head(n_rows)
                n_rows -= shaped.height
            yield shaped if with_columns is None else shaped.select(with_columns)
            if n_rows == 0:
                return

    logs = register_io_source(batches, schema=columns)
    remember(logs, lambda: of_files(opened))
    return logs


def _read_all(opened: list[_files.LogFile]) -> Iterator[pl.DataFrame]:
    for file in opened:
        yield from _files.read_events(file)


def _shape(frame: pl.DataFrame, columns: pl.Schema) -> pl.DataFrame:
    return frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in columns.items()
    )


def _within(since: When, until: When, tz: str) -> pl.Expr:
    keep = pl.lit(value=True)
    if since is not None:
        keep &= pl.col("timestamp") >= parse_when(since, tz=tz)
    if until is not None:
        keep &= pl.col("timestamp") < parse_when(until, tz=tz)
    return keep
