"""Logs from anywhere to log frames."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import polars as pl
from polars.io.plugins import register_io_source

from loganalytics import schema
from loganalytics.filters.sql import check_columns, condition, where
from loganalytics.formats.custom import Formats
from loganalytics.formats.custom_hints import Durations
from loganalytics.formats.inferred_times import INFERRED
from loganalytics.progress import track
from loganalytics.sources import parquet
from loganalytics.sources.files.describe import describe_files
from loganalytics.sources.files.discovery import Source
from loganalytics.sources.load_report import remember
from loganalytics.sources.read_options import ReadOptions, When, parse_options
from loganalytics.sources.read_plan import plan_read
from loganalytics.sources.store import DESCRIPTION_SCHEMA, Store


def load(
    source: Source, *, since: When = None, until: When = None, level: str | None = None, query: str | None = None,
    tz: str = "UTC", time: str | None = None, dayfirst: bool | None = None, level_field: str | None = None,
    duration: Durations | None = None, encoding: str | None = None, formats: Formats | None = None,
    storage_options: Mapping[str, Any] | None = None, max_unpacked_bytes: int | None = None,
) -> pl.DataFrame:  # fmt: skip
    """Read logs into a log frame, formats and compression detected.

    Args:
        source: a file, a glob, a folder (read with its subfolders), a list of these, "-" for standard input, a named
            pipe, or an address: s3://, gs://, az://, https://, or a server's: redis://, elasticsearch://, opensearch://,
            postgresql://, mysql://, sqlite:///, duckdb:///. Archives (.gz, .bz2, .xz, .zst, .zip, .tar) are unpacked,
            Parquet is read as it is.
        since: keep events from then on: ISO text, a datetime, or "2h", "7d" before now. Events without a time are kept
            only when neither `since` nor `until` is given. Files that surely lie outside are not read.
        until: keep events before then.
        level: keep events of this level and above.
        query: keep events for which this holds: an SQL condition over the columns, such as "duration_ms > 500";
            Elasticsearch and OpenSearch take it in Lucene's language.
        tz: the time zone of times that do not name one.
        time: the field of structured logs that holds the time, or the strptime pattern of times, in fields and text.
        dayfirst: whether 03/10/2024 is the 3rd of October; by default the dates of a file decide.
        level_field: the field of structured logs that holds the level.
        duration: fields that hold how long an event took, and their units: "took=us", several such, or a mapping; they
            become `duration_ms`. Units: ns, us, ms, s, m, h.
        encoding: the encoding of files, by Python's name; by default it is detected.
        formats: your own, tried before those that are known: a Format, several, or the path of a TOML file with
            [[format]] tables of name, pattern (an expression with the groups timestamp and message) or time (a
            strptime pattern); above them it may say tz, time, dayfirst, level (a field), duration and encoding;
            or nginx's log_format or Apache's LogFormat, as the line of the setting or the path of a .conf file.
        storage_options: for an object store, as Polars takes them; credentials belong there or in the environment.
        max_unpacked_bytes: what one archive may unpack to. Default: LOGANALYTICS_MAX_UNPACKED of the environment, else
            50 GiB, and beyond 100 MiB no more than 1,000 times its size.

    Returns the core columns of the log frame, then the fields of the records. Files come in the order of their names,
    rotated sets in the order of time, and lines in the order of the file. No line is dropped, and a log that lies
    there under two names is read once: see load_report(). Formats are detected on the head, the middle and the end of
    a file, and on the head alone of archives and addresses.

    A server's login comes from its address, the environment or the credentials file: see sources/credentials_file.py.

    Raises SourceNotFoundError when there is no such file or stream, UnreadableSourceError when it is not a log,
    UnreachableSourceError when a server does not answer.

    >>> import loganalytics as la, pathlib
    >>> _ = pathlib.Path("app.log").write_text("2026-03-10 12:00:00 ERROR disk full\\n")
    >>> la.load("app.log")["level", "message"].row(0)
    ('ERROR', 'disk full')
    """
    options = parse_options(
        since=since, until=until, level=level, query=query, tz=tz, time=time, dayfirst=dayfirst,
        level_field=level_field, duration=duration, encoding=encoding, formats=formats,
        storage_options=storage_options, max_unpacked_bytes=max_unpacked_bytes,
    )  # fmt: skip
    plan, table = plan_read(source, options).read_tables()
    run = plan.run_files()
    frames = _filtered(track(run.frames(), lambda: run.position, run.size), options)
    if table is not None:
        frames.insert(0, table)
    by_store = [(store, _filtered(store.batches(options), options)) for store in plan.stores]
    frames += [frame for store, batches in by_store if not store.own_query for frame in batches]
    logs = where(_concat(frames), query) if frames else schema.empty()
    logs = _concat([logs, *[frame for store, batches in by_store if store.own_query for frame in batches]])
    if "attributes" in logs.columns and logs["attributes"].null_count() == logs.height:
        logs = logs.drop("attributes")
    remember(logs, lambda: plan.report(run))
    return logs


def scan(
    source: Source, *, since: When = None, until: When = None, level: str | None = None, query: str | None = None,
    tz: str = "UTC", time: str | None = None, dayfirst: bool | None = None, level_field: str | None = None,
    duration: Durations | None = None, encoding: str | None = None, formats: Formats | None = None,
    storage_options: Mapping[str, Any] | None = None, max_unpacked_bytes: int | None = None,
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
    options = parse_options(
        since=since, until=until, level=level, query=query, tz=tz, time=time, dayfirst=dayfirst,
        level_field=level_field, duration=duration, encoding=encoding, formats=formats,
        storage_options=storage_options, max_unpacked_bytes=max_unpacked_bytes,
    )  # fmt: skip
    plan = plan_read(source, options)
    last_run = [plan.run_files()]

    def read_files() -> Iterator[pl.DataFrame]:
        last_run[0] = plan.renewed().run_files()
        return last_run[0].frames()

    frames = [table] if (table := plan.table()) is not None else []
    if plan.files or not (frames or plan.stores):
        samples = {id(file.sample.detection): file.sample for file in plan.files if not file.skip}.values()
        examples = [schema.empty(), *(sample.events() for sample in samples)]
        if any(sample.detection.has_fields for sample in samples):
            examples.append(_LATE_COLUMNS)
        if any(file.sample.detection.has_times and not file.sample.is_whole for file in plan.files if not file.skip):
            examples.append(_INFERRED_TIMES)
        frames.append(_lazily(read_files, examples, options.predicate))
    frames += [_scan_store(store, options) for store in plan.stores if not store.own_query]
    if query is not None and frames:
        frames = [_where_lazily(pl.concat(frames, how="diagonal_relaxed"), query)]
    frames += [_scan_store(store, options) for store in plan.stores if store.own_query]
    logs = pl.concat(frames, how="diagonal_relaxed") if len(frames) > 1 else frames[0]
    remember(logs, lambda: plan.report(last_run[0]))
    return logs


def describe(source: Source, *, tz: str = "UTC", storage_options: Mapping[str, Any] | None = None) -> pl.DataFrame:
    """Describe what a source holds, without reading it all.

    Returns one row a file, stream, index or table: source (as in the log frame), kind, entries, first_seen and
    last_seen (UTC), bytes, services (who writes, as a sample shows), readers (consumer groups), trimmed (entries that
    are gone), note. What can be known only by reading the source is null.

    Raises what load() raises.

    >>> import loganalytics as la, pathlib
    >>> _ = pathlib.Path("app.log").write_text("2026-03-10 12:00:00 ERROR disk full\\n")
    >>> la.describe("app.log").select("kind", "services", "bytes").row(0)
    ('file', ['app'], 36)
    """
    plan = plan_read(source, parse_options(tz=tz, storage_options=storage_options))
    frames = [pl.DataFrame(schema=DESCRIPTION_SCHEMA), parquet.describe_tables(plan.inputs.tables, storage_options)]
    described = pl.concat([*frames, describe_files(plan.files), *[store.describe() for store in plan.stores]])
    remember(described, plan.report_of_samples)
    return described


def _lazily(
    frames: Callable[[], Iterator[pl.DataFrame]], examples: list[pl.DataFrame], predicate: pl.Expr | None
) -> pl.LazyFrame:
    """Return the lazy frame of what this yields, anew each time it runs, with the columns of the examples."""
    columns = pl.concat(examples, how="diagonal_relaxed").schema

    def batches(
        with_columns: list[str] | None, pushed_predicate: pl.Expr | None, n_rows: int | None, _batch_size: int | None
    ) -> Iterator[pl.DataFrame]:
        for frame in frames():
            batch = _filter(_filter(_with_columns(frame, columns), predicate), pushed_predicate)
            if n_rows is not None:
                batch = batch.head(n_rows)
                n_rows -= batch.height
            yield batch if with_columns is None else batch.select(with_columns)
            if n_rows == 0:
                return

    return register_io_source(batches, schema=columns)


# Columns of records that may come later than a sample shows: what means a core column reaches that.
_LATE_COLUMNS = pl.DataFrame(schema={schema.DURATION: pl.Float64, "attributes": pl.String})
# Lines without a time may come later, too.
_INFERRED_TIMES = pl.DataFrame(schema={INFERRED: pl.Boolean})


def _scan_store(store: Store, options: ReadOptions) -> pl.LazyFrame:
    first = next(store.batches(options), schema.empty())
    return _lazily(lambda: store.batches(options), [schema.empty(), first.clear(), _LATE_COLUMNS], options.predicate)


def _where_lazily(logs: pl.LazyFrame, query: str) -> pl.LazyFrame:
    expression = condition(query)
    check_columns(expression, logs.collect_schema().names())
    return logs.filter(expression)


def _concat(frames: list[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(frames, how="diagonal_relaxed") if len(frames) > 1 else frames[0]


def _filtered(frames: Iterable[pl.DataFrame], options: ReadOptions) -> list[pl.DataFrame]:
    predicate = options.predicate
    return [_filter(frame, predicate) for frame in frames]


def _filter(frame: pl.DataFrame, predicate: pl.Expr | None) -> pl.DataFrame:
    """Filter, and copy the events when they are few: their strings would hold on to the whole block's memory."""
    if predicate is None:
        return frame
    events = frame.filter(predicate)
    return events.with_columns(pl.col(pl.String) + "") if 0 < events.height < frame.height // 2 else events


def _with_columns(frame: pl.DataFrame, columns: pl.Schema) -> pl.DataFrame:
    """Give a frame these columns; what it has beyond them goes to `attributes`."""
    late = [name for name in frame.columns if name not in columns and frame[name].null_count() < frame.height]
    if late and "attributes" in columns:
        frame = frame.with_columns(_add_to_attributes(frame, late))
    return frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in columns.items()
    )


def _add_to_attributes(frame: pl.DataFrame, late: list[str]) -> pl.Series:
    """Return the `attributes` of a frame with the values of some of its columns added."""
    attributes = frame["attributes"] if "attributes" in frame.columns else [None] * frame.height
    rows = frame.select(late).iter_rows(named=True)
    merged = [
        (json.loads(attribute) if attribute else {}) | {name: value for name, value in row.items() if value is not None}
        for attribute, row in zip(attributes, rows, strict=True)
    ]
    texts = [json.dumps(fields, ensure_ascii=False, default=str) if fields else None for fields in merged]
    return pl.Series("attributes", texts, dtype=pl.String)
