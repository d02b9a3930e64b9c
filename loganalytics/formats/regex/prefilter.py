"""Which formats of the table a file may be in, found out cheaply: to try each in full would take ten times as long."""

from __future__ import annotations

from functools import cache

import polars as pl

from loganalytics.formats.definitions import (
    FORMATS,
    LATIN_HEADS,
    SEVERITY_WORDS,
    TIME_FIRST,
    TIME_MARK,
    TIME_SHAPES,
    TIMES,
    Format,
    prefilter_regex,
)
from loganalytics.formats.regex.ascii import ascii_only
from loganalytics.formats.regex.literals import Searched, may_match, python_regex

_SAMPLE_LINES = 100
# So few are searched sooner than Polars compiles an expression.
_FEW_LINES = 10
_MAX_WORDS_BEFORE_LEVEL = 8
_MIN_LINES_WITH_LEVEL = 3
# In small letters it may be a word of the text, but not before a colon.
_LEVEL_AND_COLON = rf"(?P<level>(?i:{SEVERITY_WORDS}))[\])>]?:"
_MAX_WORDS_BEFORE_COLON = 2
_LOGGER = r"\[?(?P<logger>[A-Za-z_$][\w.$/-]*)(?:\[(?P<process.pid>\d+)(?::\d+)?\])?\]?:?\s+"


def candidate_formats(lines: pl.Series) -> list[Format]:
    """Return the formats of the table whose prefilter matches one of the lines, or of a hundred spread over them."""
    sample = lines.gather_every(max(1, lines.len() // _SAMPLE_LINES)).alias("")
    searched = Searched.of(*sample)
    # One column per kind of time that there is, in which TIME_MARK stands for it.
    marked = {time: _mark_times(sample, time) for time in _times() if _may_have_time(searched, time)}
    columns = {"": sample} | {time: column for time, column in marked.items() if (column != sample).any()}
    in_any_language = _may_be_translated(searched)
    searched_of = {time: Searched.of(*column) for time, column in columns.items()}
    possible = [
        (form, time, ascii_only(regex))
        for form, time, regex in _prefilters()
        if time in searched_of and may_match(regex, searched_of[time]) and (in_any_language or not _is_translated(form))
    ]
    tests = [pl.col(time).str.contains(regex).any().alias(str(n)) for n, (_, time, regex) in enumerate(possible)]
    if not tests:
        return []
    is_hit = pl.DataFrame(columns).select(tests).row(0)
    return [form for (form, _, _), hit in zip(possible, is_hit, strict=True) if hit]


def _may_have_time(searched: Searched, time: str) -> bool:
    return any(may_match(shape, searched) for shape in TIME_SHAPES[time])


def _may_be_translated(searched: Searched) -> bool:
    return any(not text.isascii() or any(head in text for head in LATIN_HEADS) for _, text in searched.texts)


def _is_translated(form: Format) -> bool:
    return "{translated}" in form.pattern or "{TRANSLATED}" in form.pattern


@cache
def _prefilters() -> list[tuple[Format, str, str]]:
    """Return the formats, the kind of time in each, and the expression for lines in which that is marked."""
    return [(form, time or "", regex) for form in FORMATS for time, regex in (prefilter_regex(form.pattern),)]


@cache
def _times() -> list[str]:
    return sorted({time for _, time, _ in _prefilters() if time})


def _mark_times(lines: pl.Series, time: str) -> pl.Series:
    regex = ascii_only(TIMES[time])
    if lines.len() > _FEW_LINES:
        return lines.str.replace(regex, TIME_MARK)
    pattern = python_regex(regex)
    return pl.Series(lines.name, [pattern.sub(TIME_MARK, line, count=1) for line in lines], dtype=pl.String)


def format_with_level_position(lines: pl.Series) -> Format:
    """Return the general rule, extended by the position at which these lines have their level, if most have one.

    The position is counted in words after the time: the one at which at least half of the lines have a level in
    capitals, before a colon, or, right after the time, in small letters. The word before it is the logger if it is a
    name.
    """
    after = lines.str.extract_groups(TIME_FIRST.regex).struct.field("after")
    positions = [(0, rf"(?P<level>{SEVERITY_WORDS})")]
    positions += [(words, "{LEVEL}") for words in range(1, _MAX_WORDS_BEFORE_LEVEL + 1)]
    positions += [(words, _LEVEL_AND_COLON) for words in range(_MAX_WORDS_BEFORE_COLON + 1)]
    counts = [(int(after.str.contains(_level_after(words, level)).sum()), -words, level) for words, level in positions]
    count, negative_words, level = max(counts)
    words = -negative_words
    if count < max(_MIN_LINES_WITH_LEVEL, lines.len() / 2):
        return TIME_FIRST
    prefix = rf"(?P<log.prefix>(?:\S+\s+){{{words - 1}}}){_LOGGER}" if words else ""
    if prefix and after.str.contains(_level_after(0, level, prefix)).sum() < count / 2:
        prefix = rf"(?P<log.prefix>(?:\S+\s+){{{words}}})"
    head = TIME_FIRST.pattern.removesuffix("(?P<after>.*)$").replace("?P<before>", "?P<log.before>")
    tail = rf"\s*{prefix}[\[(<]?{level}{_behind(level)}(?:\s+-)?(?:\s+|$)(?P<message>.*)$"
    # The rule's first variant differs from its pattern in that the time stands at the beginning.
    time_at_start = TIME_FIRST.variants[0].removesuffix("(?P<after>.*)$")
    return Format("time, words, level", head + tail, variants=(time_at_start + tail,))


def _level_after(words: int, level: str, prefix: str = "") -> str:
    prefix = prefix or rf"(?:\S+\s+){{{words}}}"
    return Format("", rf"^\s*{prefix}[\[(<]?{level}{_behind(level)}(?:\s|$)").regex


def _behind(level: str) -> str:
    return "" if level is _LEVEL_AND_COLON else r"[\])>]?[:,]?"
