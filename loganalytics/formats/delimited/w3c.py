"""Tables whose columns are named by lines that begin with #: W3C (IIS, CloudFront, Exchange) and Zeek."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

import polars as pl

from loganalytics.formats.framing import Framer

FIELDS = re.compile(r"\ufeff?#fields:?[ \t,]", re.IGNORECASE)
DIRECTIVE = (
    r"(?i)^\x{feff}?#(?:fields|software|version|date|start-date|end-date|log-?type|log type|time format|separator|"
    r"set_separator|empty_field|unset_field|path|open|close|types)\b"
)
FIELDS_LINE = r"(?i)^\x{feff}?#fields\b"


def header_columns(header: str, separator: str) -> list[str]:
    """Return the names that a line `#Fields: ...` or `#fields<tab>...` gives the columns."""
    names = FIELDS.sub("", header, count=1).strip("\r\n ")
    if separator == "," or "\t" in names:
        return [name.strip() for name in next(csv.reader([names], delimiter="\t" if "\t" in names else ","))]
    return names.split()


def find_separator(header: str, lines: Sequence[str]) -> str:
    """Return what separates the cells of the lines below a header."""
    declared = next((line for line in lines if line.startswith("#separator ")), "")
    if escape := re.match(r"#separator \\x([0-9a-fA-F]{2})", declared):
        return chr(int(escape[1], 16))
    names = FIELDS.sub("", header, count=1).strip()
    if "," in names:
        return ","
    rows = [line for line in lines if line[:1] not in ("#", "")]
    return "\t" if sum("\t" in line for line in rows) > len(rows) / 2 else " "


def unset_cells(lines: Sequence[str]) -> tuple[str, ...]:
    """Return the cells that stand for nothing."""
    declared = [re.split(r"[\t ]", line, maxsplit=1)[-1] for line in lines if re.match(r"#(?:un|empty_)", line)]
    return tuple(dict.fromkeys(("", "-", *declared)))


class HeaderFramer:
    """Lets each block of a file begin with the header that its first rows stand under."""

    def __init__(self, framer: Framer) -> None:
        self._framer = framer
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
        headers = records.filter(pl.col("line").str.contains(FIELDS_LINE))
        if headers.height:
            self._header = headers["line"][-1]
        return pl.concat([above, records]) if above.height else records
