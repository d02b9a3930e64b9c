"""What became of a source, in words that code can compare; the note beside it is for people."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Status(Enum):
    """What became of a source: the `status` of the load report."""

    READ = "read"
    """To its end; an empty one too."""
    SKIPPED_NOT_LOG = "skipped_not_log"
    """Not text, or no line begins with a time."""
    SKIPPED_DUPLICATE = "skipped_duplicate"
    """The same log as another file, which was read."""
    OUTSIDE_RANGE = "outside_range"
    """No event lies within the time range, as its first and last lines show: not read."""
    TRUNCATED = "truncated"
    """Read up to where it breaks, or to the limit of what an archive may unpack to: events are missing."""
    UNREADABLE = "unreadable"
    """Could not be opened or unpacked: nothing of it was read."""


FAILURES = (Status.TRUNCATED, Status.UNREADABLE)
"""What leaves out events that are there."""


@dataclass(frozen=True, kw_only=True)
class Skip:
    """The decision not to read a file, and why."""

    status: Status
    note: str
