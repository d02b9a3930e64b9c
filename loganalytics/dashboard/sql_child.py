"""The process that one query of a reader runs in: the operating system bounds its memory, and it can be killed.

DuckDB's own limit leaves out single values: repeat('a', 3000000000) takes 6 GB, and cannot be interrupted meanwhile.
"""

from __future__ import annotations

import os
import sys

MAX_BYTES = 1_000_000_000
"""What a query may need beside the events, and what its result may hold."""

MAX_ROWS = 200_000
FAILED, STOPPED = 3, 4
"""The exit codes of a query that was refused and of one that exceeded a limit; the message is in the result's place."""

_HEADROOM = 700_000_000  # what the interpreter and the libraries need themselves


def main() -> int:
    """Read the query from standard input, the events from one descriptor, and write its result to the other."""
    logs_descriptor, result_descriptor = map(int, sys.argv[1:3])
    _bound_memory()
    import polars as pl
    from pyarrow import ipc, memory_map

    from loganalytics.analyses.sql import sql
    from loganalytics.exceptions import LogAnalyticsError, QueryStoppedError

    with os.fdopen(result_descriptor, "wb") as output:
        try:
            events = ipc.open_file(memory_map(f"/dev/fd/{logs_descriptor}")).read_all()  # shared with other queries
            logs = pl.DataFrame(pl.from_arrow(events, rechunk=False))
            result = sql(
                sys.stdin.read(), timeout=None, memory_limit=f"{MAX_BYTES // 10**6}MB", max_rows=MAX_ROWS, logs=logs
            )
            result.write_ipc(output)
        except (LogAnalyticsError, pl.exceptions.PolarsError) as error:
            output.truncate(0)
            output.write(str(error).encode(errors="replace"))
            return STOPPED if isinstance(error, QueryStoppedError) else FAILED
    return 0


def _bound_memory() -> None:
    try:
        import resource

        limit = MAX_BYTES + _HEADROOM
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core would hold the logs
        os.nice(5)
    except (ImportError, OSError, ValueError):
        return  # not on this system: DuckDB's own limit and the time stay


if __name__ == "__main__":
    sys.exit(main())
