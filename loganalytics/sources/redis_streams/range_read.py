"""The entries of a time range, page by page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import polars as pl

from loganalytics.sources.counters import TimeCounters
from loganalytics.sources.redis_streams.connection import Info, Server, shown
from loganalytics.sources.redis_streams.decode import Columns, to_columns, uncollected
from loganalytics.sources.redis_streams.records import Records, time_of
from loganalytics.sources.store import ReadOptions

_PAGE = 2_000  # what stays in the processor's cache until it is columns
_FRAME = 40_000
_FIRST = 2_000
_ENDS = 200
# An entry comes after what it tells: by how much its id may differ from the record's own time.
_EARLY, _LATE = dt.timedelta(minutes=5), dt.timedelta(hours=1)


@dataclass
class Stream(TimeCounters):
    """One stream, and what was counted while it was read."""

    key: str
    records: Records
    entries: int = 0
    invalid_utf8: int = 0
    bytes: int = 0
    notes: list[str] = field(default_factory=list)

    def events(self, entries: Sequence[Sequence[Any]]) -> pl.DataFrame:
        """Return the log frame of raw entries, and count them."""
        return self.to_events([to_columns(entries)])

    def to_events(self, pages: Sequence[Columns]) -> pl.DataFrame:
        """Return the log frame of entries that are columns already, and count them."""
        one = len(pages) == 1
        ids = pages[0].ids if one else pl.concat([page.ids for page in pages], rechunk=True)
        fields = pages[0].fields if one else pl.concat([page.fields for page in pages], how="diagonal", rechunk=True)
        blocks = [page.block for page in pages if page.block is not None]
        block = b"".join(blocks) if len(blocks) == len(pages) and fields.width == 1 else None
        frame = self.records.events(ids, fields, block).with_columns(pl.lit(shown(self.key)).alias("source"))
        self.invalid_utf8 += sum(page.broken for page in pages)
        self.entries += frame.height
        self.count(frame)
        return frame


def read(server: Server, stream: Stream, want: ReadOptions) -> Iterator[pl.DataFrame]:
    """Yield the events of a stream as it is now, from the range of ids that the time range can lie in.

    Ids tell when entries were added. Where the records at both ends of the stream bear times of their own that lie
    within minutes of their ids, the range is cut by ids, with five minutes to spare before it and an hour after it;
    where they do not, as in a stream that old logs were copied to, it is read whole.
    """
    info = server.persist(lambda: server.info(stream.key))
    if info is None or not info.length:
        return
    low, high = id_range(server, stream, want, info)
    read, held, pages = 0, 0, list[Columns]()
    while True:
        with uncollected():
            page = server.persist(partial(server.range, stream.key, low, high, _PAGE))
            pages += [to_columns(page)] if page else []
        read, held = read + len(page), held + len(page)
        if pages and (not page or held >= (_FRAME if read > _FIRST else _FIRST)):
            yield stream.to_events(pages)
            held, pages = 0, []
        if not page:
            break
        low = f"({page[-1][0].decode()}"
    if low.startswith("(") and want.since is None and want.until is None and read < info.length:
        stream.notes.append(f"{info.length - read:,} entries were trimmed or deleted while it was read")


def id_range(server: Server, stream: Stream, want: ReadOptions, info: Info) -> tuple[str, str]:
    """Return the first and the last id to read; nothing that comes after this moment."""
    low, high = "-", info.last_id
    if want.since is None and want.until is None:
        return low, high
    if not _ids_tell(server, stream):
        return low, high
    if want.since is not None:
        low = f"{max(0, _millis(want.since - _EARLY))}-0"
    if want.until is not None:
        last = f"{max(0, _millis(want.until + _LATE))}-0"
        high = min(high, last, key=place)
    return low, high


def place(identifier: str) -> tuple[int, int]:
    """Return an entry id as numbers, for comparing.

    >>> place("1741608000000-2") < place("1741608000000-10")
    True
    """
    millis, _, number = identifier.partition("-")
    return int(millis), int(number or 0)


def _ids_tell(server: Server, stream: Stream) -> bool:
    """Whether the ids at both ends of the stream lie near the times that their records bear."""
    key, ends = stream.key, list[Sequence[Any]]()
    for back in (False, True):
        ends += server.persist(partial(server.range, key, "-", "+", _ENDS, back=back))
    if not ends:
        return True
    ids, fields, *_ = to_columns(ends)
    added, told = time_of(ids), stream.records.events(ids, fields)["timestamp"]
    if added.null_count():
        return False
    delay = (added - told).drop_nulls()
    return bool(((delay <= _LATE) & (delay >= -_EARLY)).all())


def _millis(when: dt.datetime) -> int:
    return int(when.timestamp() * 1000)
