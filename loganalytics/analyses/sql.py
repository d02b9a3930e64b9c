"""SQL over log frames, by DuckDB in memory: read only, and nothing outside the frames can be reached."""

from __future__ import annotations

import polars as pl

from loganalytics.exceptions import InvalidArgumentError
from loganalytics.schema import Frame

# A query may come from a stranger (a shared link of the dashboard): no files, no network, no extensions, none of the
# Python variables that DuckDB would otherwise take for tables, and no way to switch these on again.
_LOCKED_CONFIG = {
    "enable_external_access": False,
    "python_enable_replacements": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


def sql(query: str, **frames: Frame) -> pl.DataFrame:
    """Run one SELECT of DuckDB's SQL over log frames, each under the name of its argument.

    Frames are handed over without a copy; a LazyFrame is collected first. Times are UTC. Columns with a dot in their
    name, and words of SQL such as offset, need double quotes: "http.response.status_code". The query can read nothing
    but the frames: no files, no network, no Python variables.

    Raises InvalidArgumentError for anything but a single query, and for a query that DuckDB refuses, with its reason.

    Example:
        >>> logs = pl.DataFrame({"level": ["INFO", "ERROR", "INFO"]})
        >>> sql("select level, count(*) as events from logs group by 1 order by 2 desc", logs=logs).rows()
        [('INFO', 2), ('ERROR', 1)]
    """
    import duckdb

    tables = {name: frame.lazy().collect() for name, frame in frames.items()}
    try:
        _check_single_query(query)
        with duckdb.connect(":memory:", config=_LOCKED_CONFIG) as connection:  # type: ignore[arg-type]
            connection.execute("set TimeZone = 'UTC'")
            connection.execute("set lock_configuration = true")
            for name, table in tables.items():
                connection.register(name, table)
            return pl.DataFrame(connection.sql(query).pl())
    except duckdb.Error as error:
        raise InvalidArgumentError(f"{_reason(error)}. {_hint(tables)}") from None
    except pl.exceptions.ComputeError:
        raise InvalidArgumentError(
            "The result holds a type that Polars does not have. Hint: cast it, as in epoch(b - a) for an interval."
        ) from None


def _check_single_query(query: str) -> None:
    import duckdb

    kinds = [statement.type.name for statement in duckdb.extract_statements(query)]
    # DuckDB reads a PIVOT as several statements of its own.
    if kinds not in (["SELECT"], ["EXPLAIN"], ["MULTI"]):
        statements = " and ".join(kinds) or "nothing"
        raise InvalidArgumentError(f"Only one query can be run, and this is {statements}. Hint: write one SELECT.")


def _reason(error: Exception) -> str:
    """Return what DuckDB says, in one line, without the query drawn under it."""
    return " ".join(str(error).split("\n\nLINE ")[0].split())


def _hint(tables: dict[str, pl.DataFrame]) -> str:
    if len(tables) == 1 and (table := next(iter(tables.values()))).width:
        columns = ", ".join(table.columns[:12])
        return f'Hint: the table is {next(iter(tables))}; its columns are {columns} ("offset" in quotes).'
    return f"Hint: the tables are {', '.join(tables) or 'none'}."
