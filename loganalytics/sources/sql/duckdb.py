"""DuckDB's own files."""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl

from loganalytics.sources.sql.database import Column, Database, NamedColumns


class DuckDB(Database):
    """A DuckDB file, not opened for writing."""

    text_type = "varchar"

    def _batches(self, sql: str) -> Iterator[pl.DataFrame]:
        import duckdb

        with duckdb.connect(self.address.path, read_only=True) as connection:
            connection.execute("set timezone = 'UTC'")
            reader = connection.sql(sql).to_arrow_reader(self.batch_size)
            for batch in reader:
                yield pl.DataFrame(batch)

    def _columns(self, relation: str) -> list[Column]:
        sql = f"select column_name, column_type from (describe select * from {relation} as r)"
        rows = [row for batch in self._batches(sql) for row in batch.iter_rows()]
        return [Column(name=name, kind=self._kind(kind)) for name, kind in rows]

    def _kind(self, kind: str) -> str:
        if kind.startswith("TIMESTAMP"):
            return "timestamptz" if "TIME ZONE" in kind else "timestamp"
        return "number" if re.search(r"INT|DOUBLE|FLOAT|DECIMAL", kind) else "text" if kind == "VARCHAR" else "other"

    def row_as_json(self, columns: NamedColumns) -> str:
        """Return the expression for a row as JSON, nulls left out."""
        values = ", ".join(f"{self.literal(name)}: k.{self.quoted(column.name)}" for column, name in columns)
        return f"cast(json_merge_patch('{{}}', to_json({{{values}}})) as varchar)"

    def tables(self) -> list[str]:
        """Return the tables and views, in order."""
        return sorted(name for (name,) in self.rows("select table_name from information_schema.tables"))

    def primary_key(self, table: str) -> str | None:
        """Return the column of the primary key, None when there is none or it has several."""
        key_columns = self.rows(
            "select unnest(constraint_column_names) from duckdb_constraints() where constraint_type = 'PRIMARY KEY' "
            f"and table_name = {self.literal(table)}"
        )
        return key_columns[0][0] if len(key_columns) == 1 else None
