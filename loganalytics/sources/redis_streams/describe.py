"""What a stream holds, as the server says and as a sample from its ends shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from loganalytics.sources.redis_streams.answer_size import PageSize
from loganalytics.sources.redis_streams.connection import Connection, stream_name
from loganalytics.sources.redis_streams.decode import to_columns
from loganalytics.sources.redis_streams.entry_parser import EntryParser
from loganalytics.sources.redis_streams.paging import pages
from loganalytics.sources.redis_streams.stream_info import find_last_id, stream_info
from loganalytics.sources.store import description_rows

_END_ENTRIES, _END_BYTES = 200, 1024 * 1024


def describe(connection: Connection) -> pl.DataFrame:
    """Return one row a stream, with the columns of DESCRIPTION_SCHEMA."""
    with connection.translate_errors():
        keys = connection.streams()
        is_named = bool(connection.address.streams)
        rows = [_describe_stream(connection, key, is_named=is_named) for key in keys]
    return description_rows(rows)


def _describe_stream(connection: Connection, key: str, *, is_named: bool) -> dict[str, object]:
    """Return the row of a stream; times and services are those of entries at its ends."""
    row: dict[str, object] = {"source": stream_name(key), "kind": "stream"}
    if not is_named and not connection.may_read(key):
        return row | {"note": "this user may not read it"}
    info = stream_info(connection, key)
    if info is None:  # it was deleted after it was found
        return row | {"entries": 0}
    readers, note = _consumer_groups(connection, key)
    return row | _sample_facts(connection, key, info.last_id) | {
        "entries": info.length, "bytes": connection.try_to_ask("MEMORY USAGE", key, key=key), "readers": readers,
        "trimmed": info.removed, "note": note,
    }  # fmt: skip


def _sample_facts(connection: Connection, key: str, last_id: str | None) -> dict[str, object]:
    entries = _end(connection, key, "-", "+")
    if last_id is None:  # this user has only XRANGE, perhaps
        last_id = find_last_id(connection, key)
        entries += _end(connection, key, last_id, "+")
    else:
        entries += _end(connection, key, "-", "+", newest=True)
    if not entries:
        return {"services": []}
    columns = to_columns(entries)
    events = EntryParser().events(columns.ids, columns.fields)
    return {
        "first_seen": events["timestamp"].min(),
        "last_seen": events["timestamp"].max(),
        "services": events["service"].drop_nulls().unique().sort().to_list(),
    }


def _end(connection: Connection, key: str, low: str, high: str, *, newest: bool = False) -> list[Sequence[Any]]:
    """Return the first entries between two ids, or the newest: not many, nor many bytes."""
    size, entries = PageSize(max_entries=_END_ENTRIES, page_bytes=_END_BYTES, first_entries=1), list[Sequence[Any]]()
    received = 0
    for page in pages(connection, key, low, high, size, newest=newest):
        entries, received = entries + page, received + connection.received
        if len(entries) >= _END_ENTRIES or received >= _END_BYTES:
            break
    return entries


def _consumer_groups(connection: Connection, key: str) -> tuple[list[str], str | None]:
    """Return the names of the consumer groups, and how far behind they are."""
    names, notes = list[str](), list[str]()
    for answer in connection.try_to_ask("XINFO GROUPS", key, key=key) or ():
        pairs: dict[bytes, Any] = dict(zip(answer[::2], answer[1::2], strict=True))
        name = pairs[b"name"].decode(errors="replace")
        names.append(name)
        lag = pairs.get(b"lag")
        notes.append(f"{name}: {pairs[b'pending']:,} pending" + (f", {lag:,} behind" if lag is not None else ""))
    return names, "; ".join(notes) or None
