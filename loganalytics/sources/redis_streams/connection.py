"""What is asked of the server: raw answers, patience while it restarts, errors without secrets."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

from loganalytics.exceptions import SourceError
from loganalytics.sources.redis_streams.address import Address, not_found, told

if TYPE_CHECKING:
    from loganalytics.sources.redis_streams.address import Client

T = TypeVar("T")

DEFAULTS = ("ansflow:logs:stream", "ansflow:logs")
"""Streams that come first when the address names none: all are read then."""
# Answers that redis-py would turn into dicts, one entry at a time.
_RAW = ("XRANGE", "XREVRANGE", "XREAD", "XREADGROUP", "XAUTOCLAIM", "XINFO STREAM", "XINFO GROUPS")
_PATIENCE = 60.0
"""Seconds for which a read in progress waits for a server that went away."""


@dataclass(frozen=True)
class Info:
    """What XINFO STREAM tells of a stream."""

    length: int
    added: int | None
    """Entries that were ever added; servers before Redis 7 do not tell."""
    last_id: str
    first: str | None

    @property
    def gone(self) -> int | None:
        """Entries that were trimmed or deleted."""
        return None if self.added is None else self.added - self.length


class Server:
    """A connection to the streams of one address, made anew when it breaks."""

    def __init__(self, address: Address, **options: Any) -> None:
        self.address = address
        self._options = options
        self._client: Client | None = None
        self.reconnects = 0

    def ask(self, *command: Any, key: str | None = None) -> Any:
        """Return the raw answer to one command.

        Raises redis-py's errors; the next command makes a new connection.
        """
        if self._client is None:
            self._client = _raw(self.address.connect(**self._options))
        command = tuple(map(_bytes, command))
        if self.address.kind == "cluster" and key is not None:
            node = cast(Any, self._client).get_node_from_key(_bytes(key))
            _raw(cast(Any, self._client).get_redis_connection(node))  # one that is new to the cluster, perhaps
            return cast(Any, self._client).execute_command(*command, target_nodes=node)
        return cast(Any, self._client).execute_command(*command)

    def try_to_ask(self, *command: Any, key: str) -> Any:
        """Return the answer, or None where the server does not know the command or this user may not give it."""
        import redis

        try:
            return self.ask(*command, key=key)
        except redis.ResponseError:
            return None

    def reach(self, do: Callable[[], T]) -> T:
        """Return what this does, or raise SourceError for what redis-py raises: for the first word with a server."""
        import redis

        try:
            return do()
        except SourceError:
            raise
        except (redis.RedisError, OSError) as error:
            self.close()
            raise told(error, self.address.shown) from None

    def persist(self, do: Callable[[], T]) -> T:
        """Do this again with growing pauses while the server is away: for a read in progress.

        Raises UnreachableSourceError after a minute.
        """
        import redis

        backoff = redis.backoff.ExponentialBackoff(cap=2.0, base=0.05)
        until, failures = time.monotonic() + _PATIENCE, 0
        while True:
            try:
                return do()
            except SourceError:
                raise
            except redis.AuthenticationError as error:
                raise told(error, self.address.shown) from None
            except (redis.ConnectionError, redis.TimeoutError, OSError) as error:
                self.close()
                failures += 1
                if time.monotonic() > until:
                    raise told(error, self.address.shown) from None
                self.reconnects += 1
                time.sleep(backoff.compute(failures))
            except redis.RedisError as error:
                raise told(error, self.address.shown) from None

    def streams(self) -> list[str]:
        """Return the streams that the address names, else all, the usual ones first.

        Raises SourceNotFoundError when one is not there.
        """
        if self.address.streams:
            missing = [key for key in self.address.streams if self._type(key) != b"stream"]
            if missing and self._type(missing[0]) == b"none":
                raise not_found(missing[0], self.address.shown, self.all_streams())
            if missing:
                raise told(_wrong_type(), f"{self.address.shown}?stream={missing[0]}")
            return list(self.address.streams)
        found = self.all_streams()
        return [key for key in DEFAULTS if key in found] + [key for key in found if key not in DEFAULTS]

    def all_streams(self) -> list[str]:
        """Return the keys of all streams, in the order of their names."""
        self._ready()
        found = cast(Any, self._client).scan_iter(match="*", count=1000, _type="STREAM")
        return sorted({key.decode(errors="surrogateescape") for key in found})

    def info(self, key: str) -> Info | None:
        """Return what the server tells of a stream; None when there is none."""
        import redis

        try:
            answer = self.ask("XINFO STREAM", key, key=key)
        except redis.ResponseError as error:
            if "no such key" in str(error):
                return None
            raise
        pairs = dict(zip(answer[::2], answer[1::2], strict=True))
        first = pairs.get(b"first-entry")
        added = pairs.get(b"entries-added")  # since Redis 7
        return Info(
            int(pairs[b"length"]), None if added is None else int(added),
            pairs[b"last-generated-id"].decode(), first[0].decode() if first else None,
        )  # fmt: skip

    def range(self, key: str, first: str, last: str, count: int, *, back: bool = False) -> list[Sequence[Any]]:
        """Return raw entries from one id to another; "(" before an id excludes it."""
        ends = (last, first) if back else (first, last)
        answer = self.ask("XREVRANGE" if back else "XRANGE", key, *ends, "COUNT", count, key=key)
        return cast("list[Sequence[Any]]", answer)

    def close(self) -> None:
        """Let go of the connection."""
        client, self._client = self._client, None
        if client is not None:
            try:
                client.close()
            except OSError:
                return

    def _ready(self) -> None:
        if self._client is None:
            self.ask("PING")

    def _type(self, key: str) -> bytes:
        self._ready()
        return cast(bytes, cast(Any, self._client).type(_bytes(key)))


def usable(entries: Sequence[Any]) -> list[Sequence[Any]]:
    """Return the entries that are there; of one deleted, a group still tells the id."""
    return [entry for entry in entries if entry and entry[1]]


def _raw(client: Client) -> Client:
    for command in _RAW:
        client.set_response_callback(command, _as_it_is)
    return client


def shown(key: str) -> str:
    """Return a stream's key as text that is UTF-8."""
    return key.encode(errors="surrogateescape").decode(errors="replace")


def _bytes(part: Any) -> Any:
    """A key that is not UTF-8 goes back as the bytes that it was; the command's name stays text for redis-py."""
    return part if not isinstance(part, str) or part.isascii() else part.encode(errors="surrogateescape")


def _as_it_is(answer: Any, **_options: Any) -> Any:
    return answer


def _wrong_type() -> Exception:
    import redis

    return redis.ResponseError("WRONGTYPE")
