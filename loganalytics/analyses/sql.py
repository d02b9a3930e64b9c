"""SQL over log frames, by DuckDB in memory: read only, and nothing outside the frames can be reached."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import polars as pl

from loganalytics.exceptions import InvalidArgumentError, QueryStoppedError
from loganalytics.schema import Frame

if TYPE_CHECKING:
    import duckdb
    import pyarrow

# A query may come from a stranger (a shared link of the dashboard): no files, no network, no extensions, none of the
# Python variables that DuckDB would otherwise take for tables, and no way to switch these on again.
_LOCKED_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,
    "python_enable_replacements": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


_BATCH_ROWS = 10_000
_UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}


def sql(
    query: str, *, timeout: float | None = 60.0, memory_limit: str = "2GB",
    max_rows: int | None = 1_000_000, **frames: Frame,
) -> pl.DataFrame:  # fmt: skip
    """Run one SELECT of DuckDB's SQL over log frames, each under the name of its argument.

    Frames are handed over without a copy; a LazyFrame is collected first. Times are UTC. Columns with a dot in their
    name, and words of SQL such as offset, need double quotes: "http.response.status_code". The query can read nothing
    but the frames: no files, no network, no Python variables.

    Args:
        query: one SELECT.
        timeout: seconds that it may take; None for as long as it takes.
        memory_limit: what it may need beside the frames, and what its result may hold: "500MB", "2GB".
        max_rows: how many rows its result may have; None for any number.
        frames: the tables.

    Raises InvalidArgumentError for anything but a single query, and for a query that DuckDB refuses, with its reason;
    QueryStoppedError, which is one, for a query that exceeds a limit.

    Example:
        >>> logs = pl.DataFrame({"level": ["INFO", "ERROR", "INFO"]})
        >>> sql("select level, count(*) as events from logs group by 1 order by 2 desc", logs=logs).rows()
        [('INFO', 2), ('ERROR', 1)]
    """
    import duckdb

    max_bytes = _to_bytes(memory_limit)
    tables = {name: frame.lazy().collect() for name, frame in frames.items()}
    try:
        _check_single_query(query)
        # No folder for temporary files: what does not fit is an error.
        config = {**_LOCKED_CONFIG, "memory_limit": f"{max_bytes}B", "temp_directory": ""}
        with duckdb.connect(":memory:", config=config) as connection, _interrupted_after(connection, timeout):
            connection.execute("set TimeZone = 'UTC'")
            connection.execute("set lock_configuration = true")
            for name, table in tables.items():
                connection.register(name, table)
            return _fetch(connection.sql(query), timeout, max_rows, max_bytes)
    except duckdb.InterruptException:
        raise _exceeded(f"takes longer than {timeout:g} seconds", "timeout= (--timeout)") from None
    except duckdb.OutOfMemoryException:
        raise _exceeded(f"needs more memory than {memory_limit}", "memory_limit= (--memory-limit)") from None
    except duckdb.Error as error:
        raise InvalidArgumentError(f"{_reason(error)}. {_hint(tables)}") from None
    except pl.exceptions.ComputeError:
        raise InvalidArgumentError(
            "The result holds a type that Polars does not have. Hint: cast it, as in epoch(b - a) for an interval."
        ) from None


@contextmanager
def _interrupted_after(connection: duckdb.DuckDBPyConnection, seconds: float | None) -> Iterator[None]:
    """Interrupt what a connection does after so many seconds."""
    if seconds is None:
        yield
        return
    timer = threading.Timer(seconds, connection.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _fetch(
    relation: duckdb.DuckDBPyRelation, timeout: float | None, max_rows: int | None, max_bytes: int
) -> pl.DataFrame:
    """Return the rows of a result as they come, so that one that is too large is not computed to its end."""
    import duckdb
    import pyarrow

    deadline = float("inf") if timeout is None else time.monotonic() + timeout
    reader = relation.to_arrow_reader(_BATCH_ROWS)
    batches, rows, size = list[pyarrow.RecordBatch](), 0, 0
    for batch in _translated(reader):
        if time.monotonic() > deadline:  # between two batches there is nothing to interrupt
            raise duckdb.InterruptException
        batches.append(batch)
        rows, size = rows + batch.num_rows, size + batch.nbytes
        if max_rows is not None and rows > max_rows:
            raise _exceeded(f"has more than {max_rows:,} rows", "a limit clause, or max_rows= (--max-rows)")
        if size > max_bytes:
            raise _exceeded(f"has a result of more than {max_bytes:,} bytes", "memory_limit= (--memory-limit)")
    return cast(pl.DataFrame, pl.from_arrow(pyarrow.Table.from_batches(batches, reader.schema)))


def _translated(batches: Iterable[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
    """Yield batches; what DuckDB raises while it computes them comes through Arrow as an OSError with its message."""
    import duckdb

    try:
        yield from batches
    except OSError as error:
        kinds = {"INTERRUPT": duckdb.InterruptException, "Out of Memory": duckdb.OutOfMemoryException}
        kind = next((kind for name, kind in kinds.items() if str(error).startswith(name)), duckdb.Error)
        raise kind(str(error)) from None


def _exceeded(what: str, limit: str) -> QueryStoppedError:
    return QueryStoppedError(f"The query {what}, and was stopped. Hint: narrow it, or set another limit by {limit}.")


def _to_bytes(limit: str) -> int:
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]i?B)\s*", limit, re.IGNORECASE)
    if match is None or not float(match[1]):
        raise InvalidArgumentError(f"{limit!r} is not a size of memory. Hint: such as 500MB or 2GB.")
    return int(float(match[1]) * _UNITS[match[2].upper()])


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
