"""What an entry of the table of text formats holds, and the placeholders of its pattern."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from functools import cache
from typing import ClassVar, Literal

import polars as pl

from loganalytics.formats.regex.ascii import ascii_only
from loganalytics.formats.time_formats import CANONICAL, CERTAIN_SHAPES, TIME_FORMATS, ZONE_NAME
from loganalytics.formats.times.grammar import any_of
from loganalytics.schema import TRANSLATIONS

_SEVERITIES = (
    "trace", "debug", "verbose", "info", "information", "informational", "notice", "warn", "warning", "err", "error",
    "crit", "critical", "alert", "fatal", "panic", "emerg", "emergency", "severe", "failure",
    *(f"trace{number}" for number in range(1, 9)), *(f"debug{number}" for number in range(1, 6)),
    "trc", "trac", "vrb", "dbg", "dbug", "debu", "debg", "ddebug", "inf", "wrn", "eror", "erro", "fata", "ftl",
    "dpanic",
)  # fmt: skip
_LEVELS = (
    *_SEVERITIES, "config", "fine", "finer", "finest", "security", "audit", "performance", "business", "success",
)  # fmt: skip
SEVERITY_WORDS = any_of(_SEVERITIES)
LEVEL = rf"(?P<level>(?i:{any_of(_LEVELS)}))"
CAPITAL_LEVEL = rf"(?P<level>{any_of(_LEVELS).upper()})"


@cache
def _translated_words() -> str:
    return any_of(written for word in TRANSLATIONS for written in (word, word.capitalize(), word.upper()))


@cache
def translated_capitals() -> str:
    """Return the words in capitals, which make one a level that has two cases; the others have no such prose."""
    return any_of(word.upper() for word in TRANSLATIONS)


_LATIN_HEADS = {word[:4] for word in TRANSLATIONS if word[0].isascii()}
LATIN_HEADS = tuple(sorted({case(head) for head in _LATIN_HEADS for case in (str, str.capitalize, str.upper)}))
"""What those of the words begin with that begin with a letter of English; any other letter proves a translation."""
TRANSLATED_HEADS = rf"(?:[^\x00-\x7F]|{any_of(LATIN_HEADS)})[^\]:：]{{0,24}}?"

FACILITY = r"(?i:kern|user|mail|daemon|authpriv|auth|syslog|lpr|news|uucp|cron|ftp|ntp|security|console|local[0-7])"
"""The syslog facilities by their names."""
MNEMONIC = ascii_only(r"%(?:%\d\d)?[A-Z][A-Z0-9_]*(?:-[A-Z][A-Z0-9_]*)*[-/]([0-7])[-/][A-Z0-9_]+")
"""What Cisco's and Huawei's devices call a message; the number is syslog's severity."""
PAIRS = r"(?: +[A-Za-z_][\w.-]*=(?:\"(?:[^\"\\]|\\.)*\"|'[^']*'|[\[{(][^\]})]*[\]})]|[^\s\",;]+))*"
"""Pairs of key and value behind a message, which regex/pairs.py reads."""

TYPES: dict[str, pl.DataType] = {
    "process.pid": pl.Int64(),
    "http.response.status_code": pl.Int64(),
    "http.response.body.size": pl.Int64(),
    "client.port": pl.Int64(),
    "code.line.number": pl.Int64(),
    "rows_sent": pl.Int64(),
    "rows_examined": pl.Int64(),
    "kernel.uptime_s": pl.Float64(),
    "request_processing_s": pl.Float64(),
    "target_processing_s": pl.Float64(),
    "response_processing_s": pl.Float64(),
    "duration_ms": pl.Float64(),
    "http.request.size": pl.Int64(),
    "traefik.request_count": pl.Int64(),
    **{
        f"haproxy.{name}": pl.Int64()
        for name in (
            "request_ms",
            "queue_ms",
            "connect_ms",
            "response_ms",
            "retries",
            "server_queue",
            "backend_queue",
            "connections.active",
            "connections.frontend",
            "connections.backend",
            "connections.server",
        )
    },
}
"""Dtypes of captured fields that are not text."""


_OF_BARE_LINES = ("timestamp", "message", "before", "after", "code.", "process.", "thread.")


