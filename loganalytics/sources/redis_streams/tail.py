"""Reading a stream as it grows, from a cursor on; what was trimmed before it was read is counted."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import polars as pl

from loganalytics import schema
from loganalytics.sources.polling import PollingReader
from loganalytics.sources.read_options import ReadOptions
from loganalytics.sources.redis_streams.answer_size import PageSize
from loganalytics.sources.redis_streams.connection import BACKOFF, Connection, is_transient, without_deleted
from loganalytics.sources.redis_streams.entry_parser import EntryParser
from loganalytics.sources.redis_streams.paging import Stream, pages
from loganalytics.sources.redis_streams.position import StreamPosition, number_at, surviving_position
from loganalytics.sources.redis_streams.since import first_id_to_read
from loganalytics.sources.redis_streams.stream_info import StreamInfo, find_last_id, id_before, id_numbers, stream_info

MAX_ENTRIES = 10_000
"""Entries of one answer."""
BLOCK_SECONDS = 0.2
"""How long the server is asked to wait; close() and the end of a read() are seen after as many."""
GATHER_SECONDS = 0.015
"""Time between two answers that do not fill a batch: a frame of one entry costs as much as one of a thousand."""
_LAST_BYTES = 32 * 1024 * 1024
"""How much of a stream is looked through for its last entries."""
_SEARCH_SECONDS = 2.0
"""Time between two searches for new streams, where none was named; longer where a search takes long."""

EntriesByStream = list[tuple[str, list[Sequence[Any]]]]


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
        self.page_size = PageSize(max_entries=MAX_ENTRIES)

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

    def close(self, *, confirm: bool = True) -> None:
        """End reading; a read() in another thread returns within moments."""
        super().close()
        with self._reading:
            if confirm:
                self._confirm()
            self.connection.close()

    def _confirm(self) -> None:
        """Confirm at the server what was handed out, where it keeps the position; raises nothing."""

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
            self.connection.ping()
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
        for key in self._all_streams():
            if key not in self.streams and self.connection.may_read(key):
                self._follow(key)
                # a new dict: status may be asked for by another thread
                self.streams = {**self.streams, key: self._new_stream(key)}
        now = time.monotonic()
        self._search_at = now + max(_SEARCH_SECONDS, 20 * (now - started))

    def _all_streams(self) -> list[str]:
        import redis

        try:
            return self.connection.all_streams()
        except redis.exceptions.NoPermissionError:
            return []

    def _new_stream(self, key: str) -> Stream:
        return Stream(key=key, parser=EntryParser(self._options.hints, self._options.formats))

    def _start(self, key: str) -> StreamPosition:
        """Return where to begin in a stream, and how many entries had been added up to there."""
        info = stream_info(self.connection, key)
        if info is None:
            return StreamPosition()
        position = self._start_by_ids(key, info)
        position.see(info)
        return position

    def _start_by_ids(self, key: str, info: StreamInfo) -> StreamPosition:
        last_id = info.last_id or find_last_id(self.connection, key)
        if self._options.last:
            return self._start_before_last(key, info, last_id, self._options.last)
        if self._options.since is None:
            return StreamPosition.at_entry(last_id, self.connection.entry(key, last_id), info.added)
        low = first_id_to_read(self.connection, key, self._options, info, last_id)
        if low == "-" or (info.first_id and id_numbers(low) <= id_numbers(info.first_id)):
            return StreamPosition(number=info.removed)
        number = None if info.added is None else info.added - self._count(key, low, last_id)
        return StreamPosition(id=id_before(low), number=number)

    def _start_before_last(self, key: str, info: StreamInfo, last_id: str, count: int) -> StreamPosition:
        """Return the position before the last entries; before fewer where they are large."""
        first_id, entries, received = "", 0, 0
        for page in pages(self.connection, key, "-", last_id, PageSize(max_entries=count), newest=True):
            page = page[: count - entries]
            first_id, entries, received = page[-1][0].decode(), entries + len(page), received + self.connection.received
            if entries >= count or received >= _LAST_BYTES:
                break
        if not entries:
            return StreamPosition.at_entry(last_id, None, info.added)
        number = None if info.added is None else info.added - entries
        return StreamPosition(id=id_before(first_id), number=number)

    def _count(self, key: str, first_id: str, last_id: str) -> int:
        """Count the entries from one id to another: the server has no command for it."""
        return sum(map(len, pages(self.connection, key, first_id, last_id, PageSize(max_entries=MAX_ENTRIES))))


class StreamReader(StreamTailReader):
    """A reader that keeps its position itself and changes nothing at the server."""

    def __init__(
        self, connection: Connection, keys: Sequence[str], options: ReadOptions, cursor: Mapping[str, Any] | None
    ) -> None:
        super().__init__(connection, keys, options)
        saved = dict(cursor or {}).get("streams", {})
        # Whose last entry may be gone: what is in a cursor, and what was read before the server went away.
        self._unverified = {key for key in keys if key in saved}
        with connection.translate_errors():
            self._positions = {
                key: StreamPosition.from_cursor(saved[key])
                if key in saved
                else self._start(key)
                if cursor is None
                else StreamPosition()  # it came after the cursor was saved: all of it is new
                for key in keys
            }
            connection.ping()
        self._gone: frozenset[str] = frozenset()

    @property
    def cursor(self) -> dict[str, Any]:
        """The last id read of each stream, how many entries had been added up to it, and entries before it."""
        return {"streams": {key: asdict(position) for key, position in self._positions.items()}}

    @property
    def status(self) -> dict[str, Any]:
        """What was met so far; `uncounted`: of how many streams it is not known how many entries were lost.

        `gone` says how many of those that were read are no longer there: deleted, or under another name.
        """
        uncounted = sum(position.number is None for position in self._positions.values())
        return super().status | {"uncounted": uncounted, "gone": len(self._gone)}

    def _follow(self, key: str) -> None:
        self._positions = {**self._positions, key: StreamPosition()}

    def _after_outage(self) -> None:
        self._unverified = set(self._positions)

    def _new_entries(self, block: float) -> EntriesByStream:
        import redis

        answer = dict(self._read_streams(block))
        before = dict(self._positions)
        for key, entries in answer.items():
            self._positions[key] = before[key].after(entries)
        try:
            for key in list(answer) or self._positions:
                if not self._check(key, before[key], answer.get(key, ())):
                    answer.pop(key, None)
        except (redis.RedisError, OSError):
            if not answer:
                raise  # what was read is handed out first; what is wrong shows again at the next read
        return list(answer.items())

    def _read_streams(self, block: float) -> EntriesByStream:
        """Ask for what comes after the positions: all at once, but in a cluster each stream at its own node.

        Also one stream after the other where one entry of each would be too much.
        """
        keys, size = list(self._positions), self.page_size
        one_by_one = self.connection.address.kind == "cluster" or size.entries == 1
        requests = [[key] for key in keys] if one_by_one else [keys]
        block_millis = max(1, int(1000 * block / len(requests)))
        answers: EntriesByStream = []
        for keys in requests:
            answers += self._read_after_positions(keys, block_millis)
            if answers and size.entries == 1:
                self._positions |= {key: self._positions.pop(key) for key, _ in answers}  # the others come first now
                break
        return answers

    def _read_after_positions(self, keys: Sequence[str], block_millis: int) -> EntriesByStream:
        ids = [self._positions[key].id for key in keys]
        answer = self.connection.ask_for_page(
            lambda count: ("XREAD", "COUNT", count, "BLOCK", block_millis, "STREAMS", *keys, *ids),
            self.page_size, key=keys[0],
        )  # fmt: skip
        entries = entries_by_stream(answer, keys)
        self.page_size.fit(max((len(page) for _, page in entries), default=0), self.connection.received)
        return entries

    def _check(self, key: str, before: StreamPosition, entries: Sequence[Any]) -> bool:
        """Count what was lost before the entries that came last; return False when they are to be read again.

        They are, and what comes before them, when the stream is another than that which was read before.
        """
        info = stream_info(self.connection, key)
        if info is None:  # the stream was deleted: what comes under its name is another
            self._gone |= {key} if self.streams[key].entries else set()
            self._positions[key] = StreamPosition()
            return True
        self._gone -= {key}
        is_unverified = (entries or key in self._unverified) and not before.is_behind(info.first_id)
        if is_unverified or before.is_doubtful(info):
            surviving = surviving_position(self.connection, key, before, info)
            self._unverified.discard(key)
            if surviving is not before:
                surviving.see(info)
                self._positions[key] = surviving
                return False
        position = self._positions[key]
        number = number_at(position, info, entries)
        self._lost += max(0, (number or 0) - (position.number or 0)) if position.number is not None else 0
        position.number = None if info.added is None else position.number if number is None else number
        position.see(info)
        return True


def entries_by_stream(answer: Any, keys: Sequence[str]) -> EntriesByStream:
    """Return the entries of an answer to XREAD or XREADGROUP by the key as it was asked for."""
    names = {key.encode(errors="surrogateescape"): key for key in keys}
    pairs = answer.items() if isinstance(answer, dict) else answer or ()
    return [(names[name], present) for name, entries in pairs if (present := without_deleted(entries))]
