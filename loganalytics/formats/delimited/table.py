"""What is known of a table in text: its columns, how its cells are written, and which of its lines are no rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from loganalytics.formats.delimited.cells import Dialect
from loganalytics.formats.delimited.headers import HeaderFramer, Headers
from loganalytics.formats.delimited.names import column_names, named_by_meaning
from loganalytics.formats.delimited.quotes import QuoteFramer
from loganalytics.formats.delimited.recognition import header_cells
from loganalytics.formats.delimited.w3c import header_columns
from loganalytics.formats.fields.record_schema import RecordSchema
from loganalytics.formats.framing import Framer

TIMESTAMP = "timestamp"


@dataclass(frozen=True, kw_only=True)
class Delimited:
    """The columns of a table and how they are read."""

    kind: ClassVar[Literal["table"]] = "table"
    name: str
    """What people call it."""
    record_schema: RecordSchema
    columns: tuple[str, ...]
    dialect: Dialect
    headers: Headers
    """Which of its lines are no rows."""
    sections: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The columns below each header of the sample."""
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
    decimal_commas: tuple[str, ...] = ()
    """The columns whose numbers have a decimal comma."""
    guesses: tuple[str, ...] = ()

    @property
    def framer(self) -> TableFramer:
        """What puts its records together from lines."""
        return TableFramer(self.dialect, self.headers, self.row_pattern)

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

    def columns_below(self, header: str) -> tuple[str, ...]:
        """Return the columns that a header names."""
        if self.headers.has_directives:
            return tuple(self.renamed.get(name, name) for name in header_columns(header, self.dialect.separator))
        line = header.removeprefix("\ufeff")
        if line in self.sections:
            return self.sections[line]
        return named_by_meaning(column_names(header_cells(line, self.dialect.separator)))


@dataclass(frozen=True)
class TableFramer:
    """Makes the framers of a table's files."""

    dialect: Dialect
    headers: Headers
    row_pattern: str | None = None

    def __call__(self) -> Framer:
        """Return the framer of one file."""
        return HeaderFramer(QuoteFramer(self.dialect, self.row_pattern), self.headers)
