"""CSV, TSV and W3C (IIS) files to events: the names of the columns come from the file's own header."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from loganalytics.formats.fields.aliases import FIELD_ALIASES
from loganalytics.formats.fields.events import time_text, to_events
from loganalytics.formats.fields.record_schema import RecordSchema, infer_schema, parse_number
from loganalytics.formats.hints import NO_HINTS, Hints
from loganalytics.formats.timestamps import Clock
from loganalytics.schema import severities

_COLUMN_NAME = re.compile(r"[A-Za-z_@#$][\w .:/@#()$-]{0,60}$")
_CORE_ALIASES = {name.lower() for names in FIELD_ALIASES.values() for name in names}
_ESSENTIAL = {name.lower() for column in ("timestamp", "message", "level") for name in FIELD_ALIASES[column]}
# As Windows' Event Viewer and PowerShell call the time.
_WINDOWS_TIMES = {"date and time": "timestamp", "timecreated": "timestamp", "timegenerated": "timestamp"}
_W3C_DIRECTIVE = "#Fields: "
_MIN_COLUMNS = 3
_MIN_SHARE = 0.8
_SEPARATOR_NAMES = {",": "CSV", "\t": "TSV"}


@dataclass(frozen=True, kw_only=True)
class Delimited:
    """The columns of a file with a header."""

    record_schema: RecordSchema
    columns: tuple[str, ...]
    separator: str
    header_pattern: str
    """The expression for lines that are not events."""
    is_w3c: bool = False

    @property
    def name(self) -> str:
        """What people call it."""
        return "W3C" if self.is_w3c else _SEPARATOR_NAMES.get(self.separator, f"CSV ({self.separator})")


def infer(lines: Sequence[str], hints: Hints = NO_HINTS) -> Delimited | None:
    """Return the columns of a sample that begins with a header; None when there is none."""
    directive = next((line for line in lines if line.startswith(_W3C_DIRECTIVE)), None)
    if directive is not None:
        return _infer_w3c(tuple(directive.removeprefix(_W3C_DIRECTIVE).split()), lines, hints)
    for separator in (",", "\t", ";") if len(lines) > 1 else ():
        columns = tuple(map(_column, _cells(lines[0], separator) or []))
        if columns and "message" not in columns and _fits(lines[1:], separator, len(columns) + 1):
            columns += ("message",)  # as Windows' Event Viewer leaves out the name of its last column
        if _is_header(columns) and _fits(lines[1:], separator, len(columns)):
            record_schema = infer_schema(_sample_records(lines[1:], columns, separator), hints)
            if record_schema is None:
                return None
            header_pattern = f"^{re.escape(lines[0])}$"
            return Delimited(
                record_schema=record_schema, columns=columns, separator=separator, header_pattern=header_pattern
            )
    return None


def _infer_w3c(columns: tuple[str, ...], lines: Sequence[str], hints: Hints) -> Delimited | None:
    rows = [line for line in lines if line[:1] != "#"]
    tab_rows = sum(line.count("\t") == len(columns) - 1 for line in rows)  # as Amazon CloudFront writes them
    separator = "\t" if tab_rows > len(rows) / 2 else " "
    records = _sample_records(rows, columns, separator)
    if {"date", "time"} <= set(columns):
        records = [{**record, "timestamp": f"{record['date']} {record['time']}"} for record in records]
    record_schema = infer_schema(records, hints)
    if record_schema is None:
        return None
    return Delimited(
        record_schema=record_schema,
        columns=columns,
        separator=separator,
        header_pattern=r"^#\w[\w -]*:",
        is_w3c=True,
    )


def sample_times(lines: Sequence[str], form: Delimited) -> pl.Series:
    """Return the texts of the sample's timestamps."""
    frame = pl.DataFrame({"line": lines}, schema={"line": pl.String}).with_row_index("n").cast({"n": pl.UInt64})
    records, _ = _split(frame.filter(~pl.col("line").str.contains(form.header_pattern)), form)
    return records.select(time_text(form.record_schema).alias("timestamp")).to_series()


