"""Addresses of SQL databases: which one, which table or query, and which of its columns are what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from loganalytics.exceptions import InvalidArgumentError, SourceNotFoundError
from loganalytics.schema import CORE
from loganalytics.sources.credentials import login
from loganalytics.sources.uri import public

_KINDS = {"postgres": "postgresql", "mariadb": "mysql"}
_FILES = ("sqlite", "duckdb")
_MAPPED = [name for name in CORE if name not in ("severity_number", "source", "offset")]
# A login whose password nobody has percent-encoded: it may hold / ? #, and is no port.
_LOGIN = re.compile(r"^[^/?#@]*:(?!\d*(?:[/?#,]|$))\S*@")


@dataclass(frozen=True)
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
    password: str | None = field(default=None, repr=False)
    table: str | None = None
    query: str | None = None
    key: str | None = None
    """The column by which rows are told apart, and by which a tail knows what is new."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Core columns of the log frame, and the table's columns that they are."""

    def scrub(self, text: str) -> str:
        """Return a driver's message without addresses and password."""
        for secret in {self.password or "", quote(self.password or "", safe="")} - {""}:
            text = text.replace(secret, "***")
        return public(" ".join(text.split()))[:300]


def parse_address(address: str) -> Address:
    """Read an address such as postgresql://user:password@host/db?table=job_logs&timestamp=created_at&key=id.

    Options: table (with its schema where it needs one) or query (a SELECT); key; and the names of core columns
    (timestamp, level, service, logger, message, exception, trace_id), each with the table's column that it is. Others,
    such as sslmode, go to the driver. Files: sqlite:///relative.db, sqlite:////absolute.db, duckdb likewise.

    Raises SourceNotFoundError when there is no such file, InvalidArgumentError for both a table and a query.
    """
    scheme, _, rest = address.partition("://")
    kind = _KINDS.get(scheme.lower(), scheme.lower())
    user, rest = _login(rest)
    split = urlsplit(f"//{rest}")
    given = dict(parse_qsl(split.query, keep_blank_values=True))
    table, query, key = (given.pop(name, "") or None for name in ("table", "query", "key"))
    columns = {name: given.pop(name) for name in _MAPPED if name in given}
    if table and query:
        raise InvalidArgumentError(f"{public(address)!r} names both a table and a query. Hint: leave one out.")
    if kind in _FILES:
        path = _file(split.netloc, unquote(split.path), public(address))
        return Address(kind, f"{scheme}:///{path}", path, table=table, query=query, key=key, columns=columns)
    kept = login(split.hostname or "localhost", split.port)
    name, password = user[0] or kept.get("username", ""), user[1] or kept.get("password", "")
    who = quote(name, safe="") + (f":{quote(password, safe='')}" if password else "")
    dsn = f"{kind}://{who + '@' if who else ''}{split.netloc}{split.path}" + (f"?{urlencode(given)}" if given else "")
    host = f"{split.netloc or given.get('host', 'localhost')}"
    return Address(
        kind, f"{scheme}://{host}{split.path}", dsn=dsn, password=password or None, table=table, query=query, key=key,
        columns=columns,
    )  # fmt: skip


def _login(rest: str) -> tuple[tuple[str, str], str]:
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    loose = _LOGIN.match(rest)
    if not (loose or "@" in authority):
        return ("", ""), rest
    user, _, rest = (loose[0][:-1], "@", rest[loose.end() :]) if loose else rest.partition("@")
    name, _, password = user.partition(":")
    return (unquote(name), unquote(password)), rest


def _file(netloc: str, path: str, shown: str) -> str:
    """Return the file meant: as SQLAlchemy writes it, or simply with its whole path behind the scheme."""
    relative = netloc + path if netloc else path.removeprefix("/")
    found = next((name for name in (relative, path) if name and Path(name).is_file()), None)
    if found is None:
        raise SourceNotFoundError(
            f"There is no database {shown!r}. Hint: sqlite:///relative.db, sqlite:////absolute.db."
        )
    return found
