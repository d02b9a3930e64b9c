"""Which kind of server an address is of: the table of schemes. A package is imported when an address first needs it."""

from __future__ import annotations

import importlib
from typing import cast

from loganalytics.sources import uri
from loganalytics.sources.store import Store

# Scheme of the address -> the package whose store.py has a class `Store` that takes the address.
_PACKAGES: dict[str, str] = {
    **dict.fromkeys(("redis", "rediss", "valkey", "valkeys", "unix"), "redis_streams"),
    **dict.fromkeys(("redis+cluster", "rediss+cluster", "redis+sentinel", "rediss+sentinel"), "redis_streams"),
    **dict.fromkeys(("elasticsearch", "elasticsearch+https", "opensearch", "opensearch+https"), "elasticsearch"),
    **dict.fromkeys(("postgresql", "postgres", "mysql", "mariadb", "sqlite", "duckdb"), "sql"),
}


_SQL = [scheme for scheme, package in _PACKAGES.items() if package == "sql"]


def is_store(address: str) -> bool:
    """Whether the address names a store rather than a file or an object."""
    return _package_of(address) is not None


def has_query_language(address: str) -> bool:
    """Whether a condition for this address is in the language of its server, Lucene's, rather than in SQL."""
    return _package_of(address) == "elasticsearch"


def open_store(address: str) -> Store:
    """Return the store behind an address.

    Raises SourceNotFoundError, UnreadableSourceError, UnreachableSourceError and MissingExtraError, never with a
    secret in the message.
    """
    module = importlib.import_module(f"loganalytics.sources.{_package_of(address)}.store")
    return cast(Store, module.Store(address))


def _package_of(address: str) -> str | None:
    scheme = uri.scheme_of(address)
    is_sqlalchemy = scheme.partition("+")[0] in _SQL  # postgresql+psycopg2:// names the driver of another library
    return "sql" if is_sqlalchemy else _PACKAGES.get(scheme)
