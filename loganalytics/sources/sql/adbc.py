"""PostgreSQL and SQLite, by the drivers of the Arrow project."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from loganalytics.exceptions import MissingExtraError
from loganalytics.sources.sql.database import Column, Database, kind_of


class Adbc(Database):
    """A database with a driver of the Arrow project."""

    def _connect(self) -> Any:
        raise NotImplementedError

    def _batches(self, sql: str) -> Iterator[pl.DataFrame]:
        with self._connect() as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            held: list[pl.DataFrame] = []
            for batch in cursor.fetch_record_batch():
                held.append(pl.DataFrame(batch))
                if sum(frame.height for frame in held) >= self.batch_size:
                    yield from pl.concat(held).iter_slices(self.batch_size)
                    held = []
            if held:
                yield from pl.concat(held).iter_slices(self.batch_size)

    def _arrow_columns(self, relation: str) -> list[Column]:
        with self._connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"select * from {relation} as r limit 0")
            schema = cursor.fetch_record_batch().schema
        return [Column(field.name, kind_of(field.type)) for field in schema]


class PostgreSQL(Adbc):
    """A PostgreSQL database."""

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
        """Return the expression for a row as JSON, nulls left out."""
        named = ", ".join(f"k.{self.name(column.name)} as {self.name(name)}" for column, name in columns)
        return f"""json_strip_nulls(row_to_json((select "the row" from (select {named}) as "the row")))::text"""

    def tables(self) -> list[str]:
        """Return the tables and views, in order."""
        found = self.rows(
            "select case when table_schema = current_schema() then '' else table_schema || '.' end || table_name from "
            "information_schema.tables where table_schema not in ('pg_catalog', 'information_schema') order by 1"
        )
        return [name for (name,) in found]

    def key(self, table: str) -> str | None:
        """Return the column of the primary key, None when it is none or several."""
        found = self.rows(
            "select a.attname::text from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = "
            f"any(i.indkey) where i.indisprimary and i.indrelid = {self.literal(_regclass(self, table))}::regclass"
        )
        return found[0][0] if len(found) == 1 else None

    def size(self, table: str) -> int | None:
        """Return what the table takes with its indices, in bytes."""
        found = self.rows(f"select pg_total_relation_size({self.literal(_regclass(self, table))}::regclass)")
        return int(found[0][0])


def _regclass(database: Database, table: str) -> str:
    return ".".join(database.name(part) for part in table.split("."))


class SQLite(Adbc):
    """A SQLite file."""

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
        """Return the expression for a row as JSON, nulls left out."""
        values = [(name, f"k.{self.name(column.name)}") for column, name in columns]
        parts = [f"{self.literal(name)}, iif(typeof({v}) = 'blob', hex({v}), {v})" for name, v in values]
        # A function of SQLite takes a hundred arguments; a patch leaves out what is null.
        row = "'{}'"
        for begin in range(0, len(parts), 40):
            row = f"json_patch({row}, json_object({', '.join(parts[begin : begin + 40])}))"
        return row

    def tables(self) -> list[str]:
        """Return the tables and views, in order."""
        found = self.rows("select name from sqlite_master where type in ('table', 'view') and name not like 'sqlite_%'")
        return sorted(name for (name,) in found)

    def key(self, table: str) -> str | None:
        """Return the column of the primary key, None when it is none or several."""
        found = self.rows(f"select name from pragma_table_info({self.literal(table)}) where pk > 0")
        if found:
            return found[0][0] if len(found) == 1 else None
        real = self.rows(f"select 1 from sqlite_master where type = 'table' and name = {self.literal(table)}")
        return "rowid" if real else None  # a table without a primary key has this one, a view has none

    def moment(self, iso: str, kind: str) -> str:
        """Return the time as text, as which SQLite holds times."""
        return self.literal(iso)


def _declared(kind: str) -> str:
    """Return the kind of a type as SQLite's tables declare it; values need not keep to it."""
    return "number" if re.search(r"int|real|floa|doub|num|dec", kind, re.I) else "text"
