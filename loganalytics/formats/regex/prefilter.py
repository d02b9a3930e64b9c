"""Which formats of the table a file may be in, found out cheaply: trying each in full would take ten times as long."""

from __future__ import annotations

import polars as pl

from loganalytics.formats.definitions import FORMATS, MARK, SEVERITY_WORDS, TIMED, TIMES, Format, sketch
from loganalytics.formats.regex.ascii import ascii_only

_SPREAD = 100
_MAX_WORDS = 8
_MIN_LINES = 3


def candidates(lines: pl.Series) -> list[Format]:
    """Return the formats of the table whose sketch matches one of the lines, or of a hundred spread over them."""
    few = lines.gather_every(max(1, lines.len() // _SPREAD)).alias("").to_frame()
    sketches = [(form, *sketch(form.pattern)) for form in FORMATS]
    names = sorted({time for _, time, _ in sketches if time})
    marked = [pl.col("").str.replace(ascii_only(TIMES[name]), MARK).alias(name) for name in names]
    frame = few.with_columns(marked)
    present = {"", *(name for name in names if (frame[name] != frame[""]).any())}
    tried = [(form, time or "", rough) for form, time, rough in sketches if (time or "") in present]
    tests = [pl.col(time).str.contains(rough).any().alias(str(n)) for n, (_, time, rough) in enumerate(tried)]
    return [form for (form, _, _), hit in zip(tried, frame.select(tests).row(0), strict=True) if hit]


def with_level_place(lines: pl.Series) -> Format:
    """Return the general rule, narrowed to where these lines write their level after the time, if most do.

    That is the place, counted in words, at which at least half of the lines have a level in capitals, or, right after
    the time, in small letters. The word before it is the logger when it is a name.
    """
    after = lines.str.extract_groups(TIMED.regex).struct.field("after")
    levels = [(0, rf"(?P<level>{SEVERITY_WORDS})"), *((words, "{LEVEL}") for words in range(1, _MAX_WORDS + 1))]
    counts = [(int(after.str.contains(_place(words, level)).sum()), -words, level) for words, level in levels]
    count, words, level = max(counts)
    if count < max(_MIN_LINES, lines.len() / 2):
        return TIMED
    named = rf"(?P<log.prefix>(?:\S+\s+){{{-words - 1}}})(?P<logger>[A-Za-z_$][\w.$/-]*)\s+" if words else ""
    if named and after.str.contains(_place(words=0, level=level, before=named)).sum() < count / 2:
        named = rf"(?P<log.prefix>(?:\S+\s+){{{-words}}})"
    head = TIMED.pattern.removesuffix("(?P<after>.*)$").replace("?P<before>", "?P<log.before>")
    tail = rf"{named}[\[(<]?{level}[\])>]?[:,]?(?:\s+-)?(?:\s+|$)(?P<message>.*)$"
    return Format("time, words, level", rf"{head}\s*{tail}", variants=(rf"^{{any}}\b[\])}}>|,:\"']*\s*{tail}",))


def _place(words: int, level: str, before: str = "") -> str:
    prefix = before or rf"(?:\S+\s+){{{abs(words)}}}"
    return Format("", rf"^\s*{prefix}[\[(<]?{level}[\])>]?[:,]?(?:\s|$)").regex
