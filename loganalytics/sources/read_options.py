"""Which events to read, and how: what load, scan, tail and describe have in common."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from loganalytics import schema
from loganalytics.filters.expressions import time_range_filter
from loganalytics.formats.custom import Formats, read_formats
from loganalytics.formats.custom_hints import Durations, parse_hints
from loganalytics.formats.definitions import Format
from loganalytics.formats.hints import NO_HINTS, Hints
from loganalytics.sources.files.compression import unpacked_limit
from loganalytics.times import parse_when


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """Which events to read, and how; a store leaves out the others at the server where it can."""

    since: dt.datetime | None = None
    until: dt.datetime | None = None
    last: int | None = None
    """A reader of what is new begins with so many last entries of each file and stream, whatever their times."""
    severity: int | None = None
    """The least severity_number; events without one are left out when this is given."""
    query: str | None = None
    """A condition in the store's own language, or in SQL over the frames: see Store.own_query."""
    hints: Hints = NO_HINTS
    """What the user says of the logs: their zone among others."""
    formats: tuple[Format, ...] = ()
    """The user's own formats, for files and for stores that hold text."""
    storage_options: Mapping[str, Any] | None = field(default=None, repr=False)
    """What Polars needs to read an object store."""
    unpacked_limit: int | None = None
    """How many bytes one archive may unpack to; None for the default."""

    @property
    def tz(self) -> str:
        """The zone of times that name none."""
        return self.hints.tz

    @property
    def predicate(self) -> pl.Expr | None:
        """The events within the time range and of the level; None when all of them are to be read."""
        if self.since is None and self.until is None and self.severity is None:
            return None
        in_time = time_range_filter(self.since, self.until)
        return in_time if self.severity is None else in_time & (pl.col("severity_number") >= self.severity)


When = str | dt.datetime | None


def parse_options(
    *, since: When = None, until: When = None, last: int | None = None, level: str | None = None,
    query: str | None = None, tz: str = "UTC", time: str | None = None, dayfirst: bool | None = None,
    level_field: str | None = None, duration: Durations | None = None, encoding: str | None = None,
    formats: Formats | None = None, storage_options: Mapping[str, Any] | None = None,
    max_unpacked_bytes: int | None = None,
) -> ReadOptions:  # fmt: skip
    """Return the options as load(), scan() and tail() take them, parsed.

    Raises InvalidArgumentError, which names what cannot be parsed.
    """
    hints = parse_hints(
        tz=tz, time=time, dayfirst=dayfirst, level_field=level_field, duration=duration, encoding=encoding,
        formats=formats,
    )  # fmt: skip
    zone = hints.tz
    return ReadOptions(
        since=None if since is None else parse_when(since, tz=zone),
        until=None if until is None else parse_when(until, tz=zone),
        last=last,
        severity=None if level is None else schema.severity_of(level),
        query=query,
        hints=hints,
        formats=read_formats(formats),
        storage_options=storage_options,
        unpacked_limit=unpacked_limit(max_unpacked_bytes),
    )
