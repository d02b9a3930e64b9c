"""The databases: how each one is asked, and how it writes a row as JSON. Nothing in them is ever changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import polars as pl

from loganalytics.exceptions import (
    InvalidArgumentError,
    MissingExtraError,
    SourceNotFoundError,
    UnreachableSourceError,
    UnreadableSourceError,
)
from loganalytics.sources.sql.addresses import Address

BATCH = 50_000
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
    """One database; its kinds are below."""

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


def open_database(address: Address) -> Database:
    """Return the database behind an address.

    Raises MissingExtraError when its driver is not installed.
    """
    from loganalytics.sources.sql.mysql import MySQL

    kinds = {"postgresql": _PostgreSQL, "sqlite": _SQLite, "duckdb": _DuckDB, "mysql": MySQL}
    return kinds[address.kind](address)


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


class _Adbc(Database):
    """A database with a driver of the Arrow project."""

    def _connect(self) -> Any:
        raise NotImplementedError

    def _batches(self, sql: str) -> Iterator[pl.DataFrame]:
        with self._connect() as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            held: list[pl.DataFrame] = []
            for batch in cursor.fetch_record_batch():
                held.append(pl.DataFrame(batch))
                if sum(frame.height for frame in held) >= BATCH:
                    yield from pl.concat(held).iter_slices(BATCH)
                    held = []
            if held:
                yield from pl.concat(held).iter_slices(BATCH)

    def _arrow_columns(self, relation: str) -> list[Column]:
        with self._connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"select * from {relation} as r limit 0")
            schema = cursor.fetch_record_batch().schema
        return [Column(field.name, kind_of(field.type)) for field in schema]


def kind_of(dtype: Any) -> str:
    """Return the kind of a column of an Arrow type."""
    import pyarrow.types as types

    if types.is_timestamp(dtype):
        return "timestamp" if dtype.tz is None else "timestamptz"
    if types.is_integer(dtype) or types.is_floating(dtype) or types.is_decimal(dtype):
        return "number"
    return "text" if types.is_string(dtype) or types.is_large_string(dtype) else "other"


class _PostgreSQL(_Adbc):
    def _connect(self) -> Any:
        try:
            from adbc_driver_postgresql import dbapi
        except ImportError:
            raise MissingExtraError("adbc-driver-postgresql", "sql") from None
        connection = dbapi.connect(self.address.dsn)
        with connection.cursor() as cursor:
            cursor.execute("set transaction read only")
        return connection

    def _columns(self, relation: str) -> list[Column]:
        return self._arrow_columns(relation)

    def json(self, columns: Sequence[tuple[Column, str]]) -> str:
        named = ", ".join(f"k.{self.name(column.name)} as {self.name(name)}" for column, name in columns)
        return f"""json_strip_nulls(row_to_json((select "the row" from (select {named}) as "the row")))::text"""

    def tables(self) -> list[str]:
        found = self.rows(
            "select case when table_schema = current_schema() then '' else table_schema || '.' end || table_name from "
            "information_schema.tables where table_schema not in ('pg_catalog', 'information_schema') order by 1"
        )
        return [name for (name,) in found]

    def key(self, table: str) -> str | None:
        found = self.rows(
            "select a.attname::text from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = "
            f"any(i.indkey) where i.indisprimary and i.indrelid = {self.literal(_regclass(self, table))}::regclass"
        )
        return found[0][0] if len(found) == 1 else None

    def size(self, table: str) -> int | None:
        found = self.rows(f"select pg_total_relation_size({self.literal(_regclass(self, table))}::regclass)")
        return int(found[0][0])


def _regclass(database: Database, table: str) -> str:
    return ".".join(database.name(part) for part in table.split("."))


class _SQLite(_Adbc):
    def _connect(self) -> Any:
        try:
            from adbc_driver_sqlite import dbapi
        except ImportError:
            raise MissingExtraError("adbc-driver-sqlite", "sql") from None
        path = self.address.path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
        return dbapi.connect(f"file:{path}?mode=ro")

    def _columns(self, relation: str) -> list[Column]:
        declared = {name: _declared(kind) for name, kind in self._declarations(relation)}
        return [Column(column.name, declared.get(column.name, "text")) for column in self._arrow_columns(relation)]

    def _declarations(self, relation: str) -> list[tuple[str, str]]:
        if relation.startswith("("):
            return []
        table = self.literal(relation.strip('"').replace('""', '"'))
        sql = f"select name, type from pragma_table_info({table})"
        return [(str(name), str(kind)) for batch in self._batches(sql) for name, kind in batch.iter_rows()]

    def json(self, columns: Sequence[tuple[Column, str]]) -> str:
        values = [(name, f"k.{self.name(column.name)}") for column, name in columns]
        parts = [f"{self.literal(name)}, iif(typeof({v}) = 'blob', hex({v}), {v})" for name, v in values]
        # A function of SQLite takes a hundred arguments; a patch leaves out what is null.
        row = "'{}'"
        for begin in range(0, len(parts), 40):
            row = f"json_patch({row}, json_object({', '.join(parts[begin : begin + 40])}))"
        return row

    def tables(self) -> list[str]:
        found = self.rows("select name from sqlite_master where type in ('table', 'view') and name not like 'sqlite_%'")
        return sorted(name for (name,) in found)

    def key(self, table: str) -> str | None:
        found = self.rows(f"select name from pragma_table_info({self.literal(table)}) where pk > 0")
        if found:
            return found[0][0] if len(found) == 1 else None
        real = self.rows(f"select 1 from sqlite_master where type = 'table' and name = {self.literal(table)}")
        return "rowid" if real else None  # a table without a primary key has this one, a view has none

    def moment(self, iso: str, kind: str) -> str:
        return self.literal(iso)


def _declared(kind: str) -> str:
    """Return the kind of a type as SQLite's tables declare it; values need not keep to it."""
    return "number" if re.search(r"int|real|floa|doub|num|dec", kind, re.I) else "text"


class _DuckDB(Database):
    text = "varchar"

    def _batches(self, sql: str) -> Iterator[pl.DataFrame]:
        import duckdb

        with duckdb.connect(self.address.path, read_only=True) as connection:
            connection.execute("set timezone = 'UTC'")
            reader = connection.sql(sql).to_arrow_reader(BATCH)
            for batch in reader:
                yield pl.DataFrame(batch)

    def _columns(self, relation: str) -> list[Column]:
        sql = f"select column_name, column_type from (describe select * from {relation} as r)"
        rows = [row for batch in self._batches(sql) for row in batch.iter_rows()]
        return [Column(name, self._kind(kind)) for name, kind in rows]

    def _kind(self, kind: str) -> str:
        if kind.startswith("TIMESTAMP"):
            return "timestamptz" if "TIME ZONE" in kind else "timestamp"
        return "number" if re.search(r"INT|DOUBLE|FLOAT|DECIMAL", kind) else "text" if kind == "VARCHAR" else "other"

    def json(self, columns: Sequence[tuple[Column, str]]) -> str:
        named = ", ".join(f"{self.literal(name)}: k.{self.name(column.name)}" for column, name in columns)
        return f"cast(json_merge_patch('{{}}', to_json({{{named}}})) as varchar)"

    def tables(self) -> list[str]:
        return sorted(name for (name,) in self.rows("select table_name from information_schema.tables"))

    def key(self, table: str) -> str | None:
        found = self.rows(
            "select unnest(constraint_column_names) from duckdb_constraints() where constraint_type = 'PRIMARY KEY' "
            f"and table_name = {self.literal(table)}"
        )
        return found[0][0] if len(found) == 1 else None
