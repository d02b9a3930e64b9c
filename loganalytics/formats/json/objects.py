"""Single JSON objects by Python, many of them as text by DuckDB."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import polars as pl

from loganalytics.formats.fields.record_schema import FieldTree, RecordSchema, field_tree
from loganalytics.formats.json.duckdb_session import cursor

_DECODER = json.JSONDecoder(strict=False)
# A text, what structures, or another value.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def parse_object(line: str) -> dict[str, Any] | None:
    """Return the JSON object that a line is, else None."""
    try:
        value = _DECODER.decode(line) if line.startswith("{") else None
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


class RepeatingObject(dict[str, Any]):
    """An object with the first value of each key; `repeats` are the further ones of keys that stand more than once."""

    def __init__(self, pairs: Iterable[tuple[str, Any]]) -> None:
        super().__init__()
        self.repeats: list[tuple[str, Any]] = []
        for key, value in pairs:
            if key in self:
                self.repeats.append((key, value))
            else:
                self[key] = value


def parse_with_repeats(line: str) -> dict[str, Any] | None:
    """Return the JSON object that a line is, with every value of its keys; what is nested too deep is text in it."""
    try:
        value = json.loads(line, strict=False, object_pairs_hook=_to_object)
    except RecursionError:
        return _shallow_object(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def with_repeats(value: Any) -> Any:
    """Return a value as JSON can write it: the values of a key that stands more than once are a list."""
    if isinstance(value, list):
        return [with_repeats(element) for element in value]
    if not isinstance(value, dict):
        return value
    plain = {key: with_repeats(inner) for key, inner in value.items()}
    if isinstance(value, RepeatingObject):
        for key in dict(value.repeats):
            plain[key] = [plain[key], *(with_repeats(inner) for name, inner in value.repeats if name == key)]
    return plain


def _to_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    return members if len(members) == len(pairs) else RepeatingObject(pairs)


def _shallow_object(line: str) -> dict[str, Any] | None:
    """Return an object with its lists and objects as text."""
    pairs: list[tuple[str, Any]] = []
    depth, start = 0, 0
    key: str | None = None
    for token in _TOKEN.finditer(line):
        if token[0] in ("{", "["):
            depth += 1
            start = token.start() if depth == 2 else start
        elif token[0] in ("}", "]"):
            depth -= 1
            if depth == 1:
                pairs.append((key or "", line[start : token.end()]))
        elif depth == 1 and token[0] == ",":
            key = None
        elif depth == 1 and token[0] != ":":
            scalar = json.loads(token[0])
            if key is None:
                key = scalar
            else:
                pairs.append((key, scalar))
    return _to_object(pairs)


def read_as_text(lines: pl.DataFrame, record_schema: RecordSchema) -> pl.DataFrame:
    """Return (n, record) of lines (n, line), a struct of texts, null where the line is not JSON."""
    import duckdb

    structure = json.dumps(_text_types(field_tree(record_schema.fields)))
    record = f"from_json(line, {sql_literal(structure)})"
    with cursor() as connection:
        connection.register("lines", lines.select("line").to_arrow())
        try:
            records = connection.sql(f"select {record} as record from lines").pl()
        except (duckdb.InvalidInputException, UnicodeDecodeError):
            # A broken line, which the test for validity finds at a third more cost; the text of the error may be cut
            # within a character.
            valid = f"select case when json_valid(line) then {record} end as record from lines"
            records = connection.sql(valid).pl()
    return lines.select("n").hstack(records)


def sql_literal(string: str) -> str:
    """Return the text as a literal of SQL."""
    return "'" + string.replace("'", "''") + "'"


def _text_types(tree: FieldTree) -> dict[str, Any]:
    return {name: _text_types(inner) if isinstance(inner, dict) else "VARCHAR" for name, inner in tree.items()}
