"""A reader that asks again and again, for what does not tell by itself that something is new."""

from __future__ import annotations

import threading
import time
from typing import Any

import polars as pl

from loganalytics import schema


class PollingReader:
    """What the readers of stores share that are polled; a lost connection is waited for, ever longer."""

    lost: type[Exception]
    """What _look() raises when the store is out of reach for now."""
    pause = 0.5
    longest_pause = 10.0

    def __init__(self) -> None:
        self._closed = threading.Event()
        self._state, self._read, self._reconnects = "reading", 0, 0

    @property
    def status(self) -> dict[str, Any]:
        """What was met."""
        return {"state": self._state, "read": self._read, "lost": 0, "skipped": 0, "reconnects": self._reconnects}

    def read(self, timeout: float) -> pl.DataFrame:
        """Return what is new, the oldest first, empty when nothing comes in time."""
        deadline = time.monotonic() + timeout
        pause = self.pause
        while not self._closed.is_set():
            try:
                frame = self._look()
                self._state, pause = "reading", self.pause
            except self.lost:
                self._reconnects += self._state == "reading"
                self._state = "reconnecting"
                frame, pause = schema.empty(), min(pause * 2, self.longest_pause)
            left = deadline - time.monotonic()
            if frame.height or left <= 0:
                return frame
            self._closed.wait(min(pause, left))
        return schema.empty()

    def close(self) -> None:
        """Stop reading."""
        self._closed.set()
        self._state = "closed"

    def _look(self) -> pl.DataFrame:
        """Return what is new now, and count it in `_read`."""
        raise NotImplementedError
