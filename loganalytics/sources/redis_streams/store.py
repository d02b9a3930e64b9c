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
                yield from read_stream(connection, stream, options)
        finally:
            connection.close()

    def reader(
        self, options: ReadOptions, cursor: Mapping[str, Any] | None, group: ConsumerGroup | None = None
    ) -> TailReader:
        """Return a reader of what is new; one of a group shares it with the group's other readers."""
        connection = Connection(self._address, **_TAIL_TIMEOUT)
        keys = list(self._address.streams) or self._keys(connection)
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


def _report_row(stream: Stream) -> dict[str, object]:
    note = f"{stream.missing:,} entries were trimmed or deleted while it was read"
    return {
        "source": stream_name(stream.key),
        "format": stream.parser.format_name or None,
        "status": "truncated" if stream.missing else "read",
        "lines": stream.entries,
        "events": stream.entries,
        "unparsed": stream.parser.unparsed,
        "no_timestamp": stream.no_timestamp,
        "invalid_utf8": stream.invalid_utf8,
        "first_seen": stream.first_seen,
        "last_seen": stream.last_seen,
        "note": note if stream.missing else None,
    }