@dataclass(frozen=True)
class Format:
    """One text format."""

    kind: ClassVar[Literal["text"]] = "text"
    name: str
    pattern: str
    _: KW_ONLY
    variants: tuple[str, ...] = ()
    """Stricter patterns for the usual layouts: from a line that they match they capture what `pattern` does, faster."""
    levels: Mapping[str, str] = field(default_factory=dict)
    """Words that `level` may capture and that schema.LEVELS does not have, and the level of each."""
    status: str | None = None
    """The field whose HTTP status decides the level (5xx ERROR, 4xx WARNING)."""
    message: tuple[str, ...] = ()
    """Fields that, joined by blanks, are the message; `rest` is what follows the format at the end of the line."""
    time: str | None = None
    """The strptime pattern of `timestamp`, if time_formats.TIME_FORMATS does not have it."""
    multiline: bool = True
    """Whether lines that do not match belong to the event above them."""
    body_pattern: str | None = None
    """Matched against the lines below an event; it adds the fields it captures."""
    dash_is_null: bool = False
    """Whether "-" stands for a missing value."""
    min_share: float = 0.0
    """The share of a sample's lines that must match; larger for a pattern that may match by accident."""
    examples: tuple[str, ...] = ()

    @property
    def regex(self) -> str:
        """The pattern with its placeholders filled in."""
        return fill(self.pattern)

    @property
    def is_bare(self) -> bool:
        """Whether it says nothing but when, and which process or place in the code: the rest is in the message."""
        named = re.findall(r"\(\?P<([^>]+)>", self.regex)
        return self.has_time and all(name.startswith(_OF_BARE_LINES) for name in named)

    @property
    def has_time(self) -> bool:
        """Whether it captures a time."""
        return "(?P<timestamp>" in self.regex


# The table's ISO shapes as one, which the regex engine runs three times as fast.
_ISO = (
    r"(?:19|20)\d{2}-\d{2}-\d{2}(?:[T ] ?\d{1,2}:\d{2}:\d{2}(?:[.,:]\d{1,9})?"
    rf"(?: ?(?:Z|[+-]\d{{2}}(?::?\d{{2}})?)\b| {ZONE_NAME})?|-\d{{2}}\.\d{{2}}\.\d{{2}}\.\d{{6}})"
)


def _shapes(*prefixes: str) -> tuple[str, ...]:
    return tuple(form.shape for form in TIME_FORMATS if form.name.startswith(prefixes))


TIME_MARK = "\x01"
"""What stands for a time in lines that are matched against prefilters."""

TIME_SHAPES: dict[str, tuple[str, ...]] = {
    "iso": (_ISO,),
    "zulu": (r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})",),
    "clf": _shapes("common log"),
    "syslog": _shapes("syslog"),
    "ctime": (*_shapes("ctime"), CANONICAL),
    "slash": (*_shapes("slash", "two-digit year slash"), CANONICAL),
    "go": _shapes("slash"),
    "glog": _shapes("glog"),
    "redis": (*_shapes("day month"), CANONICAL),
    "php": (*_shapes("day-month-year"), CANONICAL),
    "epoch": (*_shapes("epoch"), CANONICAL),
    "cmtrace": (r'\d\d?:\d\d:\d\d\.\d{3,7}(?:[+-]\d{1,4})?" date="\d\d?-\d\d?-\d{4}', CANONICAL),
    "proxifier": (*_shapes("month.day"), CANONICAL),
    "any": CERTAIN_SHAPES,
}
"""The kinds of time that patterns name, each with the shapes that it may have."""
TIMES = {kind: f"(?:{'|'.join(shapes)})" for kind, shapes in TIME_SHAPES.items()}
_PLACEHOLDER = re.compile(r"\{(?:time:([^}]+)|([A-Za-z]+))\}")
_ONE_SHAPE = {time_format.name: time_format.shape for time_format in TIME_FORMATS}
_LEVEL_WORDS: dict[str, Callable[[], str]] = {
    "level": lambda: LEVEL,
    "LEVEL": lambda: CAPITAL_LEVEL,
    "translated": lambda: rf"(?P<level>{_translated_words()})",
    "TRANSLATED": lambda: rf"(?P<level>{translated_capitals()})",
}


@cache
def fill(pattern: str) -> str:
    """Return a pattern with its placeholders filled in."""
    return ascii_only(_PLACEHOLDER.sub(_filled, pattern))


def _filled(placeholder: re.Match[str]) -> str:
    time_name, name = placeholder.groups()
    if name in _LEVEL_WORDS:
        return _LEVEL_WORDS[name]()
    shape = _ONE_SHAPE.get(time_name) if time_name else TIMES.get(name)
    return rf"(?P<timestamp>{shape})" if shape else placeholder[0]


_ANY_WORD = {
    "level": r"[A-Za-z]{3,13}[0-9]?",
    "LEVEL": r"[A-Z]{3,13}[0-9]?",
    "translated": TRANSLATED_HEADS,
    "TRANSLATED": TRANSLATED_HEADS,
}


@cache
def prefilter_regex(pattern: str) -> tuple[str | None, str]:
    """Return the name of the pattern's time in TIMES, and a cheap expression that matches wherever the pattern does.

    It is matched against lines in which TIME_MARK stands for the time. Any word is a level; the line's end is left out.
    """
    names = [name for _, name in _PLACEHOLDER.findall(pattern) if name in TIMES]
    time = names[0] if names else None
    cheap = pattern.replace(f"{{{time}}}", TIME_MARK)
    cheap = _PLACEHOLDER.sub(lambda found: _ANY_WORD.get(found[2], found[0]), cheap)
    return time, re.sub(r"(?:\(\?P<\w+>\.\*\)|\.\*)\$$", "", cheap)
