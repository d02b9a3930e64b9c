"""Logs from anywhere to log frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from loganalytics import schema
from loganalytics.formats.user import Formats
from loganalytics.progress import track
from loganalytics.sources import files as _files
from loganalytics.sources.discovery import Source
from loganalytics.sources.export import Export, export
from loganalytics.sources.selection import When, read_all, select
from loganalytics.sources.tally import load_report, of_files, of_tables, remember

__all__ = ["Export", "export", "load", "load_report", "scan"]


def load(
    source: Source, *, since: When = None, until: When = None, tz: str = "UTC",
    formats: Formats | None = None, storage_options: Mapping[str, Any] | None = None,
    max_unpacked_bytes: int | None = None,
) -> pl.DataFrame:  # fmt: skip
    """Read logs into a log frame, formats and compression detected.

    Args:
        source: a file, a glob, a folder (read with its subfolders), a list of these, "-" for standard input, a named
            pipe, or an address: s3://, gs://, az://, https://. Archives (.gz, .bz2, .xz, .zst, .zip) are unpacked,
            Parquet is read as it is.
        since: keep events from then on: ISO text, a datetime, or "2h", "7d" before now. Events without a time are kept
            only when neither `since` nor `until` is given. Files that surely lie outside are not read.
        until: keep events before then.
        tz: the time zone of times that bear none.
        formats: your own, tried before those that are known: a Format, several, or the path of a TOML file with
            [[format]] tables of name, pattern (an expression with the groups timestamp and message) or time (a
            strptime pattern).
        storage_options: for an object store, as Polars takes them; credentials belong there or in the environment.
        max_unpacked_bytes: what one archive may unpack to. Default: LOGANALYTICS_MAX_UNPACKED of the environment, else
            50 GiB, and beyond 100 MiB no more than 1,000 times its size.

    Returns the core columns of the log frame, then the fields of the records. Files come in the order of their names,
    rotated sets in the order of time, and lines in the order of the file. No line is dropped, and a log that lies
    there under two names is read once: see load_report(). Formats are detected on the head, the middle and the end of
    a file, and on the head alone of archives and addresses.

    Raises SourceNotFoundError when there is no such file, UnreadableSourceError when it is not a log.

    >>> import loganalytics as la, pathlib
    >>> _ = pathlib.Path("app.log").write_text("2026-03-10 12:00:00 ERROR disk full\\n")
    >>> la.load("app.log")["level", "message"].row(0)
    ('ERROR', 'disk full')
    """
    chosen = select(source, since, until, tz, storage_options, max_unpacked_bytes, formats)
    opened = chosen.open()
    frames = [
        _keep(frame, chosen.keep)
        for frame in track(read_all(opened), lambda: _files.position(opened), sum(f.place.size for f in opened))
    ]
    table = chosen.table()
    if table is not None:
        kept = table if chosen.keep is None else table.filter(chosen.keep)
        frames.insert(0, kept.collect(engine="streaming"))
    logs = pl.concat(frames, how="diagonal_relaxed") if frames else schema.empty()
    if "attributes" in logs.columns and logs["attributes"].null_count() == logs.height:
        logs = logs.drop("attributes")
    remember(logs, lambda: pl.concat([of_tables(chosen.tables, chosen.storage_options), of_files(opened)]))
    return logs


def scan(
    source: Source, *, since: When = None, until: When = None, tz: str = "UTC",
    formats: Formats | None = None, storage_options: Mapping[str, Any] | None = None,
    max_unpacked_bytes: int | None = None,
) -> pl.LazyFrame:  # fmt: skip
    """Read logs lazily, block by block: for what is larger than memory.

    Takes what load() takes and returns a LazyFrame with the same columns, as the samples of the files show them; a
    field that first occurs later is in `attributes`. Parquet is read as pl.scan_parquet() does, filters first. What
    comes through a pipe is copied to a temporary file, so that it can be read again.

    >>> import loganalytics as la, pathlib
    >>> _ = pathlib.Path("app.log").write_text("2026-03-10 12:00:00 ERROR disk full\\n")
    >>> la.scan("app.log").filter(level="ERROR").collect().height
    1
    """
    from polars.io.plugins import register_io_source

    chosen = select(source, since, until, tz, storage_options, max_unpacked_bytes, formats)
    opened = chosen.open()
    shapes = [pl.DataFrame(schema=_files.event_schema(file)) for file in opened if not file.reading.note]
    columns = pl.concat([schema.empty(), *shapes], how="diagonal_relaxed").schema

    def batches(
        with_columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, _batch_size: int | None
    ) -> Iterator[pl.DataFrame]:
        opened[:] = chosen.open()
        for frame in read_all(opened):
            shaped = _keep(_keep(_shape(frame, columns), chosen.keep), predicate)
            if n_rows is not None:
                shaped = shaped.head(n_rows)
                n_rows -= shaped.height
            yield shaped if with_columns is None else shaped.select(with_columns)
            if n_rows == 0:
                return

    logs = register_io_source(batches, schema=columns)
    table = chosen.table()
    if table is not None:
        kept = table if chosen.keep is None else table.filter(chosen.keep)
        logs = pl.concat([kept, logs], how="diagonal_relaxed") if opened else kept
    remember(logs, lambda: pl.concat([of_tables(chosen.tables, chosen.storage_options), of_files(opened)]))
    return logs


def _keep(frame: pl.DataFrame, predicate: pl.Expr | None) -> pl.DataFrame:
    """Filter, and copy what is left when it is little: its strings would hold on to the whole block's memory."""
    if predicate is None:
        return frame
    kept = frame.filter(predicate)
    return kept.with_columns(pl.col(pl.String) + "") if 0 < kept.height < frame.height // 2 else kept


def _shape(frame: pl.DataFrame, columns: pl.Schema) -> pl.DataFrame:
    return frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in columns.items()
    )
