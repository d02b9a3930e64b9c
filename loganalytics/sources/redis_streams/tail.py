"""Reading a stream as it grows, from a cursor on; what was trimmed before it was read is counted."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from loganalytics import schema
from loganalytics.sources.polling import PollingReader
from loganalytics.sources.read_options import ReadOptions
from loganalytics.sources.redis_streams.connection import BACKOFF, Connection, is_transient, without_deleted
from loganalytics.sources.redis_streams.entry_parser import EntryParser
from loganalytics.sources.redis_streams.paging import Stream, id_numbers, id_range

MAX_ENTRIES = 10_000
"""Entries of one answer."""
BLOCK_SECONDS = 0.2
"""How long the server is asked to wait; close() and the end of a read() are seen after as many."""
GATHER_SECONDS = 0.015
"""Time between two answers that do not fill a batch: a frame of one entry costs as much as one of a thousand."""
_COUNT_PAGE_ENTRIES = 10_000
_SEARCH_SECONDS = 2.0
"""Time between two searches for new streams, where none was named; longer where a search takes long."""

EntriesByStream = list[tuple[str, list[Sequence[Any]]]]


@dataclass(kw_only=True)
class StreamPosition:
    """Where a reader is in a stream: the last id, and how many entries had been added up to that one."""

    id: str
    number: int | None


class StreamTailReader(PollingReader):
    """What readers of streams have in common, whether they keep their position themselves or share a group's."""

    backoff, pause = BACKOFF, 0.0  # the server itself waits for what is new

    def __init__(self, connection: Connection, keys: Sequence[str], options: ReadOptions) -> None:
        super().__init__()
        self.connection = connection
        self._options = options
        self._search_at = time.monotonic() + _SEARCH_SECONDS
        self.streams = {key: self._new_stream(key) for key in keys}
        self._reading = threading.Lock()
        self._answered_at = 0.0

    @property
    def status(self) -> dict[str, Any]:
        """What was met so far, as TailReader.status describes it, and the entries that were not UTF-8."""
        streams = self.streams.values()
        return super().status | {
            "read": sum(stream.entries for stream in streams),
            "invalid_utf8": sum(stream.invalid_utf8 for stream in streams),
        }

    def read(self, timeout: float) -> pl.DataFrame:
        """Return what is new, empty when nothing comes in time; a server that went away is waited for.

        Raises UnreachableSourceError when it comes back and refuses the login.
        """
        with self._reading:
            return super().read(timeout)

    def close(self) -> None:
        """End reading; a read() in another thread returns within moments."""
        super().close()
        with self._reading:
            self._before_close()
            self.connection.close()

    def _before_close(self) -> None:
        """Do what is left to do before the connection is let go."""

    def _new_entries(self, block: float) -> EntriesByStream:
        """Return new entries by stream, having waited for so many seconds at most."""
        raise NotImplementedError

    def _after_outage(self) -> None:
        """Do what is due once a connection was made anew."""

    def _follow(self, key: str) -> None:
        """Read one more stream, from its beginning."""
        raise NotImplementedError

    def _is_transient(self, error: Exception) -> bool:
        return is_transient(error)

    def _reconnect(self) -> None:
        with self.connection.translate_errors(keep_transient=True):
            self.connection.ask("PING")
        self._after_outage()

    def _poll(self, timeout: float) -> pl.DataFrame:
        block = min(timeout, BLOCK_SECONDS)
        with self.connection.translate_errors(keep_transient=True):
            self._search()
            self._closed.wait(min(block, max(0.0, self._answered_at + GATHER_SECONDS - time.monotonic())))
            answer = self._new_entries(block)
        if not answer:
            return schema.empty()
        self._answered_at = time.monotonic()
        frames = [self.streams[key].events(entries) for key, entries in answer]
        return frames[0] if len(frames) == 1 else pl.concat(frames, how="diagonal_relaxed")

    def _search(self) -> None:
        """Find the streams that came since, where the address names none."""
        started = time.monotonic()
        if self.connection.address.streams or started < self._search_at:
            return
        for key in self.connection.all_streams():
            if key not in self.streams:
                self._follow(key)
                # a new dict: status may be asked for by another thread
                self.streams = {**self.streams, key: self._new_stream(key)}
        now = time.monotonic()
        self._search_at = now + max(_SEARCH_SECONDS, 20 * (now - started))

    def _new_stream(self, key: str) -> Stream:
        return Stream(key=key, parser=EntryParser(self._options.hints, self._options.formats))

    def _start(self, key: str, *, numbered: bool = True) -> StreamPosition:
        """Return where to begin in a stream, which is counted up to there when the number is asked for."""
        info = self.connection.info(key)
        if info is None:
            return StreamPosition(id="0-0", number=0)
        if self._options.since is None:
            return StreamPosition(id=info.last_id, number=info.added)
        low, _ = id_range(self.connection, self.streams[key], self._options, info)
        if low == "-" or (info.first_id and id_numbers(low) <= id_numbers(info.first_id)):
            return StreamPosition(id="0-0", number=info.removed)
        if info.removed is None or not numbered:
            return StreamPosition(id=_id_before(low), number=None)
        return StreamPosition(id=_id_before(low), number=info.removed + self._count(key, low))

    def _count(self, key: str, end: str) -> int:
        """Count the entries before an id: the server has no command for it."""
        low, count = "-", 0
        while page := self.connection.entries(key, low, f"({end}", _COUNT_PAGE_ENTRIES):
            low, count = f"({page[-1][0].decode()}", count + len(page)
        return count


