"""Which database an address is of."""

from __future__ import annotations

from loganalytics.sources.sql.adbc import PostgreSQL, SQLite
from loganalytics.sources.sql.address import Address
from loganalytics.sources.sql.database import Database
from loganalytics.sources.sql.duckdb import DuckDB
from loganalytics.sources.sql.mysql import MySQL

_DATABASES: dict[str, type[Database]] = {"postgresql": PostgreSQL, "sqlite": SQLite, "duckdb": DuckDB, "mysql": MySQL}


def open_database(address: Address) -> Database:
    """Return the database behind an address; its driver is imported when it is first asked."""
    return _DATABASES[address.kind](address)
