"""A result frame as people and programs want it: a table on a terminal, JSON, CSV, Parquet."""

from __future__ import annotations

import datetime as dt
import shutil
import sys
from typing import Any, Literal

import polars as pl

from loganalytics.atomic_write import replace_file, replace_text
from loganalytics.exceptions import InvalidArgumentError
from loganalytics.humanize import localize, sparkline
from loganalytics.sanitize import csv_cell, csv_header, distinct_names, escape_json, printable

FORMATS = ("table", "json", "ndjson", "csv", "parquet")
_MAX_COLUMN_WIDTH = 100
_MAX_CELL = 3 * _MAX_COLUMN_WIDTH
_MIN_PIPED_WIDTH = 120
_PIPED_WIDTH = 200
_MIN_WIDTH_FOR_TRENDS = 160
_MAX_UNFOLDED_WIDTH = 19


def write(frame: pl.DataFrame, *, form: str, path: str | None = None, tz: str = "UTC") -> None:
    """Write a frame to a file, or to standard output when `path` is None or "-".

    A table has its times in the zone `tz`; what programs read has them in UTC.

    Raises InvalidArgumentError when Parquet, which is binary, has no file to go to.
    """
    to_stdout = path in (None, "-")
    if form == "parquet":
        if path is None or path == "-":
            raise InvalidArgumentError("Parquet is binary. Hint: name a file with --output FILE.parquet.")
        with replace_file(path) as temporary:
            frame.write_parquet(temporary)
    elif form == "table":
        _print_table(frame, None if to_stdout else path, tz)
    else:
        content = _as_text(frame, form)
        if to_stdout:
            sys.stdout.write(content)
        else:
            replace_text(str(path), content)


def _as_text(frame: pl.DataFrame, form: str) -> str:
    """Return CSV, in which nothing is left that a terminal or a spreadsheet would obey, or JSON, which escapes it."""
    written = frame.select(_written(name, kind) for name, kind in frame.schema.items())
    if form == "csv":
        cells = written.select(_flat(name, kind) for name, kind in written.schema.items())
        return cells.rename(dict(zip(cells.columns, csv_header(cells.columns), strict=True))).write_csv()
    return escape_json(written.write_ndjson() if form == "ndjson" else written.write_json() + "\n")


def _written(name: str, kind: pl.DataType) -> pl.Expr:
    """Times as ISO 8601 in UTC, lengths of time in seconds."""
    if isinstance(kind, pl.Datetime):
        utc = pl.col(name).dt.convert_time_zone("UTC") if kind.time_zone else pl.col(name)
        return utc.dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ")
    if isinstance(kind, pl.Duration):
        return pl.col(name).dt.total_microseconds() / 1e6
    return pl.col(name)


def _flat(name: str, kind: pl.DataType) -> pl.Expr:
    """Return a column for CSV, which has no lists."""
    if kind.is_nested():
        return csv_cell(pl.col(name).map_elements(_join, return_dtype=pl.String)).alias(name)
    return csv_cell(pl.col(name).cast(pl.String)).alias(name) if is_text(kind) else pl.col(name)


def is_text(kind: pl.DataType) -> bool:
    """Whether a column of this type holds text of the log."""
    return isinstance(kind, pl.String | pl.Categorical | pl.Enum)


def _join(value: Any) -> str:
    return "; ".join(cell(item) for item in (value if isinstance(value, pl.Series | list) else [value]))


def _print_table(frame: pl.DataFrame, path: str | None, tz: str) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if frame.is_empty() and path is None:
        print("Nothing found.")
        return
    console = Console(width=_width(), highlight=False)
    width = console.width if path is None else _PIPED_WIDTH
    trends = [name for name, kind in frame.schema.items() if isinstance(kind, pl.List) and kind.inner.is_integer()]
    if width < _MIN_WIDTH_FOR_TRENDS:
        frame = frame.drop(trends)
    texts = {
        name: [sparkline(value or []) if name in trends else cell(value, tz=tz) for value in frame[name].to_list()]
        for name in frame.columns
    }
    unfolded = _unfolded_columns(texts, width)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    heads = distinct_names(frame.columns)
    for head, (name, kind) in zip(heads, frame.schema.items(), strict=True):
        side: Literal["left", "right"] = "right" if kind.is_numeric() else "left"
        table.add_column(
            Text(head), justify=side, overflow="fold", max_width=_MAX_COLUMN_WIDTH, no_wrap=name in unfolded
        )
    for row in zip(*texts.values(), strict=True):
        table.add_row(*map(Text, row))  # Text: log lines and names of fields are not markup
    if path is None:
        console.print(table)
    else:
        with replace_file(path) as temporary, temporary.open("w", encoding="utf-8") as file:
            Console(file=file, width=_PIPED_WIDTH, highlight=False).print(table)


def _unfolded_columns(texts: dict[str, list[str]], width: int) -> set[str]:
    """Return the columns of times, numbers and ids, which stay in one piece where the long texts have room beside."""
    widest = {name: max(map(len, (name, *column))) for name, column in texts.items()}
    short = {name: size for name, size in widest.items() if size <= _MAX_UNFOLDED_WIDTH}
    needed = sum(short.values()) + 3 * len(texts) + _MAX_UNFOLDED_WIDTH * (len(texts) - len(short))
    return set(short) if needed <= width else set()


def _width() -> int | None:
    """Return the terminal's width as rich finds it; in a pipe that of COLUMNS where it is wide, else room enough."""
    return None if sys.stdout.isatty() else max(_MIN_PIPED_WIDTH, shutil.get_terminal_size((_PIPED_WIDTH, 50)).columns)


def cell(value: Any, *, tz: str = "UTC") -> str:
    """Return one value as a person reads it, on one line, safe to show; times in the zone `tz`."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return f"{localize(value, tz):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, dt.timedelta) and abs(value) >= dt.timedelta(seconds=1):
        return str(dt.timedelta(seconds=round(value.total_seconds())))
    if isinstance(value, float):
        return f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, list):
        return ", ".join(cell(item, tz=tz) for item in value[:5]) + (" …" if len(value) > 5 else "")
    if isinstance(value, dict):
        return cell(value["text"]) if "text" in value else " to ".join(cell(item, tz=tz) for item in value.values())
    return printable(value, _MAX_CELL)
