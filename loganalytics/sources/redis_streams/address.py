"""Addresses of Redis and Valkey: from the text a user writes to a client, without showing its secrets.

    redis://user:password@host:6379/0?stream=a&stream=b     rediss:// is the same over TLS; valkey://, valkeys:// too
    unix:///run/redis.sock?db=0&stream=a
    redis+cluster://host:7000,host:7001?stream=a            rediss+cluster:// over TLS
    redis+sentinel://host:26379,host:26380/master/0?stream=a

Without a host it is that of REDIS_URL, or REDIS_HOST and REDIS_PORT, and without a database that of REDIS_DB or
REDIS_DATABASE_INDEX: see environment.py. Without ?stream= the streams are found, those named in
LOGANALYTICS_REDIS_STREAMS first. All other parameters are redis-py's: ssl_ca_certs, ssl_check_hostname, socket_timeout,
client_name and so on.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, quote, unquote, urlencode

from loganalytics.exceptions import InvalidArgumentError, UnreachableSourceError
from loganalytics.sources import uri
from loganalytics.sources.logins import Login, belongs_to, is_local
from loganalytics.sources.redis_streams import environment as settings

if TYPE_CHECKING:
    from redis import Redis, RedisCluster

    Client = Redis | RedisCluster

_TIMEOUTS: dict[str, Any] = {"socket_connect_timeout": 5.0, "socket_timeout": 20.0}


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where a server is, which of its streams are meant, and how to log in; its repr has no secret."""

    source: str
    """The address without its secrets and parameters."""
    streams: tuple[str, ...]
    kind: str
    """"single", "cluster" or "sentinel"."""
    hosts: tuple[tuple[str, int], ...] = ()
    master: str = ""
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Arguments of redis-py's connection."""
    withheld: str = ""
    """Why the environment's login is not sent there, and how to have it sent."""
    is_login_local: bool = False
    """Whether the login is not the address's own, and belongs to this machine: other nodes do not get it."""

    def connect(self, **defaults: Any) -> Client:
        """Return a client, which connects when it is first used; what the address says goes before the defaults."""
        import redis as untyped

        redis: Any = untyped  # half of it is annotated
        options = _TIMEOUTS | defaults | dict(self.options)
        if self.kind == "cluster":
            if self.is_login_local:
                options["address_remap"] = local_node
            nodes = [redis.cluster.ClusterNode(host, port) for host, port in self.hosts]
            return cast("Client", redis.RedisCluster(startup_nodes=nodes, **options))
        if self.kind == "sentinel":
            names = {"socket_timeout", "socket_connect_timeout", "retry"} & options.keys()
            tls = {name: value for name, value in options.items() if name.startswith("ssl")}
            sentinel_options = {name: options[name] for name in names} | tls
            sentinel = redis.Sentinel(list(self.hosts), sentinel_kwargs=sentinel_options, **options)
            if self.is_login_local:
                discover_master = sentinel.discover_master
                sentinel.discover_master = lambda name: local_node(discover_master(name))
            return cast("Client", sentinel.master_for(self.master))
        return cast("Client", redis.Redis(connection_pool=redis.ConnectionPool(**options)))


def parse_address(address: str, environment: Mapping[str, str] = os.environ) -> Address:
    """Read an address.

    Raises InvalidArgumentError, without a secret of the address in it, for one that makes no sense.
    """
    split = settings.complete(uri.split(address), environment)
    source = uri.without_credentials(f"{split.scheme}://{split.authority}{split.path}")
    base, _, kind = split.scheme.lower().replace("valkey", "redis").partition("+")
    # The key of a stream may hold a "#".
    parameters = parse_qsl("#".join(filter(None, (split.query, split.fragment))), keep_blank_values=True)
    options = [(name, value) for name, value in parameters if name != "stream"]
    _check_names([name for name, _ in options], source)
    hosts = [] if base == "unix" else _parse_hosts(split.authority, 26379 if kind == "sentinel" else 6379)
    master, path = _split_sentinel_path(split.path, source) if kind == "sentinel" else ("", split.path)
    password = f":{quote(split.password, safe='')}" if split.password else ""
    user = f"{quote(split.username, safe='')}{password}@" if split.username or password else ""
    query = f"?{urlencode(options)}" if options else ""
    single = f"{base}://{user}{split.authority.split(',')[0]}{path}{query}"
    arguments = _connection_options(single, kind or "single", source)
    login = (
        Login()
        if "password" in arguments
        else settings.find_login(hosts or [(unquote(split.path), None)], split.username, environment)
    )
    if login.password:
        arguments |= {"password": login.password} | ({"username": login.username} if login.username else {})
    return Address(
        source=source,
        streams=tuple(dict.fromkeys(value for name, value in parameters if name == "stream" and value)),
        kind=kind or "single",
        hosts=tuple(hosts),
        master=unquote(master),
        options=arguments,
        withheld=login.withheld,
        is_login_local=bool(login.password) and all(is_local(name) for name, _ in hosts),
    )


