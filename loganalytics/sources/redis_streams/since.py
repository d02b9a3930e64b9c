"""Where the entries begin whose records may be of a time or later, so that not all of a long stream is read.

An id says when an entry was added, which is after what it records happened: by moments, or by months where old logs
were copied. So entries added before a time hold nothing that happened after it, unless a clock is wrong or ids were
made by hand. A stream that is soon read is read all the same. Of a longer one, samples of what would be skipped
must agree, and the load report says what was skipped. No end follows from `until`: what happened before it may be added
at any time after it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import polars as pl

from loganalytics.sources.read_options import ReadOptions
from loganalytics.sources.redis_streams.answer_size import PageSize
from loganalytics.sources.redis_streams.connection import Connection
from loganalytics.sources.redis_streams.decode import to_columns
from loganalytics.sources.redis_streams.entry_parser import EntryParser, entry_times
from loganalytics.sources.redis_streams.stream_info import StreamInfo, id_numbers

LEAD = dt.timedelta(minutes=5)
"""By how much the clock of a writer may be ahead of the server's."""
_SOON_READ_BYTES = 32 * 1024 * 1024
_PLACES, _PLACE_ENTRIES, _PLACE_BYTES = 64, 20, 256 * 1024


def first_id_to_read(connection: Connection, key: str, options: ReadOptions, info: StreamInfo, last_id: str) -> str:
    """Return the id from which on a stream is to be read to find all since `options.since`; "-" for its first."""
    if options.since is None or info.first_id is None:
        return "-"
    first, low = id_numbers(info.first_id)[0], max(0, int((options.since - LEAD).timestamp() * 1000))
    if low <= first or _is_soon_read(connection, key, info):
        return "-"
    before = min(low, id_numbers(last_id)[0] + 1)
    entries = connection.persist(lambda: _sample(connection, key, first, before))
    return f"{low}-0" if _happened_before(entries, EntryParser(options.hints, options.formats)) else "-"


def _is_soon_read(connection: Connection, key: str, info: StreamInfo) -> bool:
    """Whether the first entries are so small, and all are so few, that a stream is soon read."""
    if info.length is None:
        return False
    entries = connection.persist(lambda: connection.entries(key, "-", "+", _place_size()))
    size = sum(len(value) for entry in entries for value in entry[1])
    return info.length * size <= _SOON_READ_BYTES * len(entries)


def _sample(connection: Connection, key: str, first: int, before: int) -> list[Sequence[Any]]:
    """Return some entries from places that lie evenly between two times of ids."""
    size = _place_size()
    places = sorted({first + (before - first) * number // _PLACES for number in range(_PLACES)})
    pages = [connection.entries(key, f"{place}-0", f"({before}-0", size) for place in places]
    return list({entry[0]: entry for page in pages for entry in page}.values())


def _place_size() -> PageSize:
    return PageSize(max_entries=_PLACE_ENTRIES, page_bytes=_PLACE_BYTES)


def _happened_before(entries: list[Sequence[Any]], parser: EntryParser) -> bool:
    """Whether what entries record happened before they were added, so far as they say."""
    if not entries:
        return False
    columns = to_columns(entries)
    added = entry_times(columns.ids)
    if added.null_count():
        return False
    times: pl.Series = parser.events(columns.ids, columns.fields)["timestamp"]
    return bool((times - added <= LEAD).all())
