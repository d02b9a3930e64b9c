"""What comes through standard input, named pipes and process substitution, as it comes: `kubectl logs -f | …`."""

from __future__ import annotations

import contextlib
import os
import queue
import stat
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import polars as pl

from loganalytics import schema
from loganalytics.exceptions import InvalidArgumentError, SourceNotFoundError, UnreadableSourceError
from loganalytics.sources.files.compression import is_packed, special_kind
from loganalytics.sources.files.discovery import STDIN
from loganalytics.sources.files.tailed_file import NamedLog, TailedFile
from loganalytics.sources.read_options import ReadOptions

_CHUNK_BYTES = 1024 * 1024
_MAX_CHUNKS = 16
"""Chunks that wait to be read; a writer that is faster waits itself."""
_POLL_SECONDS = 0.05
_MAX_SPOOL_BYTES = 64 * 1024 * 1024
"""How long the copy grows of which the end is read, before what was read is cut off."""
_STDIN_NAMES = (STDIN, "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")


def is_pipe(name: str) -> bool:
    """Whether a name is that of standard input or of a pipe, rather than of a file."""
    if name in _STDIN_NAMES:
        return True
    try:
        return special_kind(Path(name)) == "pipe"
    except OSError:
        return False


def pipe_name(name: str) -> str:
    """Return the name of a pipe, "-" for each of standard input's."""
    return STDIN if name in _STDIN_NAMES else name


class PipeReader:
    """A reader of a pipe from its beginning to its end; that of a named pipe is never reached: another may write."""

    def __init__(self, name: str, options: ReadOptions) -> None:
        self._source = pipe_name(name)
        self._handle = _open(name)
        self._chunks: queue.Queue[bytes] = queue.Queue(_MAX_CHUNKS)
        self._at_end = False
        self._closed = threading.Event()
        self._reading = threading.Lock()
        self._log = NamedLog(hints=options.hints, own_formats=options.formats)
        self._spool = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._spool_bytes = 0
        self._file = TailedFile(source=self._source, handle=os.dup(self._spool.fileno()), log=self._log)
        threading.Thread(target=self._pump, name=f"read {self._source}", daemon=True).start()

    @property
    def cursor(self) -> dict[str, Any]:
        """Nothing: what came through a pipe does not come again."""
        return {}

    @property
    def ended(self) -> bool:
        """Whether the writer closed its end, and all is handed out."""
        return self._at_end and not self._file.unfinished

    @property
    def status(self) -> dict[str, Any]:
        """What was met so far, as TailReader.status describes it."""
        return {
            "state": "closed" if self._closed.is_set() else "reading", "read": self._log.events, "lost": 0,
            "skipped": 0, "reconnects": 0, "invalid_utf8": self._log.invalid_utf8,
        }  # fmt: skip

    def read(self, timeout: float) -> pl.DataFrame:
        """Return what came, empty when nothing does within so many seconds."""
        deadline = time.monotonic() + timeout
        with self._reading:
            while not self._closed.is_set():
                self._fill(max(0.0, min(_POLL_SECONDS, deadline - time.monotonic())))
                events = self._file.read(to_end=self._at_end)
                if events is not None:
                    self._cut()
                    return events
                if self.ended or time.monotonic() >= deadline:
                    break
        return schema.empty()

    def close(self, *, confirm: bool = True) -> None:
        """Let go of the pipe; a read() in another thread returns within moments."""
        self._closed.set()
        with self._reading:
            self._file.close()
            self._spool.close()

    def _pump(self) -> None:
        """Take what comes, until the end: a thread of its own may wait for it on every system."""
        chunk = b"-"
        while chunk and not self._closed.is_set():
            try:
                chunk = os.read(self._handle, _CHUNK_BYTES)
            except OSError:
                chunk = b""
            while not self._closed.is_set():
                with contextlib.suppress(queue.Full):
                    self._chunks.put(chunk, timeout=1.0)
                    break

    def _fill(self, timeout: float) -> None:
        """Append what has come to the copy, having waited for it for so many seconds at most."""
        for _ in range(_MAX_CHUNKS):
            try:
                chunk = self._chunks.get(timeout=timeout) if not self._at_end else b""
            except queue.Empty:
                return
            if not chunk:
                self._at_end = True
                return
            self._check(chunk)
            os.pwrite(self._spool.fileno(), chunk, self._spool_bytes)
            self._spool_bytes += len(chunk)
            timeout = 0.0

    def _check(self, chunk: bytes) -> None:
        if not self._spool_bytes and is_packed(chunk):
            raise UnreadableSourceError(
                f"What comes through {self._source!r} is packed. Hint: zcat FILE | … unpacks it."
            )

    def _cut(self) -> None:
        """Cut off what was read of a long copy."""
        if self._spool_bytes < _MAX_SPOOL_BYTES or self._file.offset < self._spool_bytes // 2:
            return
        rest = os.pread(self._spool.fileno(), self._spool_bytes - self._file.offset, self._file.offset)
        os.ftruncate(self._spool.fileno(), 0)
        os.pwrite(self._spool.fileno(), rest, 0)
        self._spool_bytes, self._file.offset = len(rest), 0


def _open(name: str) -> int:
    if name in _STDIN_NAMES:
        return _standard_input()
    try:
        # A named pipe that is open for writing as well has no end when one of its writers leaves.
        is_named = stat.S_ISFIFO(os.lstat(name).st_mode)
        return os.open(name, os.O_RDWR if is_named and os.access(name, os.W_OK) else os.O_RDONLY)
    except FileNotFoundError:
        raise SourceNotFoundError(f"There is no pipe {name!r}. Hint: check the path.") from None
    except OSError as error:
        raise UnreadableSourceError(f"{name!r} cannot be read: {error.strerror}. Hint: see its permissions.") from None


def _standard_input() -> int:
    try:
        return sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):  # closed, or of a notebook
        raise InvalidArgumentError("There is no standard input that could be followed. Hint: name a file.") from None
