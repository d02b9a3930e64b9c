"""PostgreSQL and SQLite, by the drivers of the Arrow project."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import polars as pl

from loganalytics.exceptions import MissingExtraError
from loganalytics.sources.sql.database import Column, Database, NamedColumns, arrow_columns

_CONNECT_SECONDS = 10


class Adbc(Database):
    """A database with a driver of the Arrow project."""

    def _connect(self) -> Any:
        raise NotImplementedError

    def _batches(self, sql: str) -> Iterator[pl.DataFrame]:
        with self._connect() as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            pending: list[pl.DataFrame] = []
            for batch in cursor.fetch_record_batch():
                pending.append(pl.DataFrame(batch))
                if sum(frame.height for frame in pending) >= self.batch_size:
                    yield from pl.concat(pending).iter_slices(self.batch_size)
                    pending = []
            if pending:
                yield from pl.concat(pending).iter_slices(self.batch_size)

    def _arrow_columns(self, relation: str) -> list[Column]:
        with self._connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"select * from {relation} as r limit 0")
            schema = cursor.fetch_record_batch().schema
        return arrow_columns(schema)


class PostgreSQL(Adbc):
    """A PostgreSQL database."""

    numbers_transactions = True

    def _connect(self) -> Any:
        try:
            from adbc_driver_postgresql import dbapi
        except ImportError:
            raise MissingExtraError("adbc-driver-postgresql", "sql") from None
        connection = dbapi.connect(_with_timeout(self.address.dsn))
        with connection.cursor() as cursor:
            cursor.execute("set transaction read only")
        return connection

    def _columns(self, relation: str) -> list[Column]:
        return self._arrow_columns(relation)

    def open_transaction_seconds(self) -> float | None:
        """Return how long the oldest transaction is open; of those of other users only a monitor is told."""
        age = "extract(epoch from now() - min(xact_start))::float8"
        ((seconds,),) = self.rows(
            f"select {age} from pg_stat_activity where datname = current_database() and backend_xid is not null"
        )
        return None if seconds is None else float(seconds)

    def row_as_json(self, columns: NamedColumns) -> str:
        """Return the expression for a row as JSON, nulls left out."""
        values = ", ".join(f"k.{self.quoted(column.name)} as {self.quoted(name)}" for column, name in columns)
        return f"""json_strip_nulls(row_to_json((select "the row" from (select {values}) as "the row")))::text"""

    def tables(self) -> list[str]:
        """Return the tables and views, in order."""
        rows = self.rows(
            "select case when table_schema = current_schema() then '' else table_schema || '.' end || table_name from "
            "information_schema.tables where table_schema not in ('pg_catalog', 'information_schema') order by 1"
        )
        return [name for (name,) in rows]

    def primary_key(self, table: str) -> str | None:
        """Return the column of the primary key, None when there is none or it has several."""
        key_columns = self.rows(
            "select a.attname::text from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = "
            f"any(i.indkey) where i.indisprimary and i.indrelid = {self.literal(_qualified(self, table))}::regclass"
        )
        return key_columns[0][0] if len(key_columns) == 1 else None

    def table_bytes(self, table: str) -> int | None:
        """Return what the table takes with its indices, in bytes."""
        rows = self.rows(f"select pg_total_relation_size({self.literal(_qualified(self, table))}::regclass)")
        return int(rows[0][0])


def _with_timeout(dsn: str) -> str:
    """Return an address with how long the server may take to answer: libpq itself would wait for ever."""
    if "connect_timeout=" in dsn:
        return dsn
    return f"{dsn}{'&' if '?' in dsn else '?'}connect_timeout={_CONNECT_SECONDS}"


def _qualified(database: Database, table: str) -> str:
    """Return the name of a table, its schema before it where it has one."""
    return ".".join(map(database.quoted, table.split(".")))


class SQLite(Adbc):
    """A SQLite file."""

    kinds_are_guessed = True

    def _connect(self) -> Any:
        try:
            from adbc_driver_sqlite import dbapi
        except ImportError:
            raise MissingExtraError("adbc-driver-sqlite", "sql") from None
        path = self.address.path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
        return dbapi.connect(f"file:{path}?mode=ro")

    def _columns(self, relation: str) -> list[Column]:
        declared = {name: _declared_kind(kind) for name, kind in self._declarations(relation)}
        names = [column.name for column in self._arrow_columns(relation)]
        return [Column(name=name, kind=declared.get(name, "text")) for name in names]

    def _declarations(self, relation: str) -> list[tuple[str, str]]:
        if relation.startswith("("):
            return []
        table = self.literal(relation.strip('"').replace('""', '"'))
        sql = f"select name, type from pragma_table_info({table})"
        return [(str(name), str(kind)) for batch in self._batches(sql) for name, kind in batch.iter_rows()]

    def row_as_json(self, columns: NamedColumns) -> str:
        """Return the expression for a row as JSON, nulls left out."""
        values = [(name, f"k.{self.quoted(column.name)}") for column, name in columns]
        members = [f"{self.literal(name)}, iif(typeof({v}) = 'blob', hex({v}), {v})" for name, v in values]
        # A function of SQLite takes a hundred arguments; a patch leaves out what is null.
        row = "'{}'"
        for begin in range(0, len(members), 40):
            row = f"json_patch({row}, json_object({', '.join(members[begin : begin + 40])}))"
        return row

    def tables(self) -> list[str]:
        """Return the tables and views, in order."""
        rows = self.rows("select name from sqlite_master where type in ('table', 'view') and name not like 'sqlite_%'")
        return sorted(name for (name,) in rows)

    def primary_key(self, table: str) -> str | None:
        """Return the column of the primary key, None when there is none or it has several."""
        key_columns = self.rows(f"select name from pragma_table_info({self.literal(table)}) where pk > 0")
        if key_columns:
            return key_columns[0][0] if len(key_columns) == 1 else None
        real = self.rows(f"select 1 from sqlite_master where type = 'table' and name = {self.literal(table)}")
        return "rowid" if real else None  # a table without a primary key has this one, a view has none

    def time_literal(self, iso: str, kind: str) -> str:
        """Return the time as text, as which SQLite holds times."""
        return self.literal(iso)


def _declared_kind(kind: str) -> str:
    """Return the kind of a type as SQLite's tables declare it; values need not keep to it."""
    return "number" if re.search(r"int|real|floa|doub|num|dec", kind, re.I) else "text"
