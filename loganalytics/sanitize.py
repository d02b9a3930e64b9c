"""Log text made safe to show: one rule for terminals, tables, CSV, Markdown, pages and charts.

Logs are hostile: their text, their fields' names and the names of their files may hold terminal escapes, control
characters, marks that turn the direction of writing round, formulas, and lines without end. `printable` is for text
that is shown, `printable_column` the same for a column, `csv_cell` and `csv_header` are for spreadsheets, and
`escape_json` is for JSON, which is data and loses nothing. Escaping for HTML or Markdown comes after.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

import polars as pl

# Patterns that Python and Polars (Rust) read alike, for which they hold the characters and not their escapes.
# Escape sequences go whole; then what is left of the C0 and C1 controls, and the marks by which text can hide or turn
# round (https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing), the joiners of emoji and scripts excepted.
_ESCAPES = "(?:\x1b\\[|\x9b)[0-9;:?<=>]*[ -/]*[@-~]|\x1b\\][^\x07\x1b]{0,400}(?:\x07|\x1b\\\\)|\x1b[@-Z\\\\-_]"
_BREAKING = "\r\x0b\x0c\x1c-\x1f\x85\u2028\u2029"
_LINE_BREAKS = f"\r\n|[{_BREAKING}]"
_CONTROLS = (
    "\x00-\x08\x0e-\x1b\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f"
)
_PYTHON_ESCAPES, _PYTHON_LINE_BREAKS = re.compile(_ESCAPES), re.compile(_LINE_BREAKS)
_PYTHON_CONTROLS = re.compile(f"[{_CONTROLS}\ud800-\udfff]")  # lone surrogates: bytes of a file name, JSON
_JSON_CONTROLS = re.compile(f"[{_CONTROLS}\x0b\x0c\u2028\u2029]")  # what json.dumps(ensure_ascii=False) leaves
# What a spreadsheet takes for the beginning of a formula (https://owasp.org/www-community/attacks/CSV_Injection).
_FORMULA = "^[=+\\-@\t\r\n＝＋－＠]"


def printable(value: object, limit: int | None = 200, *, lines: bool = False) -> str:
    """Return a value as text that is safe to show: no escapes or controls, at most `limit` characters, "" for None.

    White space collapses to single blanks; with `lines=True` line breaks and indentation stay.

    >>> printable("\\x1b[31mdisk   full\\x1b[0m")
    'disk full'
    """
    raw = "" if value is None else str(value)
    # Escapes take room too, and nobody wants a regular expression over a line of 100 MB.
    head = raw if limit is None else raw[: 4 * limit]
    clean = head if head.isprintable() else _without_controls(head)
    clean = clean.lstrip("\n").rstrip() if lines else " ".join(clean.split())
    if limit is None or (len(clean) <= limit and len(head) == len(raw)):
        return clean
    return clean[: limit - 1].rstrip() + "…"


def printable_column(column: pl.Expr, limit: int | None = 200, *, lines: bool = False) -> pl.Expr:
    """Return the expression for a String column as `printable` writes each of its values; nulls stay null."""
    head = column if limit is None else column.str.head(4 * limit)
    clean = _column_without_controls(head)
    if lines:
        clean = clean.str.strip_chars_start("\n").str.strip_chars_end()
    else:
        clean = clean.str.replace_all(r"\s{2,}|[\s--\x20]", " ").str.strip_chars(" ")
    if limit is None:
        return clean
    is_cut = (clean.str.len_chars() > limit) | (head.str.len_bytes() < column.str.len_bytes())
    return pl.when(is_cut).then(clean.str.head(limit - 1).str.strip_chars_end() + "…").otherwise(clean)


def distinct_names(values: Iterable[object], limit: int = 200) -> list[str]:
    """Return a printable name for each value, equal ones for equal values only: others get a number.

    >>> distinct_names(["api", "api\\x07", "api", None])
    ['api', 'api (2)', 'api', 'unknown']
    """
    names: dict[object, str] = {}
    taken: set[str] = set()
    for value in values:
        if value in names:
            continue
        name = first_name = printable(value, limit) or "unknown"
        number = 2
        while name in taken:
            name, number = f"{first_name[: limit - 4]} ({number})", number + 1
        names[value] = name
        taken.add(name)
    return [names[value] for value in values]


def csv_cell(column: pl.Expr) -> pl.Expr:
    """Return the expression for a String column in a CSV file: no controls, an apostrophe before a formula."""
    clean = _column_without_controls(column)
    return pl.when(clean.str.contains(_FORMULA)).then("'" + clean).otherwise(clean)


def csv_header(names: list[str]) -> list[str]:
    """Return the names of columns as a CSV file's header may hold them: printable, distinct, no formula among them.

    >>> csv_header(["a", "=b", "'=b"])
    ['a', "''=b", "'=b"]
    """
    printable_names = distinct_names(names)
    taken = {name for name in printable_names if not re.match(_FORMULA, name)}
    header = []
    for name in printable_names:
        is_formula = re.match(_FORMULA, name) is not None
        while is_formula and (name in taken or re.match(_FORMULA, name)):
            name = f"'{name}"
        taken.add(name)
        header.append(name)
    return header


def escape_json(document: str) -> str:
    r"""Return the same JSON with controls and direction marks written as \u escapes: as data it is equal."""
    if document.isascii() and "\x7f" not in document:
        return document
    return _JSON_CONTROLS.sub(
        lambda match: json.dumps(match[0], ensure_ascii=True)[1:-1].replace("\x7f", "\\u007f"), document
    )


def _without_controls(raw: str) -> str:
    return _PYTHON_CONTROLS.sub("", _PYTHON_LINE_BREAKS.sub("\n", _PYTHON_ESCAPES.sub("", raw)))


def _column_without_controls(column: pl.Expr) -> pl.Expr:
    return column.map_batches(_series_without_controls, return_dtype=pl.String, is_elementwise=True)


def _series_without_controls(texts: pl.Series) -> pl.Series:
    if not texts.str.contains(f"[{_CONTROLS}{_BREAKING}]").any():  # as in nearly all logs: one pass, nothing copied
        return texts
    unescaped = texts.str.replace_all(_ESCAPES, "")
    return unescaped.str.replace_all(_LINE_BREAKS, "\n").str.replace_all(f"[{_CONTROLS}]", "")
