"""DuckDB for a few lines or many: one database for each process."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


def cursor() -> duckdb.DuckDBPyConnection:
    """Return a connection of its own, to be closed."""
    return _database(os.getpid()).cursor()


@cache
def _database(process: int) -> duckdb.DuckDBPyConnection:
    """Return the database: to make one takes ten times as long as to parse a few lines with it."""
    import duckdb

    return duckdb.connect()
