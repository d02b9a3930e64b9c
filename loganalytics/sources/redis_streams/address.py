"""Addresses of Redis and Valkey: from the text a user writes to a client, without showing its secrets.

    redis://user:password@host:6379/0?stream=a&stream=b     rediss:// is the same over TLS; valkey://, valkeys:// too
    unix:///run/redis.sock?db=0&stream=a
    redis+cluster://host:7000,host:7001?stream=a            rediss+cluster:// over TLS
    redis+sentinel://host:26379,host:26380/master/0?stream=a

Without ?stream= the streams are found. All other parameters are redis-py's: ssl_ca_certs, ssl_check_hostname,
socket_timeout, client_name and so on.
"""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, quote, unquote, urlencode

from loganalytics.exceptions import (
    InvalidArgumentError,
    SourceError,
    SourceNotFoundError,
    UnreachableSourceError,
    UnreadableSourceError,
)
from loganalytics.sources import uri
from loganalytics.sources.credentials import login

if TYPE_CHECKING:
    from redis import Redis, RedisCluster

    Client = Redis | RedisCluster

_TIMEOUTS: dict[str, Any] = {"socket_connect_timeout": 5.0, "socket_timeout": 20.0}


@dataclass(frozen=True)
class Address:
    """Where a server is, which of its streams are meant, and how to log in; its repr bears no secret."""

    shown: str
    """What may be shown: without login and parameters."""
    streams: tuple[str, ...]
    kind: str
    """"single", "cluster" or "sentinel"."""
    hosts: tuple[tuple[str, int], ...] = ()
    master: str = ""
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Arguments of redis-py's connection."""

    def connect(self, **defaults: Any) -> Client:
        """Return a client, which connects when it is first used; what the address says goes before the defaults."""
        import redis as untyped

        redis: Any = untyped  # half of it is annotated
        options = _TIMEOUTS | defaults | dict(self.options)
        if self.kind == "cluster":
            nodes = [redis.cluster.ClusterNode(host, port) for host, port in self.hosts]
            return cast("Client", redis.RedisCluster(startup_nodes=nodes, **options))
        if self.kind == "sentinel":
            names = {"socket_timeout", "socket_connect_timeout"} & options.keys()
            tls = {name: value for name, value in options.items() if name.startswith("ssl")}
            watch = {name: options[name] for name in names} | tls
            sentinel = redis.Sentinel(list(self.hosts), sentinel_kwargs=watch, **options)
            return cast("Client", sentinel.master_for(self.master))
        return cast("Client", redis.Redis(connection_pool=redis.ConnectionPool(**options)))


def parse(address: str) -> Address:
    """Read an address.

    Raises InvalidArgumentError for one that makes no sense, which tells no secret of it.
    """
    split, shown = uri.split(address), uri.without_credentials(address)
    base, _, kind = split.scheme.lower().replace("valkey", "redis").partition("+")
    # The key of a stream may hold a "#".
    parameters = parse_qsl("#".join(filter(None, (split.query, split.fragment))), keep_blank_values=True)
    streams = tuple(dict.fromkeys(value for name, value in parameters if name == "stream" and value))
    rest = [(name, value) for name, value in parameters if name != "stream"]
    hosts = _hosts(split.authority, 26379 if kind == "sentinel" else 6379)
    path, master = split.path, ""
    if kind == "sentinel":
        master, _, database = path.strip("/").partition("/")
        path = f"/{database}"
        if not master:
            raise InvalidArgumentError(
                f"{shown!r} names no master. Hint: redis+sentinel://host:26379/mymaster?stream=…"
            )
    password = f":{quote(split.password, safe='')}" if split.password else ""
    user = f"{quote(split.username, safe='')}{password}@" if split.username or password else ""
    single = f"{base}://{user}{split.authority.split(',')[0]}{path}" + (f"?{urlencode(rest)}" if rest else "")
    options = _options(single, kind or "single", hosts[0] if hosts else ("unix", None), shown)
    return Address(shown, streams, kind or "single", tuple(hosts), unquote(master), options)


_ENCODE = "Hint: redis://user:password@host:6379/0?stream=key, with / ? # @ of a password percent-encoded (%2F …)."


