"""SQL of a reader over the events of a view, in a process that ends with its time, its memory or its reader."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import polars as pl

from loganalytics.analyses.sql import sql
from loganalytics.dashboard import sql_child
from loganalytics.dashboard.stopping import SECONDS, Deadline
from loganalytics.exceptions import InvalidArgumentError, QueryStoppedError

_POLL_SECONDS = 0.05
_AT_ONCE = threading.BoundedSemaphore(2)
"""How many queries of all readers run at a time: each may take a gigabyte."""

# Not the logins and addresses that the server has in its environment.
_VARIABLES = ("PATH", "PYTHONHOME", "VIRTUAL_ENV", "LANG", "LC_ALL", "TMPDIR", "TZDIR", "LD_LIBRARY_PATH")

_ALLOCATOR = {"ARROW_DEFAULT_MEMORY_POOL": "system"}  # the other reserves a gigabyte, more than the limit leaves


def write_events(logs: pl.DataFrame) -> IO[bytes]:
    """Return the events as a file without a name, which processes of ours can map into their memory."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - whoever maps it keeps it open
    logs.write_ipc(file)
    file.flush()
    return file


def run(query: str, events: IO[bytes]) -> pl.DataFrame:
    """Return DuckDB's answer to a query over the table `logs`.

    Raises InvalidArgumentError for a query that is refused, QueryStoppedError for one that exceeds a limit.
    """
    if os.name != "posix":  # a file is handed on by its descriptor
        return sql(query, timeout=SECONDS, memory_limit="1GB", max_rows=sql_child.MAX_ROWS, logs=pl.read_ipc(events))
    deadline = Deadline("The query")
    with _turn(deadline), tempfile.TemporaryFile() as result, _started(query, events, result) as process:
        code = _wait(process, deadline)
        result.seek(0)
        if code == 0:
            return pl.read_ipc(result)
        message = result.read().decode()
    if code == sql_child.FAILED:
        raise InvalidArgumentError(message)
    reason = message.partition(" Hint:")[0] if code == sql_child.STOPPED else "The query needs too much memory."
    raise QueryStoppedError(f"{reason} Hint: narrow it; on the command line `loganalytics sql` sets other limits.")


@contextmanager
def _turn(deadline: Deadline) -> Iterator[None]:
    while not _AT_ONCE.acquire(timeout=_POLL_SECONDS):
        deadline.check()
    try:
        yield
    finally:
        _AT_ONCE.release()


@contextmanager
def _started(query: str, events: IO[bytes], result: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """Start the process, and end it whatever happens."""
    descriptors = (events.fileno(), result.fileno())
    with tempfile.TemporaryFile() as text:
        text.write(query.encode(errors="replace"))
        text.seek(0)
        process = subprocess.Popen(
            [sys.executable, "-m", sql_child.__name__, *map(str, descriptors)], stdin=text, pass_fds=descriptors,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            cwd="/", env=_environment(),  # DuckDB's settings say in which folder it runs
        )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _environment() -> dict[str, str]:
    path = os.pathsep.join(map(os.path.abspath, sys.path))
    return {name: os.environ[name] for name in _VARIABLES if name in os.environ} | _ALLOCATOR | {"PYTHONPATH": path}


def _wait(process: subprocess.Popen[bytes], deadline: Deadline) -> int:
    while True:
        try:
            return process.wait(_POLL_SECONDS)
        except subprocess.TimeoutExpired:
            deadline.check()
