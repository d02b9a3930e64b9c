"""MySQL and MariaDB."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import polars as pl

from loganalytics.exceptions import MissingExtraError, SourceNotFoundError
from loganalytics.sources.sql.database import Column, Database, NamedColumns, arrow_columns


class MySQL(Database):
    """A database with the driver of connectorx; ADBC has none on PyPI."""

    text_type = "char"

    def _batches(self, sql: str) -> Iterator[pl.DataFrame]:
        for batch in self._read(sql):
            yield pl.DataFrame(batch)

    def _read(self, sql: str) -> Any:
        connectorx = self._driver()
        before = ["set time_zone = '+00:00'", "set session transaction read only"]
        return connectorx.read_sql(
            self.address.dsn, sql, return_type="arrow_stream", batch_size=self.batch_size, pre_execution_query=before
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
            return arrow_columns(self._read(f"select * from {relation} as r limit 1").schema)
        database, _, table = relation.replace("``", "`").strip("`").rpartition("`.`")
        where = f"table_name = {self.literal(table)} and table_schema = " + (
            self.literal(database) if database else "database()"
        )
        rows = [row for batch in self._batches(
            "select cast(column_name as char) as n, cast(data_type as char) as k from information_schema.columns where "
            f"{where} order by ordinal_position") for row in batch.iter_rows()]  # fmt: skip
        if not rows:
            raise SourceNotFoundError(
                f"{self.address.source!r}: there is no table {table!r}. Hint: describe() lists the tables."
            )
        return [Column(name=name, kind=_mysql_kind(kind)) for name, kind in rows]

    def quoted(self, identifier: str) -> str:
        """Return the identifier, in backticks."""
        return "`" + identifier.replace("`", "``") + "`"

    def literal(self, value: int | float | str) -> str:
        """Return a value, quoted."""
        if isinstance(value, int | float):
            return repr(value)
        # A backslash means something in a string or not, as the server is set; hexadecimal digits never do.
        return f"convert(x'{value.encode().hex()}' using utf8mb4)"

    def time_literal(self, iso: str, kind: str) -> str:
        """Return the literal of a time."""
        return f"cast({self.literal(iso)} as datetime(6))"

    def open_transaction_seconds(self) -> float | None:
        """Return how long the oldest transaction is open; None where this user has not the right PROCESS."""
        if not self._may_see_transactions:
            return None
        now = "convert_tz(now(), @@session.time_zone, 'SYSTEM')"  # as the table has the times
        age = f"cast(timestampdiff(second, min(trx_started), {now}) as signed) as seconds"
        ((seconds,),) = self.rows(f"select {age} from information_schema.innodb_trx where trx_rows_modified > 0")
        return None if seconds is None else float(seconds)

    @cached_property
    def _may_see_transactions(self) -> bool:
        privileges = "information_schema.user_privileges where privilege_type = 'PROCESS'"  # of this user
        return bool(self.rows(f"select count(*) as n from {privileges}")[0][0])

    def row_as_json(self, columns: NamedColumns) -> str:
        """Return the expression for a row as a JSON object."""
        members = [f"{self.literal(name)}, {self._value(column)}" for column, name in columns]
        row = f"json_object({', '.join(members)})"  # a patch leaves out what is null, and is null when the row is odd
        return f"cast(coalesce(json_merge_patch('{{}}', {row}), {row}) as char)"

    def _value(self, column: Column) -> str:
        value = f"k.{self.quoted(column.name)}"
        return {"timestamptz": f"concat({value}, '+00:00')", "binary": f"hex({value})"}.get(column.kind, value)

    def tables(self) -> list[str]:
        """Return the names of the tables and views."""
        rows = self.rows(
            "select cast(table_name as char) as n from information_schema.tables where table_schema = database() "
            "order by 1"
        )
        return [name for (name,) in rows]

    def primary_key(self, table: str) -> str | None:
        """Return the column that is the primary key, if it is one."""
        key_columns = self.rows(
            "select cast(column_name as char) as n from information_schema.key_column_usage where "
            f"constraint_name = 'PRIMARY' and table_schema = database() and table_name = {self.literal(table)}"
        )
        return key_columns[0][0] if len(key_columns) == 1 else None

    def table_bytes(self, table: str) -> int | None:
        """Return what a table takes, in bytes."""
        rows = self.rows(
            "select cast(data_length + index_length as signed) as n from information_schema.tables where "
            f"table_schema = database() and table_name = {self.literal(table)}"
        )
        return rows[0][0] if rows else None


def _mysql_kind(kind: str) -> str:
    if kind in ("datetime", "timestamp"):
        return "timestamptz" if kind == "timestamp" else "timestamp"
    if re.fullmatch(r".*int|float|double|decimal", kind):
        return "number"
    if re.search(r"blob|binary|bit", kind):
        return "binary"
    return "text" if re.search(r"char|text|enum", kind) else "other"