class StreamReader(StreamTailReader):
    """A reader that keeps its position itself and changes nothing at the server."""

    def __init__(
        self, connection: Connection, keys: Sequence[str], options: ReadOptions, cursor: Mapping[str, Any] | None
    ) -> None:
        super().__init__(connection, keys, options)
        saved = dict(cursor or {}).get("streams", {})
        with connection.translate_errors():
            self._positions = {key: StreamPosition(**saved[key]) if key in saved else self._start(key) for key in keys}
            connection.ask("PING")

    @property
    def cursor(self) -> dict[str, Any]:
        """The last id read of each stream, and how many entries had been added up to it."""
        return {"streams": {key: asdict(position) for key, position in self._positions.items()}}

    def _follow(self, key: str) -> None:
        self._positions = {**self._positions, key: StreamPosition(id="0-0", number=0)}

    def _new_entries(self, block: float) -> EntriesByStream:
        import redis

        answer = self._read_streams(block)
        for key, entries in answer:
            number = self._positions[key].number
            number = None if number is None else number + len(entries)
            self._positions[key] = StreamPosition(id=entries[-1][0].decode(), number=number)
        try:
            for key in [key for key, _ in answer] or self._positions:
                self._count_lost(key)
        except (redis.RedisError, OSError):
            if not answer:
                raise  # what was read is handed out first; what is wrong shows again at the next read
        return answer

    def _read_streams(self, block: float) -> EntriesByStream:
        """Ask for what comes after the positions: all at once, but in a cluster each stream at its own node."""
        keys = list(self._positions)
        requests = [keys] if self.connection.address.kind != "cluster" else [[key] for key in keys]
        block_millis = max(1, int(1000 * block / len(requests)))
        answers: EntriesByStream = []
        for keys in requests:
            ids = [self._positions[key].id for key in keys]
            answer = self.connection.ask(
                "XREAD", "COUNT", MAX_ENTRIES, "BLOCK", block_millis, "STREAMS", *keys, *ids, key=keys[0]
            )
            answers += entries_by_stream(answer, keys)
        return answers

    def _count_lost(self, key: str) -> None:
        """Count the entries that were trimmed before they were read.

        Where the stream's last entry is the one read last, as many have been added as were read or lost. Where its
        first entry comes after the one read last, all that was removed was read or lost. Exact in the first case; in
        the second as soon as the first comes, where entries were also deleted by XDEL.
        """
        info, position = self.connection.info(key), self._positions[key]
        if info is None:  # the stream was deleted: what comes under its name is another
            self._positions[key] = StreamPosition(id="0-0", number=0)
            return
        if info.added is None or info.removed is None or position.number is None:
            return
        overtaken = info.first_id is None or id_numbers(info.first_id) > id_numbers(position.id)
        if id_numbers(info.last_id) < id_numbers(position.id):  # the server lost its last entries when it went down
            position.id, position.number = info.last_id, info.added
        if info.added < position.number:  # another stream of this name
            position.number = 0 if overtaken else info.added
        at_end = info.last_id == position.id
        number = info.added if at_end else info.removed if overtaken else position.number
        self._lost += max(0, number - position.number)
        position.number = max(number, position.number)


def entries_by_stream(answer: Any, keys: Sequence[str]) -> EntriesByStream:
    """Return the entries of an answer to XREAD or XREADGROUP by the key as it was asked for."""
    names = {key.encode(errors="surrogateescape"): key for key in keys}
    pairs = answer.items() if isinstance(answer, dict) else answer or ()
    return [(names[name], present) for name, entries in pairs if (present := without_deleted(entries))]


def _id_before(identifier: str) -> str:
    """Return the id right before this one, from which XREAD goes on."""
    millis, number = id_numbers(identifier)
    return f"{millis}-{number - 1}" if number else f"{max(0, millis - 1)}-18446744073709551615"
