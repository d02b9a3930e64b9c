"""What is asked of the server: raw answers, waiting while it restarts, errors without secrets."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar, cast

from loganalytics.exceptions import SourceError
from loganalytics.sources.reconnect import Backoff, retry
from loganalytics.sources.redis_streams.address import Address
from loganalytics.sources.redis_streams.answer_size import AnswerMeter, AnswerTooLargeError, PageSize
from loganalytics.sources.redis_streams.errors import stream_not_found, to_source_error

if TYPE_CHECKING:
    from loganalytics.sources.redis_streams.address import Client

T = TypeVar("T")

BACKOFF = Backoff(first=0.1, longest=2.0)
_LONGEST_OUTAGE = 60.0
"""Seconds for which a read in progress waits for a server that went away."""
# Answers that redis-py would turn into dicts, one entry at a time.
_RAW_COMMANDS = ("XRANGE", "XREVRANGE", "XREAD", "XREADGROUP", "XAUTOCLAIM", "XPENDING", "XINFO STREAM", "XINFO GROUPS")


class Connection:
    """A connection to the streams of one address, made anew when it breaks."""

    def __init__(self, address: Address, **options: Any) -> None:
        self.address = address
        self._options = options
        self._client: Client | None = None
        self._meter = AnswerMeter()
        self._refused = set[str]()
        """Commands that this user may not give or this server does not know."""

    def ask(self, *command: Any, key: str | None = None, max_bytes: int | None = None) -> Any:
        """Return the raw answer to one command.

        Raises redis-py's errors, and AnswerTooLargeError; the next command makes a new connection.
        """
        client = self._make_client()
        command = tuple(map(_to_bytes, command))
        options = {}
        if self.address.kind == "cluster" and key is not None:
            options["target_nodes"] = node = client.get_node_from_key(_to_bytes(key))
            # one that is new to the cluster, perhaps
            self._meter.install(_with_raw_answers(client.get_redis_connection(node)))
        self._meter.begin(max_bytes)
        return client.execute_command(*command, **options)

    def ask_at_once(self, commands: Sequence[Sequence[Any]], *, max_bytes: int | None = None) -> list[Any]:
        """Return the raw answers to several commands between which the server does nothing else; not of a cluster.

        Raises as ask() does.
        """
        transaction = self._make_client().pipeline(transaction=True)
        for command in commands:
            transaction.execute_command(*map(_to_bytes, command))
        self._meter.begin(max_bytes)
        return cast("list[Any]", transaction.execute())

    def ask_for_page(self, command: Callable[[int], Sequence[Any]], size: PageSize, *, key: str) -> Any:
        """Return the raw answer to the command for so many entries, fewer where they are large.

        Who gets the answer says by size.fit() how many entries it has.
        """
        import redis

        while True:
            try:
                return self.ask(*command(size.entries), key=key, max_bytes=size.max_bytes)
            except AnswerTooLargeError:
                size.shrink()
            except redis.TimeoutError:
                size.shrink()
                raise

    @property
    def received(self) -> int:
        """How many bytes the last answer had."""
        return self._meter.received

    def try_to_ask(self, *command: Any, key: str | None = None) -> Any:
        """Return the answer, or None where the server does not know the command or this user may not give it.

        What was refused is not asked for again: the server keeps a log of that.
        """
        import redis

        if command[0] in self._refused:
            return None
        try:
            return self.ask(*command, key=key)
        except redis.ResponseError as error:
            if not (isinstance(error, redis.exceptions.NoPermissionError) or "unknown" in str(error).lower()):
                raise
            if "access a key" not in str(error):
                self._refused.add(command[0])
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
        except (redis.RedisError, redis.exceptions.RedisClusterException, OSError) as error:
            self.close()
            if keep_transient and is_transient(error):
                raise
            raise to_source_error(error, self.address.source, self.address.withheld) from None

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

        The variable holds keys, separated by commas; where this user may not list keys, these are all. Raises
        SourceNotFoundError when a stream is not there.
        """
        import redis

        if self.address.streams:
            self._check_types(self.address.streams)
            return list(self.address.streams)
        preferred = list(filter(None, map(str.strip, os.environ.get("LOGANALYTICS_REDIS_STREAMS", "").split(","))))
        try:
            keys = self.all_streams()
        except redis.exceptions.NoPermissionError:
            if not preferred:
                raise
            self._check_types(preferred)
            return preferred
        return list(dict.fromkeys([*(key for key in preferred if key in keys), *keys]))

    def all_streams(self) -> list[str]:
        """Return the keys of all streams, in the order of their names."""
        keys = self._make_client().scan_iter(match="*", count=1000, _type="STREAM")
        return sorted({key.decode(errors="surrogateescape") for key in keys})

    def may_read(self, key: str) -> bool:
        """Return whether this user may read a stream: keys are listed for all users."""
        import redis

        try:
            self.ask("XRANGE", key, "+", "-", "COUNT", 1, key=key)  # from the end to the beginning: nothing
        except redis.exceptions.NoPermissionError:
            return False
        return True

    def entries(self, key: str, first: str, last: str, size: PageSize, *, newest: bool = False) -> list[Sequence[Any]]:
        """Return a page of raw entries from one id to another, the newest instead of the oldest on request.

        "(" before an id excludes it.
        """
        command = ("XREVRANGE", key, last, first) if newest else ("XRANGE", key, first, last)
        answer = self.ask_for_page(lambda count: (*command, "COUNT", count), size, key=key)
        size.fit(len(answer), self.received)
        return cast("list[Sequence[Any]]", answer)

    def entry(self, key: str, identifier: str) -> Sequence[Any] | None:
        """Return one raw entry, None when it is not there."""
        answer = self.ask("XRANGE", key, identifier, identifier, key=key)
        return cast("Sequence[Any]", answer[0]) if answer else None

    def close(self) -> None:
        """Let go of the connection."""
        client, self._client = self._client, None
        if client is not None:
            try:
                client.close()
            except OSError:
                return

    def ping(self) -> None:
        """Return when the server answers, and be it that this user may not ask."""
        self.try_to_ask("PING")

    def _make_client(self) -> Any:
        if self._client is None:
            self._client = _with_raw_answers(self.address.connect(**self._options))
            if self.address.kind != "cluster":
                self._meter.install(self._client)
        return self._client

    def _check_types(self, keys: Sequence[str]) -> None:
        for key in keys:
            kind = self.try_to_ask("TYPE", key, key=key)
            if kind is None and not self.ask("XRANGE", key, "-", "+", "COUNT", 1, key=key):
                raise stream_not_found(key, self.address.source, None)
            if kind == b"none":
                raise stream_not_found(key, self.address.source, self.all_streams())
            if kind not in (b"stream", None):
                raise to_source_error(_wrong_type(), f"{self.address.source}?stream={key}")


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
