"""Logs from anywhere to log frames."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import polars as pl

from loganalytics import schema
from loganalytics.filters.sql import check_columns, condition, where
from loganalytics.formats.custom import Formats
from loganalytics.progress import track
from loganalytics.sources.files import reader as _files
from loganalytics.sources.files.describe import describe_files, describe_tables
from loganalytics.sources.files.discovery import Source
from loganalytics.sources.files.reader import LogFile
from loganalytics.sources.load_report import of_files, of_tables, remember
from loganalytics.sources.read_plan import Selection, When, read_all, select
from loganalytics.sources.store import DESCRIPTION_SCHEMA, ReadOptions, Store, open_store


def load(
    source: Source, *, since: When = None, until: When = None, level: str | None = None, query: str | None = None,
    tz: str = "UTC", formats: Formats | None = None, storage_options: Mapping[str, Any] | None = None,
    max_unpacked_bytes: int | None = None,
) -> pl.DataFrame:  # fmt: skip
    """Read logs into a log frame, formats and compression detected.

    Args:
        source: a file, a glob, a folder (read with its subfolders), a list of these, "-" for standard input, a named
            pipe, or an address: s3://, gs://, az://, https://, or a server's: redis://, elasticsearch://, opensearch://,
            postgresql://, mysql://, sqlite:///, duckdb:///. Archives (.gz, .bz2, .xz, .zst, .zip) are unpacked, Parquet
            is read as it is.
        since: keep events from then on: ISO text, a datetime, or "2h", "7d" before now. Events without a time are kept
            only when neither `since` nor `until` is given. Files that surely lie outside are not read.
        until: keep events before then.
        level: keep events of this level and above.
        query: keep events for which this holds: an SQL condition over the columns, such as "duration_ms > 500";
            Elasticsearch and OpenSearch take it in Lucene's language.
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

    A server's login comes from its address, the environment or the credentials file: see sources.credentials.

    Raises SourceNotFoundError when there is no such file or stream, UnreadableSourceError when it is not a log,
    UnreachableSourceError when a server does not answer.

    >>> import loganalytics as la, pathlib
    >>> _ = pathlib.Path("app.log").write_text("2026-03-10 12:00:00 ERROR disk full\\n")
    >>> la.load("app.log")["level", "message"].row(0)
    ('ERROR', 'disk full')
    """
    chosen = select(source, since, until, tz, storage_options, max_unpacked_bytes, formats, level, query)
    opened = chosen.open()
    frames = [
        _keep(frame, chosen.want.keep)
        for frame in track(read_all(opened), lambda: _files.position(opened), sum(f.place.size for f in opened))
    ]
    table = chosen.table()
    if table is not None:
        kept = table if chosen.want.keep is None else table.filter(chosen.want.keep)
        frames.insert(0, kept.collect(engine="streaming"))
    stores = [open_store(address) for address in chosen.stores]
    answers = {store: [_keep(frame, chosen.want.keep) for frame in store.batches(chosen.want)] for store in stores}
    frames += [frame for store in stores if not store.own_query for frame in answers[store]]
    logs = where(pl.concat(frames, how="diagonal_relaxed"), query) if frames else schema.empty()
    own = [frame for store in stores if store.own_query for frame in answers[store]]
    logs = pl.concat([logs, *own], how="diagonal_relaxed") if own else logs
    if "attributes" in logs.columns and logs["attributes"].null_count() == logs.height:
        logs = logs.drop("attributes")
    remember(logs, lambda: _report(chosen, opened, stores))
    return logs


def scan(
    source: Source, *, since: When = None, until: When = None, level: str | None = None, query: str | None = None,
    tz: str = "UTC", formats: Formats | None = None, storage_options: Mapping[str, Any] | None = None,
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
    chosen = select(source, since, until, tz, storage_options, max_unpacked_bytes, formats, level, query)
    opened = chosen.open()
    stores = [open_store(address) for address in chosen.stores]
    shapes = [pl.DataFrame(schema=_files.event_schema(file)) for file in opened if not file.reading.note]

    def read_files() -> Iterator[pl.DataFrame]:
        opened[:] = chosen.open()
        return read_all(opened)

    table = chosen.table()
    parts = [] if table is None else [table if chosen.want.keep is None else table.filter(chosen.want.keep)]
    if opened or not (parts or stores):
        parts.append(_lazily(read_files, [schema.empty(), *shapes], chosen.want.keep))
    parts += [_of_store(store, chosen.want) for store in stores if not store.own_query]
    if query is not None and parts:
        expression = condition(query)
        parts = [pl.concat(parts, how="diagonal_relaxed")]
        check_columns(expression, parts[0].collect_schema().names())
        parts = [parts[0].filter(expression)]
    parts += [_of_store(store, chosen.want) for store in stores if store.own_query]
    logs = pl.concat(parts, how="diagonal_relaxed") if len(parts) > 1 else parts[0]
    remember(logs, lambda: _report(chosen, opened, stores))
    return logs


def describe(source: Source, *, tz: str = "UTC", storage_options: Mapping[str, Any] | None = None) -> pl.DataFrame:
    """Tell what a source holds, without reading it all.

    Returns one row a file, stream, index or table: source (as in the log frame), kind, entries, first_seen and
    last_seen (UTC), bytes, services (who writes, as a sample shows it), readers (consumer groups), trimmed (entries
    that are gone), note. What a kind of source does not tell without being read is null.

    Raises what load() raises.

    >>> import loganalytics as la, pathlib
    >>> _ = pathlib.Path("app.log").write_text("2026-03-10 12:00:00 ERROR disk full\\n")
    >>> la.describe("app.log").select("kind", "services", "bytes").row(0)
    ('file', ['app'], 36)
    """
    chosen = select(source, None, None, tz, storage_options, None, None)
    parts = [pl.DataFrame(schema=DESCRIPTION_SCHEMA), describe_tables(chosen.tables, storage_options)]
    parts += [describe_files(chosen.open()), *[open_store(address).describe() for address in chosen.stores]]
    return pl.concat(parts)


def _lazily(
    frames: Callable[[], Iterator[pl.DataFrame]], shapes: list[pl.DataFrame], keep: pl.Expr | None
) -> pl.LazyFrame:
    """Return the lazy frame of what this yields, anew each time it runs, with the columns of the shapes."""
    from polars.io.plugins import register_io_source

    columns = pl.concat(shapes, how="diagonal_relaxed").schema

    def batches(
        with_columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, _batch_size: int | None
    ) -> Iterator[pl.DataFrame]:
        for frame in frames():
            shaped = _keep(_keep(_shape(frame, columns), keep), predicate)
            if n_rows is not None:
                shaped = shaped.head(n_rows)
                n_rows -= shaped.height
            yield shaped if with_columns is None else shaped.select(with_columns)
            if n_rows == 0:
                return

    return register_io_source(batches, schema=columns)


# Columns that a store's later frames have and its first one had not.
_LATE = pl.DataFrame(schema={"attributes": pl.String})


def _of_store(store: Store, want: ReadOptions) -> pl.LazyFrame:
    first = next(store.batches(want), schema.empty())
    return _lazily(lambda: store.batches(want), [schema.empty(), first.clear(), _LATE], want.keep)


def _report(chosen: Selection, opened: list[LogFile], stores: list[Store]) -> pl.DataFrame:
    tables = of_tables(chosen.tables, chosen.storage_options)
    return pl.concat([tables, of_files(opened), *[store.report() for store in stores]])


def _keep(frame: pl.DataFrame, predicate: pl.Expr | None) -> pl.DataFrame:
    """Filter, and copy what is left when it is little: its strings would hold on to the whole block's memory."""
    if predicate is None:
        return frame
    kept = frame.filter(predicate)
    return kept.with_columns(pl.col(pl.String) + "") if 0 < kept.height < frame.height // 2 else kept


def _shape(frame: pl.DataFrame, columns: pl.Schema) -> pl.DataFrame:
    """Give a frame these columns; what it has beyond them goes to `attributes`."""
    late = [name for name in frame.columns if name not in columns and frame[name].null_count() < frame.height]
    if late and "attributes" in columns:
        frame = frame.with_columns(_folded(frame, late))
    return frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in columns.items()
    )


def _folded(frame: pl.DataFrame, late: list[str]) -> pl.Series:
    own = frame["attributes"] if "attributes" in frame.columns else [None] * frame.height
    rows = frame.select(late).iter_rows(named=True)
    both = [
        (json.loads(text) if text else {}) | {name: value for name, value in row.items() if value is not None}
        for text, row in zip(own, rows, strict=True)
    ]
    texts = [json.dumps(found, ensure_ascii=False, default=str) if found else None for found in both]
    return pl.Series("attributes", texts, dtype=pl.String)
