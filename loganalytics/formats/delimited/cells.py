"""Records of delimited text to cells: separators, quotes, doubled quotes, and rows with too many or too few cells."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import polars as pl

_QUOTED = r'"(?:[^"]|"")*"'
_WITHIN = r'(?:[^"]|"")*'


@dataclass(frozen=True)
class Dialect:
    """How cells are separated, and whether a cell may stand in double quotes."""

    separator: str
    has_quotes: bool = True
    is_spaced: bool = False
    """Whether blanks stand around the separators and are no part of the cells."""

    @cached_property
    def _cell(self) -> str:
        """The expression of a cell; one that is not in quotes may have a quote within."""
        escaped = re.escape(self.separator)
        return rf'(?:{_QUOTED}|[^"\n{escaped}][^\n{escaped}]*|)'

    @cached_property
    def _next(self) -> str:
        return f"(?:{re.escape(self.separator)}{self._cell})*"

    @cached_property
    def complete(self) -> str:
        """The expression of a record all of whose quotes are closed."""
        return f"^{self._cell}{self._next}$"

    @cached_property
    def opens(self) -> str:
        """The expression of a line after which a quote is open."""
        return f'^(?:{self._cell}{re.escape(self.separator)})*"{_WITHIN}$'

    @cached_property
    def closes(self) -> str:
        """The expression of a line that begins within a quote and closes it."""
        return f'^{_WITHIN}"{self._next}$'

    @cached_property
    def stays_open(self) -> str:
        """The expression of a line that begins within a quote and ends within one."""
        escaped = re.escape(self.separator)
        return f'^{_WITHIN}(?:"{self._next}{escaped}"{_WITHIN})?$'

    def row(self, columns: int) -> str:
        """Return the expression of a record of so many cells, with quotes only around cells."""
        escaped = re.escape(self.separator)
        cell = rf'(?:{_QUOTED}|[^"\n{escaped}]*)'
        return f"^{cell}(?:{escaped}{cell}){{{columns - 1}}}$"


@dataclass(frozen=True)
class Rows:
    """The cells of records as text columns beside `\\0n`.

    `mended` are those of rows with more or fewer cells than columns, one row for each way to read them, the likelier
    first. What is beyond the columns is in one more.
    """

    regular: pl.DataFrame
    mended: pl.DataFrame


def split_rows(records: pl.DataFrame, columns: tuple[str, ...], dialect: Dialect, message: str | None = None) -> Rows:
    """Return the cells of records (n, line); what a row has more than the columns may belong to `message`."""
    is_plain = ~pl.col("line").str.contains('"', literal=True) if dialect.has_quotes else pl.lit(value=True)
    separators = pl.col("line").str.count_matches(dialect.separator, literal=True)
    plain = records.select(is_plain & (separators == len(columns) - 1)).to_series()
    if plain.all():
        return Rows(_split_plain(records, columns, dialect), _no_rows(columns))
    rest = records.filter(~plain)
    strict = rest["line"].str.contains(dialect.row(len(columns))) if dialect.has_quotes else rest["line"].is_null()
    quoted = _read_quoted(rest.filter(strict), columns, dialect)
    others = rest if quoted is None else rest.filter(~strict)
    exact, mended = _split_each(others, columns, dialect, message)
    parts = [_split_plain(records.filter(plain), columns, dialect), _no_rows(columns) if quoted is None else quoted]
    return Rows(pl.concat([*parts, exact]).sort("\0n"), mended)


def _no_rows(columns: tuple[str, ...]) -> pl.DataFrame:
    return pl.DataFrame(schema={"\0n": pl.UInt64(), **dict.fromkeys(columns, pl.String())})


def _split_plain(records: pl.DataFrame, columns: tuple[str, ...], dialect: Dialect) -> pl.DataFrame:
    cells = records["line"].str.split_exact(dialect.separator, len(columns) - 1).struct.rename_fields(list(columns))
    return records.select(pl.col("n").alias("\0n")).hstack(cells.struct.unnest())


def _read_quoted(records: pl.DataFrame, columns: tuple[str, ...], dialect: Dialect) -> pl.DataFrame | None:
    """Return the rows of well-formed records, by Polars' reader; None where it does not find as many."""
    if records.is_empty():
        return _no_rows(columns)
    text = records["line"].str.join("\n").item()
    try:
        rows = pl.read_csv(
            text.encode(), has_header=False, new_columns=list(columns), separator=dialect.separator,
            infer_schema=False, empty_string_is_null=False,
        )  # fmt: skip
    except pl.exceptions.PolarsError:
        return None
    if rows.shape != (records.height, len(columns)):
        return None
    return records.select(pl.col("n").alias("\0n")).hstack(rows)


