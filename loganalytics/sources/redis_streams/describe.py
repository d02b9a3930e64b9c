"""What a stream holds, as the server says and as a sample from its ends shows."""

from __future__ import annotations

from typing import Any

import polars as pl

from loganalytics.sources.redis_streams.connection import Connection, stream_name
from loganalytics.sources.redis_streams.decode import to_columns
from loganalytics.sources.redis_streams.entry_parser import EntryParser
from loganalytics.sources.store import DESCRIPTION_SCHEMA

_END_ENTRIES = 200


def describe(connection: Connection) -> pl.DataFrame:
    """Return one row a stream, with the columns of DESCRIPTION_SCHEMA."""
    with connection.translate_errors():
        rows = [_describe_stream(connection, key) for key in connection.streams()]
    return pl.DataFrame(rows, schema=DESCRIPTION_SCHEMA)


def _describe_stream(connection: Connection, key: str) -> dict[str, object]:
    """Return the row of a stream; times and services are those of entries at its ends."""
    info = connection.info(key)
    if info is None:  # it was deleted after it was found
        return {"source": stream_name(key), "kind": "stream", "entries": 0}
    readers, note = _consumer_groups(connection, key)
    return {
        "source": stream_name(key), "kind": "stream", "entries": info.length, **_sample_facts(connection, key),
        "bytes": connection.try_to_ask("MEMORY USAGE", key, key=key), "readers": readers, "trimmed": info.removed,
        "note": note,
    }  # fmt: skip


def _sample_facts(connection: Connection, key: str) -> dict[str, object]:
    entries = [
        entry for newest in (False, True) for entry in connection.entries(key, "-", "+", _END_ENTRIES, newest=newest)
    ]
    if not entries:
        return {"services": []}
    columns = to_columns(entries)
    events = EntryParser().events(columns.ids, columns.fields)
    return {
        "first_seen": events["timestamp"].min(),
        "last_seen": events["timestamp"].max(),
        "services": events["service"].drop_nulls().unique().sort().to_list(),
    }


def _consumer_groups(connection: Connection, key: str) -> tuple[list[str], str | None]:
    """Return the names of the consumer groups, and how far behind they are."""
    names, notes = [], []
    for answer in connection.try_to_ask("XINFO GROUPS", key, key=key) or ():
        pairs: dict[bytes, Any] = dict(zip(answer[::2], answer[1::2], strict=True))
        name = pairs[b"name"].decode(errors="replace")
        names.append(name)
        lag = pairs.get(b"lag")
        notes.append(f"{name}: {pairs[b'pending']:,} pending" + (f", {lag:,} behind" if lag is not None else ""))
    return names, "; ".join(notes) or None
