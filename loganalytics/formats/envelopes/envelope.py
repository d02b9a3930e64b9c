"""What an entry of the table of envelopes holds, and an envelope as one file has it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from loganalytics.formats.definitions import TIMES, fill
from loganalytics.formats.regex.literals import Searched, may_match
from loganalytics.formats.timestamps import Clock

_GROUP_NAME = re.compile(r"\?P<([^>]+)>")
_PLACEHOLDER = re.compile(r"\{[a-z]+\}")
# What may stand before a time with which a pattern begins.
_BEGINS = re.compile(r"^\^(?:\\x\{FEFF\}\?| \*)?")
_DATE_HEADS = {"{zulu}": r"[\ufeff ]*\d{4}-\d\d-\d\dT", "{iso}": r"[\ufeff ]*\d{4}-\d\d-\d\d"}
_NOT_IDENTITY = {"line", "partial", "timestamp", "level", "priority", "event.code", "fluent.metadata"}


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """What is around lines of any format; the group `line` is the line within, other groups become columns.

    Placeholders for times are those of the table of text formats.
    """

    name: str
    pattern: str
    inside: Callable[[pl.Expr], pl.Expr] | None = None
    """How the line within is made of the group, where it is not as it stands."""
    goes_on: str | None = None
    """What the group `partial` holds where the line goes on in the next one of its stream."""
    proof: str | None = None
    """What one of the lines within must match; the shape alone is proof enough where there is none."""
    level_mark: str | None = None
    """How a message begins that names its level, which is cut off it once it is read."""
    wraps_times: bool = False
    """Whether it is a time alone, which proves nothing: most lines of it must hold a format of their own."""
    shows_by_stack: bool = True
    """Whether a stack trace whose lines are each in it proves one that wraps times; some loggers write such."""
    wraps_records: bool = False
    """Whether only the first line of a record is in it: lines without it belong to the stream of the one above."""
    is_tai64n: bool = False
    """Whether the time is a TAI64N label."""

    @cached_property
    def regex(self) -> str:
        """The pattern with its placeholders filled in."""
        return fill(self.pattern)

    @cached_property
    def columns(self) -> list[str]:
        """The columns that it gives its lines."""
        return [name for name in _GROUP_NAME.findall(self.regex) if name not in ("line", "partial")]

    @cached_property
    def identity(self) -> list[str]:
        """The columns that tell from one another what writes at the same time."""
        return [name for name in self.columns if name not in _NOT_IDENTITY]

    @cached_property
    def _around_times(self) -> str:
        return _PLACEHOLDER.sub("()", self.pattern)

    def may_match(self, lines: Iterable[str]) -> bool:
        """Whether some line has the text and the date that each has in the envelope: that needs no expression of it."""
        pattern = _BEGINS.sub("", self.pattern)
        begins = next((head for time, head in _DATE_HEADS.items() if pattern.startswith(time)), "")
        return any(re.match(begins, line) and may_match(self._around_times, Searched.of(line)) for line in lines)

    @cached_property
    def python_regex(self) -> re.Pattern[str]:
        """The pattern for Python, whose only group is `line`: a few lines are tried far faster with it."""
        pattern = self.pattern.replace(r"\x{FEFF}", "\ufeff")
        for name, shape in TIMES.items():
            pattern = pattern.replace(f"{{{name}}}", f"(?:{shape})")
        return re.compile(re.sub(r"\(\?P<(?!line>)[^>]+>", "(?:", pattern), re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Wrapper:
    """An envelope as one file has it."""

    envelope: Envelope
    clock: Clock
    first_time: dt.datetime | None = None
    """The first time that it read in the sample."""
