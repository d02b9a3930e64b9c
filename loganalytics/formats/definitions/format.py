"""What an entry of the table of text formats holds, and the placeholders of its pattern."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, field
from functools import cache

import polars as pl

from loganalytics.formats.regex.ascii import ascii_only
from loganalytics.formats.time_formats import ANY_TIME, CANONICAL, TIME_FORMATS, ZONE_NAME
from loganalytics.formats.times.grammar import any_of
from loganalytics.schema import TRANSLATIONS

_SEVERITIES = (
    "trace", "debug", "verbose", "info", "information", "informational", "notice", "warn", "warning", "err", "error",
    "crit", "critical", "alert", "fatal", "panic", "emerg", "emergency", "severe", "failure",
    *(f"trace{number}" for number in range(1, 9)), *(f"debug{number}" for number in range(1, 6)),
    "trc", "trac", "vrb", "dbg", "dbug", "debu", "inf", "wrn", "eror", "erro", "fata", "ftl", "dpanic",
)  # fmt: skip
_LEVELS = (
    *_SEVERITIES, "config", "fine", "finer", "finest", "security", "audit", "performance", "business", "success",
)  # fmt: skip
SEVERITY_WORDS = any_of(_SEVERITIES)
LEVEL = rf"(?P<level>(?i:{any_of(_LEVELS)}))"
CAPITAL_LEVEL = rf"(?P<level>{any_of(_LEVELS).upper()})"

# Capitals make a word of a language with letters in two cases a level; the others have no such prose between blanks.
TRANSLATED_CAPITALS = any_of(word.upper() for word in TRANSLATIONS)
TRANSLATED_WORDS = any_of(written for word in TRANSLATIONS for written in (word, word.capitalize(), word.upper()))


def _latin_heads() -> Iterator[str]:
    for word in TRANSLATIONS:
        head = word[:4]
        if head[0].isascii():
            yield from (head, head.capitalize(), head.upper())


# What the words begin with: any letter that English does not have, or four that it does.
TRANSLATED_HEADS = rf"(?:[^\x00-\x7F]|{any_of(_latin_heads())})[^\]:：]{{0,24}}?"

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


@dataclass(frozen=True)
class Format:
    """One text format."""

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
    def has_time(self) -> bool:
        """Whether it captures a time."""
        return "(?P<timestamp>" in self.regex


# The table's ISO shapes as one, which the regex engine runs thcheap faster.
_ISO = (
    r"(?:19|20)\d{2}-\d{2}-\d{2}(?:[T ] ?\d{1,2}:\d{2}:\d{2}(?:[.,:]\d{1,9})?"
    rf"(?: ?(?:Z|[+-]\d{{2}}(?::?\d{{2}})?)\b| {ZONE_NAME})?|-\d{{2}}\.\d{{2}}\.\d{{2}}\.\d{{6}})"
)


def _shapes(*prefixes: str) -> str:
    return "(?:" + "|".join(f.shape for f in TIME_FORMATS if f.name.startswith(prefixes)) + ")"


def _or_rewritten(*prefixes: str) -> str:
    return f"(?:{_shapes(*prefixes)}|{CANONICAL})"


TIME_MARK = "\x01"
"""What stands for a time in lines that are matched against prefilters."""

TIMES = {
    "iso": _ISO,
    "zulu": r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})",
    "clf": _shapes("common log"),
    "syslog": _shapes("syslog"),
    "ctime": _or_rewritten("ctime"),
    "slash": _or_rewritten("slash", "two-digit year slash"),
    "go": _shapes("slash"),
    "glog": _shapes("glog"),
    "redis": _or_rewritten("day month"),
    "php": _or_rewritten("day-month-year"),
    "epoch": _or_rewritten("epoch"),
    "cmtrace": rf'(?:\d\d?:\d\d:\d\d\.\d{{3,7}}(?:[+-]\d{{1,4}})?" date="\d\d?-\d\d?-\d{{4}}|{CANONICAL})',
    "proxifier": _or_rewritten("month.day"),
    "any": ANY_TIME,
}
_PLACEHOLDERS = {f"{{{name}}}": shape for name, shape in TIMES.items()} | {
    f"{{time:{time_format.name}}}": time_format.shape for time_format in TIME_FORMATS
}


@cache
def fill(pattern: str) -> str:
    """Return a pattern with its placeholders filled in."""
    for placeholder, shape in _PLACEHOLDERS.items():
        pattern = pattern.replace(placeholder, rf"(?P<timestamp>{shape})")
    pattern = pattern.replace("{level}", LEVEL).replace("{LEVEL}", CAPITAL_LEVEL)
    pattern = pattern.replace("{translated}", rf"(?P<level>{TRANSLATED_WORDS})")
    return ascii_only(pattern.replace("{TRANSLATED}", rf"(?P<level>{TRANSLATED_CAPITALS})"))


@cache
def prefilter_regex(pattern: str) -> tuple[str | None, str]:
    """Return the name of the pattern's time in TIMES, and a cheap expression that matches wherever the pattern does.

    It is matched against lines in which TIME_MARK stands for the time. Any word is a level; the line's end is left out.
    """
    time = next((name for name in TIMES if f"{{{name}}}" in pattern), None)
    cheap = pattern.replace(f"{{{time}}}", TIME_MARK)
    cheap = cheap.replace("{level}", r"[A-Za-z]{3,13}[0-9]?").replace("{LEVEL}", r"[A-Z]{3,13}[0-9]?")
    cheap = cheap.replace("{translated}", TRANSLATED_HEADS).replace("{TRANSLATED}", TRANSLATED_HEADS)
    cheap = re.sub(r"(?:\(\?P<\w+>\.\*\)|\.\*)\$$", "", cheap)
    return time, ascii_only(re.sub(r"\(\?P<[\w.]+>", "(?:", cheap))
