"""The groups of a format's expression, captured from lines as cheaply as the lines allow.

Most formats begin with a time of fixed width and end with the message. Then the time is a slice, and the expression
runs over what stands between only: capturing costs by the length of what is captured. In long blocks, the expression is
narrowed to what the block shows. Lines that this does not fit go through the whole expression.
"""

from __future__ import annotations

import re
from functools import cache

import polars as pl

from loganalytics.formats.ascii import ascii_only
from loganalytics.formats.catalogue import Format
from loganalytics.formats.narrowing import fitted
from loganalytics.formats.timestamps import ZONE_NAME, Clock, read_exact, to_utc

# What goes on after a time's fixed width is a time of another format.
_GOES_ON = ascii_only(rf"^(?:[.,:]?\d| ?Z\b| ?[+-]\d\d| {ZONE_NAME}| (?:19|20)\d\d\b| [AP]M\b)")
_LEAD = re.compile(r"\^(?:\(\?:.*?\)\?)??\{[a-z]+\}")
_MESSAGE = "(?P<message>.*)$"
_NAME = re.compile(r"\?P<([^>]+)>")


def capture(lines: pl.DataFrame, form: Format, clock: Clock) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split lines (n, line) into (n, one text column a group; timestamp perhaps read already) and the other lines."""
    names = _names(form.regex)
    between = _between(form.pattern, form.regex)
    width = clock.formats[0].width if clock.formats else 0
    if between is not None and width:
        quick, left = _behind_time(lines, between, width, clock, names)
    else:
        quick, left = _whole(lines, fitted(form.regex, lines["line"]), names)
    if left.is_empty():
        return quick, left
    slow, rest = _whole(left, form.regex, names)
    if slow.is_empty():
        return quick, rest
    if quick.schema["timestamp"] != pl.String:  # so that the columns agree
        slow = slow.with_columns(to_utc(slow["timestamp"], clock))
    return pl.concat([quick, slow], how="diagonal").sort("n"), rest


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
    between = fitted(between + _MESSAGE, tail["\0tail"]).removesuffix(_MESSAGE)
    groups = tail.with_columns(pl.col("\0tail").str.extract_groups(between).alias("\0g"))
    head = pl.col("\0g").struct.field("head")
    good = pl.col("timestamp").is_not_null() & head.is_not_null() & ~pl.col("\0tail").str.contains(_GOES_ON)
    kept, left = _divide(groups, good)
    message = pl.col("\0tail").str.slice(head.str.len_chars()).alias("message")
    inner = [name for name in names if name not in ("timestamp", "message")]
    return kept.select("n", "timestamp", *_fields(kept, inner), message), left


def _whole(lines: pl.DataFrame, regex: str, names: list[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    groups = lines.select("n", "line", pl.col("line").str.extract_groups(regex).alias("\0g"))
    keys = [name for name in ("timestamp", "message") if name in names] or names[:1]
    kept, left = _divide(groups, pl.any_horizontal(pl.col("\0g").struct.field(*keys).is_not_null()))
    return kept.select("n", *_fields(kept, names)), left


def _divide(groups: pl.DataFrame, good: pl.Expr) -> tuple[pl.DataFrame, pl.DataFrame]:
    mask = groups.select(good).to_series()
    left = groups.filter(~mask).select("n", "line")
    return (groups if left.is_empty() else groups.filter(mask)), left


def _fields(groups: pl.DataFrame, names: list[str]) -> list[pl.Expr]:
    """Return the columns of all groups; what an expression was narrowed by is null."""
    have = {field.name for field in groups.schema["\0g"].fields}  # type: ignore[attr-defined]
    return [
        pl.col("\0g").struct.field(name) if name in have else pl.lit(None, dtype=pl.String).alias(name)
        for name in names
    ]