def local_node(node: tuple[str, int]) -> tuple[str, int]:
    """Return a node that a cluster or a sentinel names.

    Raises UnreachableSourceError for one on another machine: the environment's login is not for it.
    """
    if not belongs_to(node, ()):
        raise UnreachableSourceError(
            f"The node {node[0]!r} is on another machine, to which the environment's login does not belong. Hint: give "
            f"user and password in the address, or set LOGANALYTICS_USE_ENV_LOGIN={node[0]}."
        )
    return node


_NO_PARAMETERS = (
    "host", "port", "path", "connection_class", "retry", "retry_on_error", "parser_class", "encoder_class",
    "credential_provider", "event_dispatcher", "redis_connect_func", "command_packer", "maint_notifications_config",
    "oss_cluster_maint_notifications_handler", "protocol", "decode_responses",
)  # fmt: skip
_HINT = "Hint: redis://user:password@host:6379/0?stream=key, with / ? # @ of a password percent-encoded (%2F …)."


def _split_sentinel_path(path: str, source: str) -> tuple[str, str]:
    """Return the name of the master, and the path of the database."""
    master, _, database = path.strip("/").partition("/")
    if not master:
        raise InvalidArgumentError(f"{source!r} names no master. Hint: redis+sentinel://host:26379/mymaster?stream=…")
    return master, f"/{database}"


def _parse_hosts(authority: str, default_port: int) -> list[tuple[str, int]]:
    hosts = [uri.host_and_port(host) for host in authority.split(",")]
    return [(unquote(name) or "localhost", port or default_port) for name, port in hosts]


def _check_names(names: list[str], source: str) -> None:
    """Refuse parameters that would replace the host that the address names, or objects of redis-py."""
    refused = [name for name in names if name in _NO_PARAMETERS]
    if refused:
        raise InvalidArgumentError(
            f"{source!r} has the unknown parameter {refused[0]!r}. Hint: stream=, or redis-py's."
        )


def _connection_options(url: str, kind: str, source: str) -> dict[str, Any]:
    """Return redis-py's arguments for a connection, with the login of the address."""
    import redis as untyped

    redis: Any = untyped
    options = _parse_options(url, source)
    if kind != "single":
        options = {name: value for name, value in options.items() if name not in ("host", "port")}
        if options.pop("connection_class", None) is redis.SSLConnection:
            options["ssl"] = True
    if kind == "cluster":
        options.pop("db", None)
    # RESP2 answers are plain lists, which go to columns as they are; retries are for who reads, who knows from where.
    no_retry = redis.retry.Retry(redis.backoff.NoBackoff(), 0)
    return options | {"protocol": 2, "decode_responses": False, "retry": no_retry}


def _parse_options(url: str, source: str) -> dict[str, Any]:
    import redis as untyped

    redis: Any = untyped
    try:
        options = dict(redis.connection.parse_url(url))
    except ValueError:  # its message may quote the address
        raise InvalidArgumentError(f"{source!r} is not a valid address of a server. {_HINT}") from None
    classes = redis.SSLConnection.__mro__
    allowed = {name for connection_class in classes for name in inspect.signature(connection_class).parameters}
    unknown = sorted(set(options) - allowed - {"connection_class", "path", "max_connections", "timeout"})
    if unknown:
        hint = "Hint: stream=, or redis-py's."
        raise InvalidArgumentError(f"{source!r} has the unknown parameter {unknown[0]!r}. {hint}")
    return options
