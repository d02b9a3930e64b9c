"""Tables in JSON: the names of the columns once, and each row a list, as Kusto, SQL servers and InfluxDB answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_COLUMNS = ("columns", "Columns", "meta")
_ROWS = ("rows", "Rows", "values", "data")
_NAMES = ("name", "ColumnName", "columnName", "text")


def is_table(document: Any) -> bool:
    """Whether an object names columns, and each of its rows has as many values."""
    return isinstance(document, dict) and _rows(document) is not None


def read_table(line: str) -> list[str]:
    """Return the rows of a table as objects; what else it says is in `table` of each, lists in that of the first."""
    try:
        table = json.loads(line)
    except (ValueError, RecursionError):
        return [line]
    found = _rows(table) if isinstance(table, dict) else None
    if found is None:
        return [line]
    names, rows = found
    more = {name: value for name, value in table.items() if value is not rows and not _are_names(value, names)}
    repeated = {name: value for name, value in more.items() if not isinstance(value, list)}
    records = [
        {**({"table": beside} if beside else {}), **dict(zip(names, row, strict=True))}
        for row, beside in zip(rows, [more] + [repeated] * (len(rows) - 1), strict=True)
    ]
    return [json.dumps(record, ensure_ascii=False, separators=(",", ":")) for record in records]


def _are_names(value: Any, names: list[str]) -> bool:
    """Whether a list says nothing but the names of the columns."""
    if not isinstance(value, list) or [_name(column) for column in value] != names:
        return False
    return all(isinstance(column, str) or len(column) == 1 for column in value)


def rows_of(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of a table as records."""
    names, rows = _rows(document) or ([], [])
    return [dict(zip(names, row, strict=True)) for row in rows]


def _rows(table: Mapping[str, Any]) -> tuple[list[str], list[list[Any]]] | None:
    """Return the names and the rows of a table; None where it is none."""
    columns = next((table[key] for key in _COLUMNS if isinstance(table.get(key), list)), None)
    rows = next((table[key] for key in _ROWS if isinstance(table.get(key), list)), None)
    names = [_name(column) for column in columns or ()]
    known = [name for name in names if name is not None]
    if not known or not rows or len(known) < len(names) or len(set(known)) < len(known):
        return None
    return (known, rows) if all(isinstance(row, list) and len(row) == len(known) for row in rows) else None


def _name(column: Any) -> str | None:
    if isinstance(column, dict):
        column = next((column[key] for key in _NAMES if key in column), None)
    return column if isinstance(column, str) else None
