"""What a stream holds, told by the server and by a sample from its ends."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from loganalytics.sources.redis_streams.connection import Server, shown
from loganalytics.sources.redis_streams.decode import to_columns
from loganalytics.sources.redis_streams.records import Records

_ENDS = 200


def describe(server: Server, key: str) -> tuple[object, ...]:
    """Return the row of describe() for a stream; times and services are those of entries at its ends."""
    info = server.info(key)
    if info is None:  # it went away after it was found
        return (shown(key), "stream", 0, *[None] * 7)
    entries = server.range(key, "-", "+", _ENDS) + server.range(key, "-", "+", _ENDS, back=True)
    first: dt.datetime | None = None
    last: dt.datetime | None = None
    services: list[str] = []
    if entries:
        ids, fields, *_ = to_columns(entries)
        events = Records().events(ids, fields)
        first, last = cast(Any, events["timestamp"].min()), cast(Any, events["timestamp"].max())
        services = events["service"].drop_nulls().unique().sort().to_list()
    groups, told = _groups(server, key)
    size = server.try_to_ask("MEMORY USAGE", key, key=key)
    return shown(key), "stream", info.length, first, last, size, services, groups, info.gone, told


def _groups(server: Server, key: str) -> tuple[list[str], str | None]:
    """Return the names of the consumer groups, and how far behind they are."""
    names, told = [], []
    for answer in server.try_to_ask("XINFO GROUPS", key, key=key) or ():
        pairs = dict(zip(answer[::2], answer[1::2], strict=True))
        name = pairs[b"name"].decode(errors="replace")
        names.append(name)
        lag = pairs.get(b"lag")
        told.append(f"{name}: {pairs[b'pending']:,} pending" + (f", {lag:,} behind" if lag is not None else ""))
    return names, "; ".join(told) or None
