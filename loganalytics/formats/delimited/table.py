"""What is known of a table in text: its columns, how its cells are written, and which of its lines are no rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from loganalytics.formats.delimited.cells import Dialect
from loganalytics.formats.delimited.quotes import QuoteFramer
from loganalytics.formats.delimited.w3c import DIRECTIVE, HeaderFramer, header_columns
from loganalytics.formats.fields.record_schema import RecordSchema
from loganalytics.formats.framing import Framer

TIMESTAMP = "timestamp"


@dataclass(frozen=True, kw_only=True)
class Delimited:
    """The columns of a table and how they are read."""

    name: str
    """What people call it."""
    record_schema: RecordSchema
    columns: tuple[str, ...]
    dialect: Dialect
    headers: frozenset[str] = frozenset()
    """Lines that name columns, types or the separator, and are not events."""
    has_directives: bool = False
    """Whether lines that begin with # say what the columns are, perhaps others in mid-file."""
    unset: tuple[str, ...] = ("",)
    """Cells that stand for nothing."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """The columns whose names in the file are others, by these."""
    time_parts: tuple[str, str] | None = None
    """The columns of date and time of day, which together are the timestamp."""
    tz: str | None = None
    """The zone of its times, where the header says it."""
    row_pattern: str | None = None
    """The expression of a line that can only be a row of its own."""
    guesses: tuple[str, ...] = ()

    @property
    def framer(self) -> TableFramer:
        """What puts its records together from lines."""
        return TableFramer(self.dialect, self.row_pattern, has_directives=self.has_directives)

    @property
    def time(self) -> str | None:
        """The column that the timestamp is read from."""
        paths = self.record_schema.core.get("timestamp", ())
        return paths[0][0] if paths else None

    @property
    def has_times(self) -> bool:
        """Whether two of the columns or one are the timestamp by their cells."""
        return self.time_parts is not None or TIMESTAMP in self.renamed.values()

    @property
    def message(self) -> str | None:
        """The column that the message is read from."""
        paths = self.record_schema.core.get("message", ())
        return next((path[0] for path in paths if path[0] in self.columns), None)

    def is_header(self) -> pl.Expr:
        """Return the expression for lines that are not rows."""
        if self.has_directives:
            return pl.col("line").str.contains(DIRECTIVE)
        spellings = [mark + header for header in sorted(self.headers) for mark in ("", "\ufeff")]
        return pl.col("line").is_in(spellings) if spellings else pl.lit(value=False)

    def columns_below(self, header: str) -> tuple[str, ...]:
        """Return the columns that a line of directives names."""
        return tuple(self.renamed.get(name, name) for name in header_columns(header, self.dialect.separator))


@dataclass(frozen=True)
class TableFramer:
    """Makes the framers of a table's files."""

    dialect: Dialect
    row_pattern: str | None = None
    has_directives: bool = False

    def __call__(self) -> Framer:
        """Return the framer of one file."""
        quotes = QuoteFramer(self.dialect, self.row_pattern)
        return HeaderFramer(quotes) if self.has_directives else quotes
