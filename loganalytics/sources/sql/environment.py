"""What the environment says of a database: DATABASE_URL, and what libpq would send to any server."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from loganalytics.sources import uri
from loganalytics.sources.logins import Host, belongs_to, is_local, withheld

_KINDS = {"postgres": "postgresql", "postgis": "postgresql", "mariadb": "mysql"}
_NO_FILE = str(Path(__file__).with_name("no-password-file"))  # libpq passes over a file that is not there


def kind_of(scheme: str) -> str:
    """Return the kind of database of a scheme; SQLAlchemy writes a driver behind it.

    >>> kind_of("postgresql+psycopg2"), kind_of("mariadb+pymysql")
    ('postgresql', 'mysql')
    """
    name = scheme.lower().partition("+")[0]
    return _KINDS.get(name, name)


def complete(address: uri.Uri, environment: Mapping[str, str]) -> uri.Uri:
    """Return an address that names neither host nor database with those of DATABASE_URL, if that is of its kind.

    For a server that DATABASE_URL names, its login is that of an address without one.
    """
    url = uri.split(environment.get("DATABASE_URL", "").strip("\"'"))  # Docker keeps quotes
    if kind_of(url.scheme) != kind_of(address.scheme):
        return address
    is_bare = not (address.authority or address.path.strip("/") or {"host", "hostaddr", "service"} & {*address.options})
    is_same = bool(address.authority) and address.authority.lower() == url.authority.lower()
    has_login = address.password or {"user", "password"} & {*address.options}
    if is_bare or (is_same and not has_login and address.username in ("", url.username)):
        address = replace(address, username=address.username or url.username, password=address.password or url.password)
    if not is_bare:
        return address
    query = "&".join(filter(None, (url.query, address.query)))
    return replace(address, authority=url.authority, path=url.path, query=query)


def libpq_options(
    hosts: list[Host], options: Mapping[str, str], environment: Mapping[str, str]
) -> tuple[dict[str, str], str]:  # fmt: skip
    """Return options that keep libpq from sending a login to hosts that it does not belong to; and why.

    Without a password it takes PGPASSWORD or that of a service for any host, and ~/.pgpass, with lines for any host.
    """
    named = [(name, None) for name in re.split(",", environment.get("PGHOST", "")) if name]
    named += [(name, None) for name in re.split(",", environment.get("PGHOSTADDR", "")) if name]
    refused = [host for host in hosts if not belongs_to(host, named)]
    if not refused or (not hosts and "service" in options):
        return {}, ""
    variable = next((name for name in ("PGPASSWORD", "PGSERVICE") if environment.get(name)), "")
    reason = withheld(variable, refused[0], "PGHOST") if variable else ""
    has_own_line = all(is_local(name) or _has_line(name, environment) for name, _ in hosts)
    return {"password": ""} | ({} if has_own_line else {"passfile": _NO_FILE}), reason


def _has_line(host: str, environment: Mapping[str, str]) -> bool:
    """Whether the first line of the password file that may be of a host names it, rather than any host."""
    path = Path(environment.get("PGPASSFILE") or "~/.pgpass").expanduser()
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    names = [re.split(r"(?<!\\):", line)[0] for line in lines if line.strip() and not line.startswith("#")]
    first = next((name for name in names if name in (host, "*")), "")
    return first == host
