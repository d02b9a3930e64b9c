"""Redis Streams, of Redis and Valkey: see address.py for how they are named. Reading changes nothing there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import polars as pl

from loganalytics.exceptions import SourceNotFoundError
from loganalytics.sources import load_report
from loganalytics.sources.read_options import ReadOptions
from loganalytics.sources.redis_streams.address import parse_address
from loganalytics.sources.redis_streams.connection import Connection, stream_name
from loganalytics.sources.redis_streams.consumer_group import GroupReader
from loganalytics.sources.redis_streams.describe import describe
from loganalytics.sources.redis_streams.entry_parser import EntryParser
from loganalytics.sources.redis_streams.paging import Stream, read_stream
from loganalytics.sources.redis_streams.tail import StreamReader
from loganalytics.sources.store import ConsumerGroup, TailReader

# A reader that waits for what is new sees a server that hangs sooner than one that asks for pages.
_TAIL_TIMEOUT = {"socket_timeout": 2.0}


class Store:
    """The streams at one address."""

    own_query = False
    counts_last = True

    def __init__(self, address: str) -> None:
        self._address = parse_address(address)
        parameters = urlencode([("stream", key) for key in self._address.streams], safe=":/")
        self.source = self._address.source + (f"?{parameters}" if parameters else "")
        self._parsers: dict[str, EntryParser] = {}
        self._streams: list[Stream] = []
        self._answered = False

    def batches(self, options: ReadOptions) -> Iterator[pl.DataFrame]:
        """Yield the events of the streams, one stream after the other, in the order of their ids."""
        connection = Connection(self._address)
        try:
            keys = self._keys(connection)
            for key in keys:
                self._parsers.setdefault(key, EntryParser(options.hints, options.formats))
            self._streams = [Stream(key=key, parser=self._parsers[key]) for key in keys]
            for stream in self._streams:
                stream.refused = not self._may_read(connection, stream.key)
                if not stream.refused:
                    yield from read_stream(connection, stream, options)
        finally:
            connection.close()

    def reader(
        self, options: ReadOptions, cursor: Mapping[str, Any] | None, group: ConsumerGroup | None = None
    ) -> TailReader:
        """Return a reader of what is new; one of a group shares it with the group's other readers."""
        connection = Connection(self._address, **_TAIL_TIMEOUT)
        keys = list(self._address.streams)
        keys = keys or [key for key in self._keys(connection) if self._may_read(connection, key)]
        if group:
            return GroupReader(connection, keys, options, group)
        return StreamReader(connection, keys, options, cursor)

    def describe(self) -> pl.DataFrame:
        """Return one row a stream."""
        connection = Connection(self._address)
        try:
            return describe(connection)
        finally:
            connection.close()

    def report(self) -> pl.DataFrame:
        """Return one row a stream that was read; its entries are counted as lines."""
        return load_report.rows(map(_report_row, self._streams))

    def _keys(self, connection: Connection) -> list[str]:
        """Return the keys of the streams to read; a server that answered before is waited for: scan() reads twice."""
        if self._answered:
            keys = connection.persist(connection.streams)
        else:
            with connection.translate_errors():
                keys = connection.streams()
        self._answered = True
        if not keys:
            raise SourceNotFoundError(f"There are no streams at {self.source!r}. Hint: check the database's number.")
        return keys

    def _may_read(self, connection: Connection, key: str) -> bool:
        """Return whether this user may read a stream that the address does not name."""
        return bool(self._address.streams) or connection.persist(lambda: connection.may_read(key))


def _report_row(stream: Stream) -> dict[str, object]:
    return {
        "source": stream_name(stream.key),
        "format": stream.parser.format_name or None,
        "status": "unreadable" if stream.refused else "truncated" if stream.missing else "read",
        "lines": stream.entries,
        "events": stream.entries,
        "unparsed": stream.parser.unparsed,
        "no_timestamp": stream.no_timestamp,
        "invalid_utf8": stream.invalid_utf8,
        "first_seen": stream.first_seen,
        "last_seen": stream.last_seen,
        "note": _note(stream),
        "guessed": _guess(stream),
    }


def _note(stream: Stream) -> str | None:
    if stream.refused:
        return "this user may not read it; ?stream= names those to read"
    return f"{stream.missing:,} entries were trimmed or deleted while it was read" if stream.missing else None


def _guess(stream: Stream) -> str | None:
    if stream.skipped_before is None:
        return None
    return (
        f"entries added before {stream.skipped_before:%Y-%m-%d %H:%M:%S} UTC were not read: none of a sample "
        "of them has a time that is later than when it was added"
    )
