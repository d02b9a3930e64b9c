"""Tables of SQL databases as logs: each row as the database itself writes it in JSON, read as any JSON record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from loganalytics.exceptions import InvalidArgumentError
from loganalytics.sources.json_records import Counts
from loganalytics.sources.load_report import LOAD_REPORT_SCHEMA
from loganalytics.sources.sql.address import parse_address
from loganalytics.sources.sql.connection import open_database
from loganalytics.sources.sql.decode import RowDecoder
from loganalytics.sources.sql.describe import describe
from loganalytics.sources.sql.query import Relation
from loganalytics.sources.sql.tail import TableReader
from loganalytics.sources.store import ConsumerGroup, ReadOptions, TailReader


class Store:
    """The table or query behind one address: see address.parse_address()."""

    own_query = True

    def __init__(self, address: str) -> None:
        self.address = parse_address(address)
        table = self.address.table or ("query" if self.address.query else None)
        self.source = f"{self.address.source}?table={table}" if table else self.address.source
        self._counts: list[Counts] = []

    def batches(self, options: ReadOptions) -> Iterator[pl.DataFrame]:
        """Yield log frames: `source` is the table, `offset` the key of each row, or its number where there is none.

        Raises SourceNotFoundError when there is no such table, UnreachableSourceError, InvalidArgumentError for a
        query that cannot be read.
        """
        database = open_database(self.address)
        relation = Relation.of(database)
        counts = Counts(relation.source, "SQL table" if self.address.query is None else "SQL query")
        self._counts = [counts]
        decoder = RowDecoder(relation, options.tz)
        for batch in database.batches(relation.select(options)):
            frame = decoder.frame(batch)
            counts.add(frame, int(batch["line"].str.len_bytes().sum()))
            yield frame
        if not counts.events:
            yield decoder.frame(pl.DataFrame(schema={"line": pl.String, "key_text": pl.String}))

    def reader(
        self, options: ReadOptions, cursor: Mapping[str, Any] | None, group: ConsumerGroup | None = None
    ) -> TailReader:
        """Return a reader of what is new by the key: see tail.py."""
        if group is not None:
            raise InvalidArgumentError(f"{self.source!r} has no consumer groups. Hint: leave group= out.")
        return TableReader(Relation.of(open_database(self.address)), options, cursor)

    def describe(self) -> pl.DataFrame:
        """Return one row a table."""
        return describe(open_database(self.address))

    def report(self) -> pl.DataFrame:
        """Return one row for the table that was read."""
        return pl.DataFrame([count.row() for count in self._counts], schema=LOAD_REPORT_SCHEMA, orient="row")
