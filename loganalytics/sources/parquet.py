"""Parquet files and folders of them, hive-style or not, as log frames; lazily, so that filters reach the files."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from loganalytics import schema
from loganalytics.exceptions import UnreadableSourceError
from loganalytics.sources import load_report, object_stores, uri
from loganalytics.sources.read_options import ReadOptions
from loganalytics.sources.status import Skip, Status
from loganalytics.sources.store import description_rows

_SUFFIXES = (".parquet", ".pq")
_HIVE = re.compile(r"(?:^|/)([^/=]+)=[^/]*(?=/)")
DAY = "date"
"""The folder that a lake is divided by: date=2026-03-10."""

Options = Mapping[str, Any] | None


def is_parquet(path: Path) -> bool:
    """Whether a file is Parquet, by its name or else its first bytes."""
    if path.suffix.lower() in _SUFFIXES:
        return True
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return file.read(4) == b"PAR1"
    except OSError:
        return False


def is_parquet_url(url: str) -> bool:
    """Whether an address is that of Parquet, by its name; a folder's is taken for a lake."""
    path = uri.without_credentials(url).lower()
    return path.endswith((*_SUFFIXES, "/"))


def find_broken(files: Sequence[Path]) -> dict[Path, Skip]:
    """Return the files that cannot be read as Parquet, or are no log frames, and why."""
    broken: dict[Path, Skip] = {}
    for path in files:
        try:
            _check_has_events(str(path), _read_columns(str(path), None))
        except NotALogError as error:
            broken[path] = Skip(status=Status.SKIPPED_NOT_LOG, note=str(error))
        except (UnreadableSourceError, OSError) as error:
            broken[path] = Skip(status=Status.UNREADABLE, note=str(error))
    return broken


def find_corrupt(files: Sequence[Path]) -> dict[Path, Skip]:
    """Return the files whose pages cannot all be read, though they begin and end as Parquet does: all are read."""
    corrupt: dict[Path, Skip] = {}
    for path in files:
        try:
            for _ in pl.scan_parquet(path, hive_partitioning=False, glob=False).collect_batches(engine="streaming"):
                pass
        except (pl.exceptions.PolarsError, OSError) as error:
            reason = str(error).strip().splitlines()[0]
            note = f"{str(path)!r} is a Parquet file with a corrupt part, nothing of it is read: {reason}"
            corrupt[path] = Skip(status=Status.UNREADABLE, note=note)
    return corrupt


def scan_parquet(files: Sequence[str], options: ReadOptions) -> pl.LazyFrame:
    """Return the log frame of Parquet files, whose columns may differ from file to file.

    The time range leaves out the folders of other days (date=...); the rows are still to be filtered. Columns of
    folders (hive partitions) but `date` follow as columns. Files that are not log frames need `timestamp` and
    `message`. Raises UnreadableSourceError for a broken file, or one without these columns.
    """
    alike: dict[tuple[Any, ...], list[str]] = {}
    for file in files:
        columns = tuple(_read_schema(file, options.storage_options).items())
        alike.setdefault((columns, tuple(_HIVE.findall(file))), []).append(file)
    frames = [_scan_alike(group, dict(columns), hive, options) for (columns, hive), group in alike.items()]
    return frames[0] if len(frames) == 1 else pl.concat(frames, how="diagonal_relaxed")


def report_tables(files: Sequence[str], storage_options: Options = None) -> pl.DataFrame:
    """Return the rows of the load report; rows of Parquet are counted as lines, as the footers say."""
    return load_report.rows(
        {"source": uri.without_credentials(file), "format": "Parquet", "bytes": _size(file), "lines": count,
         "events": count, "unparsed": 0}
        for file, count in zip(files, _row_counts(files, storage_options), strict=True)
    )  # fmt: skip


def describe_tables(files: Sequence[str], storage_options: Options = None) -> pl.DataFrame:
    """Return one row a Parquet file, with the columns of DESCRIPTION_SCHEMA; two of its columns are read."""
    counts = _row_counts(files, storage_options)
    return description_rows(
        {"source": uri.without_credentials(file), "kind": "table", "entries": count, "bytes": _size(file),
         "note": "Parquet", **_times_and_services(file, storage_options)}
        for file, count in zip(files, counts, strict=True)
    )  # fmt: skip


def _times_and_services(file: str, storage_options: Options) -> dict[str, object]:
    time, service = pl.col("timestamp"), pl.col("service")
    summary = scan_parquet([file], ReadOptions(storage_options=storage_options)).select(
        first_seen=time.min(), last_seen=time.max(), services=service.drop_nulls().unique().sort().implode()
    )
    row = summary.collect().row(0, named=True)
    return row | {"services": [name for name in row["services"] if name]}


def _size(file: str) -> int | None:
    return None if "://" in file else os.path.getsize(file)


def _row_counts(files: Sequence[str], storage_options: Options) -> list[int]:
    """Return how many rows each Parquet file holds, as its footer says."""
    scans = [
        pl.scan_parquet(file, hive_partitioning=False, storage_options=_plain_dict(storage_options)) for file in files
    ]
    return [frame.item() for frame in pl.collect_all([scan.select(pl.len()) for scan in scans])]


