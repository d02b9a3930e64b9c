"""What the environment says of a Redis server: where it is, which database, and the login that belongs to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from loganalytics.exceptions import InvalidArgumentError
from loganalytics.sources import credentials_file, uri
from loganalytics.sources.logins import Host, Login, belongs_to, withheld

_PORT = 6379
_DATABASES = ("REDIS_DB", "REDIS_DATABASE_INDEX")
_PASSWORDS = ("REDIS_PASSWORD", "REDISCLI_AUTH")


def complete(address: uri.Uri, environment: Mapping[str, str]) -> uri.Uri:
    """Return an address with what it leaves out: the host of REDIS_URL or REDIS_HOST, and the database.

    The database is that of the environment's server, for an address of another one it is 0.
    """
    if address.scheme.lower() == "unix" or "db" in address.options:
        return address
    if not address.authority:
        address = _with_host(address, environment)
    kind = address.scheme.partition("+")[2].lower()
    has_database = address.path.strip("/").count("/") if kind == "sentinel" else address.path.strip("/")
    database = next(filter(None, map(environment.get, _DATABASES)), "")
    if not database or has_database or kind == "cluster" or address.scheme.lower() == "unix":
        return address
    named = named_hosts(environment)
    if named and not belongs_to(_hosts(address.authority)[0], named):
        return address
    if not database.isdecimal():
        raise InvalidArgumentError("REDIS_DB is not the number of a database. Hint: REDIS_DB=0.")
    return replace(address, path=f"{address.path.rstrip('/')}/{database}")


def named_hosts(environment: Mapping[str, str]) -> list[Host]:
    """Return the hosts that REDIS_URL and REDIS_HOST name: to them the environment's login belongs."""
    url = _url(environment)
    hosts = _hosts(url.authority) if url.scheme and url.scheme != "unix" else []
    if url.scheme == "unix":
        hosts.append((url.path, None))
    if environment.get("REDIS_HOST"):
        hosts.append((environment["REDIS_HOST"], _port(environment)))
    return hosts


def find_login(hosts: Sequence[Host], username: str, environment: Mapping[str, str]) -> Login:
    """Return the login for hosts: of the credentials file, else of the environment where it belongs to all of them."""
    stored = [credentials_file.login(*host) for host in hosts]
    if stored and all(entry == stored[0] and entry.get("password") for entry in stored):
        return Login(username=username or stored[0].get("username", ""), password=stored[0]["password"])
    variable = next((name for name in _PASSWORDS if environment.get(name)), "")
    url = _url(environment)
    if not (variable or url.password):
        return Login()
    named = named_hosts(environment)
    refused = [host for host in hosts if not belongs_to(host, named)]
    if refused:
        return Login(withheld=withheld(variable or "The login of REDIS_URL", refused[0], "REDIS_HOST or REDIS_URL"))
    if variable:
        return Login(username=username or environment.get("REDIS_USERNAME", ""), password=environment[variable])
    return Login(username=username or url.username, password=url.password)


def _with_host(address: uri.Uri, environment: Mapping[str, str]) -> uri.Uri:
    """Return an address without a host with that of the environment; what the address says itself goes first."""
    url = _url(environment)
    if url.scheme and (url.authority or url.path):
        is_plain = address.scheme.lower() in ("redis", "valkey")
        own_path = address.path.strip("/") and url.scheme != "unix"
        return replace(
            address, scheme=url.scheme if is_plain else address.scheme, username=address.username or url.username,
            password=address.password or url.password, authority=url.authority,
            path=address.path if own_path else url.path, query="&".join(filter(None, (url.query, address.query))),
        )  # fmt: skip
    name, port = environment.get("REDIS_HOST", ""), _port(environment)
    if not (name or port):
        return address
    bracketed = f"[{name}]" if ":" in name and not name.startswith("[") else name or "localhost"
    return replace(address, authority=f"{bracketed}:{port}" if port else bracketed)


def _url(environment: Mapping[str, str]) -> uri.Uri:
    text = environment.get("REDIS_URL", "").strip().strip("\"'")  # Docker keeps the quotes of an environment file
    if text and not uri.has_scheme(text):
        raise InvalidArgumentError("REDIS_URL is not an address. Hint: REDIS_URL=redis://host:6379/0.")
    return uri.split(text)


def _hosts(authority: str) -> list[Host]:
    hosts = [uri.host_and_port(host) for host in authority.split(",")]
    return [(name or "localhost", port or _PORT) for name, port in hosts]


def _port(environment: Mapping[str, str]) -> int | None:
    """Return REDIS_PORT, which Kubernetes sets to tcp://10.0.0.1:6379 for a service named redis."""
    text = environment.get("REDIS_PORT", "").rpartition(":")[2]
    try:
        return uri.host_and_port(f"redis:{text}")[1] if text else None
    except InvalidArgumentError:
        raise InvalidArgumentError("REDIS_PORT is not the number of a port. Hint: REDIS_PORT=6379.") from None
