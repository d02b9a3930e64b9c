"""Which envelope a file's lines are in, decided on a sample of them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from functools import cache
from typing import cast

import polars as pl

from loganalytics.formats.definitions import SEVERITY_WORDS, TIMES
from loganalytics.formats.envelopes.envelope import Envelope, Wrapper
from loganalytics.formats.envelopes.table import ENVELOPES
from loganalytics.formats.hints import NO_HINTS, Hints
from loganalytics.formats.timestamps import clock_of, to_utc
from loganalytics.schema import LEVELS

_MIN_SHARE = 0.8
_SAMPLE_TIMES = 200
_FIRST_LINES = 12
_INNER_LINES = 100
_MIN_OWN_SHARE = 0.5
_MIN_STACK_LINES = 2
_TIME = "|".join(TIMES[name] for name in ("iso", "slash", "clf", "syslog", "redis", "php", "ctime"))
# Through syslog, with the count of the message and of its line.
_POSTGRES = (
    r"\[\d+-\d+\] (?:\S+ )?(?:LOG|DEBUG\d?|INFO|NOTICE|WARNING|ERROR|FATAL|PANIC|STATEMENT|DETAIL|HINT|CONTEXT):  "
)
# A line that needs no time before it: a JSON object, one with a time or a level of its own, pairs.
_OWN = (
    rf"""(?:@cee:\s*)?\{{\s*"[^"]*"\s*:.*\}}\s*$|[\[(]?(?:{_TIME})|(?:<\d{{1,3}}>\d? ?)?(?:{_TIME})"""
    rf"|[\[(]?(?i:{SEVERITY_WORDS})[\])]?:? +[\[(]?(?:{_TIME})|[IWEF]\d{{4}} \d\d:\d\d:\d\d\.\d{{6}}"
    r"|(?:level|lvl|severity|msg|message|time|ts)=\S+ +\w+=|(?:DEBUG|INFO|WARNING|ERROR|CRITICAL):[A-Za-z_][\w.]*:"
    rf"|{_POSTGRES}|\[pod/\S+/\S+\] |\S+ [\w.@-]+ [\w.@-]+ \[(?:{TIMES['clf']})"
)
_LEVEL_OR_PAIRS = (
    r"\{|@cee:|\[\d+-\d+\] |(?:level|lvl|severity|msg|message|time|ts)=|(?:DEBUG|INFO|WARNING|ERROR|CRITICAL):|\[pod/"
)
_DOTTED_CLOCK = r"-\d\d\.\d\d\.\d\d\.\d{6}"
# What each such line has; and what one has that is behind a time: the expressions for times take long to compile.
_MAY_BE_OWN = re.compile(rf"{_LEVEL_OR_PAIRS}|\d:\d\d:\d\d|{_DOTTED_CLOCK}", re.ASCII)
_MAY_HOLD_OWN = re.compile(
    rf"{_LEVEL_OR_PAIRS}|\d:\d\d:\d\d.*\d:\d\d:\d\d|^[\[(]?\d{{6,8}}[ T]?\d{{6}}|{_DOTTED_CLOCK}", re.ASCII
)
_LEVEL_FIRST = re.compile(rf"[\[(<]?(?:{SEVERITY_WORDS.upper()})[\])>]?(?:\s|:|-|\||$)")
# A line that belongs to the one above it.
_BELOW = re.compile(
    r"\s|$|[\]})]|Traceback \(most recent|Caused by: |During handling of the above|The above exception was"
    r"|\.\.\. \d+ (?:more|common)|[\w.$]+(?:Error|Exception|Warning|Interrupt|Exit|Group)\b",
    re.ASCII,
)
# What a logger writes below a line, not behind a time: where it is, something else put the time there.
_STACK = re.compile(
    r'Traceback \(most recent call last\):$|\s+File "[^"]+", line \d+|\s+at [\w.$<>/]+ ?\(|Caused by: [\w.$]+'
    r"|goroutine \d+ \["
)
_STACK_LITERALS = ["Traceback (most recent call last)", 'File "', " at ", "\tat ", "goroutine "]


