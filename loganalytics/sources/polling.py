"""The loop of a tail that asks a server for what is new, again and again, also after an outage."""

from __future__ import annotations

import threading
import time
from typing import Any

import polars as pl

from loganalytics import schema
from loganalytics.sources.reconnect import Backoff, Outages


class PollingReader:
    """What the tail readers of servers share: a lost connection is waited for, ever longer."""

    backoff: Backoff
    pause = 0.5
    """Seconds between two polls that found nothing; 0 where the server itself waits for what is new."""

    def __init__(self) -> None:
        self._closed = threading.Event()
        self._outages = Outages(self.backoff)
        self._events_read = 0
        self._lost = 0

    @property
    def ended(self) -> bool:
        """Never: more may come at any time."""
        return False

    @property
    def status(self) -> dict[str, Any]:
        """What was met so far, as TailReader.status describes it."""
        state = "closed" if self._closed.is_set() else self._outages.state
        reconnects = self._outages.reconnects
        return {"state": state, "read": self._events_read, "lost": self._lost, "skipped": 0, "reconnects": reconnects}

    def read(self, timeout: float) -> pl.DataFrame:
        """Return what is new, the oldest first; empty when nothing comes in time."""
        deadline = time.monotonic() + timeout
        while not self._closed.is_set():
            frame, pause = self._try(max(0.0, deadline - time.monotonic()))
            remaining = deadline - time.monotonic()
            if frame.height or remaining <= 0:
                return frame
            self._closed.wait(min(pause, remaining))
        return schema.empty()

    def close(self, *, confirm: bool = True) -> None:
        """Stop reading; a read() in another thread returns soon."""
        self._closed.set()

    def _try(self, timeout: float) -> tuple[pl.DataFrame, float]:
        """Return what is new, and how long to wait when it is nothing."""
        try:
            if self._outages.state == "reconnecting":
                self._reconnect()
            frame = self._poll(timeout)
        except Exception as error:
            if not self._is_transient(error):
                raise
            return schema.empty(), self._outages.failed()
        self._outages.answered()
        return frame, self.pause

    def _is_transient(self, error: Exception) -> bool:
        """Whether the server may answer again by itself after this error."""
        raise NotImplementedError

    def _reconnect(self) -> None:
        """Do what is due before the first poll after an outage; raises while the server is still away."""

    def _poll(self, timeout: float) -> pl.DataFrame:
        """Return what is new within so many seconds, and count it in `_events_read`."""
        raise NotImplementedError