def _hosts(authority: str, default_port: int) -> list[tuple[str, int]]:
    hosts = [uri.host_and_port(host) for host in authority.split(",") if host]
    return [(unquote(name) or "localhost", port or default_port) for name, port in hosts]


def _options(url: str, kind: str, host: tuple[str, int | None], shown: str) -> dict[str, Any]:
    """Return redis-py's arguments for a connection; the login is that of the address, the environment or the file."""
    import redis as untyped

    redis: Any = untyped
    try:
        options = dict(redis.connection.parse_url(url))
    except ValueError:  # its message may quote the address
        raise InvalidArgumentError(f"{shown!r} is no address of a server. {_ENCODE}") from None
    known = {name for part in redis.SSLConnection.__mro__ for name in inspect.signature(part).parameters}
    unknown = sorted(set(options) - known - {"connection_class", "path", "max_connections", "timeout"})
    if unknown:
        raise InvalidArgumentError(f"{shown!r} has the unknown parameter {unknown[0]!r}. Hint: stream=, or redis-py's.")
    if "password" not in options:
        options |= _login(*host)
    if kind != "single":
        options = {name: value for name, value in options.items() if name not in ("host", "port")}
        if options.pop("connection_class", None) is redis.SSLConnection:
            options["ssl"] = True
    if kind == "cluster":
        options.pop("db", None)
    # RESP2 answers are plain lists, which go to columns as they are; retries are for who reads, who knows from where.
    once = redis.retry.Retry(redis.backoff.NoBackoff(), 0)
    return options | {"protocol": 2, "decode_responses": False, "retry": once}


def _login(host: str, port: int | None) -> dict[str, str]:
    user = os.environ.get("REDIS_USERNAME")
    word = os.environ.get("REDIS_PASSWORD") or os.environ.get("REDISCLI_AUTH")
    if word:
        return {"password": word} | ({"username": user} if user else {})
    return {name: value for name, value in login(host, port).items() if name in ("username", "password")}


def told(error: Exception, shown: str) -> SourceError:
    """Return the error to raise for what redis-py or the server said."""
    import redis

    text = (str(error).strip().splitlines() or [type(error).__name__])[0]
    if isinstance(error, redis.AuthenticationError) or re.match(r"(?:WRONGPASS|NOAUTH|NOPERM)\b", text):
        return UnreachableSourceError(
            f"{shown!r} refuses the login ({text.rstrip('.')}). Hint: give user and password in the address, in "
            "REDIS_USERNAME and REDIS_PASSWORD, or in the credentials file."
        )
    if isinstance(error, redis.exceptions.AskError):  # MOVED too
        return UnreachableSourceError(f"{shown!r} is a part of a cluster. Hint: write redis+cluster://.")
    if isinstance(error, redis.TimeoutError):
        tls = " Does it speak TLS at this port?" if "s://" in shown or "s+" in shown else ""
        return UnreachableSourceError(
            f"{shown!r} does not answer in time.{tls} Hint: see the server; ?socket_timeout=60 waits longer."
        )
    if isinstance(error, redis.ResponseError):
        if "WRONGTYPE" in text:
            return UnreadableSourceError(f"{shown!r}: the key holds no stream. Hint: see loganalytics sources.")
        return UnreadableSourceError(
            f"{shown!r} answers: {uri.without_credentials(text)}. Hint: is this Redis 5 or later, or Valkey?"
        )
    hint = "check host and port, and whether the server runs"
    if re.search("SSL|certificate|closed by server|reset by peer", text):
        hint = "rediss:// for a server with TLS, redis:// for one without; ?ssl_ca_certs=FILE for a private authority"
    return UnreachableSourceError(
        f"{shown!r} cannot be reached: {uri.without_credentials(text).rstrip('.')}. Hint: {hint}."
    )


def not_found(key: str, shown: str, others: list[str]) -> SourceNotFoundError:
    """Return the error for a stream that is not there."""
    have = f"it has {', '.join(map(repr, others[:8]))}" if others else "it has no streams"
    return SourceNotFoundError(
        f"There is no stream {key!r} at {shown!r}; {have}. Hint: check ?stream= and the database."
    )
