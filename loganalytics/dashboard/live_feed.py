"""One reader thread per source for all sessions: events are numbered and kept in a ring buffer of bounded length.

A session that watches holds a lease. The thread ends when the last lease is released or no session has watched for
two minutes; the next session continues where it ended, so that nothing between is lost.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from loganalytics import schema
from loganalytics.exceptions import LogAnalyticsError
from loganalytics.sources.store import TailReader

CAPACITY = 10_000
"""How many events the ring buffer holds."""

_CHUNK_EVENTS = 2_000
_READ_SECONDS = 0.25
_LEASE_SECONDS = 120.0
_LINGER_SECONDS = 5.0  # a page that is loaded again releases its lease and takes a new one
_RATE_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class FeedState:
    """How a live feed is doing."""

    read: int = 0
    """How many events were read since the feed began; the number of the newest."""
    rate: float = 0.0
    """Events per second, over the last ten seconds."""
    running: bool = False
    status: Mapping[str, Any] | None = None
    error: str | None = None


class LiveFeed:
    """Reads a tail in a thread of its own."""

    def __init__(
        self, open_tail: Callable[[Mapping[str, Any] | None], TailReader], capacity: int = CAPACITY
    ) -> None:  # fmt: skip
        self._open_tail, self._capacity = open_tail, capacity
        self._lock = threading.Lock()
        self._chunks: deque[pl.DataFrame] = deque()
        self._arrivals: deque[tuple[float, int]] = deque()
        self._leases: dict[str, float] = {}
        self._last_release = 0.0
        self._state = FeedState()
        self._cursor: Mapping[str, Any] | None = None
        self._thread: threading.Thread | None = None

    def renew(self, session: str) -> None:
        """Take or renew a session's lease; the reader starts if it does not run."""
        with self._lock:
            self._leases[session] = time.monotonic()
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="loganalytics-feed", daemon=True)
                self._thread.start()

    def release(self, session: str) -> None:
        """Release a session's lease."""
        with self._lock:
            self._leases.pop(session, None)
            self._last_release = time.monotonic()

    @property
    def state(self) -> FeedState:
        """How the feed is doing now."""
        with self._lock:
            since = time.monotonic() - _RATE_SECONDS
            while self._arrivals and self._arrivals[0][0] < since:
                self._arrivals.popleft()
            return replace(self._state, rate=sum(number for _, number in self._arrivals) / _RATE_SECONDS)

    def events(self) -> pl.DataFrame:
        """Return the events in the ring buffer, oldest first, with each event's `number`."""
        with self._lock:
            chunks = list(self._chunks)
        if not chunks:
            return schema.empty().with_columns(number=pl.lit(0, pl.Int64))
        return pl.concat(chunks, how="diagonal_relaxed") if len(chunks) > 1 else chunks[0]

    def _run(self) -> None:
        tail: TailReader | None = None
        try:
            tail = self._open_tail(self._cursor)
            self._update(running=True, error=None)
            while self._is_watched():
                self._append(tail.read(_READ_SECONDS))
                self._update(status=tail.status)
        except Exception as error:  # a thread has no caller; the page shows it
            self._update(error=str(error) if isinstance(error, LogAnalyticsError) else type(error).__name__)
        finally:
            if tail is not None:
                self._cursor = tail.cursor
                tail.close()
            self._update(running=False)

    def _update(self, **changes: Any) -> None:
        with self._lock:
            self._state = replace(self._state, **changes)

    def _is_watched(self) -> bool:
        clock = time.monotonic()
        with self._lock:
            if not self._leases:
                return clock - self._last_release < _LINGER_SECONDS
            return clock - max(self._leases.values()) < _LEASE_SECONDS

    def _append(self, logs: pl.DataFrame) -> None:
        """Number new events and append them to the ring buffer; small chunks are joined, the oldest dropped."""
        if logs.is_empty():
            return
        first = self._state.read + 1
        numbered = logs.tail(self._capacity).with_columns(
            number=pl.int_range(pl.len(), dtype=pl.Int64) + first + max(0, logs.height - self._capacity)
        )
        is_joined = bool(self._chunks) and self._chunks[-1].height + numbered.height <= _CHUNK_EVENTS
        if is_joined:
            numbered = pl.concat([self._chunks[-1], numbered], how="diagonal_relaxed", rechunk=True)
        with self._lock:
            if is_joined:
                self._chunks.pop()
            self._chunks.append(numbered)
            size = sum(chunk.height for chunk in self._chunks)
            while len(self._chunks) > 1 and size - self._chunks[0].height >= self._capacity:
                size -= self._chunks.popleft().height
            self._arrivals.append((time.monotonic(), logs.height))
            self._state = replace(self._state, read=self._state.read + logs.height)
