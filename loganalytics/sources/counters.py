"""What is counted of one source while it is read."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import cast

import polars as pl


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
