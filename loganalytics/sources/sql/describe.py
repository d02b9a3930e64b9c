"""What the tables of a database hold."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from loganalytics.exceptions import SourceError, UnreachableSourceError
from loganalytics.formats.hints import NO_HINTS
from loganalytics.sources.read_options import ReadOptions
from loganalytics.sources.sql.connection import open_database
from loganalytics.sources.sql.database import Database
from loganalytics.sources.sql.decode import RowDecoder
from loganalytics.sources.sql.query import Relation
from loganalytics.sources.store import DESCRIPTION_SCHEMA

_END_ROWS = 1_000


def describe(database: Database) -> pl.DataFrame:
    """Return one row a table, with the columns of DESCRIPTION_SCHEMA."""
    address = database.address
    tables = [address.table] if address.table or address.query else database.tables()
    return pl.DataFrame([_describe_table(database, table) for table in tables], schema=DESCRIPTION_SCHEMA)


def _describe_table(database: Database, table: str | None) -> dict[str, object]:
    """Return the row of a table, or of the address's query for None."""
    if table:
        database = open_database(replace(database.address, table=table, columns={}, key=None))
    try:
        relation = Relation.of(database)
        (entries,) = database.rows(relation.select_expression("count(*) as n"))[0]
        return {
            "source": relation.source, "kind": "table", "entries": entries, **_sample_facts(relation, entries),
            "bytes": database.table_bytes(table) if table else None,
        }  # fmt: skip
    except UnreachableSourceError:
        raise
    except SourceError as error:
        return {"source": table, "kind": "table", "note": str(error)}


def _sample_facts(relation: Relation, entries: int) -> dict[str, object]:
    """Return the times and services of the first and, by time or key, the last rows."""
    decoder = RowDecoder(relation, NO_HINTS)
    queries = [relation.select(ReadOptions(), limit=_END_ROWS)]
    if entries > _END_ROWS:
        queries.append(relation.select(ReadOptions(), limit=_END_ROWS, newest=True))
    frames = [decoder.frame(batch) for sql in queries for batch in relation.database.batches(sql)]
    if not frames:
        return {"services": []}
    events = pl.concat(frames, how="diagonal_relaxed")
    return {
        "first_seen": events["timestamp"].min(),
        "last_seen": events["timestamp"].max(),
        "services": events["service"].drop_nulls().unique().sort().to_list(),
    }
