"""The entries of a time range, page by page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import polars as pl

from loganalytics.sources.counters import TimeCounters
from loganalytics.sources.read_options import ReadOptions
from loganalytics.sources.redis_streams.connection import Connection, StreamInfo, stream_name
from loganalytics.sources.redis_streams.decode import EntryColumns, gc_paused, to_columns
from loganalytics.sources.redis_streams.entry_parser import EntryParser, entry_times

_PAGE_ENTRIES = 2_000  # what stays in the processor's cache until it is columns
_FRAME_ENTRIES = 40_000
_FIRST_FRAME_ENTRIES = 2_000
_END_ENTRIES = 200
# An entry is added after its record's own time: by how much the time in its id may differ from that.
_MAX_EARLY, _MAX_DELAY = dt.timedelta(minutes=5), dt.timedelta(hours=1)


@dataclass(kw_only=True)
class Stream(TimeCounters):
    """One stream, and what was counted while it was read."""

    key: str
    parser: EntryParser
    entries: int = 0
    invalid_utf8: int = 0
    missing: int = 0
    """Entries that were trimmed or deleted while the stream was read."""

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
    """Yield the events of a stream as it is now, from the range of ids that the time range can lie in.

    Ids say when entries were added. Where the records at both ends of the stream have times of their own that lie
    within minutes of their ids, the range is cut by ids, with five minutes to spare before it and an hour after it;
    where they do not, as in a stream that old logs were copied to, it is read from end to end.
    """
    info = connection.persist(lambda: connection.info(stream.key))
    if info is None or not info.length:
        return
    low, high = id_range(connection, stream, options, info)
    entries_read, pending, pages = 0, 0, list[EntryColumns]()
    while True:
        with gc_paused():
            page = connection.persist(partial(connection.entries, stream.key, low, high, _PAGE_ENTRIES))
            pages += [to_columns(page)] if page else []
        entries_read, pending = entries_read + len(page), pending + len(page)
        frame_entries = _FRAME_ENTRIES if entries_read > _FIRST_FRAME_ENTRIES else _FIRST_FRAME_ENTRIES
        if pages and (not page or pending >= frame_entries):
            yield stream.events_of_pages(pages)
            pending, pages = 0, []
        if not page:
            break
        low = f"({page[-1][0].decode()}"
    if low.startswith("(") and options.since is None and options.until is None and entries_read < info.length:
        stream.missing = info.length - entries_read


def id_range(connection: Connection, stream: Stream, options: ReadOptions, info: StreamInfo) -> tuple[str, str]:
    """Return the first and the last id to read; nothing that comes after this moment."""
    low, high = "-", info.last_id
    if options.since is None and options.until is None:
        return low, high
    if not _ids_match_times(connection, stream):
        return low, high
    if options.since is not None:
        low = f"{max(0, _to_millis(options.since - _MAX_EARLY))}-0"
    if options.until is not None:
        high = min(high, f"{max(0, _to_millis(options.until + _MAX_DELAY))}-0", key=id_numbers)
    return low, high


def id_numbers(identifier: str) -> tuple[int, int]:
    """Return an entry id as numbers, for comparing.

    >>> id_numbers("1741608000000-2") < id_numbers("1741608000000-10")
    True
    """
    millis, _, number = identifier.partition("-")
    return int(millis), int(number or 0)


def _ids_match_times(connection: Connection, stream: Stream) -> bool:
    """Whether the ids at both ends of the stream lie near the times of their records."""
    entries = list[Sequence[Any]]()
    for newest in (False, True):
        entries += connection.persist(partial(connection.entries, stream.key, "-", "+", _END_ENTRIES, newest=newest))
    if not entries:
        return True
    columns = to_columns(entries)
    added = entry_times(columns.ids)
    if added.null_count():
        return False
    delay = (added - stream.parser.events(columns.ids, columns.fields)["timestamp"]).drop_nulls()
    return bool(((delay <= _MAX_DELAY) & (delay >= -_MAX_EARLY)).all())


def _to_millis(time: dt.datetime) -> int:
    return int(time.timestamp() * 1000)
