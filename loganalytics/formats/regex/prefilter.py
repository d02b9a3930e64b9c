"""Which formats of the table a file may be in, found out cheaply: to try each in full would take ten times as long."""

from __future__ import annotations

import polars as pl

from loganalytics.formats.definitions import (
    FORMATS,
    SEVERITY_WORDS,
    TIME_FIRST,
    TIME_MARK,
    TIMES,
    Format,
    prefilter_regex,
)
from loganalytics.formats.regex.ascii import ascii_only

_SAMPLE_LINES = 100
_MAX_WORDS_BEFORE_LEVEL = 8
_MIN_LINES_WITH_LEVEL = 3


def candidate_formats(lines: pl.Series) -> list[Format]:
    """Return the formats of the table whose prefilter matches one of the lines, or of a hundred spread over them."""
    sample = lines.gather_every(max(1, lines.len() // _SAMPLE_LINES)).alias("").to_frame()
    prefilters = [(form, *prefilter_regex(form.pattern)) for form in FORMATS]
    times = sorted({time for _, time, _ in prefilters if time})
    # One column per kind of time, in which TIME_MARK stands for it.
    frame = sample.with_columns(
        pl.col("").str.replace(ascii_only(TIMES[time]), TIME_MARK).alias(time) for time in times
    )
    present = {"", *(time for time in times if (frame[time] != frame[""]).any())}
    possible = [(form, time or "", regex) for form, time, regex in prefilters if (time or "") in present]
    tests = [pl.col(time).str.contains(regex).any().alias(str(n)) for n, (_, time, regex) in enumerate(possible)]
    return [form for (form, _, _), is_hit in zip(possible, frame.select(tests).row(0), strict=True) if is_hit]


def format_with_level_position(lines: pl.Series) -> Format:
    """Return the general rule, extended by the position at which these lines have their level, if most have one.

    The position is counted in words after the time: the one at which at least half of the lines have a level in
    capitals or, right after the time, in small letters. The word before it is the logger if it is a name.
    """
    after = lines.str.extract_groups(TIME_FIRST.regex).struct.field("after")
    positions = [(0, rf"(?P<level>{SEVERITY_WORDS})")]
    positions += [(words, "{LEVEL}") for words in range(1, _MAX_WORDS_BEFORE_LEVEL + 1)]
    counts = [(int(after.str.contains(_level_after(words, level)).sum()), -words, level) for words, level in positions]
    count, negative_words, level = max(counts)
    words = -negative_words
    if count < max(_MIN_LINES_WITH_LEVEL, lines.len() / 2):
        return TIME_FIRST
    prefix = rf"(?P<log.prefix>(?:\S+\s+){{{words - 1}}})(?P<logger>[A-Za-z_$][\w.$/-]*)\s+" if words else ""
    if prefix and after.str.contains(_level_after(0, level, prefix)).sum() < count / 2:
        prefix = rf"(?P<log.prefix>(?:\S+\s+){{{words}}})"
    head = TIME_FIRST.pattern.removesuffix("(?P<after>.*)$").replace("?P<before>", "?P<log.before>")
    tail = rf"\s*{prefix}[\[(<]?{level}[\])>]?[:,]?(?:\s+-)?(?:\s+|$)(?P<message>.*)$"
    # The rule's first variant differs from its pattern in that the time stands at the beginning.
    time_at_start = TIME_FIRST.variants[0].removesuffix("(?P<after>.*)$")
    return Format("time, words, level", head + tail, variants=(time_at_start + tail,))


def _level_after(words: int, level: str, prefix: str = "") -> str:
    prefix = prefix or rf"(?:\S+\s+){{{words}}}"
    return Format("", rf"^\s*{prefix}[\[(<]?{level}[\])>]?[:,]?(?:\s|$)").regex
