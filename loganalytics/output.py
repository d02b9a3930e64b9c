"""A result frame as people and programs want it: a table on a terminal, JSON, CSV, Parquet."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import polars as pl

from loganalytics.exceptions import InvalidArgumentError
from loganalytics.wording import sparkline

FORMATS = ("table", "json", "ndjson", "csv", "parquet")
_CONTROL = r"[\x00-\x08\x0b-\x1f\x7f-\x9f]"
_WIDEST = 100


def write(frame: pl.DataFrame, *, form: str, path: str | None = None) -> None:
    """Write a frame to a file, or to standard output when `path` is None or "-".

    Raises InvalidArgumentError when Parquet, which is binary, has no file to go to.
    """
    to_stdout = path in (None, "-")
    if form == "parquet":
        if path is None or path == "-":
            raise InvalidArgumentError("Parquet is binary. Hint: name a file with --output FILE.parquet.")
        frame.write_parquet(path)
    elif form == "table":
        _print_table(frame, None if to_stdout else path)
    else:
        text = _as_text(frame, form)
        if to_stdout:
            sys.stdout.write(text)
        else:
            Path(str(path)).write_text(text, encoding="utf-8")


def _as_text(frame: pl.DataFrame, form: str) -> str:
    plain = frame.select(_plain(name, kind) for name, kind in frame.schema.items())
    if form == "csv":
        return plain.select(_flat(name, kind) for name, kind in plain.schema.items()).write_csv()
    return plain.write_ndjson() if form == "ndjson" else plain.write_json() + "\n"


def _plain(name: str, kind: pl.DataType) -> pl.Expr:
    """Times as ISO 8601 in UTC, lengths of time in seconds."""
    if isinstance(kind, pl.Datetime):
        return pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ")
    if isinstance(kind, pl.Duration):
        return pl.col(name).dt.total_microseconds() / 1e6
    return pl.col(name)


def _flat(name: str, kind: pl.DataType) -> pl.Expr:
    """CSV has no lists; and a spreadsheet would run text that begins like a formula."""
    if kind.is_nested():
        return pl.col(name).map_elements(_join, return_dtype=pl.String)
    if kind == pl.String:
        formula = pl.col(name).str.contains(r"^[=+\-@\t\r]")
        return pl.when(formula).then(pl.concat_str(pl.lit("'"), name)).otherwise(name).alias(name)
    return pl.col(name)


def _join(value: Any) -> str:
    return "; ".join(cell(item) for item in (value if isinstance(value, pl.Series | list) else [value]))


def _print_table(frame: pl.DataFrame, path: str | None) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for name, kind in frame.schema.items():
        table.add_column(name, justify="right" if kind.is_numeric() else "left", overflow="fold", max_width=_WIDEST)
    trends = [isinstance(kind, pl.List) and kind.inner.is_integer() for kind in frame.dtypes]
    for row in frame.iter_rows():
        texts = [
            sparkline(value or []) if is_trend else cell(value) for value, is_trend in zip(row, trends, strict=True)
        ]
        table.add_row(*[Text(text) for text in texts])  # Text: log lines are no markup
    if path is None:
        Console(width=None if sys.stdout.isatty() else 200, highlight=False).print(table)
    else:
        with Path(path).open("w", encoding="utf-8") as file:
            Console(file=file, width=200, highlight=False).print(table)


def cell(value: Any) -> str:
    """Return one value as a person reads it, on one line, without control characters."""
    import datetime as dt

    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, float):
        return f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, list):
        return ", ".join(cell(item) for item in value[:5]) + (" …" if len(value) > 5 else "")
    if isinstance(value, dict):
        return cell(value["text"]) if "text" in value else " to ".join(cell(item) for item in value.values())
    text = clean(str(value))
    return text if len(text) <= 3 * _WIDEST else text[: 3 * _WIDEST] + "…"


def clean(text: str) -> str:
    """Return text on one line, without the control characters that a terminal would obey."""
    import re

    return re.sub(_CONTROL, "\ufffd", text).replace("\n", " ⏎ ")