class NotALogError(UnreadableSourceError):
    """A table has no times or no messages."""


def _read_schema(file: str, storage_options: Options) -> pl.Schema:
    columns = _read_columns(file, storage_options)
    _check_has_events(file, columns)
    return columns


def _read_columns(file: str, storage_options: Options) -> pl.Schema:
    address = uri.without_credentials(file)
    try:
        scan = pl.scan_parquet(file, hive_partitioning=False, glob=False, storage_options=_plain_dict(storage_options))
        return scan.collect_schema()
    except (pl.exceptions.PolarsError, OSError, UnicodeError) as error:
        if "://" in file:
            raise object_stores.to_source_error(file, error, storage_options) from None
        reason = str(error).strip().splitlines()[0]
        raise UnreadableSourceError(f"{address!r} is not a Parquet file that can be read: {reason}") from None


def _check_has_events(file: str, columns: pl.Schema) -> None:
    time = columns.get("timestamp")
    if "message" not in columns or not (isinstance(time, pl.Datetime) or time == pl.Date):
        listed = ", ".join(f"{name} ({kind})" for name, kind in list(columns.items())[:8])
        raise NotALogError(
            f"{uri.without_credentials(file)!r} is not a log frame: it has {listed}. "
            "Hint: rename its columns to timestamp (a Datetime) and message."
        )


def _scan_alike(
    files: list[str], columns: dict[str, pl.DataType], hive: tuple[str, ...], options: ReadOptions
) -> pl.LazyFrame:
    """Return the log frame of files with the same columns, in folders of the same kinds."""
    by_day = DAY in hive and DAY not in columns
    arguments: dict[str, Any] = {}
    if "source" not in columns:
        arguments["include_file_paths"] = "source"
    if "offset" not in columns:
        arguments["row_index_name"] = "offset"
    if by_day:
        arguments["hive_schema"] = {name: pl.Date if name == DAY else pl.String for name in dict.fromkeys(hive)}
    frame = pl.scan_parquet(
        files,
        hive_partitioning=bool(hive),
        glob=False,
        storage_options=_plain_dict(options.storage_options),
        **arguments,
    )
    if by_day:
        frame = frame.filter(_days(options.since, options.until)).drop(DAY)
    return _conform(frame, options.tz)


def _days(since: dt.datetime | None, until: dt.datetime | None) -> pl.Expr:
    predicate = pl.lit(value=True)
    if since is not None:
        predicate &= pl.col(DAY) >= since.date()
    if until is not None:
        predicate &= pl.col(DAY) <= until.date()
    return predicate


def _conform(frame: pl.LazyFrame, tz: str) -> pl.LazyFrame:
    """Return the frame with the core columns first; a column that is as it should be stays untouched for pushdown."""
    columns = frame.collect_schema()
    exprs: list[pl.Expr] = []
    for name, kind in schema.CORE.items():
        own_kind = columns.get(name)
        if own_kind == kind:
            exprs.append(pl.col(name))
        elif name == "timestamp":
            exprs.append(_in_utc(columns[name], tz))
        elif own_kind is None:
            exprs.append(_derived(name, columns).cast(kind).alias(name))
        elif kind == pl.String and (own_kind == pl.Binary or own_kind.is_nested()):
            exprs.append(pl.col(name).map_batches(_to_text, return_dtype=pl.String, is_elementwise=True))
        else:
            exprs.append(pl.col(name).cast(kind, strict=False))
    if "message" in columns:
        exprs[list(schema.CORE).index("message")] = exprs[list(schema.CORE).index("message")].fill_null("")
    return frame.select(*exprs, *[name for name in columns.names() if name not in schema.CORE])


def _to_text(column: pl.Series) -> pl.Series:
    """Return bytes and nested values as text: what is not UTF-8 is replaced."""
    texts = [
        text.decode("utf-8", errors="replace") if isinstance(text, bytes) else text if text is None else str(text)
        for text in column.to_list()
    ]
    return pl.Series(column.name, texts, dtype=pl.String)


def _derived(name: str, columns: pl.Schema) -> pl.Expr:
    if name == "severity_number" and columns.get("level") == pl.String:
        return schema.severity_numbers(pl.col("level"))
    return pl.lit(None)


def _in_utc(kind: pl.DataType, tz: str) -> pl.Expr:
    time = pl.col("timestamp").cast(pl.Datetime("us")) if kind == pl.Date else pl.col("timestamp")
    if kind == pl.Date or (isinstance(kind, pl.Datetime) and kind.time_zone is None):
        time = time.dt.replace_time_zone(tz, ambiguous="earliest", non_existent="null")
    return time.dt.convert_time_zone("UTC").cast(schema.TIMESTAMP)


def _plain_dict(storage_options: Options) -> dict[str, Any] | None:
    return dict(storage_options) if storage_options else None
