"""The rows of a sample of lines: what is looked at to say which columns a table has and what they mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from loganalytics.formats.delimited.cells import Dialect, split_rows
from loganalytics.formats.delimited.quotes import QuoteFramer

NULL = r"\N"
"""What databases write for null."""

# Among so many rows one may be too short, though it is more than their share.
_MIN_ROWS_WITH_MISFIT = 3


@dataclass(frozen=True)
class Sample:
    """Rows with as many cells as there are names, one text column for each name."""

    names: tuple[str, ...]
    dialect: Dialect
    rows: pl.DataFrame
    unset: tuple[str, ...] = ("", NULL)
    """Cells that stand for nothing."""

    def column(self, name: str) -> list[str]:
        """Return the cells of a column that stand for something."""
        return [cell for cell in self.rows[name] if cell is not None and cell not in self.unset]

    def columns(self) -> list[list[str]]:
        """Return the cells of each column that stand for something."""
        return [self.column(name) for name in self.names]


def join_lines(lines: Sequence[str], dialect: Dialect) -> pl.DataFrame:
    """Return the records (n, line) of a sample, whose quotes may hold line breaks."""
    numbered = pl.DataFrame({"line": lines}, schema={"line": pl.String}).with_row_index("n", 1).cast({"n": pl.UInt64})
    if not dialect.has_quotes:
        return numbered
    framer = QuoteFramer(dialect)
    return pl.concat([framer.feed(numbered), framer.finish()])


def fitting_sample(
    records: pl.DataFrame, names: tuple[str, ...], dialect: Dialect, *, message: str | None = None, min_share: float
) -> Sample | None:
    """Return the rows, if a share of the records has the columns; `message` takes what is too much of a row."""
    filled = records.filter(pl.col("line").str.strip_chars() != "")
    found = split_rows(filled, names, dialect, message)
    long = found.mended.filter(pl.col(names[-1]).is_not_null()) if message else found.mended.clear()
    long = long.unique("\0n", keep="first", maintain_order=True).select(found.regular.columns)
    rows = pl.concat([found.regular, long])
    may_miss = max((1 - min_share) * filled.height, 1 if filled.height >= _MIN_ROWS_WITH_MISFIT else 0)
    has_rows = found.regular.height and rows.height >= filled.height - may_miss
    if not has_rows:
        return None
    return Sample(names, dialect, rows.select(pl.col(names).str.strip_chars() if dialect.is_spaced else pl.col(names)))
