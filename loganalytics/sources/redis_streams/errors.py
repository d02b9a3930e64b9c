"""What redis-py and the server say, as errors that name the source and what to do, without secrets."""

from __future__ import annotations

import re
from collections.abc import Sequence

from loganalytics.exceptions import (
    SourceError,
    SourceNotFoundError,
    UnreachableSourceError,
    UnreadableSourceError,
)
from loganalytics.sources.uri import scrub

_MAX_NAMES = 8


def to_source_error(error: Exception, source: str, withheld: str = "") -> SourceError:
    """Return the error to raise for one of redis-py; `withheld` says which login was not sent, and why."""
    import redis

    message = (str(error).strip().splitlines() or [type(error).__name__])[0]
    if isinstance(error, redis.exceptions.NoPermissionError):
        return UnreachableSourceError(
            f"{source!r}: this user has not the rights to read it ({scrub(message).rstrip('.')}). "
            "Hint: the commands XRANGE and XREAD on the stream's key are enough, with ?stream=KEY in the address."
        )
    if isinstance(error, redis.AuthenticationError) or re.match(r"(?:WRONGPASS|NOAUTH)\b", message):
        hint = (
            "Hint: give user and password in the address, in REDIS_USERNAME and REDIS_PASSWORD, or in the credentials "
            "file."
        )
        return UnreachableSourceError(f"{source!r} refuses the login ({message.rstrip('.')}). {withheld or hint}")
    if isinstance(error, redis.sentinel.MasterNotFoundError):  # its message is the repr of every client
        return UnreachableSourceError(
            f"{source!r} cannot be reached: no sentinel answers that knows this master. Hint: check hosts and name."
        )
    if isinstance(error, redis.exceptions.AskError):  # MOVED too
        return UnreachableSourceError(f"{source!r} belongs to a cluster. Hint: write redis+cluster://.")
    if isinstance(error, redis.TimeoutError):
        tls = " Does it speak TLS at this port?" if "s://" in source or "s+" in source else ""
        return UnreachableSourceError(
            f"{source!r} does not answer in time.{tls} Hint: check the server; ?socket_timeout=60 waits longer."
        )
    if isinstance(error, redis.ResponseError):
        return _response_error(message, source)
    hint = "check host and port, and whether the server runs"
    if re.search("SSL|certificate|closed by server|reset by peer", message):
        hint = "rediss:// for a server with TLS, redis:// for one without; ?ssl_ca_certs=FILE for a private authority"
    reason = scrub(message).rstrip(".")
    return UnreachableSourceError(f"{source!r} cannot be reached: {reason}. Hint: {hint}.")


def _response_error(message: str, source: str) -> SourceError:
    if "WRONGTYPE" in message:
        return UnreadableSourceError(f"{source!r}: the key holds no stream. Hint: see loganalytics sources.")
    reason = scrub(message)
    return UnreadableSourceError(f"{source!r} answers: {reason}. Hint: is this Redis 5 or later, or Valkey?")


def stream_not_found(key: str, source: str, streams: Sequence[str] | None) -> SourceNotFoundError:
    """Return the error for a stream that is not there, beside those that are: None where that is not known."""
    present = f"it has {', '.join(map(repr, streams[:_MAX_NAMES]))}" if streams else "it has no streams"
    present = "or none with entries" if streams is None else present
    return SourceNotFoundError(
        f"There is no stream {key!r} at {source!r}; {present}. Hint: check ?stream= and the database."
    )
