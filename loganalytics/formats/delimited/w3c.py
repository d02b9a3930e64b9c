"""Tables whose columns are named by lines that begin with #: W3C (IIS, CloudFront, Exchange) and Zeek."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

from loganalytics.formats.delimited.names import distinct

FIELDS = re.compile(r"\ufeff?#fields:?[ \t,]", re.IGNORECASE)
FIELDS_LINE = r"(?i)^\x{feff}?#fields\b"


def header_columns(header: str, separator: str) -> tuple[str, ...]:
    """Return the distinct names that a line `#Fields: ...` or `#fields<tab>...` gives the columns."""
    text = FIELDS.sub("", header, count=1).strip("\r\n ")
    names = text.split()
    if separator == "," or "\t" in text:
        names = [name.strip() for name in next(csv.reader([text], delimiter="\t" if "\t" in text else ","))]
    return distinct(names)


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
