"""SQL conditions in Lucene's syntax, for the hint of an error."""

from __future__ import annotations

import json
import re
from typing import Any

_COMPARISONS = {
    "COMPARE_GREATERTHAN": ">", "COMPARE_GREATERTHANOREQUALTO": ">=", "COMPARE_LESSTHAN": "<",
    "COMPARE_LESSTHANOREQUALTO": "<=",
}  # fmt: skip
_LIKE = {"~~": "", "~~*": "", "!~~": "NOT ", "!~~*": "NOT "}
_SPECIAL = re.compile(r'([+\-=&|><!(){}\[\]^"~*?:\\/\s])')
_PLAIN = re.compile(r"[\w.@]+$")

Node = dict[str, Any]


class _Untranslatable(Exception):  # noqa: N818 - there is then no translation, which is no error
    """A condition has no counterpart."""


def to_lucene(condition: str) -> str | None:
    """Return an SQL condition in Lucene's syntax, or None where it has no counterpart there.

    >>> to_lucene("level = 'ERROR' and (status >= 500 or message like '%timed out%')")
    'level:ERROR AND (status:>=500 OR message:*timed\\\\ out*)'
    """
    import duckdb

    where = re.sub(r"(?is)^\s*(?:select\s.*?\swhere|where)\s", "", condition)
    with duckdb.connect() as connection:
        answer = connection.execute("select json_serialize_sql(?)", [f"select 1 where {where}"]).fetchone()
    tree: Node = json.loads(answer[0]) if answer else {"error": True}
    if tree["error"] or len(tree["statements"]) != 1:
        return None
    try:
        return _clause(tree["statements"][0]["node"]["where_clause"])
    except (_Untranslatable, KeyError):
        return None


def _clause(node: Node) -> str:
    kind, children = node["type"], node.get("children", [])
    if kind in ("CONJUNCTION_AND", "CONJUNCTION_OR"):
        return f" {kind.rpartition('_')[2]} ".join(map(_inner, children))
    if kind == "OPERATOR_NOT":
        return f"NOT {_inner(children[0])}"
    if kind in ("OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL"):
        return f"{'' if 'NOT' in kind else 'NOT '}_exists_:{_field(children[0])}"
    if kind == "COMPARE_IN":
        return f"{_field(children[0])}:({' OR '.join(map(_value, children[1:]))})"
    if kind == "COMPARE_BETWEEN":
        return f"{_field(node['input'])}:[{_value(node['lower'])} TO {_value(node['upper'])}]"
    if kind == "FUNCTION":
        return _like(node)
    return _comparison(node)


def _inner(node: Node) -> str:
    return f"({_clause(node)})" if node["class"] == "CONJUNCTION" else _clause(node)


def _comparison(node: Node) -> str:
    kind, field, value = node["type"], _field(node["left"]), _value(node["right"])
    if kind in _COMPARISONS:
        return f"{field}:{_COMPARISONS[kind]}{value}"
    if kind not in ("COMPARE_EQUAL", "COMPARE_NOTEQUAL"):
        raise _Untranslatable
    return f"{'' if kind == 'COMPARE_EQUAL' else 'NOT '}{field}:{value}"


def _like(node: Node) -> str:
    column, pattern = (argument["expression"] for argument in node["arguments"])
    if node["function_name"] not in _LIKE:
        raise _Untranslatable
    escaped = _SPECIAL.sub(r"\\\1", pattern["literal"]["text"])
    return f"{_LIKE[node['function_name']]}{_field(column)}:{escaped.replace('%', '*').replace('_', '?')}"


def _field(node: Node) -> str:
    if node["class"] != "COLUMN_REF":
        raise _Untranslatable
    return ".".join(node["column_names"])


def _value(node: Node) -> str:
    """Return a value; a name in its place is a text whose quotes were forgotten."""
    text = node["literal"]["text"] if node["class"] == "CONSTANT" else _field(node)
    return text if _PLAIN.match(text) else json.dumps(text, ensure_ascii=False)
