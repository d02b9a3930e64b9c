"""What the user says of logs where it would be guessed otherwise."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Hints:
    """What is known of logs before they are looked at; None where it is left to the logs to show it."""

    tz: str = "UTC"
    """The zone of times that name none."""
    dayfirst: bool | None = None
    """Whether 03/10/2024 is the 3rd of October."""
    time: str | None = None
    """The field that holds the time, or the strptime pattern of times."""
    own_times: tuple[str, ...] = ()
    """The strptime patterns of the user's own formats."""
    level: str | None = None
    """The field that holds the level."""
    durations: Mapping[str, float] = field(default_factory=dict)
    """Fields that hold how long an event took, and how many milliseconds their unit is."""
    encoding: str | None = None
    """The encoding of the files, by Python's name."""
    date: dt.date | None = None
    """The day of times that are written without one, as the file's name says it."""

    @property
    def time_pattern(self) -> str | None:
        """The strptime pattern of times."""
        return self.time if self.time and "%" in self.time else None

    @property
    def time_patterns(self) -> tuple[str, ...]:
        """The strptime patterns of times, that of all logs first."""
        return (self.time_pattern, *self.own_times) if self.time_pattern else self.own_times

    @property
    def time_field(self) -> str | None:
        """The field that holds the time."""
        return None if self.time_pattern else self.time


NO_HINTS = Hints()
