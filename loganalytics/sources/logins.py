"""Which login goes to which host: none is sent to a host that it does not belong to.

A login in an address is that of its host, one of the credentials file that of the host of its table. One of the
environment belongs to the host that the environment names beside it (REDIS_URL, REDIS_HOST, ELASTICSEARCH_HOSTS,
PGHOST, DATABASE_URL); where it names none, to this machine alone. LOGANALYTICS_USE_ENV_LOGIN lists further hosts,
separated by commas, and `--use-env-login` adds those of the command line.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterable
from dataclasses import dataclass, field

from loganalytics.exceptions import InvalidArgumentError
from loganalytics.sources import uri

USE_ENVIRONMENT = "LOGANALYTICS_USE_ENV_LOGIN"
ALLOW_HTTP = "LOGANALYTICS_ALLOW_HTTP_LOGIN"

Host = tuple[str, int | None]
"""Name and port; None where the port does not matter."""


@dataclass(frozen=True, kw_only=True)
class Login:
    """What to log in with; its repr shows none of it."""

    username: str = ""
    password: str = field(default="", repr=False)
    api_key: str = field(default="", repr=False)
    withheld: str = ""
    """Why the environment's login is not sent, and how to have it sent; to follow an error of the server."""


def is_local(name: str) -> bool:
    """Whether a host is this machine: by its loopback address, or by a socket's path.

    >>> is_local("127.0.0.1"), is_local("localhost"), is_local("/run/redis.sock"), is_local("db.example.com")
    (True, True, True, False)
    """
    if name.lower() in ("", "localhost") or name.startswith(("/", "@")):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def belongs_to(host: Host, bound: Iterable[Host]) -> bool:
    """Whether a login of the environment may go to a host: it is bound to it, or allowed to go there.

    `bound` are the hosts that the environment names beside the login; without any it belongs to this machine.
    """
    hosts = list(bound)
    if _is_among(host, listed_hosts(USE_ENVIRONMENT)):
        return True
    return _is_among(host, hosts) if hosts else is_local(host[0])


def withheld(variable: str, host: Host, binding: str) -> str:
    """Return the sentence that says that a variable was not sent to a host, and how to have it sent."""
    return (
        f"{variable} was not sent: nothing says that it is the login of {host[0]!r}. Hint: set {binding} to that "
        f"host, or {USE_ENVIRONMENT}={host[0]}, or add --use-env-login; or write an entry of the credentials file."
    )


def listed_hosts(variable: str) -> list[Host]:
    """Return the hosts that a variable lists, separated by commas, each with a port or without."""
    return [_parse_host(entry.strip()) for entry in os.environ.get(variable, "").split(",") if entry.strip()]


def allow_hosts_of(addresses: Iterable[str]) -> None:
    """Let the environment's logins go to the hosts of addresses, for the rest of this process and those it starts."""
    named = [address for address in addresses if uri.has_scheme(address)]
    hosts = [host for address in named for host in uri.split(address).authority.split(",") if host]
    os.environ[USE_ENVIRONMENT] = ",".join(filter(None, [os.environ.get(USE_ENVIRONMENT, ""), *hosts]))


def check_http_login(source: str, hosts: Iterable[Host], hint: str) -> None:
    """Refuse to send a login over plain HTTP to another machine, where everybody on the way can read it.

    Raises InvalidArgumentError, unless LOGANALYTICS_ALLOW_HTTP_LOGIN lists the host.
    """
    allowed = listed_hosts(ALLOW_HTTP)
    for host in hosts:
        if not is_local(host[0]) and not _is_among(host, allowed):
            raise InvalidArgumentError(
                f"{source!r}: a login over plain http could be read on its way to {host[0]!r}. Hint: {hint}, or "
                f"{ALLOW_HTTP}={host[0]} where the network is safe."
            )


def _is_among(host: Host, hosts: Iterable[Host]) -> bool:
    return any(name.lower() == host[0].lower() and port in (None, host[1]) for name, port in hosts)


def _parse_host(entry: str) -> Host:
    return uri.host_and_port(uri.split(entry).authority)
