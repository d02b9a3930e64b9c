"""Answers of bounded size: the server knows pages by entries only, and entries may be of any size.

So pages begin small, grow to what fits, and an answer that grows beyond its limit all the same, because larger entries
came, is cut off and asked for again with fewer entries.
"""

from __future__ import annotations

from functools import partial
from typing import Any, cast

PAGE_BYTES = 8 * 1024 * 1024
"""What a page is to hold."""
_FIRST_ENTRIES, _GROWTH = 16, 8


class AnswerTooLargeError(Exception):
    """The server sends more than was to be read; the connection is closed."""


class PageSize:
    """How many entries to ask for, learned from the pages before."""

    def __init__(self, *, max_entries: int, page_bytes: int = PAGE_BYTES, first_entries: int = _FIRST_ENTRIES) -> None:
        self._max_entries, self._page_bytes = max_entries, page_bytes
        self.entries = min(first_entries, max_entries)
        self._wary_entries = 0
        """How many entries are still to come of the answer that was cut off: somewhere there are the large ones."""

    def fit(self, entries: int, size: int) -> None:
        """Learn from an answer of so many entries and bytes."""
        if entries:
            fitting = self._page_bytes * entries // max(1, size)
            self._wary_entries = max(0, self._wary_entries - entries)
            growth = 1 if self._wary_entries else _GROWTH
            self.entries = max(1, min(self.entries * growth, fitting, self._max_entries))

    def shrink(self) -> None:
        """Learn that an answer was cut off."""
        self._wary_entries = self._wary_entries or self.entries
        self.entries = max(1, self.entries // _GROWTH)

    @property
    def max_bytes(self) -> int | None:
        """Where to cut off an answer; None for that of one entry, which is to come whatever its size."""
        return 4 * self._page_bytes if self.entries > 1 else None


class AnswerMeter:
    """Counts the bytes of an answer as they come from the socket."""

    def __init__(self) -> None:
        self.received = 0
        self._max_bytes: int | None = None

    def begin(self, max_bytes: int | None) -> None:
        """Begin with the next answer."""
        self.received, self._max_bytes = 0, max_bytes

    def count(self, size: int) -> None:
        """Count what came; raises AnswerTooLargeError."""
        self.received += size
        if self._max_bytes is not None and self.received > self._max_bytes:
            raise AnswerTooLargeError

    def install(self, client: Any) -> None:
        """Count what comes through the connections of a client, which are made anew."""
        options: dict[str, Any] = client.connection_pool.connection_kwargs
        if not isinstance(options.get("parser_class"), partial):
            options["parser_class"] = partial(_metered_parser, self)
            client.connection_pool.disconnect()


class _MeteredSocket:
    """A socket whose received bytes are counted."""

    def __init__(self, connected: Any, meter: AnswerMeter) -> None:
        self._connected, self._meter = connected, meter

    def recv_into(self, *arguments: Any) -> int:
        size = cast(int, self._connected.recv_into(*arguments))
        self._meter.count(size)
        return size

    def recv(self, *arguments: Any) -> bytes:
        received = cast(bytes, self._connected.recv(*arguments))
        self._meter.count(len(received))
        return received

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connected, name)


def _metered_parser(meter: AnswerMeter, socket_read_size: int) -> Any:
    """Return redis-py's parser of answers, which reads from a metered socket."""
    from redis.connection import DefaultParser

    parser: Any = DefaultParser(socket_read_size)
    on_connect = parser.on_connect

    def on_metered_connect(connection: Any) -> None:
        if not isinstance(connection._sock, _MeteredSocket):
            connection._sock = _MeteredSocket(connection._sock, meter)
        on_connect(connection)

    parser.on_connect = on_metered_connect
    return parser
