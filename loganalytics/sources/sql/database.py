"""A database: how it is asked, and how it writes a row as JSON. Nothing in it is ever changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import polars as pl

from loganalytics.exceptions import (
    InvalidArgumentError,
    SourceNotFoundError,
    UnreachableSourceError,
    UnreadableSourceError,
)
from loganalytics.sources.sql.address import Address

_UNKNOWN = re.compile(r"no such table|does not exist|doesn't exist|Catalog Error: Table|Unknown database", re.I)
_BROKEN = re.compile(r"syntax|no such column|Unknown column|Binder Error|Parser Error|column .* does not exist", re.I)
_LOST = re.compile(
    r"connect|authentication|Access denied|password|timed? ?out|server closed|refused|SSL|pool|terminat|I/O", re.I
)


@dataclass(frozen=True)
class Column:
    """A column of a table or query; kind is timestamp, timestamptz, number, text, binary or other."""

    name: str
    kind: str


class Database:
    """One database; each kind has a module of its own."""

    batch_size = 50_000
    text = "text"
    """The type that values are cast to, to compare them as text."""

    def __init__(self, address: Address) -> None:
        self.address = address

    def batches(self, sql: str) -> Iterator[pl.DataFrame]:
        """Yield the rows of a query, a bounded number at a time."""
        with self._told():
            yield from self._batches(sql)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query whose answer is small."""
        return [row for batch in self.batches(sql) for row in batch.iter_rows()]

    def columns(self, relation: str) -> list[Column]:
        """Return the columns of a table or query."""
        with self._told():
            return self._columns(relation)

    def name(self, identifier: str) -> str:
        """Return the identifier, quoted; parts of a table's name are joined by dots."""
        return '"' + identifier.replace('"', '""') + '"'

    def literal(self, value: int | float | str) -> str:
        """Return a value, quoted."""
        return repr(value) if isinstance(value, int | float) else "'" + value.replace("'", "''") + "'"

    def moment(self, iso: str, kind: str) -> str:
        """Return the literal of a time: in UTC for a timestamptz, else as the clock on the wall showed it."""
        return f"cast({self.literal(iso)} as {'timestamptz' if kind == 'timestamptz' else 'timestamp'})"

    def json(self, columns: Sequence[tuple[Column, str]]) -> str:
        """Return the expression for a row of the relation `k` as a JSON object, the columns by other names."""
        raise NotImplementedError

    def tables(self) -> list[str]:
        """Return the names of the tables and views that are not the system's own."""
        raise NotImplementedError

    def key(self, table: str) -> str | None:
        """Return the column that is the table's primary key, if it is one column."""
        raise NotImplementedError

    def size(self, table: str) -> int | None:
        """Return what a table takes, in bytes, where the database tells."""
        return None

    def _batches(self, sql: str) -> Iterator[pl.DataFrame]:
        raise NotImplementedError

    def _columns(self, relation: str) -> list[Column]:
        raise NotImplementedError

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn a driver's error into one of ours; drivers quote the address with the password in it."""
        try:
            yield
        except (ImportError, SourceNotFoundError, UnreachableSourceError, UnreadableSourceError, GeneratorExit):
            raise
        except BaseException as error:  # connectorx panics with an error that is no Exception
            if isinstance(error, KeyboardInterrupt | SystemExit | MemoryError):
                raise
            reason = self.address.scrub(str(error)) or type(error).__name__
            raise _error(self.address, reason) from None


def kind_of(dtype: Any) -> str:
    """Return the kind of a column of an Arrow type."""
    import pyarrow.types as types

    if types.is_timestamp(dtype):
        return "timestamp" if dtype.tz is None else "timestamptz"
    if types.is_integer(dtype) or types.is_floating(dtype) or types.is_decimal(dtype):
        return "number"
    return "text" if types.is_string(dtype) or types.is_large_string(dtype) else "other"


def _error(address: Address, reason: str) -> Exception:
    if _BROKEN.search(reason):
        return InvalidArgumentError(
            f"{address.source!r} cannot read the SQL: {reason}. Hint: query= is a condition over its columns."
        )
    if _UNKNOWN.search(reason):
        return SourceNotFoundError(f"{address.source!r}: {reason}. Hint: describe() lists the tables that there are.")
    if _LOST.search(reason):
        return UnreachableSourceError(f"{address.source!r}: {reason}. Hint: check host, port, user and password.")
    return UnreadableSourceError(f"{address.source!r}: {reason}.")
