"""Times at the head of lines that are written as no pattern of the table knows: put into a form that all know.

A line `3/10/2024 1:34 PM ERROR boom` becomes `2024-03-10T13:34:00.000000000+0000 ERROR boom` before the formats see it,
and so any of them reads it. Only times that can be read are replaced: what is no time stays in the text.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import polars as pl

from loganalytics.formats.definitions import FORMATS, PROSE, TIME_FIRST, TIMES, Format
from loganalytics.formats.hints import Hints
from loganalytics.formats.regex.ascii import ascii_only
from loganalytics.formats.time_formats import ANY_TIME, CANONICAL_PATTERN, TIME_FORMATS, UNREAD, TimeFormat
from loganalytics.formats.times.grammar import BEHIND, CLOCK_ONLY, any_written
from loganalytics.formats.times.strptime import strptime_format
from loganalytics.formats.timestamps import CERTAIN_SHAPES, Clock, clock_of, to_utc
from loganalytics.formats.year_turns import LEAP_YEAR

# So many lines of a sample show how times are written.
_MAX_LOOKED_AT = 200
# Fewer times of unknown form are not worth it to read each line anew.
_MIN_SHARE = 0.01
# What may stand before a time: brackets and the like, or words that a prefix is made of.
_BEFORE = r"""(?: ?(?:[\[\](<"'|{~*#=>-]{1,8} ?)?|[^\s{].{0,80}?[\s\[(<"'=|:~,;{/])"""
_EPOCHS = (
    *(time_format for time_format in TIME_FORMATS if time_format.name == "epoch"),
    TimeFormat("hexadecimal epoch", "[0-9a-f]{8}(?:[.][0-9a-f]{8})?", is_epoch=True, radix=16),
)
_OWN_TIME_FORMATS = tuple(form for form in FORMATS if "(?P<timestamp>" in form.pattern)
_EPOCH_FORMATS = tuple(form for form in FORMATS if "{epoch}" in form.pattern)
# What each time has, whatever the way in which it is written: what has none need not be searched for one.
_MAY_BE_CLOCK = "[0-9]:[0-9]|[0-9]{2}[-._][0-9]{2}[-._][0-9]{2}|[0-9] ?[hH時时点點시] ?[0-9]|[0-9]{6}"
_MAY_BE_EPOCH = r"^[\[(<]?(?:1[0-9]{9}|[0-9a-f]{8})"
_FIRST_LINES = 10
_FIRST_EPOCH_YEAR = 2001
_FIRST_YEAR = 1971
_EPOCH_GUESS = (
    "numbers at the head of lines are taken for counts since 1970. Hint: formats= a format where they are not"
)
_MIN_EPOCHS = 1
_MIN_EPOCH_SHARE = 0.6
_MAX_STEPS_BACK = 0.1


@dataclass(frozen=True, kw_only=True)
class LeadingTimes:
    """How the times at the head of a file's lines are written."""

    clock: Clock
    pattern: str
    """The expression for a line that begins with such a time; its groups are `before`, `time`."""

    def rewrite(self, lines: pl.DataFrame) -> pl.DataFrame:
        """Return lines (n, line), their times in the form that all formats of the table know."""
        groups = lines.select("line", pl.col("line").str.extract_groups(self.pattern).alias("groups")).unnest("groups")
        clock = self.clock if self.clock.year or self.clock.has_year else replace(self.clock, year=LEAP_YEAR)
        times = to_utc(groups["time"], clock)
        times = times.set((times.dt.year() < _FIRST_YEAR).fill_null(value=False), None)  # a year that is not known
        if groups["time"].null_count() == groups.height:
            return lines
        written = times.dt.strftime(CANONICAL_PATTERN)
        behind = pl.col("line").str.tail(
            pl.col("line").str.len_chars() - pl.concat_str("before", "time").str.len_chars()
        )
        is_leading = ~pl.col("before").str.contains(r"[0-9A-Za-z]")
        before = pl.when(is_leading).then(pl.col("before").str.replace_all(" ", "")).otherwise("before")
        is_prose = pl.col("before").str.contains(PROSE)
        # In the midst of a sentence a time is part of what is said: it stays there.
        line = (
            pl.when(written.is_null() & pl.col("time").is_not_null() & is_leading)
            .then(pl.concat_str(pl.lit(f"{UNREAD} "), "line"))
            .when(written.is_null()).then("line")
            .when(is_prose).then(pl.concat_str(written, pl.lit(" "), "line"))
            .otherwise(pl.concat_str(before, written, behind))
        )  # fmt: skip
        return lines.with_columns(groups.select(line.alias("line")))


def detect_leading_times(lines: pl.Series, hints: Hints) -> LeadingTimes | None:
    """Return how times are written at the head of a sample's lines; None where the table's formats read them all."""
    sample = lines.gather_every(max(1, lines.len() // _MAX_LOOKED_AT))
    given = _detect_given(sample, hints)
    if given:
        return given
    unknown = sample.filter(~sample.str.contains(_known()))
    clocks = unknown.filter(unknown.str.contains(_MAY_BE_CLOCK))
    if (clocks.is_empty() and not _may_be_epochs(unknown, sample)) or _is_of(sample, _OWN_TIME_FORMATS):
        return None
    return _detect_written(lines, sample, clocks, hints) or _detect_epoch(sample, hints)


def _is_of(sample: pl.Series, forms: Sequence[Format]) -> bool:
    """Whether one of the first lines is in one of the formats."""
    return any(sample.head(_FIRST_LINES).str.contains(form.regex).any() for form in forms)


def begin_with_given_time(lines: pl.Series, hints: Hints) -> bool:
    """Whether most lines begin with a time in a pattern that the user gave; without a header they are no table."""
    pattern = _given_pattern(hints, before="")
    return pattern is not None and 2 * int(lines.str.contains(pattern).sum()) > lines.len()


def _given_pattern(hints: Hints, before: str = _BEFORE) -> str | None:
    shapes = [shape for pattern in hints.time_patterns if (shape := strptime_format(pattern).shape)]
    return f"^(?P<before>{before})(?P<time>{'|'.join(shapes)}){BEHIND}" if shapes else None


def _detect_given(sample: pl.Series, hints: Hints) -> LeadingTimes | None:
    """Return the times of the pattern that the user gave, or clocks whose date is known from elsewhere."""
    pattern = _given_pattern(hints)
    if pattern is None and hints.date:
        pattern = rf"^(?P<before>[\[(<]?)(?P<time>{CLOCK_ONLY.shape}){BEHIND}"
    if pattern is None:
        return None
    texts = sample.str.extract(pattern, 2).drop_nulls()
    clock = clock_of(texts, hints)
    is_read = texts.len() > 0 and to_utc(texts, clock).drop_nulls().len() > 0
    return LeadingTimes(clock=clock, pattern=pattern) if is_read else None


def _detect_written(lines: pl.Series, sample: pl.Series, unknown: pl.Series, hints: Hints) -> LeadingTimes | None:
    times = unknown.str.extract(_pattern(), 2).drop_nulls() if unknown.len() else unknown
    strange = times.filter(~times.str.contains(_certain()))
    if strange.len() < max(1, _MIN_SHARE * sample.len()) and not _most_are_out_of_reach(unknown, times, sample):
        return None
    clock = clock_of(lines.str.extract(_pattern(), 2).drop_nulls(), hints)
    return LeadingTimes(clock=clock, pattern=_pattern()) if clock.formats else None


def _most_are_out_of_reach(unknown: pl.Series, times: pl.Series, sample: pl.Series) -> bool:
    """Whether most lines have a time of the table where its patterns do not look, as behind a blank."""
    return 2 * (times.len() - int(unknown.str.contains(TIME_FIRST.regex).sum())) > sample.len()


def _detect_epoch(sample: pl.Series, hints: Hints) -> LeadingTimes | None:
    """Return counts since 1970, if nearly all lines begin with one and they go forward: else they are other numbers."""
    if not _may_be_epochs(sample, sample) or _is_of(sample, _EPOCH_FORMATS):
        return None
    for epoch in _EPOCHS:
        pattern = rf"^(?P<before>[\[(<]?)(?P<time>{epoch.shape})[\])>]?(?:[:,]?(?:\s|$)|[,;|])"
        times = to_utc(sample.str.extract(ascii_only(pattern), 2), Clock((epoch,)))
        if times.drop_nulls().len() < max(_MIN_EPOCHS, _MIN_EPOCH_SHARE * sample.len()):
            continue
        known = times.drop_nulls()
        steps_back = int((known.diff() < dt.timedelta(0)).sum())
        is_past = known.dt.year().is_between(_FIRST_EPOCH_YEAR, dt.datetime.now(dt.UTC).year + 1).all()
        if is_past and steps_back <= _MAX_STEPS_BACK * known.len():
            clock = Clock((epoch,), hints.tz, guesses=(_EPOCH_GUESS,))
            return LeadingTimes(clock=clock, pattern=ascii_only(pattern))
    return None


def _may_be_epochs(lines: pl.Series, sample: pl.Series) -> bool:
    """Whether as many lines begin like a count as most of a sample's."""
    return int(lines.str.contains(_MAY_BE_EPOCH).sum()) >= max(_MIN_EPOCHS, _MIN_EPOCH_SHARE * sample.len())


@cache
def _pattern() -> str:
    return f"^(?P<before>{_BEFORE})(?P<time>{any_written()}){BEHIND}"


@cache
def _certain() -> str:
    return ascii_only(f"^(?:{CERTAIN_SHAPES})$")


@cache
def _known() -> str:
    """Return an expression for lines that begin as access logs do, with JSON or a whole time of the table.

    It is a short cut: what it leaves out is looked at more closely.
    """
    level = "(?:ERROR|DEBUG|INFO|WARN|TRACE|FATAL|NOTICE|CRITICAL)"
    ends = rf"$|[\])>|;~\"']|[,:]? [a-z]{{3}}|[,:]? [\[(<|-]? ?(?:{level}|[a-z]{{3}}|[A-Z][a-z]{{3}}\w*[ :])"
    access = rf"\S+ \S+ \S+ \[(?:{TIMES['clf']})\]"
    return ascii_only(rf"^(?:\s*\{{\s*\"|[\[(<\"']?(?:{ANY_TIME})(?:{ends})|{access})")
