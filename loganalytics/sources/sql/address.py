"""Addresses of SQL databases: which one, which table or query, and which of its columns are what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote, urlencode

from loganalytics.exceptions import InvalidArgumentError, SourceNotFoundError
from loganalytics.schema import CORE
from loganalytics.sources import uri
from loganalytics.sources.credentials_file import login
from loganalytics.times import parse_every

_KINDS = {"postgres": "postgresql", "mariadb": "mysql"}
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


def parse_address(address: str) -> Address:
    """Read an address such as postgresql://user:password@host/db?table=job_logs&timestamp=created_at&key=id.

    Options: table (with its schema where it needs one) or query (a SELECT); key; overlap (how far back a tail looks,
    such as 5m); and the names of core columns (timestamp, level, service, logger, message, exception, trace_id), each
    with the table's column that it is. Others, such as sslmode, go to the driver. Files: sqlite:///relative.db,
    sqlite:////absolute.db, duckdb likewise.

    Raises SourceNotFoundError when there is no such file, InvalidArgumentError for both a table and a query.
    """
    split, source = uri.split(address), uri.without_credentials(address)
    kind = _KINDS.get(split.scheme.lower(), split.scheme.lower())
    options = split.options
    table, query, key = (options.pop(name, "") or None for name in ("table", "query", "key"))
    columns = {name: options.pop(name) for name in _COLUMN_OPTIONS if name in options}
    overlap = parse_every(options.pop("overlap", "60s")).total_seconds()
    if table and query:
        raise InvalidArgumentError(f"{source!r} names both a table and a query. Hint: leave one out.")
    if kind in _FILE_KINDS:
        path = _find_file(split.authority, unquote(split.path), source)
        return Address(
            kind=kind, source=f"{split.scheme}:///{path}", path=path, table=table, query=query, key=key,
            overlap=overlap, columns=columns,
        )  # fmt: skip
    dsn, password = _driver_address(kind, split, options)
    host = split.authority or options.get("host", "localhost")
    return Address(
        kind=kind, source=f"{split.scheme}://{host}{split.path}", dsn=dsn, table=table, query=query, key=key,
        overlap=overlap, columns=columns, secrets=tuple(filter(None, (password, *uri.secrets_of(address)))),
    )  # fmt: skip


def _driver_address(kind: str, split: uri.Uri, options: dict[str, str]) -> tuple[str, str]:
    """Return the address for the driver, with the login of the address or of the credentials file; and the password."""
    (host, port), *_ = [uri.host_and_port(host) for host in split.authority.split(",")]
    credentials = login(host.lower() or "localhost", port)
    username = split.username or options.pop("user", "") or credentials.get("username", "")
    password = split.password or options.pop("password", "") or credentials.get("password", "")
    user = quote(username, safe="") + (f":{quote(password, safe='')}" if password else "")
    query = f"?{urlencode(options, quote_via=quote)}" if options else ""
    return f"{kind}://{user}{'@' if user else ''}{split.authority}{split.path}{query}", password


def _find_file(authority: str, path: str, source: str) -> str:
    """Return the file meant: as SQLAlchemy writes it, or simply with its full path behind the scheme."""
    relative = authority + path if authority else path.removeprefix("/")
    for candidate in (relative, path):
        if candidate and Path(candidate).is_file():
            return candidate
    raise SourceNotFoundError(f"There is no database {source!r}. Hint: sqlite:///relative.db, sqlite:////absolute.db.")