def find_wrapper(lines: pl.Series, hints: Hints = NO_HINTS) -> Wrapper | None:
    """Return the envelope that more than four in five of the sample's lines are in."""
    first_lines = lines.gather_every(max(1, lines.len() // _FIRST_LINES)).head(_FIRST_LINES).to_list()
    may_hold_own = any(map(_MAY_HOLD_OWN.search, _spread(lines)))
    for envelope in ENVELOPES:
        if envelope.wraps_times and not (may_hold_own or envelope.shows_by_stack):
            continue
        if not envelope.may_match(first_lines):
            continue
        if sum(map(bool, map(envelope.python_regex.match, first_lines))) * 2 <= len(first_lines):
            continue
        if envelope.wraps_times and not _may_hold_formats(envelope, lines):
            continue
        matched = lines.filter(lines.str.contains(envelope.regex))
        if matched.len() > _MIN_SHARE * lines.len() and _is_proven(envelope, matched):
            return _wrapper(envelope, matched, hints)
    return None


def shows_format(lines: Iterable[str]) -> bool:
    """Whether most of the lines that begin something are JSON, or have a time or a level of their own."""
    heads = [line for line in lines if not _BELOW.match(line)]
    own = sum(_is_own(line) for line in heads)
    return own > 0 and own >= _MIN_OWN_SHARE * len(heads)


def shows_levels(lines: Iterable[str]) -> bool:
    """Whether most of the lines that begin something begin with a level, as no prose does."""
    heads = [line for line in lines if not _BELOW.match(line)]
    own = sum(bool(_LEVEL_FIRST.match(line)) for line in heads)
    return own > 0 and own >= _MIN_OWN_SHARE * len(heads)


def _is_own(line: str) -> bool:
    return _MAY_BE_OWN.search(line) is not None and _own().match(line) is not None


@cache
def _own() -> re.Pattern[str]:
    return re.compile(_OWN, re.ASCII)


def shows_stack(lines: Iterable[str]) -> bool:
    """Whether lines of a stack trace are among the lines, which only what wraps each line puts something before."""
    return sum(bool(_STACK.match(line)) for line in lines) >= _MIN_STACK_LINES


def _wrapper(envelope: Envelope, lines: pl.Series, hints: Hints) -> Wrapper:
    if "timestamp" not in envelope.columns or envelope.is_tai64n:
        return Wrapper(envelope=envelope, clock=clock_of(lines.clear()))
    times = lines.head(_SAMPLE_TIMES).str.extract_groups(envelope.regex).struct.field("timestamp")
    clock = clock_of(times, hints)
    read_times = to_utc(times.head(_FIRST_LINES), clock).drop_nulls()
    first_time = cast(dt.datetime, read_times[0]) if read_times.len() else None
    return Wrapper(envelope=envelope, clock=clock, first_time=first_time)


def _may_hold_formats(envelope: Envelope, lines: pl.Series) -> bool:
    """Whether lines within an envelope that proves nothing show a format of their own, or a stack line by line."""
    if shows_format(_inner_lines(envelope, _spread(lines))):
        return True
    if not envelope.shows_by_stack:
        return False
    return shows_stack(_inner_lines(envelope, lines.filter(lines.str.contains_any(_STACK_LITERALS)).to_list()))


def _spread(lines: pl.Series) -> list[str]:
    return lines.gather_every(max(1, lines.len() // _INNER_LINES)).to_list()


def _inner_lines(envelope: Envelope, lines: Iterable[str]) -> list[str]:
    matches = map(envelope.python_regex.match, lines)
    return [match["line"] for match in matches if match]


def _is_proven(envelope: Envelope, lines: pl.Series) -> bool:
    """Whether lines of this shape are in the envelope: a level before a bar is no container."""
    groups = lines.str.extract_groups(envelope.regex).struct
    if "service" in envelope.columns:
        names = groups.field("service").drop_nulls().str.to_lowercase()
        if names.is_in(list(LEVELS)).any():
            return False
    if (groups.field("line").str.strip_chars() == "").all():
        return False
    return envelope.proof is None or bool(groups.field("line").str.contains(envelope.proof).any())
