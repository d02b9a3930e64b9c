"""A log frame to files, as it streams: one file, or a folder with a part for each day."""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets
import shutil
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from loganalytics.atomic_write import name_disk_errors, replace_file
from loganalytics.exceptions import InvalidArgumentError
from loganalytics.output import is_text
from loganalytics.sanitize import csv_cell, csv_header, escape_json
from loganalytics.sources.parquet import DAY

FORMATS = ("parquet", "csv", "ndjson")
_SUFFIXES = {".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson"}
_NO_DAY = "__HIVE_DEFAULT_PARTITION__"
_GROUP_BYTES = 16 * 1024 * 1024
_MIN_GROUP_ROWS, _MAX_GROUP_ROWS = 200, 122_880
_ISO = "%Y-%m-%dT%H:%M:%S%.6fZ"


@dataclass(frozen=True, kw_only=True)
class Export:
    """What was written: how many events, and the files."""

    events: int
    files: tuple[Path, ...]


class _Stream:
    """The events of a LazyFrame as they come, counted, the first of them seen before the rest is asked for."""

    def __init__(self, logs: pl.LazyFrame) -> None:
        self.events = 0
        self.schema = logs.collect_schema()
        self._later = iter(logs.collect_batches(engine="streaming"))
        self._first = next(self._later, pl.DataFrame(schema=self.schema))

    @property
    def rows_a_group(self) -> int:
        """How many rows of this length a row group may hold: Parquet's writer keeps a group in memory."""
        width = max(1.0, self._first.estimated_size() / max(1, self._first.height))
        return int(min(_MAX_GROUP_ROWS, max(_MIN_GROUP_ROWS, _GROUP_BYTES / width)))

    def frame(self) -> pl.LazyFrame:
        """Return the events, to be read once."""
        from polars.io.plugins import register_io_source

        return register_io_source(self._batches, schema=self.schema)

    def _batches(
        self, with_columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, _size: int | None
    ) -> Iterator[pl.DataFrame]:
        assert predicate is None
        assert n_rows is None
        for frame in itertools.chain([self._first], self._later):
            self.events += frame.height
            yield frame if with_columns is None else frame.select(with_columns)


def export(
    logs: pl.LazyFrame, output: str | os.PathLike[str], *, form: str | None = None, append: bool = False
) -> Export:
    """Write a log frame to a file, or to a folder with a part for each day, in bounded memory.

    Args:
        logs: any log frame; what scan() returned is read as it is written.
        output: a file; or a folder, when it ends in "/" or is one: date=2026-03-10/part-0.parquet, and so on, which
            scan() and load() read back. "-" is standard output (CSV and NDJSON). Nothing appears there until all is
            written; an interrupted export leaves nothing behind.
        form: "parquet", "csv" or "ndjson"; default: by the suffix, Parquet for a folder. In CSV, text that a
            spreadsheet would run as a formula gets an apostrophe.
        append: write beside what a folder holds rather than refuse; several runs may do so at once.

    Raises InvalidArgumentError for an unknown form, for a folder that is not empty, and for a file to append to.
    """
    form = _form(str(output), form)
    stream = _Stream(logs)
    if str(output) == "-":
        _to_standard_output(stream, form)
        return Export(events=stream.events, files=())
    path = Path(output).expanduser()
    is_folder = str(output).endswith(("/", os.sep)) or path.is_dir()
    if append and not is_folder:
        raise InvalidArgumentError(
            f"{str(path)!r} is one file, which would be replaced: only a folder can be added to. "
            'Hint: end the name in "/".'
        )
    if is_folder and path.is_dir() and not append and any(not p.name.startswith(".") for p in path.iterdir()):
        raise InvalidArgumentError(f"The folder {str(path)!r} is not empty. Hint: add to it with --append.")
    files = _to_folder(stream, path, form) if is_folder else [_to_file(stream, path, form)]
    return Export(events=stream.events, files=tuple(files))


