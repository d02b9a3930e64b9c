"""Reading a stream as it grows, from a cursor on; what was trimmed before it was read is counted."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from loganalytics import schema
from loganalytics.sources.redis_streams.address import told
from loganalytics.sources.redis_streams.connection import Server, usable
from loganalytics.sources.redis_streams.range_read import Stream, id_range, place
from loganalytics.sources.redis_streams.records import Records
from loganalytics.sources.store import ReadOptions

COUNT = 10_000
BLOCK = 0.2
"""Seconds that the server is asked to wait; close() and the end of a read() are seen after as many."""
GATHER = 0.015
"""Seconds between two answers that do not fill a batch: a frame of one entry costs as much as one of a thousand."""
_COUNTING = 10_000
_SEARCH = 2.0
"""Seconds between two searches for new streams, where none was named; longer where a search takes long."""


@dataclass
class Position:
    """Where a reader is in a stream: the last id, and how many entries had been added up to that one."""

    id: str
    number: int | None


class Following:
    """What readers of streams have in common: patience, status, an end that another thread can call for."""

    def __init__(self, server: Server, keys: Sequence[str], want: ReadOptions) -> None:
        self.server = server
        self._want = want
        self._search_at = time.monotonic() + _SEARCH
        self.streams = {key: Stream(key, Records(want.tz, want.formats)) for key in keys}
        self._closed = threading.Event()
        self._reading = threading.Lock()
        self._state = "reading"
        self._failures = 0
        self._answered = 0.0
        self.lost = 0

    @property
    def status(self) -> dict[str, Any]:
        """What was met so far."""
        read = sum(stream.entries for stream in self.streams.values())
        broken = sum(stream.invalid_utf8 for stream in self.streams.values())
        return {
            "state": "closed" if self._closed.is_set() else self._state, "read": read, "lost": self.lost,
            "skipped": 0, "reconnects": self.server.reconnects, "invalid_utf8": broken,
        }  # fmt: skip

    def read(self, timeout: float) -> pl.DataFrame:
        """Return what is new, empty when nothing comes in time; a server that went away is waited for.

        Raises UnreachableSourceError when it comes back and refuses the login.
        """
        end = time.monotonic() + timeout
        with self._reading:
            while not self._closed.is_set():
                left = end - time.monotonic()
                answer = self._try(max(0.0, min(left, BLOCK)))
                if answer:
                    frames = [self.streams[key].events(entries) for key, entries in answer]
                    return frames[0] if len(frames) == 1 else pl.concat(frames, how="diagonal_relaxed")
                if time.monotonic() >= end:
                    break
        return schema.empty()

    def close(self) -> None:
        """End reading; a read() in another thread returns within moments."""
        self._closed.set()
        with self._reading:
            self._leave()
            self.server.close()

    def _leave(self) -> None:
        """Do what is left to do before the connection is let go."""

    def _answer(self, block: float) -> list[tuple[str, list[Sequence[Any]]]]:
        """Return new entries by stream, having waited for so many seconds at most."""
        raise NotImplementedError

    def _returned(self) -> None:
        """Do what is to be done after a connection was made anew."""

    def _add(self, key: str) -> None:
        """Read a stream from its beginning, too."""
        raise NotImplementedError

    def _search(self) -> None:
        """Find the streams that came since, where the address names none."""
        begun = time.monotonic()
        if self.server.address.streams or begun < self._search_at:
            return
        for key in self.server.all_streams():
            if key not in self.streams:
                self._add(key)
                # a new dict: status may be asked for by another thread
                self.streams = {**self.streams, key: Stream(key, Records(self._want.tz, self._want.formats))}
        now = time.monotonic()
        self._search_at = now + max(_SEARCH, 20 * (now - begun))

    def _start(self, key: str, *, numbered: bool = True) -> Position:
        """Return where to begin in a stream, which is counted up to there when the number is asked for."""
        info = self.server.info(key)
        if info is None:
            return Position("0-0", 0)
        if self._want.since is None:
            return Position(info.last_id, info.added)
        first, _ = id_range(self.server, self.streams[key], self._want, info)
        if first == "-" or (info.first and place(first) <= place(info.first)):
            return Position("0-0", info.gone)
        if info.gone is None or not numbered:
            return Position(_before(first), None)
        return Position(_before(first), info.gone + self._count(key, first))

    def _count(self, key: str, until: str) -> int:
        """Count the entries before an id: the server has no command for it."""
        low, count = "-", 0
        while page := self.server.range(key, low, f"({until}", _COUNTING):
            low, count = f"({page[-1][0].decode()}", count + len(page)
        return count

    def _try(self, block: float) -> list[tuple[str, list[Sequence[Any]]]]:
        import redis

        try:
            if self._failures:
                self.server.ask("PING")
                self._returned()
                self._state, self._failures = "reading", 0
            self._search()
            self._closed.wait(min(block, max(0.0, self._answered + GATHER - time.monotonic())))
            answer = self._answer(block)
        except redis.AuthenticationError as error:
            raise told(error, self.server.address.shown) from None
        except (redis.ConnectionError, redis.TimeoutError, OSError):
            self._fail(block)
            return []
        except redis.RedisError as error:
            raise told(error, self.server.address.shown) from None
        if answer:
            self._answered = time.monotonic()
        return answer

    def _fail(self, most: float) -> None:
        """Let go of a broken connection, and wait: each time twice as long, up to two seconds."""
        import redis

        self.server.close()
        self.server.reconnects += self._failures == 0
        self._failures += 1
        self._state = "reconnecting"
        pause = redis.backoff.ExponentialBackoff(cap=2.0, base=0.05).compute(self._failures)
        self._closed.wait(min(pause, max(most, 0.01)))


class StreamReader(Following):
    """A reader that keeps its place itself and changes nothing at the server."""

    def __init__(
        self, server: Server, keys: Sequence[str], want: ReadOptions, cursor: Mapping[str, Any] | None
    ) -> None:
        super().__init__(server, keys, want)
        saved = dict(cursor or {}).get("streams", {})
        self._at = {
            key: Position(saved[key]["id"], saved[key]["number"])
            if key in saved
            else server.reach(lambda key=key: self._start(key))  # type: ignore[misc]
            for key in keys
        }
        server.reach(lambda: server.ask("PING"))

    @property
    def cursor(self) -> dict[str, Any]:
        """The last id read of each stream, and how many entries had been added up to it."""
        return {"streams": {key: {"id": at.id, "number": at.number} for key, at in self._at.items()}}

    def _add(self, key: str) -> None:
        self._at = {**self._at, key: Position("0-0", 0)}

    def _answer(self, block: float) -> list[tuple[str, list[Sequence[Any]]]]:
        import redis

        found: list[tuple[str, list[Sequence[Any]]]] = []
        together = [list(self._at)] if self.server.address.kind != "cluster" else [[key] for key in self._at]
        for keys in together:
            wait = max(1, int(1000 * block / len(together)))
            ids = [self._at[key].id for key in keys]
            answer = self.server.ask("XREAD", "COUNT", COUNT, "BLOCK", wait, "STREAMS", *keys, *ids, key=keys[0])
            found += by_stream(answer, keys)
        for key, entries in found:
            at = self._at[key]
            number = None if at.number is None else at.number + len(entries)
            self._at[key] = Position(entries[-1][0].decode(), number)
        try:
            for key in self._at if not found else [key for key, _ in found]:
                self._count_lost(key)
        except (redis.RedisError, OSError):
            if not found:
                raise  # what was read is handed out first; what is wrong shows again at the next read
        return found

    def _count_lost(self, key: str) -> None:
        """Count the entries that were trimmed before they were read.

        Where the last entry is the one read last, as many have been added as were read or lost. Where the first that is
        left lies behind the one read last, all that is gone was read or lost. Exact in the first case; in the second
        as soon as the first comes, where entries were also deleted by XDEL.
        """
        info, at = self.server.info(key), self._at[key]
        if info is None:  # the stream was deleted: what comes under its name is another
            self._at[key] = Position("0-0", 0)
            return
        if info.added is None or info.gone is None or at.number is None:
            return
        passed = info.first is None or place(info.first) > place(at.id)
        if place(info.last_id) < place(at.id):  # the server lost its last entries when it went down
            at.id, at.number = info.last_id, info.added
        if info.added < at.number:  # another stream of this name
            at.number = 0 if passed else info.added
        now = info.added if info.last_id == at.id else info.gone if passed else at.number
        self.lost += max(0, now - at.number)
        at.number = max(now, at.number)


def by_stream(answer: Any, keys: Sequence[str]) -> list[tuple[str, list[Sequence[Any]]]]:
    """Return the entries of an answer to XREAD or XREADGROUP by the key as it was asked for."""
    names = {key.encode(errors="surrogateescape"): key for key in keys}
    pairs = answer.items() if isinstance(answer, dict) else answer or ()
    return [(names[key], found) for key, entries in pairs if (found := usable(entries))]


def _before(identifier: str) -> str:
    """Return the id right before one, from which XREAD goes on."""
    millis, number = place(identifier)
    return f"{millis}-{number - 1}" if number else f"{max(0, millis - 1)}-18446744073709551615"
