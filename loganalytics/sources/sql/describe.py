"""What the tables of a database hold."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from loganalytics.exceptions import SourceError
from loganalytics.sources.sql.connection import open_database
from loganalytics.sources.sql.database import Database
from loganalytics.sources.sql.rows import Reading, Rows
from loganalytics.sources.store import DESCRIPTION_SCHEMA, ReadOptions

_SAMPLE = 1_000


def describe(database: Database) -> pl.DataFrame:
    """Return one row a table, with the columns of DESCRIPTION."""
    address = database.address
    tables = [address.table] if address.table or address.query else database.tables()
    return pl.DataFrame([_of_table(database, table) for table in tables], schema=DESCRIPTION_SCHEMA, orient="row")


def _of_table(database: Database, table: str | None) -> tuple[object, ...]:
    one = open_database(replace(database.address, table=table, columns={}, key=None) if table else database.address)
    try:
        rows = Rows.of(one)
        (entries,) = one.rows(rows.values("count(*) as n"))[0]
        reading = Reading(rows, "UTC")
        ends = [reading.frame(batch) for sql in _ends(rows, entries) for batch in one.batches(sql)]
        logs = pl.concat(ends, how="diagonal_relaxed").select("timestamp", "service") if ends else None
        size = database.size(table) if table else None
    except SourceError as error:
        return table, "table", None, None, None, None, None, None, None, str(error)
    first, last = (None, None) if logs is None else (logs["timestamp"].min(), logs["timestamp"].max())
    services = [] if logs is None else logs["service"].drop_nulls().unique().sort().to_list()
    return rows.source, "table", entries, first, last, size, services, None, None, None


def _ends(rows: Rows, entries: int) -> list[str]:
    """Return the queries for the first and, by time or key, the last rows."""
    head = rows.select(ReadOptions(), limit=_SAMPLE)
    return [head] if entries <= _SAMPLE else [head, rows.select(ReadOptions(), limit=_SAMPLE, newest=True)]
