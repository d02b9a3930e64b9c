"""The groups of a format's expression, captured from lines as cheaply as the lines allow.

Most formats begin with a time of fixed width and end with the message. Then the time is a slice, and the expression
runs over what stands between only: capturing costs by the length of what is captured. Lines that this does not fit go
through the whole expression.
"""

from __future__ import annotations

import re
from functools import cache

import polars as pl

from loganalytics.formats.catalogue import Format
from loganalytics.formats.timestamps import Clock, read_exact, to_utc

_LEAD = re.compile(r"\^(?:\(\?:.*?\)\?)??\{[a-z]+\}")
_MESSAGE = "(?P<message>.*)$"
_NAME = re.compile(r"\?P<([^>]+)>")


def capture(lines: pl.DataFrame, form: Format, clock: Clock) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split lines (n, line) into (n, one text column a group; timestamp perhaps read already) and the other lines."""
    between = _between(form.pattern, form.regex)
    width = clock.formats[0].width if clock.formats else 0
    if between is None or not width:
        return _whole(lines, form)
    quick, left = _behind_time(lines, between, width, clock, _names(form.regex))
    if left.is_empty():
        return quick, left
    slow, rest = _whole(left, form)
    if slow.is_empty():
        return quick, rest
    # The whole expression leaves the time as text; these few are read here, so that the columns agree.
    return pl.concat([quick, slow.with_columns(to_utc(slow["timestamp"], clock))], how="diagonal").sort("n"), rest


@cache
def _between(pattern: str, regex: str) -> str | None:
    """Return the expression for what stands between the time and the message, None where the format is not so made."""
    lead = _LEAD.match(pattern)
    if lead is None or not pattern.endswith(_MESSAGE):
        return None
    filled = regex[len(regex) - len(regex.split("(?P<timestamp>", 1)[1]) :]
    depth, end = 1, 0
    for end, char in enumerate(filled):
        escaped = end > 0 and filled[end - 1] == "\\"
        depth += (char == "(") - (char == ")") if not escaped else 0
        if depth == 0:
            break
    return f"^(?P<head>{filled[end + 1 :].removesuffix(_MESSAGE)})"


def _names(regex: str) -> list[str]:
    return _NAME.findall(regex)


def _behind_time(
    lines: pl.DataFrame, between: str, width: int, clock: Clock, names: list[str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    times = read_exact(lines.select(pl.col("line").str.slice(0, width).alias("timestamp")).to_series(), clock)
    tail = lines.select("n", "line", times, pl.col("line").str.slice(width).alias("\0tail"))
    groups = tail.with_columns(pl.col("\0tail").str.extract_groups(between).alias("\0g"))
    head = pl.col("\0g").struct.field("head")
    good = pl.col("timestamp").is_not_null() & head.is_not_null()
    split = groups.with_columns(good.alias("\0good"))
    left = split.filter(~pl.col("\0good")).select("n", "line")
    kept = split if left.is_empty() else split.filter("\0good")
    message = pl.col("\0tail").str.slice(head.str.len_chars()).alias("message")
    inner = [name for name in names if name not in ("timestamp", "message")]
    have = {field.name for field in kept.schema["\0g"].fields}  # type: ignore[attr-defined]
    fields = [
        pl.col("\0g").struct.field(name) if name in have else pl.lit(None, dtype=pl.String).alias(name)
        for name in inner
    ]
    return kept.select("n", "timestamp", *fields, message), left


def _whole(lines: pl.DataFrame, form: Format) -> tuple[pl.DataFrame, pl.DataFrame]:
    groups = lines.select("n", "line", pl.col("line").str.extract_groups(form.regex).alias("\0g"))
    names = _names(form.regex)
    keys = [name for name in ("timestamp", "message") if name in names] or names[:1]
    matched = groups.select(pl.any_horizontal(pl.col("\0g").struct.field(*keys).is_not_null())).to_series()
    rest = groups.filter(~matched).select("n", "line")
    kept = groups if rest.is_empty() else groups.filter(matched)
    return kept.drop("line").unnest("\0g"), rest
