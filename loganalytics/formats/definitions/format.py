"""What an entry of the table of text formats holds, and the placeholders of its pattern."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import polars as pl

from loganalytics.formats.regex.ascii import ascii_only
from loganalytics.formats.time_formats import ANY_TIME, TIME_FORMATS, ZONE_NAME

SEVERITY_WORDS = (
    "trace[1-8]?|debug[1-5]?|verbose|info(?:rmation(?:al)?)?|notice|warn(?:ing)?|err(?:or)?|crit(?:ical)?|alert|fatal"
    "|panic|emerg(?:ency)?|severe|failure"
)
_LEVEL_WORDS = SEVERITY_WORDS + "|config|fine(?:st|r)?|security|audit|performance|business|success"
LEVEL = rf"(?P<level>(?i:{_LEVEL_WORDS}))"
CAPITALS = rf"(?P<level>{_LEVEL_WORDS.upper()})"

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
}
"""Dtypes of captured fields that are not text."""


@dataclass(frozen=True)
class Format:
    """One text format.

    `levels` translates what `level` captured, beyond the words that schema.LEVELS knows. `status` names the field
    whose HTTP status decides the level (5xx ERROR, 4xx WARNING). `message` names fields that, joined by blanks, are
    the message; `rest` is what stands at the line's end beyond the format. `multiline`: lines that do not match
    belong to the event above them; `body` is matched against these and fills the fields it captures. `share`: how
    much of a sample's lines must match, larger for what may match by accident. `dashes`: "-" stands for no value.
    `time`: the strptime pattern of `timestamp`, where it is not one that time_formats.TIME_FORMATS has.
    """

    name: str
    pattern: str
    levels: Mapping[str, str] = field(default_factory=dict)
    status: str | None = None
    message: tuple[str, ...] = ()
    multiline: bool = True
    examples: tuple[str, ...] = ()
    body: str | None = None
    share: float = 0.0
    dashes: bool = False
    time: str | None = None

    @property
    def regex(self) -> str:
        """The pattern with its placeholders filled in."""
        return _fill(self.pattern)

    @property
    def timed(self) -> bool:
        """Whether it captures a time."""
        return "(?P<timestamp>" in self.regex


# The table's ISO shapes as one, which the regex engine runs through faster.
_ISO = (
    r"(?:19|20)\d{2}-\d{2}-\d{2}(?:[T ] ?\d{1,2}:\d{2}:\d{2}(?:[.,:]\d{1,9})?"
    rf"(?: ?(?:Z|[+-]\d{{2}}(?::?\d{{2}})?)\b| {ZONE_NAME})?|-\d{{2}}\.\d{{2}}\.\d{{2}}\.\d{{6}})"
)


def _shapes(*prefixes: str) -> str:
    return "(?:" + "|".join(f.shape for f in TIME_FORMATS if f.name.startswith(prefixes)) + ")"


MARK = "\x01"
"""What stands for a time in lines that are matched against sketches."""

TIMES = {
    "iso": _ISO,
    "zulu": r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})",
    "clf": _shapes("common log"),
    "syslog": _shapes("syslog"),
    "ctime": _shapes("ctime"),
    "slash": _shapes("slash", "two-digit year slash"),
    "go": _shapes("slash"),
    "glog": _shapes("glog"),
    "redis": _shapes("day month"),
    "php": _shapes("day-month-year"),
    "epoch": _shapes("epoch"),
    "any": ANY_TIME,
}


@cache
def _fill(pattern: str) -> str:
    for name, shape in TIMES.items():
        pattern = pattern.replace(f"{{{name}}}", rf"(?P<timestamp>{shape})")
    return ascii_only(pattern.replace("{level}", LEVEL).replace("{LEVEL}", CAPITALS))


@cache
def sketch(pattern: str) -> tuple[str | None, str]:
    """Return the placeholder of the pattern's time, and a cheap expression that matches wherever the pattern does.

    It is for lines in which MARK stands for the time, takes any word for a level and leaves out the line's end.
    """
    time = next((name for name in TIMES if f"{{{name}}}" in pattern), None)
    rough = pattern.replace(f"{{{time}}}", MARK)
    rough = rough.replace("{level}", r"[A-Za-z]{3,13}[0-9]?").replace("{LEVEL}", r"[A-Z]{3,13}[0-9]?")
    rough = re.sub(r"(?:\(\?P<\w+>\.\*\)|\.\*)\$$", "", rough)
    return time, ascii_only(re.sub(r"\(\?P<[\w.]+>", "(?:", rough))
