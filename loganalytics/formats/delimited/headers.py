"""Which lines of a table are no rows: those that name its columns, and those that stand beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from loganalytics.formats.delimited.names import meaning
from loganalytics.formats.delimited.recognition import header_cells, is_header
from loganalytics.formats.delimited.w3c import FIELDS_LINE
from loganalytics.formats.framing import Framer

_MARK = "\ufeff"
_COMMENT = r"^\x{feff}?#"
# What spreadsheets, PowerShell and clients of databases write beside a table.
_BESIDE = r"^\x{feff}?(?:sep=.$|#TYPE |\(\d+ rows?(?: affected)?\)$|(?:-{3,}[-+|,;\t ]*)+$)"
# A row has a time in it.
_HAS_NUMBER = r"\d\d"
_MAX_CANDIDATES = 1000
_EVENT = re.compile(
    r"\W{0,3}(?:\d{4}[-/.]\d|\d{1,2}[-/.]\d{1,2}[-/.]\d{2}|\d{1,2}:\d\d|1\d{9}|[A-Z][a-z]{2} [ \d]\d \d\d:"
    r"|(?i:trace|debug|info|notice|warn|warning|error|critical|fatal)\b)|[<{]"
)


@dataclass(frozen=True, kw_only=True)
class Headers:
    """How a table's headers, and the lines beside it, are told from rows."""

    separator: str
    first: str | None = None
    """The header whose columns a table has where no other is above."""
    lines: frozenset[str] = frozenset()
    """The headers that the sample has."""
    preface: frozenset[str] = frozenset()
    """Lines above the first one: titles, and what else an export says of itself."""
    roles: frozenset[str] = frozenset()
    """The core columns that any other header names; where there are none, no other header is looked for."""
    has_comments: bool = False
    """Whether lines that begin with # are comments."""
    has_directives: bool = False
    """Whether lines that begin with # say what the columns are."""

    def find(self, lines: pl.Series) -> pl.Series:
        """Tell which lines name columns."""
        if self.has_directives:
            return lines.str.contains(FIELDS_LINE)
        known = lines.is_in(_with_mark(self.lines))
        if "timestamp" not in self.roles:
            return known
        likely = lines.filter(lines.str.contains(self.separator, literal=True) & ~lines.str.contains(_HAS_NUMBER))
        candidates = likely.unique(maintain_order=True).head(_MAX_CANDIDATES)
        others = [line for line in candidates if self._names_columns(line)]
        return known | lines.is_in(others) if others else known

    def find_beside(self, lines: pl.Series, names_columns: pl.Series) -> pl.Series:
        """Tell which lines are neither a row nor one that names columns, though they have text."""
        beside = lines.str.contains(_COMMENT if self.has_directives or self.has_comments else _BESIDE)
        if self.has_comments:
            beside |= lines.str.contains(_BESIDE)
        if self.preface:
            beside |= lines.is_in(_with_mark(self.preface))
        return beside & ~names_columns

    def find_empty(self, lines: pl.Series) -> pl.Series:
        """Tell which lines are rows without a cell that is filled."""
        if self.separator.isspace():
            return pl.repeat(value=False, n=lines.len(), eager=True)
        return lines.str.contains(rf"^[\s{re.escape(self.separator)}]*{re.escape(self.separator)}\s*$")

    def _names_columns(self, line: str) -> bool:
        cells = header_cells(line.removeprefix(_MARK), self.separator)
        return is_header(cells) and self.roles <= {meaning(cell) for cell in cells}


def _with_mark(lines: frozenset[str]) -> list[str]:
    return [mark + line for line in sorted(lines) for mark in ("", _MARK)]


def preface_of(lines: Sequence[str], separator: str, width: int) -> frozenset[str]:
    """Return which of the lines above a header are no events: titles and comments rather than rows or log lines."""
    texts = [line.removeprefix(_MARK) for line in lines]
    return frozenset(text for text in texts if text.strip(f"{separator} \t\r") and _is_preface(text, separator, width))


def _is_preface(text: str, separator: str, width: int) -> bool:
    if text.startswith("#"):
        return True
    cells = [cell for cell in header_cells(text, separator) if cell.strip()]
    return _EVENT.match(text) is None and len(cells) < width


class HeaderFramer:
    """Lets each block of a file begin with the header that its first rows stand under."""

    def __init__(self, framer: Framer, headers: Headers) -> None:
        self._framer = framer
        self._headers = headers
        self._header: str | None = None

    def feed(self, lines: pl.DataFrame) -> pl.DataFrame:
        """Return the records that end in these lines."""
        return self._below_header(self._framer.feed(lines))

    def finish(self) -> pl.DataFrame:
        """Return what is left."""
        return self._below_header(self._framer.finish())

    def give_back(self) -> int:
        """Forget the lines at the end that are unfinished, and return how many: they will be fed again."""
        return self._framer.give_back()

    def _below_header(self, records: pl.DataFrame) -> pl.DataFrame:
        """Return the records below the header that is in force, which is no row and has the number of the first."""
        if records.is_empty():
            return records
        above = records.head(1).with_columns(line=pl.lit(self._header)) if self._header else records.clear()
        headers = records.filter(self._headers.find(records["line"]))
        if headers.height:
            last = headers["line"][-1]
            self._header = None if last.removeprefix(_MARK) == self._headers.first else last
        return pl.concat([above, records]) if above.height else records
