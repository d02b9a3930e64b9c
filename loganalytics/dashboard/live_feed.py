"""One reader thread per source for all sessions: events are numbered and kept in a ring buffer of bounded length.

A session that watches holds a lease. The thread ends when the last lease is released or no session has watched for
two minutes; the next session continues where it ended, so that nothing between is lost.

What was there before the reader began is history: it is shown, and does not count as arrivals.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import polars as pl

from loganalytics import schema
from loganalytics.analyses.errors.clusters import count_errors
from loganalytics.exceptions import LogAnalyticsError
from loganalytics.sources.store import TailReader

CAPACITY = 10_000
"""How many events the ring buffer holds."""

_CHUNK_EVENTS = 2_000
_READ_SECONDS = 0.25
_LEASE_SECONDS = 120.0
_LINGER_SECONDS = 5.0  # a page that is loaded again releases its lease and takes a new one
_RATE_SECONDS = 10
# A reader hands out the last event of a file when nothing followed it for a while: that is history as well.
_HISTORY_END_SECONDS = 2.5
_MAX_HISTORY_SECONDS = 10.0  # what goes on for longer with times of long ago arrives now
_KEPT_TABS, _KEPT_SECONDS = 8, 3600.0
ARRIVAL_SECONDS = 120
"""For how many seconds it is known how many events arrived in each."""


@dataclass(frozen=True, kw_only=True)
class FeedState:
    """How a live feed is doing."""

    read: int = 0
    """How many events were read since the feed began; the number of the newest."""
    rate: float = 0.0
    """Events per second that arrived, over the last ten seconds."""
    newest: datetime | None = None
    """The latest time of an event."""
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
        self._arrivals: deque[tuple[int, int, int]] = deque(maxlen=ARRIVAL_SECONDS + 1)
        """Second, events and errors, of the seconds in which some arrived."""
        self._opened_at: datetime | None = None
        """When the reader began, until what it reads is no longer history."""
        self._read_from, self._read_at = 0.0, 0.0
        """When the reader was opened, and when it gave something the last time."""
        self._history: list[pl.DataFrame] = []
        """What it read of several sources one after the other, until it is put in the order of time."""
        self.name = uuid.uuid4().hex
        """A name that no other feed has: the numbers of its events mean nothing elsewhere."""
        self._kept: dict[str, tuple[float, pl.DataFrame]] = {}
        """What a tab of a browser paused at, and when."""
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

    def keep(self, tab: str, snapshot: pl.DataFrame | None) -> None:
        """Keep the events at which a tab paused, for when its page is loaded again; None: no longer."""
        clock = time.monotonic()
        with self._lock:
            self._kept.pop(tab, None)
            if tab and snapshot is not None:
                self._kept[tab] = clock, snapshot
            recent = {name: kept for name, kept in self._kept.items() if clock - kept[0] < _KEPT_SECONDS}
            self._kept = dict(list(recent.items())[-_KEPT_TABS:])

    def kept(self, tab: str) -> pl.DataFrame | None:
        """Return the events at which a tab paused, None where it is not known."""
        with self._lock:
            return self._kept.get(tab, (0.0, None))[1]

    @property
    def state(self) -> FeedState:
        """How the feed is doing now."""
        last_seconds = self.arrivals(_RATE_SECONDS)
        with self._lock:
            return replace(self._state, rate=sum(events for events, _ in last_seconds) / _RATE_SECONDS)

    def arrivals(self, seconds: int = ARRIVAL_SECONDS) -> list[tuple[int, int]]:
        """Return how many events and errors arrived in each of the last seconds that are over, the latest last."""
        this_second = int(time.monotonic())
        with self._lock:
            counted = {second: (events, errors) for second, events, errors in self._arrivals}
        return [counted.get(second, (0, 0)) for second in range(this_second - seconds, this_second)]

    def events(self, after: int = 0) -> pl.DataFrame:
        """Return the events in the ring buffer with a number above `after`, oldest first, with each one's `number`.

        Nothing is copied: what is kept of it keeps its part of the ring buffer, and no more.
        """
        with self._lock:
            chunks = [chunk for chunk in self._chunks if chunk["number"][-1] > after]
        if not chunks:
            return schema.empty().with_columns(number=pl.lit(0, pl.Int64))
        chunks[0] = chunks[0].filter(pl.col("number") > after)
        return pl.concat(chunks, how="diagonal_relaxed") if len(chunks) > 1 else chunks[0]

    def _run(self) -> None:
        tail: TailReader | None = None
        try:
            self._opened_at = datetime.now(UTC)
            tail = self._open_tail(self._cursor)
            self._read_from = self._read_at = time.monotonic()
            self._update(running=True, error=None)
            while self._is_watched():
                self._take(tail.read(_READ_SECONDS))
                self._update(status=tail.status)
        except Exception as error:  # a thread has no caller; the page shows it
            self._update(error=str(error) if isinstance(error, LogAnalyticsError) else type(error).__name__)
        finally:
            self._take(schema.empty())
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

    def _take(self, logs: pl.DataFrame) -> None:
        """Count and number what was read; history as a whole, once nothing more of it comes at once."""
        self._count_arrivals(logs)
        if self._opened_at is not None and logs.height:
            self._history.append(logs)
            return
        history, self._history = self._history, []
        batches = [batch for batch in (*history, logs) if batch.height]
        if batches:
            self._append(_merged(pl.concat(batches, how="diagonal_relaxed")))

    def _count_arrivals(self, logs: pl.DataFrame) -> None:
        """Count what arrived. History ends with the first event since the beginning, or when nothing more comes."""
        clock = time.monotonic()
        arrived = logs
        is_quiet = clock - self._read_at >= _HISTORY_END_SECONDS
        if self._opened_at is not None and not is_quiet and clock - self._read_from < _MAX_HISTORY_SECONDS:
            arrived = logs.filter(pl.col("timestamp") >= self._opened_at)
            self._opened_at = self._opened_at if arrived.is_empty() else None
            self._read_at = self._read_at if logs.is_empty() else clock
        else:
            self._opened_at = None
        if arrived.is_empty():
            return
        second, events, errors = int(clock), arrived.height, count_errors(arrived)
        with self._lock:
            if self._arrivals and self._arrivals[-1][0] == second:
                _, earlier_events, earlier_errors = self._arrivals.pop()
                events, errors = events + earlier_events, errors + earlier_errors
            self._arrivals.append((second, events, errors))

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
            times = (time for time in (self._state.newest, logs["timestamp"].max()) if isinstance(time, datetime))
            self._state = replace(self._state, read=self._state.read + logs.height, newest=max(times, default=None))


def _merged(logs: pl.DataFrame) -> pl.DataFrame:
    """Return what several sources gave at once in the order of time, each source's events in their own order."""
    if logs["source"].n_unique() < 2:
        return logs
    return logs.sort(pl.col("timestamp").forward_fill().cum_max().over("source"), maintain_order=True)
