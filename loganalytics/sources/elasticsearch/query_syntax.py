"""Queries in SQL, which Lucene would read as words to look for: refused, with what they are in Lucene's syntax."""

from __future__ import annotations

import re

from loganalytics.exceptions import InvalidArgumentError
from loganalytics.sources.elasticsearch.lucene import to_lucene

_EXAMPLE = 'level:ERROR AND status:>=500 AND message:"timed out"'

# What Lucene reads as a unit, within which anything may stand.
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_UNIT = re.compile(
    rf"""
    (?P<escape>\\.)
  | (?P<phrase>{_QUOTED})
  | (?P<text>'(?:[^']|'')*')                                      # SQL's, in which a colon names no field
  | /(?:[^/\\\s'"]|\\.)(?:[^/\\\n'"]|\\.)*/                       # a regular expression
  | [\[{{][^\[\]{{}}]*\sTO\s[^\[\]{{}}]*[\]}}]                    # a range
  | (?<![:\w])[\w.@*?\\-]+\s*:(?!:)\s*(?:[<>]=?\s*)?(?:           # a field with what is looked for in it
        (?P<group>\() | {_QUOTED} | /(?:[^/\\]|\\.)*/ | [\[{{][^\]}}]*[\]}}] | (?P<single>'[^']*'(?=$|[\s)]))
      | [^\s()]+ )
    """,
    re.VERBOSE | re.DOTALL,
)
_PHRASE, _TEXT, _FIELD = "\1", "\2", "\3"
# A name, a call, a phrase for a name, or a text, but none of Lucene's own words.
_OPERAND = rf"(?:(?!(?:AND|OR|NOT|TO)\b)\b[\w.@-]*[\w.@][\])]*|{_PHRASE}|{_TEXT}|\))"
_VALUE = rf"[\w.@(+\-'{_PHRASE}{_TEXT}]"
_SQL = re.compile(
    rf"""
    {_OPERAND}\s*(?:=|==|!=|<>|<=|>=|<|>)\s*{_VALUE}              # level = 'ERROR'
  | {_OPERAND}\s+(?:NOT\s+)?(?:I?LIKE|RLIKE|REGEXP|GLOB|SIMILAR\s+TO)\s+{_TEXT}
  | {_OPERAND}\s*!?~\*?\s*{_TEXT}
  | {_OPERAND}\s+(?:NOT\s+)?IN\s*\(\s*(?:{_TEXT}|-?[\d.]+|[^()]*,|SELECT\b)
  | {_OPERAND}\s+(?:NOT\s+)?BETWEEN\s+(?:{_TEXT}|-?[\d.]+)\s+AND\s
  | (?:^|[(]|\b(?:AND|OR|NOT|WHERE)\s)\s*[(]*{_OPERAND}\s+IS\s+(?:NOT\s+)?(?:NULL|TRUE|FALSE)\s*(?:$|[)]|(?:AND|OR)\b)
  | ^\s*SELECT\s.*\sFROM\s | ^\s*WHERE\s
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)


def check_query(query: str | None) -> None:
    """Refuse a query that is written in SQL, or compares a field with a text in single quotes.

    Lucene would look for the operators and quotes as words, and so return nothing or what nobody asked for.

    Raises InvalidArgumentError, which shows the query in Lucene's syntax where that can be told.
    """
    if query is None:
        return
    masked, has_single_quotes = _masked(query)
    if has_single_quotes:
        raise InvalidArgumentError(
            f"The query {query!r} has single quotes, which mean nothing in Lucene's syntax. "
            'Hint: double quotes, as in message:"timed out".'
        )
    if _SQL.search(masked):
        lucene = to_lucene(query)
        example = f"this is {lucene}" if lucene else f"such as {_EXAMPLE}"
        raise InvalidArgumentError(
            f"The query {query!r} looks like SQL; Elasticsearch and OpenSearch read Lucene's syntax. "
            f"Hint: {example}. What is meant as text goes into double quotes."
        )


def _masked(query: str) -> tuple[str, bool]:
    """Return a query with a character for each of Lucene's units, and whether a field's value is in single quotes."""
    parts: list[str] = []
    position, has_single_quotes = 0, False
    while unit := _UNIT.search(query, position):
        parts += [query[position : unit.start()], _mask_of(unit)]
        has_single_quotes |= bool(unit["single"])
        position = _end_of_group(query, unit.end()) if unit["group"] else unit.end()
    return "".join([*parts, query[position:]]), has_single_quotes


def _mask_of(unit: re.Match[str]) -> str:
    return _PHRASE if unit["phrase"] else _TEXT if unit["text"] else _FIELD


def _end_of_group(query: str, start: int) -> int:
    """Return the place behind the parenthesis that ends what began before `start`."""
    depth = 1
    for token in re.finditer(rf"\\.|{_QUOTED}|[()]", query[start:]):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if not depth:
            return start + token.end()
    return len(query)
