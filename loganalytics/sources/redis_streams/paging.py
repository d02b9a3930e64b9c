"""The entries of a stream, page by page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import polars as pl

from loganalytics.sources.counters import TimeCounters
from loganalytics.sources.read_options import ReadOptions
from loganalytics.sources.redis_streams.answer_size import PAGE_BYTES, PageSize
from loganalytics.sources.redis_streams.connection import Connection, stream_name
from loganalytics.sources.redis_streams.decode import EntryColumns, gc_paused, to_columns
from loganalytics.sources.redis_streams.entry_parser import EntryParser
from loganalytics.sources.redis_streams.since import LEAD, first_id_to_read
from loganalytics.sources.redis_streams.stream_info import StreamInfo, find_last_id, stream_info

_PAGE_ENTRIES = 2_000  # what stays in the processor's cache until it is columns
_FRAME_ENTRIES, _FRAME_BYTES = 40_000, 2 * PAGE_BYTES
_FIRST_FRAME_ENTRIES = 2_000


@dataclass(kw_only=True)
class Stream(TimeCounters):
    """One stream, and what was counted while it was read."""

    key: str
    parser: EntryParser
    entries: int = 0
    invalid_utf8: int = 0
    missing: int = 0
    """Entries that were trimmed or deleted while the stream was read."""
    skipped_before: dt.datetime | None = None
    """Entries that were added before then were not read, since their records can hardly lie in the time range."""
    refused: bool = False
    """Whether this user may not read it."""

    def events(self, entries: Sequence[Sequence[Any]]) -> pl.DataFrame:
        """Return the log frame of raw entries, and count them."""
        return self.events_of_pages([to_columns(entries)])

    def events_of_pages(self, pages: Sequence[EntryColumns]) -> pl.DataFrame:
        """Return the log frame of pages of entries that are columns already, and count them."""
        single = len(pages) == 1
        ids = pages[0].ids if single else pl.concat([page.ids for page in pages], rechunk=True)
        fields = pages[0].fields if single else pl.concat([page.fields for page in pages], how="diagonal", rechunk=True)
        blocks = [page.block for page in pages if page.block is not None]
        block = b"".join(blocks) if len(blocks) == len(pages) and fields.width == 1 else None
        frame = self.parser.events(ids, fields, block).with_columns(pl.lit(stream_name(self.key)).alias("source"))
        self.entries += frame.height
        self.invalid_utf8 += sum(page.invalid_utf8 for page in pages)
        self.count(frame)
        return frame


def read_stream(connection: Connection, stream: Stream, options: ReadOptions) -> Iterator[pl.DataFrame]:
    """Yield the events of a stream as it is now, from the first one on that the time range can have: see since.py."""
    info = connection.persist(lambda: stream_info(connection, stream.key))
    if info is None or info.first is None:
        return
    low, high = _id_range(connection, stream, options, info)
    pages, entries, size, is_first = list[EntryColumns](), 0, 0, True
    entries_before = stream.entries
    for page, page_size in _pages_as_columns(connection, stream.key, low, high):
        pages, entries, size = [*pages, page], entries + page.ids.len(), size + page_size
        if entries >= (_FIRST_FRAME_ENTRIES if is_first else _FRAME_ENTRIES) or size >= _FRAME_BYTES:
            yield stream.events_of_pages(pages)
            pages, entries, size, is_first = [], 0, 0, False
    if pages:
        yield stream.events_of_pages(pages)
    if low == "-" and info.length is not None:
        stream.missing = max(0, info.length - (stream.entries - entries_before))


def pages(
    connection: Connection, key: str, low: str, high: str, size: PageSize, *, newest: bool = False
) -> Iterator[list[Sequence[Any]]]:
    """Yield the raw entries from one id to another, the newest first on request."""
    while page := connection.persist(partial(connection.entries, key, low, high, size, newest=newest)):
        yield page
        beyond = f"({page[-1][0].decode()}"
        low, high = (low, beyond) if newest else (beyond, high)


def _pages_as_columns(connection: Connection, key: str, low: str, high: str) -> Iterator[tuple[EntryColumns, int]]:
    """Yield pages, each with how many bytes it had."""
    size = PageSize(max_entries=_PAGE_ENTRIES)
    while True:
        with gc_paused():
            page = connection.persist(partial(connection.entries, key, low, high, size))
            columns = to_columns(page) if page else None
        if columns is None:
            return
        low = f"({page[-1][0].decode()}"
        del page
        yield columns, connection.received


def _id_range(connection: Connection, stream: Stream, options: ReadOptions, info: StreamInfo) -> tuple[str, str]:
    """Return the first and the last id to read; nothing that comes after this moment."""
    last_id = info.last_id or connection.persist(lambda: find_last_id(connection, stream.key))
    low = first_id_to_read(connection, stream.key, options, info, last_id)
    if low != "-" and options.since is not None:
        stream.skipped_before = options.since - LEAD
    return low, last_id
