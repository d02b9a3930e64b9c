"""Which lines are logfmt."""

from __future__ import annotations

import polars as pl

KEY = r"[A-Za-z0-9_@$][\w.@/:$\[\]-]*"
_DAY_AND_TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S*(?: [+-]\d{4}(?: [A-Z]{3,4}\b)?)?"  # as some write without quotes
VALUE = rf"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|{_DAY_AND_TIME}|[^\s"]\S*|)"""
_LINE = rf'^{KEY}={VALUE}(?:\s+(?:{KEY}={VALUE}|[^\s"]+))+$'
_PAIRS = rf"(?:^|\s+){KEY}={VALUE}"


def is_logfmt(lines: pl.Series) -> pl.Series:
    """Tell which lines are logfmt from end to end: pairs, the first thing one, and no more words than pairs."""
    stripped = lines.str.strip_chars_end()
    is_line = stripped.str.contains(_LINE)
    candidates = stripped.filter(is_line)
    pairs = candidates.str.count_matches(_PAIRS).cast(pl.Int64)
    words = candidates.str.replace_all(_PAIRS, "").str.count_matches(r"\S+").cast(pl.Int64)
    return is_line.scatter(is_line.arg_true(), (pairs >= 2) & (words < pairs))
