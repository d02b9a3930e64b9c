"""The groups of a format's expression, captured from lines as cheaply as the lines allow.

Most formats begin with a time of fixed width and end with the message. Then the time is a slice, and the expression
runs over what stands between only: capturing costs by the length of what is captured. In long blocks, the expression is
narrowed to what the block shows. Lines that this does not fit go through the whole expression.
"""

from __future__ import annotations

import re
from functools import cache

import polars as pl

from loganalytics.formats.definitions import Format
from loganalytics.formats.regex.ascii import ascii_only
from loganalytics.formats.regex.shared_prefixes import GROUPS, read_heads
from loganalytics.formats.regex.specialize import WORTH_IT, fitted
from loganalytics.formats.time_formats import ZONE_NAME
from loganalytics.formats.timestamps import Clock, read_exact, to_utc

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
    matched = left["line"].str.contains(form.regex)
    if not matched.any():
        return quick, left
    slow, rest = _whole(left.filter(matched), form.regex, names)
    if quick.schema["timestamp"] != pl.String:  # so that the columns agree
        slow = slow.with_columns(to_utc(slow["timestamp"], clock))
    rest = pl.concat([left.filter(~matched), rest]).sort("n") if rest.height else left.filter(~matched)
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
    timed, left = _divide(lines.select("n", "line", times), times.is_not_null())
    between = fitted(between + _MESSAGE, timed["line"], width).removesuffix(_MESSAGE)
    timed = timed.hstack(_heads(timed["line"], width, between))
    kept, others = _divide(timed, timed["length"].is_not_null())
    message = pl.col("line").str.slice(width + pl.col("length")).alias("message")
    inner = [name for name in names if name not in ("timestamp", "message")]
    events = kept.select("n", "timestamp", *_fields(kept, inner), message)
    return events, pl.concat([left, others]).sort("n") if others.height else left


def _heads(lines: pl.Series, width: int, between: str) -> pl.DataFrame:
    """Return a struct of the groups of what stands between, and its length: null where the time goes on."""
    shared = read_heads(lines, width, between, _GOES_ON) if lines.len() >= WORTH_IT else None
    if shared is None:
        return _each_head(lines.str.slice(width), between)
    alone = shared["length"].is_null()
    if not alone.any():
        return shared
    each = _each_head(lines.filter(alone).str.slice(width), between)
    places = pl.concat([(~alone).arg_true(), alone.arg_true()]).alias("place")
    return pl.concat([shared.filter(~alone), each]).with_columns(places).sort("place").drop("place")


def _each_head(tails: pl.Series, between: str) -> pl.DataFrame:
    tail = pl.col("tail")
    groups = tails.alias("tail").to_frame().select(tail.str.extract_groups(between).alias(GROUPS), tail)
    head = pl.col(GROUPS).struct.field("head")
    length = pl.when(~tail.str.contains(_GOES_ON)).then(head.str.len_chars()).alias("length")
    return groups.select(GROUPS, length)


def _whole(lines: pl.DataFrame, regex: str, names: list[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    groups = lines.select("n", "line", pl.col("line").str.extract_groups(regex).alias(GROUPS))
    keys = [name for name in ("timestamp", "message") if name in names] or names[:1]
    known = pl.any_horizontal(pl.col(GROUPS).struct.field(*keys).is_not_null())
    kept, left = _divide(groups, groups.select(known).to_series())
    return kept.select("n", *_fields(kept, names)), left


def _divide(groups: pl.DataFrame, mask: pl.Series) -> tuple[pl.DataFrame, pl.DataFrame]:
    left = groups.filter(~mask).select("n", "line")
    return (groups if left.is_empty() else groups.filter(mask)), left


def _fields(groups: pl.DataFrame, names: list[str]) -> list[pl.Expr]:
    """Return the columns of all groups; what an expression was narrowed by is null."""
    have = {field.name for field in groups.schema[GROUPS].fields}  # type: ignore[attr-defined]
    return [
        pl.col(GROUPS).struct.field(name) if name in have else pl.lit(None, dtype=pl.String).alias(name)
        for name in names
    ]