def read(lines: pl.DataFrame, form: Delimited, clock: Clock) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split lines (n, line) into the events that have all columns and the lines that do not."""
    records, unread = _split(lines, form)
    record_lines = lines if unread.is_empty() else lines.filter(~pl.col("n").is_in(unread["n"].implode()))
    events = to_events(records, record_lines, form.record_schema, clock)
    return (_with_status(events) if form.is_w3c else events), unread


def _column(cell: str) -> str:
    """Return the name of a column, in small letters where it is an alias of a core column."""
    name = cell.strip()
    alias = _WINDOWS_TIMES.get(name.lower(), name.lower())
    return alias if alias in _CORE_ALIASES else name


def _is_header(columns: tuple[str, ...]) -> bool:
    is_unique = len(columns) >= _MIN_COLUMNS and len(set(columns)) == len(columns)
    if not is_unique or not all(map(_COLUMN_NAME.match, columns)):
        return False
    return bool(_ESSENTIAL & {column.lower() for column in columns})


def _fits(lines: Sequence[str], separator: str, columns: int) -> bool:
    """Whether at least four in five lines have so many columns."""
    rows = sum(len(_cells(line, separator) or ()) == columns for line in lines)
    return rows >= max(1, _MIN_SHARE * len(lines))


def _cells(line: str, separator: str) -> list[str] | None:
    """Return the cells of one line, None where it is not a row of a CSV file."""
    try:
        return next(csv.reader([line], delimiter=separator, strict=True), None)
    except csv.Error:
        return None


def _sample_records(lines: Sequence[str], columns: tuple[str, ...], separator: str) -> list[dict[str, object]]:
    rows = [row for line in lines if len(row := _cells(line, separator) or []) == len(columns)]
    return [
        {name: None if cell in ("", "-") else parse_number(cell) for name, cell in zip(columns, row, strict=True)}
        for row in rows
    ]


def _split(lines: pl.DataFrame, form: Delimited) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return (n, record: a struct of texts) of the lines that hold all columns, and the other lines."""
    rows = pl.concat([_unquoted_rows(lines, form), _quoted_rows(lines, form)]).sort("\0n")
    values = rows.select(pl.col(name).replace("-" if form.is_w3c else "", None) for name in form.columns)
    if form.is_w3c and {"date", "time"} <= set(form.columns):
        values = values.with_columns(timestamp=pl.concat_str("date", "time", separator=" "))
    numbers = rows["\0n"].alias("n")
    unread = lines.filter(~pl.col("n").is_in(numbers.implode()))
    return numbers.to_frame().with_columns(values.to_struct("record")), unread


def _unquoted_rows(lines: pl.DataFrame, form: Delimited) -> pl.DataFrame:
    separators = len(form.columns) - 1
    has_all = pl.col("line").str.count_matches(form.separator, literal=True) == separators
    unquoted = lines.filter(~_is_quoted() & has_all)
    cells = unquoted["line"].str.split_exact(form.separator, separators).struct.rename_fields(list(form.columns))
    return unquoted.select(pl.col("n").alias("\0n")).hstack(cells.struct.unnest())


def _quoted_rows(lines: pl.DataFrame, form: Delimited) -> pl.DataFrame:
    """Return the rows with quotes, by the library that knows them; most lines have none."""
    parsed = [(n, _cells(line, form.separator)) for n, line in lines.filter(_is_quoted()).iter_rows()]
    rows = [(n, cells) for n, cells in parsed if cells is not None and len(cells) == len(form.columns)]
    dtypes = {"\0n": pl.UInt64(), **dict.fromkeys(form.columns, pl.String())}
    return pl.DataFrame([{"\0n": n, **dict(zip(form.columns, cells, strict=True))} for n, cells in rows], schema=dtypes)


def _is_quoted() -> pl.Expr:
    return pl.col("line").str.contains('"', literal=True)


def _with_status(events: pl.DataFrame) -> pl.DataFrame:
    """Give a web server's event its message and level, as access logs have them."""
    if not {"cs-method", "cs-uri-stem", "sc-status"} <= set(events.columns):
        return events
    status = pl.col("sc-status").cast(pl.Int64, strict=False)  # text where the sample had no rows
    level = pl.when(status >= 500).then(pl.lit("error")).when(status >= 400).then(pl.lit("warning"))
    message = pl.concat_str("cs-method", "cs-uri-stem", "sc-status", separator=" ", ignore_nulls=True)
    return events.with_columns(message.alias("message"), severities(level.otherwise(pl.lit("info"))))
