"""CSV, TSV and W3C (IIS) files to events: the names of the columns come from the file's own header."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from loganalytics.formats.fields import schema as layouts
from loganalytics.formats.fields.aliases import KEYS
from loganalytics.formats.fields.events import to_events
from loganalytics.formats.fields.schema import RecordSchema, typed
from loganalytics.formats.timestamps import Clock
from loganalytics.schema import severities

_NAME = re.compile(r"[A-Za-z_@#$][\w .:/@#()$-]{0,60}$")
_KNOWN = {name.lower() for names in KEYS.values() for name in names}
_ESSENTIAL = {name.lower() for column in ("timestamp", "message", "level") for name in KEYS[column]}
# As Windows' Event Viewer and PowerShell call the time.
_TIMES = {"date and time": "timestamp", "timecreated": "timestamp", "timegenerated": "timestamp"}
_W3C = "#Fields: "
_LEAST_COLUMNS = 3
_MIN_SHARE = 0.8


@dataclass(frozen=True)
class Delimited:
    """The columns of a file with a header; `headers` is the expression for lines that are no events."""

    layout: RecordSchema
    columns: tuple[str, ...]
    separator: str
    headers: str
    w3c: bool = False

    @property
    def name(self) -> str:
        """What people call it."""
        return "W3C" if self.w3c else {",": "CSV", "\t": "TSV"}.get(self.separator, f"CSV ({self.separator})")


def learn(lines: Sequence[str]) -> Delimited | None:
    """Return the columns of a sample that begins with a header; None when there is none."""
    directive = next((line for line in lines if line.startswith(_W3C)), None)
    if directive is not None:
        columns = tuple(directive.removeprefix(_W3C).split())
        rows = [line for line in lines if line[:1] != "#"]
        tabs = sum(line.count("\t") == len(columns) - 1 for line in rows)  # as Amazon CloudFront writes them
        return _with_layout(columns, "\t" if tabs > len(rows) / 2 else " ", r"^#\w[\w -]*:", rows, w3c=True)
    for separator in (",", "\t", ";") if len(lines) > 1 else ():
        cells = _cells(lines[0], separator) or []
        columns = tuple(map(_column, cells))
        if columns and "message" not in columns and _fits(lines[1:], separator, len(columns) + 1):
            columns += ("message",)  # as Windows' Event Viewer leaves out the name of its last column
        if _is_header(columns) and _fits(lines[1:], separator, len(columns)):
            return _with_layout(columns, separator, f"^{re.escape(lines[0])}$", lines[1:])
    return None


def sample_times(lines: Sequence[str], form: Delimited) -> pl.Series:
    """Return the texts of the sample's timestamps."""
    frame = pl.DataFrame({"line": lines}, schema={"line": pl.String}).with_row_index("n").cast({"n": pl.UInt64})
    records, _ = _split(frame.filter(~pl.col("line").str.contains(form.headers)), form)
    paths = form.layout.core.get("timestamp", ())
    return records["r"].struct.field(paths[0][0]) if paths else pl.Series("timestamp", [], dtype=pl.String)


def read(lines: pl.DataFrame, form: Delimited, clock: Clock) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split lines (n, line) into the events that have all columns and the lines that do not."""
    records, rest = _split(lines, form)
    kept = lines if rest.is_empty() else lines.filter(~pl.col("n").is_in(rest["n"].implode()))
    events = to_events(records, kept, form.layout, clock)
    return (_with_status(events) if form.w3c else events), rest


def _column(cell: str) -> str:
    """Return the name of a column, in small letters where it is one that is known."""
    name = cell.strip()
    known = _TIMES.get(name.lower(), name.lower())
    return known if known in _KNOWN else name


def _is_header(columns: tuple[str, ...]) -> bool:
    named = len(columns) >= _LEAST_COLUMNS and len(set(columns)) == len(columns) and all(map(_NAME.match, columns))
    return named and bool(_ESSENTIAL & {column.lower() for column in columns})


def _fits(lines: Sequence[str], separator: str, columns: int) -> bool:
    whole = sum(len(_cells(line, separator) or ()) == columns for line in lines)
    return whole >= max(1, _MIN_SHARE * len(lines))


def _cells(line: str, separator: str) -> list[str] | None:
    """Return the cells of one line, None where it is no row of a CSV file."""
    try:
        return next(csv.reader([line], delimiter=separator, strict=True), None)
    except csv.Error:
        return None


def _with_layout(
    columns: tuple[str, ...], separator: str, headers: str, lines: Sequence[str], *, w3c: bool = False
) -> Delimited | None:
    rows = [row for line in lines if len(row := _cells(line, separator) or []) == len(columns)]
    records = [
        {name: None if cell in ("", "-") else typed(cell) for name, cell in zip(columns, row, strict=True)}
        for row in rows
    ]
    if w3c and {"date", "time"} <= set(columns):
        records = [{**record, "timestamp": f"{record['date']} {record['time']}"} for record in records]
    layout = layouts.learn(records)
    return Delimited(layout, columns, separator, headers, w3c) if layout else None


def _split(lines: pl.DataFrame, form: Delimited) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return (n, r: a struct of texts) of the lines that hold whole rows, and the other lines."""
    last = len(form.columns) - 1
    quoted = pl.col("line").str.contains('"', literal=True)
    plain = ~quoted & (pl.col("line").str.count_matches(form.separator, literal=True) == last)
    simple = lines.filter(plain)
    cells = simple["line"].str.split_exact(form.separator, last).struct.rename_fields(list(form.columns))
    # Quotes are for the library that knows them; most lines have none.
    read = [(n, _cells(line, form.separator)) for n, line in lines.filter(quoted).iter_rows()]
    whole = [(n, *row) for n, row in read if row is not None and len(row) == last + 1]
    shape = {"\0n": pl.UInt64(), **dict.fromkeys(form.columns, pl.String())}
    hard = pl.DataFrame(whole, schema=shape, orient="row")
    easy = simple.select(pl.col("n").alias("\0n")).hstack(cells.struct.unnest())
    rows = pl.concat([easy, hard]).sort("\0n")
    values = [pl.col(name).replace("-" if form.w3c else "", None) for name in form.columns]
    frame = rows.select(values)
    if form.w3c and {"date", "time"} <= set(form.columns):
        frame = frame.with_columns(timestamp=pl.concat_str("date", "time", separator=" "))
    numbers = rows["\0n"].alias("n")
    rest = lines.filter(~pl.col("n").is_in(numbers.implode()))
    return numbers.to_frame().with_columns(frame.to_struct("r")), rest


def _with_status(events: pl.DataFrame) -> pl.DataFrame:
    """Give a web server's event its message and level, as access logs have them."""
    if not {"cs-method", "cs-uri-stem", "sc-status"} <= set(events.columns):
        return events
    status = pl.col("sc-status").cast(pl.Int64, strict=False)  # text where the sample had no rows
    level = pl.when(status >= 500).then(pl.lit("error")).when(status >= 400).then(pl.lit("warning"))
    message = pl.concat_str("cs-method", "cs-uri-stem", "sc-status", separator=" ", ignore_nulls=True)
    return events.with_columns(message.alias("message"), severities(level.otherwise(pl.lit("info"))))
