"""Addresses of SQL databases: which one, which table or query, and which of its columns are what."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote, urlencode

from loganalytics.exceptions import InvalidArgumentError, SourceNotFoundError
from loganalytics.schema import CORE
from loganalytics.sources import uri
from loganalytics.sources.credentials_file import login
from loganalytics.sources.logins import Host
from loganalytics.sources.sql.environment import complete, kind_of, libpq_options
from loganalytics.times import parse_every

_FILE_KINDS = ("sqlite", "duckdb")
_COLUMN_OPTIONS = [name for name in CORE if name not in ("severity_number", "source", "offset")]
_MAX_MESSAGE_CHARS = 300


@dataclass(frozen=True, kw_only=True)
class Address:
    """What an address says, completed from the credentials file."""

    kind: str
    """postgresql, mysql, sqlite or duckdb."""
    source: str
    """The address without its secrets."""
    path: str = ""
    """Of the file, for SQLite and DuckDB."""
    dsn: str = field(default="", repr=False)
    """What the driver takes, for the others."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """What no message may show."""
    withheld: str = ""
    """Why the environment's login is not sent there, and how to have it sent."""
    table: str | None = None
    query: str | None = None
    key: str | None = None
    """The column that identifies a row, and by which a tail knows what is new."""
    overlap: float = 60.0
    """How far back a tail looks for rows that are committed late, in seconds; PostgreSQL's tables need none."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Core columns of the log frame, and the table's columns that they are."""

    def scrub(self, message: str) -> str:
        """Return a driver's message without addresses and secrets."""
        masked = uri.mask_secrets(message, self.secrets)
        return uri.scrub(" ".join(masked.split()))[:_MAX_MESSAGE_CHARS]


def parse_address(address: str, environment: Mapping[str, str] = os.environ) -> Address:
    """Read an address such as postgresql://user:password@host/db?table=job_logs&timestamp=created_at&key=id.

    Options: table (with its schema where it needs one) or query (a SELECT); key; overlap (how far back a tail looks,
    such as 5m); and the names of core columns (timestamp, level, service, logger, message, exception, trace_id), each
    with the table's column that it is. Others, such as sslmode, go to the driver. Files: sqlite:///relative.db,
    sqlite:////absolute.db, duckdb likewise.

    postgresql+psycopg2:// and the like, as SQLAlchemy writes them, and jdbc:postgresql:// mean the same. An address
    without host and database takes those of DATABASE_URL.

    Raises SourceNotFoundError when there is no such file, InvalidArgumentError for both a table and a query.
    """
    split, kind = complete(uri.split(address), environment), kind_of(uri.scheme_of(address))
    source = uri.without_credentials(f"{kind}://{split.authority}{split.path}")
    options = split.options
    table, query, key = (options.pop(name, "") or None for name in ("table", "query", "key"))
    columns = {name: options.pop(name) for name in _COLUMN_OPTIONS if name in options}
    overlap = parse_every(options.pop("overlap", "60s")).total_seconds()
    if table and query:
        raise InvalidArgumentError(f"{source!r} names both a table and a query. Hint: leave one out.")
    if kind in _FILE_KINDS:
        path = _find_file(split.authority, unquote(split.path), source)
        return Address(
            kind=kind, source=f"{kind}:///{path}", path=path, table=table, query=query, key=key,
            overlap=overlap, columns=columns,
        )  # fmt: skip
    dsn, password, reason = _driver_address(kind, split, options, environment)
    secrets = (password, *uri.secrets_of(address), *uri.secrets_of(environment.get("DATABASE_URL", "")))
    host = split.authority or options.get("host", "localhost")
    return Address(
        kind=kind, source=f"{kind}://{host}{split.path}", dsn=dsn, table=table, query=query, key=key,
        overlap=overlap, columns=columns, secrets=tuple(filter(None, secrets)), withheld=reason,
    )  # fmt: skip


def _driver_address(
    kind: str, split: uri.Uri, options: dict[str, str], environment: Mapping[str, str]
) -> tuple[str, str, str]:
    """Return the address for the driver, the password in it, and why one of the environment is not in it.

    The login is that of the address, or of the credentials file where it holds the same of all hosts.
    """
    hosts = _hosts(split.authority, options)
    stored = [login(name or "localhost", port) for name, port in hosts] or [{}]
    credentials = stored[0] if all(entry == stored[0] for entry in stored) else {}
    username = split.username or options.pop("user", "") or credentials.get("username", "")
    password = split.password or options.pop("password", "") or credentials.get("password", "")
    reason = ""
    if kind == "postgresql" and not password:
        guards, reason = libpq_options(hosts, options, environment)
        options |= guards
    user = quote(username, safe="") + (f":{quote(password, safe='')}" if password else "")
    query = f"?{urlencode(options, quote_via=quote)}" if options else ""
    return f"{kind}://{user}{'@' if user else ''}{split.authority}{split.path}{query}", password, reason


def _hosts(authority: str, options: Mapping[str, str]) -> list[Host]:
    """Return the hosts that libpq would connect to; none where its own settings name them."""
    names = [host for host in unquote(authority).split(",") if host]
    hosts = [uri.host_and_port(host) for host in names]
    options_hosts = [options[name] for name in ("host", "hostaddr") if name in options]
    hosts += [(name, None) for entry in options_hosts for name in entry.split(",")]
    return [(name.lower(), port) for name, port in hosts]


def _find_file(authority: str, path: str, source: str) -> str:
    """Return the file meant: as SQLAlchemy writes it, or simply with its full path behind the scheme."""
    relative = authority + path if authority else path.removeprefix("/")
    for candidate in (relative, path):
        if candidate and Path(candidate).is_file():
            return candidate
    raise SourceNotFoundError(f"There is no database {source!r}. Hint: sqlite:///relative.db, sqlite:////absolute.db.")
