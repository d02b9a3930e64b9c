"""What the server says of a stream: by XINFO, or by its entries where a user may only read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from loganalytics.sources.redis_streams.connection import Connection

_LAST_ID = (1 << 128) - 1


@dataclass(frozen=True, kw_only=True)
class StreamInfo:
    """How long a stream is, where it begins and ends, and how many entries it ever had."""

    length: int | None
    """None where this user may not ask."""
    added: int | None
    """Entries that were ever added; servers before Redis 7 do not say."""
    last_id: str | None
    """The id that was given last; None where this user may not ask: see find_last_id()."""
    first: Sequence[Any] | None
    """The first entry that is still there."""
    last: Sequence[Any] | None = None
    """The last entry."""
    max_deleted_id: str | None = None
    """The greatest id that XDEL deleted."""

    @property
    def removed(self) -> int | None:
        """Entries that were trimmed or deleted."""
        return None if self.added is None or self.length is None else self.added - self.length

    @property
    def first_id(self) -> str | None:
        """The id of the first entry that is still there."""
        return self.first[0].decode() if self.first else None


def stream_info(connection: Connection, key: str) -> StreamInfo | None:
    """Return what the server says of a stream; None when there is none, or none that this user can know of."""
    import redis

    try:
        answer = connection.try_to_ask("XINFO STREAM", key, key=key)
    except redis.ResponseError as error:
        if "no such key" in str(error):
            return None
        raise
    if answer is None:
        first = connection.ask("XRANGE", key, "-", "+", "COUNT", 1, key=key)
        return StreamInfo(length=None, added=None, last_id=None, first=first[0]) if first else None
    return parse_stream_info(answer)


def parse_stream_info(answer: Sequence[Any]) -> StreamInfo:
    """Read the raw answer to XINFO STREAM."""
    pairs = dict(zip(answer[::2], answer[1::2], strict=True))
    added, max_deleted_id = pairs.get(b"entries-added"), pairs.get(b"max-deleted-entry-id")  # since Redis 7
    return StreamInfo(
        length=int(pairs[b"length"]), added=None if added is None else int(added),
        last_id=pairs[b"last-generated-id"].decode(), first=pairs.get(b"first-entry"),
        last=pairs.get(b"last-entry"),
        max_deleted_id=max_deleted_id and max_deleted_id.decode(),
    )  # fmt: skip


def find_last_id(connection: Connection, key: str) -> str:
    """Return the last id of a stream by halving the range of ids: XRANGE is all that it takes; "0-0" if it is empty."""
    low, high = 0, _LAST_ID
    while low < high:
        middle = (low + high + 1) // 2
        entries = connection.ask("XRANGE", key, _to_id(middle), "+", "COUNT", 1, key=key)
        if entries:
            low = _to_number(entries[0][0].decode())
        else:
            high = middle - 1
    return _to_id(low)


def id_numbers(identifier: str) -> tuple[int, int]:
    """Return an entry id as numbers, for comparing.

    >>> id_numbers("1741608000000-2") < id_numbers("1741608000000-10")
    True
    """
    millis, _, number = identifier.partition("-")
    return int(millis), int(number or 0)


def id_before(identifier: str) -> str:
    """Return the id right before this one, from which XREAD goes on.

    >>> id_before("7-0")
    '6-18446744073709551615'
    """
    return _to_id(max(0, _to_number(identifier) - 1))


def _to_number(identifier: str) -> int:
    millis, number = id_numbers(identifier)
    return millis << 64 | number


def _to_id(number: int) -> str:
    return f"{number >> 64}-{number & (1 << 64) - 1}"
