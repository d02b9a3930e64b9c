"""Redis Streams, of Redis and Valkey: see address.py for how they are named. Reading changes nothing there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import polars as pl

from loganalytics.exceptions import SourceNotFoundError
from loganalytics.sources import load_report
from loganalytics.sources.redis_streams.address import parse
from loganalytics.sources.redis_streams.connection import Server, shown
from loganalytics.sources.redis_streams.consumer_group import GroupReader
from loganalytics.sources.redis_streams.describe import describe
from loganalytics.sources.redis_streams.range_read import Stream, read
from loganalytics.sources.redis_streams.records import Records
from loganalytics.sources.redis_streams.tail import StreamReader
from loganalytics.sources.store import DESCRIPTION_SCHEMA, ConsumerGroup, ReadOptions, TailReader

# A reader that waits for what is new sees a server that hangs sooner than one that asks for pages.
_PATIENCE = {"socket_timeout": 2.0}


class Store:
    """The streams at one address."""

    own_query = False

    def __init__(self, address: str) -> None:
        self._address = parse(address)
        named = urlencode([("stream", key) for key in self._address.streams], safe=":/")
        self.source = self._address.shown + (f"?{named}" if named else "")
        self._records: dict[str, Records] = {}
        self._read: list[Stream] = []
        self._answered = False

    def batches(self, want: ReadOptions) -> Iterator[pl.DataFrame]:
        """Yield the events of the streams, one stream after the other, in the order of their ids."""
        server = Server(self._address)
        try:
            keys = self._streams(server)
            self._read = [Stream(key, self._records.setdefault(key, Records(want.tz, want.formats))) for key in keys]
            for stream in self._read:
                yield from read(server, stream, want)
        finally:
            server.close()

    def reader(
        self, want: ReadOptions, cursor: Mapping[str, Any] | None, group: ConsumerGroup | None = None
    ) -> TailReader:
        """Return a reader of what is new; one of a group shares it with the group's other readers."""
        server = Server(self._address, **_PATIENCE)
        named = self._address.streams
        keys = list(named) if named else self._streams(server)
        if group:
            return GroupReader(server, keys, want, group)
        return StreamReader(server, keys, want, cursor)

    def describe(self) -> pl.DataFrame:
        """Return one row a stream."""
        server = Server(self._address)
        try:
            rows = server.reach(lambda: [describe(server, key) for key in server.streams()])
        finally:
            server.close()
        return pl.DataFrame(rows, schema=DESCRIPTION_SCHEMA, orient="row")

    def report(self) -> pl.DataFrame:
        """Return one row a stream that was read; its entries are counted as lines."""
        return load_report.rows(
            {
                "source": shown(stream.key), "format": stream.records.name or None, "lines": stream.entries,
                "events": stream.entries, "unparsed": stream.records.unparsed, "no_timestamp": stream.no_timestamp,
                "invalid_utf8": stream.invalid_utf8, "first_seen": stream.first_seen, "last_seen": stream.last_seen,
                "note": "; ".join(stream.notes) or None,
            }
            for stream in self._read
        )  # fmt: skip

    def _streams(self, server: Server) -> list[str]:
        # A server that answered before is waited for: a scan reads more than once.
        keys = server.persist(server.streams) if self._answered else server.reach(server.streams)
        self._answered = True
        if not keys:
            raise SourceNotFoundError(f"There are no streams at {self.source!r}. Hint: check the database's number.")
        return keys