def _cell_lists(lines: pl.Series, dialect: Dialect) -> pl.Series:
    """Return the list of cells of each record; one whose quotes are broken is cut at every separator."""
    split = lines.str.split(dialect.separator)
    if not dialect.has_quotes:
        return split
    escaped = re.escape(dialect.separator)
    marked = pl.concat_str(pl.lit(dialect.separator), pl.col("line"))
    found = marked.str.extract_all(rf"{escaped}(?:{_QUOTED}|[^{escaped}]*)").list.eval(_unquote(pl.element()))
    complete = pl.col("line").str.contains(dialect.complete)
    frame = pl.DataFrame({"line": lines, "split": split})
    return frame.select(pl.when(complete).then(found).otherwise("split")).to_series()


def _unquote(marked_cell: pl.Expr) -> pl.Expr:
    """Return the text of a cell with the separator before it."""
    cell = marked_cell.str.slice(1)
    inner = cell.str.slice(1, cell.str.len_chars() - 2).str.replace_all('""', '"', literal=True)
    return pl.when(cell.str.starts_with('"')).then(inner).otherwise(cell)


def _split_each(
    records: pl.DataFrame, columns: tuple[str, ...], dialect: Dialect, message: str | None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows with as many cells as there are columns, and the others as far as they can be read."""
    if records.is_empty():
        return _no_rows(columns), _no_rows(columns)
    frame = records.select(pl.col("n").alias("\0n"), _cell_lists(records["line"], dialect).alias("\0cells"))
    cells, count, width = pl.col("\0cells"), pl.col("\0cells").list.len(), len(columns)
    in_order = [cells.list.get(i, null_on_oob=True).alias(name) for i, name in enumerate(columns)]
    exact = frame.filter(count == width).select("\0n", *in_order)
    short = frame.filter((count < width) & (count > 1)).select("\0n", *in_order)
    long = frame.filter(count > width)
    beyond = cells.list.slice(width).list.join(dialect.separator).replace("", None)
    cut = long.select("\0n", *in_order, beyond.alias(f"column_{width + 1}"))
    if message not in columns:
        return exact, pl.concat([short, cut], how="diagonal").sort("\0n")
    ends_empty = cells.list.slice(width).list.join("") == ""
    around = long.filter(~ends_empty).select("\0n", *_around(columns, columns.index(message), dialect))
    return exact, pl.concat([short, around, cut], how="diagonal").sort("\0n", maintain_order=True)


def _around(columns: tuple[str, ...], at: int, dialect: Dialect) -> list[pl.Expr]:
    """Return the columns of rows with more cells than columns: what is too much belongs to the one at `at`."""
    cells, behind = pl.col("\0cells"), len(columns) - at - 1
    middle = cells.list.slice(at, cells.list.len().cast(pl.Int64) - at - behind).list.join(dialect.separator)
    before = [cells.list.get(i).alias(name) for i, name in enumerate(columns[:at])]
    after = [cells.list.get(i - behind).alias(name) for i, name in enumerate(columns[at + 1 :])]
    return [*before, middle.alias(columns[at]), *after]
