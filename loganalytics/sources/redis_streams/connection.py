"""What is asked of the server: raw answers, waiting while it restarts, errors without secrets."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

from loganalytics.exceptions import SourceError
from loganalytics.sources.reconnect import Backoff, retry
from loganalytics.sources.redis_streams.address import Address
from loganalytics.sources.redis_streams.errors import stream_not_found, to_source_error

if TYPE_CHECKING:
    from loganalytics.sources.redis_streams.address import Client

T = TypeVar("T")

BACKOFF = Backoff(first=0.1, longest=2.0)
_LONGEST_OUTAGE = 60.0
"""Seconds for which a read in progress waits for a server that went away."""
# Answers that redis-py would turn into dicts, one entry at a time.
_RAW_COMMANDS = ("XRANGE", "XREVRANGE", "XREAD", "XREADGROUP", "XAUTOCLAIM", "XINFO STREAM", "XINFO GROUPS")


@dataclass(frozen=True, kw_only=True)
class StreamInfo:
    """What XINFO STREAM says of a stream."""

    length: int
    added: int | None
    """Entries that were ever added; servers before Redis 7 do not say."""
    last_id: str
    first_id: str | None

    @property
    def removed(self) -> int | None:
        """Entries that were trimmed or deleted."""
        return None if self.added is None else self.added - self.length


class Connection:
    """A connection to the streams of one address, made anew when it breaks."""

    def __init__(self, address: Address, **options: Any) -> None:
        self.address = address
        self._options = options
        self._client: Client | None = None

    def ask(self, *command: Any, key: str | None = None) -> Any:
        """Return the raw answer to one command.

        Raises redis-py's errors; the next command makes a new connection.
        """
        if self._client is None:
            self._client = _with_raw_answers(self.address.connect(**self._options))
        client: Any = self._client
        command = tuple(map(_to_bytes, command))
        if self.address.kind == "cluster" and key is not None:
            node = client.get_node_from_key(_to_bytes(key))
            _with_raw_answers(client.get_redis_connection(node))  # one that is new to the cluster, perhaps
            return client.execute_command(*command, target_nodes=node)
        return client.execute_command(*command)

    def try_to_ask(self, *command: Any, key: str) -> Any:
        """Return the answer, or None where the server does not know the command or this user may not give it."""
        import redis

        try:
            return self.ask(*command, key=key)
        except redis.ResponseError:
            return None

    @contextmanager
    def translate_errors(self, *, keep_transient: bool = False) -> Iterator[None]:
        """Turn what redis-py raises into a SourceError.

        With `keep_transient`, errors of a server that may come back are left to the caller, who waits for it.
        """
        import redis

        try:
            yield
        except SourceError:
            raise
        except (redis.RedisError, OSError) as error:
            self.close()
            if keep_transient and is_transient(error):
                raise
            raise to_source_error(error, self.address.source) from None

    def persist(self, attempt: Callable[[], T]) -> T:
        """Return what an attempt returns, made again while the server is away: for a read in progress.

        Raises UnreachableSourceError after a minute.
        """
        with self.translate_errors():
            return retry(
                attempt, is_transient=is_transient, backoff=BACKOFF, seconds=_LONGEST_OUTAGE,
                on_failure=lambda _: self.close(),
            )  # fmt: skip

    def streams(self) -> list[str]:
        """Return the streams that the address names; else all, those of LOGANALYTICS_REDIS_STREAMS first.

        The variable holds keys, separated by commas. Raises SourceNotFoundError when a stream is not there.
        """
        if self.address.streams:
            self._check_types(self.address.streams)
            return list(self.address.streams)
        keys = self.all_streams()
        preferred = map(str.strip, os.environ.get("LOGANALYTICS_REDIS_STREAMS", "").split(","))
        return list(dict.fromkeys([*(key for key in preferred if key in keys), *keys]))

    def all_streams(self) -> list[str]:
        """Return the keys of all streams, in the order of their names."""
        self._connect()
        keys = cast(Any, self._client).scan_iter(match="*", count=1000, _type="STREAM")
        return sorted({key.decode(errors="surrogateescape") for key in keys})

    def info(self, key: str) -> StreamInfo | None:
        """Return what the server says of a stream; None when there is none."""
        import redis

        try:
            answer = self.ask("XINFO STREAM", key, key=key)
        except redis.ResponseError as error:
            if "no such key" in str(error):
                return None
            raise
        pairs = dict(zip(answer[::2], answer[1::2], strict=True))
        first_entry = pairs.get(b"first-entry")
        added = pairs.get(b"entries-added")  # since Redis 7
        return StreamInfo(
            length=int(pairs[b"length"]), added=None if added is None else int(added),
            last_id=pairs[b"last-generated-id"].decode(), first_id=first_entry[0].decode() if first_entry else None,
        )  # fmt: skip

    def entries(self, key: str, first: str, last: str, count: int, *, newest: bool = False) -> list[Sequence[Any]]:
        """Return so many raw entries from one id to another, the newest instead of the oldest on request.

        "(" before an id excludes it.
        """
        ends = (last, first) if newest else (first, last)
        answer = self.ask("XREVRANGE" if newest else "XRANGE", key, *ends, "COUNT", count, key=key)
        return cast("list[Sequence[Any]]", answer)

    def close(self) -> None:
        """Let go of the connection."""
        client, self._client = self._client, None
        if client is not None:
            try:
                client.close()
            except OSError:
                return

    def _connect(self) -> None:
        if self._client is None:
            self.ask("PING")

    def _check_types(self, keys: Sequence[str]) -> None:
        not_streams = [key for key in keys if self._type(key) != b"stream"]
        if not not_streams:
            return
        key = not_streams[0]
        if self._type(key) == b"none":
            raise stream_not_found(key, self.address.source, self.all_streams())
        raise to_source_error(_wrong_type(), f"{self.address.source}?stream={key}")

    def _type(self, key: str) -> bytes:
        self._connect()
        return cast(bytes, cast(Any, self._client).type(_to_bytes(key)))


def is_transient(error: Exception) -> bool:
    """Whether the server may answer again by itself after this error."""
    import redis

    permanent = isinstance(error, redis.AuthenticationError | SourceError)
    return isinstance(error, redis.ConnectionError | redis.TimeoutError | OSError) and not permanent


def without_deleted(entries: Sequence[Any]) -> list[Sequence[Any]]:
    """Return the entries that are still there; of a deleted one a group still gives the id."""
    return [entry for entry in entries if entry and entry[1]]


def stream_name(key: str) -> str:
    """Return a stream's key as valid UTF-8."""
    return key.encode(errors="surrogateescape").decode(errors="replace")


def _with_raw_answers(client: Client) -> Client:
    for command in _RAW_COMMANDS:
        client.set_response_callback(command, _unchanged)
    return client


def _to_bytes(argument: Any) -> Any:
    """Return a key that is not UTF-8 as the bytes that it was; the command's name stays text for redis-py."""
    is_ascii = not isinstance(argument, str) or argument.isascii()
    return argument if is_ascii else argument.encode(errors="surrogateescape")


def _unchanged(answer: Any, **_options: Any) -> Any:
    return answer


def _wrong_type() -> Exception:
    import redis

    return redis.ResponseError("WRONGTYPE")
