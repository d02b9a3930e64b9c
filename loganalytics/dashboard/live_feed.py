"""One reader thread a source for all sessions: what it reads is numbered and kept in a ring of bounded length.

A session that looks on holds a lease. The thread ends when the last lease is given back or nobody has looked for two
minutes; whoever comes next begins where it ended, so that nothing between is lost.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import polars as pl

from loganalytics import schema
from loganalytics.exceptions import LogAnalyticsError

KEPT = 10_000
"""How many events the ring holds."""

_CHUNK = 2_000
_IDLE = 120.0
_LINGER = 5.0  # a page that is loaded again gives its lease back and takes another
_RATE = 10.0


class Tail(Protocol):
    """What the feed reads from, as la.tail() returns it."""

    @property
    def cursor(self) -> dict[str, Any]:
        """Where to go on after what read() returned last."""

    @property
    def status(self) -> dict[str, Any]:
        """What was met: state, read, lost, skipped, reconnects."""

    def read(self, timeout: float) -> pl.DataFrame:
        """Return what is new, empty when nothing comes in time."""

    def close(self) -> None:
        """Let go of the connection."""


@dataclass(frozen=True)
class State:
    """How a feed is doing."""

    read: int = 0
    """How many events were read since the feed began; the number of the newest."""
    rate: float = 0.0
    """Events a second, over the last ten seconds."""
    running: bool = False
    status: Mapping[str, Any] | None = None
    error: str | None = None


class Feed:
    """Reads a tail in a thread of its own."""

    def __init__(self, open_tail: Callable[[Mapping[str, Any] | None], Tail], kept: int = KEPT) -> None:
        self._open, self._kept = open_tail, kept
        self._lock = threading.Lock()
        self._chunks: deque[pl.DataFrame] = deque()
        self._arrivals: deque[tuple[float, int]] = deque()
        self._leases: dict[str, float] = {}
        self._left = 0.0
        self._state = State()
        self._cursor: Mapping[str, Any] | None = None
        self._thread: threading.Thread | None = None

    def look(self, session: str) -> None:
        """Take or renew a session's lease; the reader starts if it does not run."""
        with self._lock:
            self._leases[session] = time.monotonic()
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="loganalytics-feed", daemon=True)
                self._thread.start()

    def leave(self, session: str) -> None:
        """Give a session's lease back."""
        with self._lock:
            self._leases.pop(session, None)
            self._left = time.monotonic()

    @property
    def state(self) -> State:
        """How the feed is doing now."""
        with self._lock:
            since = time.monotonic() - _RATE
            while self._arrivals and self._arrivals[0][0] < since:
                self._arrivals.popleft()
            return replace(self._state, rate=sum(number for _, number in self._arrivals) / _RATE)

    def events(self, until: int | None = None) -> pl.DataFrame:
        """Return what the ring holds, oldest first, with each event's `number`; up to `until` where it is given."""
        with self._lock:
            chunks = list(self._chunks)
        if not chunks:
            return schema.empty().with_columns(number=pl.lit(0, pl.Int64))
        logs = pl.concat(chunks, how="diagonal_relaxed") if len(chunks) > 1 else chunks[0]
        return logs if until is None else logs.filter(pl.col("number") <= until)

    def _run(self) -> None:
        tail: Tail | None = None
        try:
            tail = self._open(self._cursor)
            self._set(running=True, error=None)
            while self._wanted():
                self._take(tail.read(0.25))
                self._set(status=tail.status)
        except Exception as error:  # the thread has nobody else to tell
            self._set(error=str(error) if isinstance(error, LogAnalyticsError) else type(error).__name__)
        finally:
            if tail is not None:
                self._cursor = tail.cursor
                tail.close()
            self._set(running=False)

    def _set(self, **changes: Any) -> None:
        with self._lock:
            self._state = replace(self._state, **changes)

    def _wanted(self) -> bool:
        now = time.monotonic()
        with self._lock:
            if not self._leases:
                return now - self._left < _LINGER
            return now - max(self._leases.values()) < _IDLE

    def _take(self, logs: pl.DataFrame) -> None:
        """Number what was read and put it into the ring; small frames are joined, the oldest let go."""
        if logs.is_empty():
            return
        first = self._state.read + 1
        numbered = logs.tail(self._kept).with_columns(
            number=pl.int_range(pl.len(), dtype=pl.Int64) + first + max(0, logs.height - self._kept)
        )
        if self._chunks and self._chunks[-1].height + numbered.height <= _CHUNK:
            numbered = pl.concat([self._chunks[-1], numbered], how="diagonal_relaxed", rechunk=True)
            joined = True
        else:
            joined = False
        with self._lock:
            if joined:
                self._chunks.pop()
            self._chunks.append(numbered)
            held = sum(chunk.height for chunk in self._chunks)
            while len(self._chunks) > 1 and held - self._chunks[0].height >= self._kept:
                held -= self._chunks.popleft().height
            self._arrivals.append((time.monotonic(), logs.height))
            self._state = replace(self._state, read=self._state.read + logs.height)
