"""Whether a sample of lines may be a table, seen without reading it as one: most logs are none."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

_SEPARATORS = (",", "\t", ";", "|")
_NEAR = 20
_FLOW_HEADER = re.compile(r"[a-z][\w-]*(?: [a-z][\w-]*){4,}$")
_MAX_NAME = 64
_MAX_WORDS = 6
_VALUE = re.compile(r"[\d\s.,:/+-]*$|.*\d{1,2}:\d{2}|.*[{}=\"]|https?://", re.DOTALL)
_FIRST_CHARACTER = re.compile(r"[^\W\d]|[_@#$(%]")
_NEAR_QUOTES = 50
_MIN_QUOTED = 20
_QUOTED_CELL = re.compile(r'(?:^|[,;|\t])"[^"]*(?:"[,;|\t]|"?$)')
# How the first record of a layout without a header begins (layouts.py).
_MAY_BE_LAYOUT = re.compile(r'"?\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[^,]*,(?:[^,]*,){8}|2 (?:\d{12}|unknown) eni-')
MAX_PREAMBLE = 60
"""So many lines may stand before a header."""


def may_be_table(lines: Sequence[str]) -> bool:
    """Whether a sample has a line that may name columns, or begins as a layout without a header does."""
    if any(line[:1] in ("#", "\ufeff") for line in lines) or any(map(_MAY_BE_LAYOUT.match, lines[:_NEAR])):
        return True
    return any(
        column_cells(line, lines[number + 1 :], separator)
        for number, line in enumerate(lines[:MAX_PREAMBLE])
        for separator in separators_of(line)
    )


def has_quoted_cells(lines: Sequence[str]) -> bool:
    """Whether cells in quotation marks are among the first lines, those of JSON aside."""
    near = lines[:_NEAR_QUOTES]
    return bool(near) and near[0][:1] not in ("{", "[") and count_quoted(near) * _MIN_QUOTED >= len(near)


def count_quoted(lines: Sequence[str]) -> int:
    """Return how many lines have a cell in quotation marks."""
    return sum(bool(_QUOTED_CELL.search(line)) for line in lines)


def separators_of(line: str) -> list[str]:
    """Return what may separate the names in a header."""
    found = [separator for separator in _SEPARATORS if separator in line]
    return found or ([" "] if _FLOW_HEADER.match(line) else [])


def column_cells(header: str, lines: Sequence[str], separator: str) -> list[str]:
    """Return the names of columns in a line, if it can be the header of the lines below."""
    if sum(line.count(separator) for line in lines[:_NEAR]) < header.count(separator):
        return []
    cells = header_cells(header, separator)
    return cells if is_header(cells) else []


def header_cells(header: str, separator: str) -> list[str]:
    """Return the cells of a line that may be a header; none where quotation marks are left open."""
    try:
        return next(csv.reader([header], delimiter=separator, strict=True, skipinitialspace=True), [])
    except csv.Error:
        return []


def is_header(cells: Sequence[str]) -> bool:
    """Whether these can be the names of columns: short, distinct, and no values."""
    names = [cell.strip() for cell in cells]
    if len(names) > 1 and names[-1] == "":  # as spreadsheets end each line with a separator
        names = names[:-1]
    distinct = len(set(names)) >= len(names) - len(names) // 4
    return len(cells) > 1 and distinct and all(map(_is_name, names))


def _is_name(name: str) -> bool:
    is_short = 0 < len(name) <= _MAX_NAME and len(name.split()) <= _MAX_WORDS and name.isprintable()
    return is_short and bool(_FIRST_CHARACTER.match(name)) and not _VALUE.match(name)
