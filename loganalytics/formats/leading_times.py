"""Times at the head of lines that are written as no pattern of the table knows: put into the one form they all know.

A line `3/10/2024 1:34 PM ERROR boom` becomes `2024-03-10T13:34:00.000000000+0000 ERROR boom` before the formats see it, and so
any of them reads it. Only times that can be read are replaced: what is no time stays in the text.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import polars as pl

from loganalytics.formats.hints import Hints
from loganalytics.formats.regex.ascii import ascii_only
from loganalytics.formats.time_formats import ANY_TIME, CANONICAL_PATTERN
from loganalytics.formats.times.grammar import BEHIND, any_written
from loganalytics.formats.timestamps import CERTAIN_SHAPES, Clock, clock_of, to_utc

# So many lines of a sample show how times are written.
_MAX_LOOKED_AT = 200
# Fewer times of unknown form are not worth it to read each line anew.
_MIN_SHARE = 0.01
# What may stand before a time: brackets and the like, or words that a prefix is made of.
_BEFORE = r"""(?:[\s\[\](<"'|{~*#=>-]{0,8}|[^\s{].{0,80}?[\s\[(<"'=|:~,;{/])"""
# A prefix has no words of prose, but for a level.
_PROSE = r"(?:^|\s)[A-Z]?[a-z]+[,:]?(?:\s|$)"


@dataclass(frozen=True, kw_only=True)
class LeadingTimes:
    """How the times at the head of a file's lines are written."""

    clock: Clock
    pattern: str
    """The expression for a line that begins with such a time; its groups are `before`, `time`."""

    def rewrite(self, lines: pl.DataFrame) -> pl.DataFrame:
        """Return lines (n, line), their times in the form that all formats of the table know."""
        groups = lines.select("line", pl.col("line").str.extract_groups(self.pattern).alias("groups")).unnest("groups")
        times = to_utc(groups["time"], self.clock)
        if times.null_count() == times.len():
            return lines
        written = times.dt.strftime(CANONICAL_PATTERN)
        behind = pl.col("line").str.tail(pl.col("line").str.len_chars() - pl.concat_str("before", "time").str.len_chars())
        is_prose = pl.col("before").str.contains(_PROSE)
        # In the midst of a sentence a time is part of what is said: it stays there.
        line = (
            pl.when(written.is_null()).then("line")
            .when(is_prose).then(pl.concat_str(written, pl.lit(" "), "line"))
            .otherwise(pl.concat_str("before", written, behind))
        )  # fmt: skip
        return lines.with_columns(groups.select(line.alias("line")))

    def with_clock(self, **changes: object) -> LeadingTimes:
        """Return the same with another year or another time before."""
        return replace(self, clock=replace(self.clock, **changes))  # type: ignore[arg-type]


def detect_leading_times(lines: pl.Series, hints: Hints) -> LeadingTimes | None:
    """Return how times are written at the head of a sample's lines; None where the table's formats read them all."""
    sample = lines.gather_every(max(1, lines.len() // _MAX_LOOKED_AT))
    unknown = sample.filter(~sample.str.contains(_known()))
    if unknown.is_empty():
        return None
    times = unknown.str.extract(_pattern(), 2).drop_nulls()
    strange = times.filter(~times.str.contains(_certain()))
    if strange.len() < max(1, _MIN_SHARE * sample.len()):
        return None
    clock = clock_of(lines.str.extract(_pattern(), 2).drop_nulls(), hints)
    return LeadingTimes(clock=clock, pattern=_pattern()) if to_utc(strange, clock).drop_nulls().len() else None


@cache
def _pattern() -> str:
    return f"^(?P<before>{_BEFORE})(?P<time>{any_written()}){BEHIND}"


@cache
def _certain() -> str:
    return ascii_only(f"^(?:{CERTAIN_SHAPES})$")


@cache
def _known() -> str:
    """Return an expression for lines that begin with a time of the table which nothing continues, or with JSON."""
    continues = r"[^\s\dA-Za-z.,:+(\[/-]|,? ?[\[(<|{\"'=*#-] ?[A-Za-z]{4}|[,:]? [a-z]{2}|:? [A-Z]{5}| (?:INFO|WARN|DEBUG)\b|$"
    return ascii_only(rf"^(?:\s*\{{\s*\"|[\[(<\"']?(?:{ANY_TIME})(?:{continues}))")
