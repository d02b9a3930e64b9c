"""A database: how it is asked, and how it writes a row as JSON. Nothing in it is ever changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import polars as pl

from loganalytics.exceptions import SourceNotFoundError, UnreachableSourceError, UnreadableSourceError
from loganalytics.sources.sql.address import Address
from loganalytics.sources.sql.errors import to_source_error


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table or query; kind is timestamp, timestamptz, number, text, binary or other."""

    name: str
    kind: str


NamedColumns = Sequence[tuple[Column, str]]
"""Columns, and the name of each in the log frame."""


class Database:
    """One database; each kind has a module of its own."""

    batch_size = 50_000
    text_type = "text"
    """The type that values are cast to, to compare them as text."""
    numbers_transactions = False
    """Whether rows say which transaction wrote them, as those of PostgreSQL do."""
    kinds_are_guessed = False
    """Whether a column of one kind may hold values of another."""

    def __init__(self, address: Address) -> None:
        self.address = address

    def batches(self, sql: str) -> Iterator[pl.DataFrame]:
        """Yield the rows of a query, a bounded number at a time."""
        with self._translate_errors():
            yield from self._batches(sql)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query whose answer is small."""
        return [row for batch in self.batches(sql) for row in batch.iter_rows()]

    def columns(self, relation: str) -> list[Column]:
        """Return the columns of a table or query."""
        with self._translate_errors():
            return self._columns(relation)

    def quoted(self, identifier: str) -> str:
        """Return the identifier, quoted; parts of a table's name are joined by dots."""
        return '"' + identifier.replace('"', '""') + '"'

    def literal(self, value: int | float | str) -> str:
        """Return a value, quoted."""
        return repr(value) if isinstance(value, int | float) else "'" + value.replace("'", "''") + "'"

    def time_literal(self, iso: str, kind: str) -> str:
        """Return the literal of a time: in UTC for a timestamptz, else as the clock on the wall showed it."""
        return f"cast({self.literal(iso)} as {'timestamptz' if kind == 'timestamptz' else 'timestamp'})"

    def open_transaction_seconds(self) -> float | None:
        """Return how long the oldest transaction is open that may have written rows; None where it is not known."""
        return None

    def row_as_json(self, columns: NamedColumns) -> str:
        """Return the expression for a row of the relation `k` as a JSON object, the columns by other names."""
        raise NotImplementedError

    def tables(self) -> list[str]:
        """Return the names of the tables and views that are not the system's own."""
        raise NotImplementedError

    def primary_key(self, table: str) -> str | None:
        """Return the column that is the table's primary key, if it is one column."""
        raise NotImplementedError

    def table_bytes(self, table: str) -> int | None:
        """Return what a table takes, in bytes, where the database says."""
        return None

    def _batches(self, sql: str) -> Iterator[pl.DataFrame]:
        raise NotImplementedError

    def _columns(self, relation: str) -> list[Column]:
        raise NotImplementedError

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        """Turn a driver's error into one of ours; drivers quote the address with the password in it."""
        try:
            yield
        except (ImportError, SourceNotFoundError, UnreachableSourceError, UnreadableSourceError, GeneratorExit):
            raise
        except BaseException as error:  # connectorx panics with an error that is not an Exception
            if isinstance(error, KeyboardInterrupt | SystemExit | MemoryError):
                raise
            raise to_source_error(error, self.address) from None


def arrow_columns(schema: Any) -> list[Column]:
    """Return the columns of an Arrow schema."""
    return [Column(name=field.name, kind=_arrow_kind(field.type)) for field in schema]


def _arrow_kind(dtype: Any) -> str:
    import pyarrow.types as types

    if types.is_timestamp(dtype):
        return "timestamp" if dtype.tz is None else "timestamptz"
    if types.is_integer(dtype) or types.is_floating(dtype) or types.is_decimal(dtype):
        return "number"
    return "text" if types.is_string(dtype) or types.is_large_string(dtype) else "other"
