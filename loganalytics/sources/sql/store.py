"""Tables of SQL databases as logs: each row as the database itself writes it in JSON, read as any JSON record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from loganalytics.exceptions import InvalidArgumentError
from loganalytics.sources import load_report
from loganalytics.sources.json_records import RecordCounters
from loganalytics.sources.sql import address as addresses
from loganalytics.sources.sql import tail
from loganalytics.sources.sql.connection import open_database
from loganalytics.sources.sql.describe import describe
from loganalytics.sources.sql.rows import Reading, Rows
from loganalytics.sources.store import ConsumerGroup, ReadOptions, TailReader


class Store:
    """The table or query behind one address: see address.parse()."""

    own_query = True

    def __init__(self, address: str) -> None:
        self.address = addresses.parse(address)
        which = self.address.table or ("query" if self.address.query else None)
        self.source = f"{self.address.source}?table={which}" if which else self.address.source
        self._counts: list[RecordCounters] = []

    def batches(self, want: ReadOptions) -> Iterator[pl.DataFrame]:
        """Yield log frames: `source` is the table, `offset` the key of each row, or its number where there is none.

        Raises SourceNotFoundError when there is no such table, UnreachableSourceError, InvalidArgumentError for a
        query that cannot be read.
        """
        database = open_database(self.address)
        rows = Rows.of(database)
        counts = RecordCounters(source=rows.source, format="SQL table" if self.address.query is None else "SQL query")
        self._counts = [counts]
        reading = Reading(rows, want.tz)
        for batch in database.batches(rows.select(want)):
            frame = reading.frame(batch)
            counts.add(frame, int(batch["line"].str.len_bytes().sum()))
            yield frame
        if not counts.events:
            yield reading.frame(pl.DataFrame(schema={"line": pl.String, "place": pl.String}))

    def reader(
        self, want: ReadOptions, cursor: Mapping[str, Any] | None, group: ConsumerGroup | None = None
    ) -> TailReader:
        """Return a reader of what is new by the key: see tail.py."""
        if group is not None:
            raise InvalidArgumentError(f"{self.source!r} knows no consumer groups. Hint: leave group= out.")
        return tail.TableReader(Rows.of(open_database(self.address)), want, cursor)

    def describe(self) -> pl.DataFrame:
        """Return one row a table."""
        return describe(open_database(self.address))

    def report(self) -> pl.DataFrame:
        """Return one row for the table that was read."""
        return load_report.rows(count.row() for count in self._counts)
