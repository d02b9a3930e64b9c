"""What is counted of one source while it is read."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import islice
from typing import cast

import polars as pl

from loganalytics.humanize import undated
from loganalytics.sources.status import Status

_SHOWN_TEXTS, _SHOWN_CHARACTERS, _LOOKED_AT = 10, 200, 1000


@dataclass(kw_only=True)
class TimeCounters:
    """The times of the events of one source."""

    no_timestamp: int = 0
    first_seen: dt.datetime | None = None
    last_seen: dt.datetime | None = None

    def count(self, frame: pl.DataFrame) -> None:
        """Count the times of a log frame."""
        times = frame["timestamp"]
        self.no_timestamp += times.null_count()
        if times.null_count() < times.len():
            low, high = cast(dt.datetime, times.min()), cast(dt.datetime, times.max())
            self.first_seen = min(self.first_seen or low, low)
            self.last_seen = max(self.last_seen or high, high)


@dataclass(kw_only=True)
class FileCounters(TimeCounters):
    """What was counted while one file was read, and how that ended."""

    status: Status = Status.READ
    notes: tuple[str, ...] = ()
    guesses: tuple[str, ...] = ()
    """What was decided while reading without being certain, as sentences."""
    position: int = 0
    """How far it was read, in bytes as they lie on the disk."""
    bytes: int = 0
    """How many bytes of text were read."""
    lines: int = 0
    events: int = 0
    unparsed: int = 0
    inferred_times: int = 0
    invalid_utf8: int = 0
    cut_lines: int = 0
    repeated_keys: int = 0
    """How many keys stood in a record once more."""
    skipped_nuls: int = 0
    """How many NUL bytes were no text: those of a file that was emptied while it was written."""

    beside: int = 0
    """How many lines stood beside a table: titles, comments."""
    beside_texts: tuple[str, ...] = ()
    """The first of them."""

    def count_beside(self, lines: pl.Series) -> None:
        """Count lines that are no events."""
        self.beside += lines.len()
        if lines.len() and len(self.beside_texts) < _SHOWN_TEXTS:
            texts = (" ".join(line.strip("\ufeff").split())[:_SHOWN_CHARACTERS] for line in lines.head(_LOOKED_AT))
            self.beside_texts = tuple(islice(dict.fromkeys((*self.beside_texts, *texts)), _SHOWN_TEXTS))

    def truncate(self, note: str) -> None:
        """Record that the file could not be read to its end."""
        self.status = Status.TRUNCATED
        self.notes += (note,)

    def row(self) -> dict[str, object]:
        """Return the columns of the load report that were counted: see load_report.rows()."""
        return {
            "status": self.status, "bytes": self.bytes, "lines": self.lines, "events": self.events,
            "unparsed": self.unparsed, "no_timestamp": self.no_timestamp, "invalid_utf8": self.invalid_utf8,
            "first_seen": self.first_seen, "last_seen": self.last_seen, "note": "; ".join(self._all_notes()) or None,
        }  # fmt: skip

    def _all_notes(self) -> tuple[str, ...]:
        warning = undated(self.no_timestamp, self.events)
        return (warning, *self.notes) if warning else self.notes
