"""The databases: how each one is asked, and how it writes a row as JSON. Nothing in them is ever changed."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

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
    kinds = {"postgresql": _PostgreSQL, "sqlite": _SQLite, "duckdb": _DuckDB, "mysql": _MySQL}
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
        return [Column(field.name, _kind(field.type)) for field in schema]


def _kind(dtype: Any) -> str:
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


class _MySQL(Database):
    text = "char"

    def _batches(self, sql: str) -> Iterator[pl.DataFrame]:
        for batch in self._read(sql):
            yield pl.DataFrame(batch)

    def _read(self, sql: str) -> Any:
        connectorx = self._driver()
        before = ["set time_zone = '+00:00'", "set session transaction read only"]
        return connectorx.read_sql(
            self.address.dsn, sql, return_type="arrow_stream", batch_size=BATCH, pre_execution_query=before
        )

    def _driver(self) -> Any:
        """Return the driver, having seen that there is a server: it would try for half a minute, and print."""
        quiet = "RUST_LOG" not in os.environ
        os.environ.setdefault("RUST_LOG", "off")
        try:
            import connectorx
        except ImportError:
            raise MissingExtraError("connectorx", "sql") from None
        finally:
            if quiet:
                del os.environ["RUST_LOG"]
        split = urlsplit(self.address.dsn)
        socket.create_connection((split.hostname or "localhost", split.port or 3306), timeout=10).close()
        return connectorx

    def _columns(self, relation: str) -> list[Column]:
        if relation.startswith("("):
            return [Column(f.name, _kind(f.type)) for f in self._read(f"select * from {relation} as r limit 1").schema]
        schema, _, table = relation.replace("``", "`").strip("`").rpartition("`.`")
        where = f"table_name = {self.literal(table)} and table_schema = " + (
            self.literal(schema) if schema else "database()"
        )
        rows = [row for batch in self._batches(
            "select cast(column_name as char) as n, cast(data_type as char) as k from information_schema.columns where "
            f"{where} order by ordinal_position") for row in batch.iter_rows()]  # fmt: skip
        if not rows:
            raise SourceNotFoundError(
                f"{self.address.source!r}: there is no table {table!r}. Hint: describe() lists the tables."
            )
        return [Column(name, _mysql_kind(kind)) for name, kind in rows]

    def name(self, identifier: str) -> str:
        return "`" + identifier.replace("`", "``") + "`"

    def literal(self, value: int | float | str) -> str:
        if isinstance(value, int | float):
            return repr(value)
        # A backslash means something in a string or not, as the server is set; hexadecimal digits never do.
        return f"convert(x'{value.encode().hex()}' using utf8mb4)"

    def moment(self, iso: str, kind: str) -> str:
        return f"cast({self.literal(iso)} as datetime(6))"

    def json(self, columns: Sequence[tuple[Column, str]]) -> str:
        parts = [f"{self.literal(name)}, {self._value(column)}" for column, name in columns]
        row = f"json_object({', '.join(parts)})"  # a patch leaves out what is null, and is null when the row is odd
        return f"cast(coalesce(json_merge_patch('{{}}', {row}), {row}) as char)"

    def _value(self, column: Column) -> str:
        value = f"k.{self.name(column.name)}"
        return {"timestamptz": f"concat({value}, '+00:00')", "binary": f"hex({value})"}.get(column.kind, value)

    def tables(self) -> list[str]:
        found = self.rows(
            "select cast(table_name as char) as n from information_schema.tables where table_schema = database() "
            "order by 1"
        )
        return [name for (name,) in found]

    def key(self, table: str) -> str | None:
        found = self.rows(
            "select cast(column_name as char) as n from information_schema.key_column_usage where "
            f"constraint_name = 'PRIMARY' and table_schema = database() and table_name = {self.literal(table)}"
        )
        return found[0][0] if len(found) == 1 else None

    def size(self, table: str) -> int | None:
        found = self.rows(
            "select cast(data_length + index_length as signed) as n from information_schema.tables where "
            f"table_schema = database() and table_name = {self.literal(table)}"
        )
        return found[0][0] if found else None


def _mysql_kind(kind: str) -> str:
    if kind in ("datetime", "timestamp"):
        return "timestamptz" if kind == "timestamp" else "timestamp"
    if re.fullmatch(r".*int|float|double|decimal", kind):
        return "number"
    if re.search(r"blob|binary|bit", kind):
        return "binary"
    return "text" if re.search(r"char|text|enum", kind) else "other"