def _form(output: str, form: str | None) -> str:
    suffix = Path(output).suffix.lower()
    is_folder = output.endswith(("/", os.sep)) or Path(output).is_dir()
    result_form = form or ("parquet" if is_folder else _SUFFIXES.get(suffix))
    if result_form not in FORMATS:
        raise InvalidArgumentError(
            f"{form or output!r} is not a format that can be written. Hint: .parquet, .csv or .ndjson, or --format."
        )
    if output == "-" and result_form == "parquet":
        raise InvalidArgumentError("Parquet is binary. Hint: name a file or a folder with --output.")
    return result_form


def _to_standard_output(stream: _Stream, form: str) -> None:
    """Write as to a file; JSON on a terminal with escapes for what the terminal would obey."""
    if form == "ndjson" and sys.stdout.isatty():
        for events in stream.frame().collect_batches(engine="streaming"):
            sys.stdout.write(escape_json(events.write_ndjson()))
    else:
        _sink(stream, sys.stdout.buffer, form)


def _to_file(logs: _Stream, path: Path, form: str) -> Path:
    with replace_file(path) as temporary:
        _sink(logs, temporary, form)
    return path


def _to_folder(logs: _Stream, folder: Path, form: str) -> list[Path]:
    """Write to a hidden folder within, then move each part to its day's folder under a number that is free."""
    is_new = not folder.exists()
    staging = folder / f".export-{secrets.token_hex(8)}"
    try:
        staging.mkdir(parents=True)
        with name_disk_errors(folder, staging):
            _sink(logs, _by_day(staging), form)
        return [_move(file, folder / file.parent.name, form) for file in sorted(staging.rglob("part-*"))]
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        if is_new:
            with contextlib.suppress(OSError):  # it is not there, or not empty: another run may write to it
                folder.rmdir()


def _by_day(folder: Path) -> Any:
    def name(args: Any) -> str:
        day = args.partition_keys.item()
        return f"{DAY}={day or _NO_DAY}/part-{args.index_in_partition:06d}"

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PartitionBy is new: "unstable"
        key = pl.col("timestamp").dt.date().alias(DAY)
        return pl.PartitionBy(folder, key=key, include_key=False, file_path_provider=name)


def _move(file: Path, folder: Path, form: str) -> Path:
    """Give a part a name that no other has, though another run may write to the folder at the same moment."""
    folder.mkdir(exist_ok=True)
    number = 0
    while True:
        target = folder / f"part-{number}.{form}"
        number += 1
        try:
            os.link(file, target)  # where rename() would take the place of what is there
        except FileExistsError:
            continue
        except OSError:  # there are no links here
            return file.rename(folder / f"part-{secrets.token_hex(8)}.{form}")
        file.unlink()
        return target


def _sink(stream: _Stream, target: Any, form: str) -> None:
    options: dict[str, Any] = {"engine": "streaming", "mkdir": isinstance(target, pl.PartitionBy)}
    logs = stream.frame()
    if form == "parquet":
        logs.sink_parquet(target, row_group_size=stream.rows_a_group, **options)
    elif form == "csv":
        _flat(logs).sink_csv(target, datetime_format=_ISO, check_extension=False, **options)
    else:
        logs.sink_ndjson(target, check_extension=False, **options)


def _flat(logs: pl.LazyFrame) -> pl.LazyFrame:
    """Return the events for CSV, which has no lists, with nothing in it that a terminal or a spreadsheet would obey."""
    schema = logs.collect_schema()
    cells = []
    for head, (name, kind) in zip(csv_header(schema.names()), schema.items(), strict=True):
        column = pl.col(name)
        if kind.is_nested():
            column = csv_cell(pl.struct(column).struct.json_encode())
        elif is_text(kind):
            column = csv_cell(column.cast(pl.String))
        cells.append(column.alias(head))
    return logs.select(cells)
