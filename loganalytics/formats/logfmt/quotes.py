"""Pairs whose values are written as Python shows them (level='info'), turned into the quotation marks of logfmt."""

from __future__ import annotations

import re

import polars as pl

from loganalytics.formats.regex.ascii import ascii_only

_KEY = r"(^|\s)([A-Za-z0-9_@$][\w.@/:$-]*)="
_SINGLE_QUOTED = ascii_only(rf"{_KEY}'([^'\\\"]*)'")
_LISTED = ascii_only(rf"{_KEY}([\[{{(][^\]}})\\\"]*[\]}})])")
_VALUE = re.compile(rf"{_KEY}(?:'((?:[^'\\]|\\.)*)'|([\[{{(][^\]}})]*[\]}})]))(?=\s|$)", re.DOTALL | re.ASCII)
_IS_PYTHON = ascii_only(rf"{_KEY}'(?:[^'\\]|\\.)*'(?:\s|$)")


def with_double_quotes(lines: pl.Series) -> pl.Series:
    """Return the lines with values in single quotation marks, and lists beside them, in double ones."""
    possible = lines.str.contains("='", literal=True).arg_true()
    if possible.is_empty():
        return lines
    rows = possible.filter(lines.gather(possible).str.contains(_IS_PYTHON))
    written = lines.gather(rows)
    is_plain = ~written.str.contains(r"[\"\\]")
    quoted = written.str.replace_all(_SINGLE_QUOTED, '${1}${2}="${3}"').str.replace_all(_LISTED, '${1}${2}="${3}"')
    with_escapes = pl.Series(lines.name, [_VALUE.sub(_double_quoted, line) for line in written.filter(~is_plain)])
    quoted = quoted.scatter((~is_plain).arg_true(), with_escapes) if with_escapes.len() else quoted
    return lines.scatter(rows, quoted)


def _double_quoted(value: re.Match[str]) -> str:
    before, key, text, listed = value.groups()
    text = listed.replace("\\", "\\\\") if text is None else text.replace("\\'", "'")
    escaped = text.replace('"', '\\"')
    return f'{before}{key}="{escaped}"'
