"""What files hold, told by their heads and ends."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping, Sequence
from typing import Any, cast

import polars as pl

from loganalytics.sources import parquet
from loganalytics.sources.files.reader import LogFile, first_events, times_of
from loganalytics.sources.store import DESCRIPTION_SCHEMA
from loganalytics.sources.uri import without_credentials

_END = 64 * 1024


def describe_files(files: Sequence[LogFile]) -> pl.DataFrame:
    """Return one row a text file, with the columns of DESCRIPTION."""
    return pl.DataFrame([_of_file(file) for file in files], schema=DESCRIPTION_SCHEMA, orient="row")


def describe_tables(tables: Sequence[str], storage_options: Mapping[str, Any] | None) -> pl.DataFrame:
    """Return one row a Parquet file, with the columns of DESCRIPTION; of the many columns two are read."""
    rows = []
    for name, entries in zip(tables, parquet.row_counts(tables, storage_options), strict=True):
        logs = parquet.scan_parquet([name], tz="UTC", since=None, until=None, storage_options=storage_options)
        when, service = pl.col("timestamp"), pl.col("service")
        seen = logs.select(when.min().alias("first"), when.max().alias("last"), service.unique().sort().implode())
        first, last, services = seen.collect().row(0)
        size = None if "://" in name else os.path.getsize(name)
        writers = [service for service in services if service]
        rows.append((without_credentials(name), "table", entries, first, last, size, writers, None, None, "Parquet"))
    return pl.DataFrame(rows, schema=DESCRIPTION_SCHEMA, orient="row")


def _of_file(file: LogFile) -> tuple[object, ...]:
    events = first_events(file)
    first = cast("dt.datetime | None", events["timestamp"].min())
    services = events["service"].drop_nulls().unique().sort().to_list()
    size = file.place.size if file.place.url is None else None
    last = _last(file) if file.sample else None
    note = file.reading.note or file.detection.name
    return file.source, "file", None, first, last, size, services, None, None, note


def _last(file: LogFile) -> dt.datetime | None:
    """Return the latest time near the end of a plain file."""
    if file.place.disk is None or file.place.packed:
        return None
    try:
        with file.place.disk.open("rb") as raw:
            raw.seek(max(0, raw.seek(0, 2) - _END))
            lines = raw.read(_END).decode("utf-8", errors="replace").splitlines()
    except OSError:
        return None
    times = times_of(lines, file.detection)
    return cast("dt.datetime | None", times.max() if times.len() else None)
