"""The groups of a format's pattern, captured from lines as cheaply as the lines allow.

Most formats begin with a time of fixed width and end with the message. Then the time is a slice, and the expression
runs over what stands between only: capturing costs by the length of what is captured. Lines that this does not fit go
through the whole expression.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import polars as pl

from loganalytics.formats.definitions import Format, fill
from loganalytics.formats.internal_columns import column_of_group
from loganalytics.formats.regex.ascii import ascii_only
from loganalytics.formats.regex.variants import choose_pattern
from loganalytics.formats.time_formats import ZONE_NAME
from loganalytics.formats.timestamps import Clock, read_exact, to_utc

# What follows a time is read with the time's last character, which a word boundary needs.
_LAST_OF_TIME = "[0-9A-Za-z]"
# What continues a time beyond its fixed width makes it a time of another format.
_TIME_CONTINUES = ascii_only(rf"^{_LAST_OF_TIME}(?:[.,:]?\d| ?Z\b| ?[+-]\d\d| {ZONE_NAME}| (?:19|20)\d\d\b| [AP]M\b)")
# A time at the beginning (behind a bracket, or something that may be left out), and a message at the end, of which
# the first character may be restricted.
_TIME_TO_MESSAGE = re.compile(
    r"\^(?:\(\?:.*?\)\?)??(?P<bracket>\\\[)?\{(?:time:[^}]+|[a-z]+)\}"
    r"(?P<middle>.*)\(\?P<(?P<message>message|after)>(?P<first>(?:\[(?:\\.|[^\\\]])+\]| |\(\?:[^()]*\))*)\.\*\)\$",
)
_GROUP_NAME = re.compile(r"\?P<([^>]+)>")
_GROUPS = "\0groups"
_HEAD = "head[]"  # no format has a group of this name


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """A pattern of the kind "time, middle, message"."""

    bracket: str
    """The expression for what stands before the time: a bracket or nothing."""
    middle: str
    """The expression, from the time's last character on, whose group _HEAD stands between time and message."""
    message: str
    """The name of the last group."""


def extract_fields(lines: pl.DataFrame, form: Format, clock: Clock) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split lines (n, line) into (n, one column per group) and the lines that the format does not match.

    The columns are text, but `timestamp` may have been read already.
    """
    names = _group_names(form.regex)
    pattern = choose_pattern(form, lines["line"])
    layout = _layout(pattern)
    if layout and clock.formats and clock.formats[0].width:
        events, unmatched = _extract_behind_time(lines, layout, clock, names)
    else:
        events, unmatched = _extract(lines, fill(pattern), names)
    if unmatched.is_empty() or (layout is None and pattern == form.pattern):
        return events, unmatched
    slow, unmatched = _extract(unmatched, form.regex, names)
    if slow.is_empty() and clock.has_year:
        return events, unmatched
    if layout is None or events.schema.get("timestamp", pl.String) == pl.String:
        return pl.concat([events, slow], how="diagonal").sort("n"), unmatched
    if not clock.has_year:  # years follow from the order of all times
        events = events.with_columns(_time_texts(lines, layout, clock).filter(lines["n"].is_in(events["n"].implode())))
        both = pl.concat([events, slow], how="diagonal").sort("n")
        return both.with_columns(to_utc(both["timestamp"], clock)), unmatched
    slow = slow.with_columns(to_utc(slow["timestamp"], clock))
    return pl.concat([events, slow], how="diagonal").sort("n"), unmatched


def _time_texts(lines: pl.DataFrame, layout: _Layout, clock: Clock) -> pl.Series:
    """Return what stands where the layout has its time of fixed width."""
    start = 1 if layout.bracket else 0
    return lines.select(pl.col("line").str.slice(start, clock.formats[0].width).alias("timestamp")).to_series()


@cache
def _layout(pattern: str) -> _Layout | None:
    """Return the pattern as time, middle and message; None when it is of another kind."""
    match = _TIME_TO_MESSAGE.fullmatch(pattern)
    if match is None:
        return None
    middle = fill(f"^{_LAST_OF_TIME}(?P<{_HEAD}>{match['middle']}){match['first']}")
    return _Layout(bracket=match["bracket"] or "", middle=middle, message=match["message"])


def _group_names(regex: str) -> list[str]:
    return _GROUP_NAME.findall(regex)


def _extract_behind_time(
    lines: pl.DataFrame, layout: _Layout, clock: Clock, names: list[str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Extract the time of fixed width as a slice, and the groups of what stands between it and the message."""
    time_format, start = clock.formats[0], 1 if layout.bracket else 0
    end = start + time_format.width
    line = pl.col("line")
    times = read_exact(_time_texts(lines, layout, clock), clock)
    # Strptime also reads a blank in place of a digit, which no pattern takes.
    is_timed = lines["line"].str.contains(ascii_only(f"^{layout.bracket}(?:{time_format.shape})")) & times.is_not_null()
    timed, untimed = _divide(lines.select("n", "line", times), is_timed)
    tail = line.str.slice(end - 1).alias("tail")
    timed = timed.with_columns(timed.select(tail).select(*_middle_groups(layout.middle)))
    matched, unmatched = _divide(timed, timed["length"].is_not_null())
    message = line.str.slice(end + pl.col("length")).alias(layout.message)
    middle_names = [name for name in names if name not in ("timestamp", layout.message)]
    events = matched.select("n", "timestamp", *_fields(matched, middle_names), message)
    return events, pl.concat([untimed, unmatched]).sort("n") if unmatched.height else untimed


def _middle_groups(middle: str) -> tuple[pl.Expr, pl.Expr]:
    """Return the groups of each tail, and the length of _HEAD: null where the time goes on."""
    tail = pl.col("tail")
    groups = tail.str.extract_groups(middle)
    length = pl.when(~tail.str.contains(_TIME_CONTINUES)).then(groups.struct.field(_HEAD).str.len_chars())
    return groups.alias(_GROUPS), length.alias("length")


def _extract(lines: pl.DataFrame, regex: str, names: list[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    groups = lines.select("n", "line", pl.col("line").str.extract_groups(regex).alias(_GROUPS))
    keys = [name for name in ("timestamp", "message") if name in names] or names
    is_match = groups.select(pl.any_horizontal(pl.col(_GROUPS).struct.field(*keys).is_not_null())).to_series()
    matched, unmatched = _divide(groups, is_match)
    return matched.select("n", *_fields(matched, names)), unmatched


def _divide(groups: pl.DataFrame, mask: pl.Series) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows where the mask is true, and the lines (n, line) where it is not."""
    unmatched = groups.filter(~mask).select("n", "line")
    return (groups if unmatched.is_empty() else groups.filter(mask)), unmatched


def _fields(groups: pl.DataFrame, names: list[str]) -> list[pl.Expr]:
    """Return the columns of all groups of the format; those that a variant does not have are null."""
    present = {field.name for field in groups.schema[_GROUPS].fields}  # type: ignore[attr-defined]
    return [
        (pl.col(_GROUPS).struct.field(name) if name in present else pl.lit(None, dtype=pl.String)).alias(
            column_of_group(name)
        )
        for name in names
    ]
