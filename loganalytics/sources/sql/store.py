"""Tables of SQL databases as logs: each row as the database itself writes it in JSON, read as any JSON record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from loganalytics.exceptions import InvalidArgumentError
from loganalytics.filters.condition_check import check_condition
from loganalytics.sources import load_report
from loganalytics.sources.json_records import RecordCounters
from loganalytics.sources.read_options import ReadOptions
from loganalytics.sources.sql.address import parse_address
from loganalytics.sources.sql.connection import open_database
from loganalytics.sources.sql.decode import RowDecoder
from loganalytics.sources.sql.describe import describe
from loganalytics.sources.sql.query import Relation
from loganalytics.sources.sql.tail import table_reader
from loganalytics.sources.store import ConsumerGroup, TailReader


class Store:
    """The table or query behind one address: see address.parse_address()."""

    own_query = True
    counts_last = False

    def __init__(self, address: str) -> None:
        self.address = parse_address(address)
        table = self.address.table or ("query" if self.address.query else None)
        self.source = f"{self.address.source}?table={table}" if table else self.address.source
        self._counters: list[RecordCounters] = []

    def batches(self, options: ReadOptions) -> Iterator[pl.DataFrame]:
        """Yield log frames: `source` is the table, `offset` the key of each row, or its number where there is none.

        Raises SourceNotFoundError when there is no such table, UnreachableSourceError, InvalidArgumentError for a
        query that cannot be read.
        """
        self._check(options)
        database = open_database(self.address)
        relation = Relation.of(database)
        kind = "SQL table" if self.address.query is None else "SQL query"
        counters = RecordCounters(source=relation.source, format=kind)
        self._counters = [counters]
        decoder = RowDecoder(relation, options.hints)
        for batch in database.batches(relation.select(options)):
            frame = decoder.frame(batch)
            counters.add(frame, int(batch["line"].str.len_bytes().sum()))
            yield frame
        if not counters.events:
            yield decoder.frame(pl.DataFrame(schema={"line": pl.String, "key_text": pl.String}))

    def reader(
        self, options: ReadOptions, cursor: Mapping[str, Any] | None, group: ConsumerGroup | None = None
    ) -> TailReader:
        """Return a reader of what is new: see tail.py."""
        if group is not None:
            raise InvalidArgumentError(f"{self.source!r} has no consumer groups. Hint: leave group= out.")
        self._check(options)
        return table_reader(Relation.of(open_database(self.address)), options, cursor)

    def _check(self, options: ReadOptions) -> None:
        """Raise InvalidArgumentError, before anything is sent, for a condition that does more than to compare."""
        if options.query is not None:
            check_condition(options.query, self.address.kind)

    def describe(self) -> pl.DataFrame:
        """Return one row a table."""
        return describe(open_database(self.address))

    def report(self) -> pl.DataFrame:
        """Return one row for the table that was read."""
        return load_report.rows(counters.row() for counters in self._counters)
