"""One text file as it grows: whole lines, whole events, and how far it was read."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import polars as pl

from loganalytics import formats
from loganalytics.formats import Detection
from loganalytics.formats.definitions import Format
from loganalytics.sources.counters import FileCounters
from loganalytics.sources.files.blocks import MAX_LINE_BYTES, read_blocks
from loganalytics.sources.files.missing_year import first_year
from loganalytics.sources.files.plan import looks_like_log
from loganalytics.sources.files.sampling import to_log_frame

HEAD = 1024
"""Bytes at the beginning by which a file is known again: an inode number is given to another file later."""
_SAMPLE = 256 * 1024
_CHUNK = 8 * 1024 * 1024
# An event goes on until the next begins, or nothing came for so long; a line without its end is waited for longer.
_EVENT_ENDS, _LINE_ENDS = 0.3, 2.0


@dataclass
class Dialect:
    """How the files that follow one another under a name read, and how many lines came under it."""

    tz: str
    own_formats: Sequence[Format]
    lines: int = 0
    events: int = 0
    invalid_utf8: int = 0
    detection: Detection | None = None
    _sampled: int = 0

    def learn(self, handle: int) -> None:
        """Look at the file's first lines, again when they are many more than the last time."""
        sample = os.pread(handle, _SAMPLE, 0)
        if self.detection is not None and (len(sample) < 2 * self._sampled or self._sampled >= _SAMPLE // 2):
            return
        lines = _lines(sample)
        if lines:
            self.detection = formats.detect(lines, tz=self.tz, formats=self.own_formats)
            self._sampled = len(sample)

    def is_of_log(self, source: str, handle: int) -> bool:
        """Whether an open file looks like a log, by the rule of load() for what lies in a folder."""
        lines = _lines(os.pread(handle, _SAMPLE, 0))
        found = formats.detect(lines, tz=self.tz, formats=self.own_formats) if lines else Detection((), 0)
        return looks_like_log(source, found)


@dataclass
class Growing:
    """An open file. `offset` is where the first event begins that was not handed out."""

    source: str
    handle: int
    dialect: Dialect
    offset: int = 0
    head: bytes = b""
    last: bytes = b""
    """The last bytes before the offset: with the head they tell a copy of the file from another file."""
    gone_since: float | None = None
    """Since when it no longer lies under its name."""
    grown: float = field(default_factory=time.monotonic)
    _pending: bytes = b""
    _read_at: float = 0.0

    @property
    def identity(self) -> tuple[int, int]:
        """Device and inode."""
        stat = os.fstat(self.handle)
        return stat.st_dev, stat.st_ino

    @property
    def place(self) -> dict[str, Any]:
        """What the cursor holds of it."""
        device, inode = self.identity
        return {
            "source": self.source, "device": device, "inode": inode, "offset": self.offset,
            "head": fingerprint(self.head), "head_size": len(self.head), "last": fingerprint(self.last),
            "last_size": len(self.last), "lines": self.dialect.lines,
        }  # fmt: skip

    @property
    def unfinished(self) -> bool:
        """Whether there is something that was not handed out yet."""
        return bool(self._pending) or self.offset < os.fstat(self.handle).st_size

    def truncated(self) -> bool:
        """Whether it begins anew: it is shorter than what was read, or begins otherwise."""
        if os.fstat(self.handle).st_size < self.offset + len(self._pending):
            return True
        head = os.pread(self.handle, HEAD, 0)
        if not head.startswith(self.head):
            return True
        self.head = head
        return False

    def go_to_end(self) -> None:
        """Begin with what comes from now on, at the beginning of a line."""
        size = os.fstat(self.handle).st_size
        while self.offset < size:
            chunk = os.pread(self.handle, min(_CHUNK, size - self.offset), self.offset)
            end = chunk.rfind(b"\n") + 1
            if not end:
                break
            self.dialect.lines += chunk.count(b"\n")
            self.go_to(self.offset + end)

    def go_to(self, offset: int) -> None:
        """Begin at a place where an event begins."""
        self.offset = offset
        self.last = os.pread(self.handle, min(HEAD, offset), max(0, offset - HEAD))

    def restart(self) -> None:
        """Read it from its beginning."""
        self.offset, self._pending, self.head, self.last = 0, b"", b"", b""

    def read(self, *, last: bool = False) -> pl.DataFrame | None:
        """Return the events that are whole, or None; the last time all that there is."""
        now = time.monotonic()
        new = os.pread(self.handle, _CHUNK, self.offset + len(self._pending))
        if new:
            self._pending += new
            self.grown = now
        quiet = now - self.grown
        last = last or len(self._pending) > MAX_LINE_BYTES
        ends = last or quiet >= _LINE_ENDS
        whole = len(self._pending) if ends else self._pending.rfind(b"\n") + 1
        if not whole or not (new or last or quiet >= _EVENT_ENDS):
            return None
        return self._take(self._pending[:whole], complete=last or (not new and quiet >= _EVENT_ENDS))

    def _take(self, whole: bytes, *, complete: bool) -> pl.DataFrame | None:
        self.dialect.learn(self.handle)
        counters = FileCounters(lines=self.dialect.lines)
        blocks = read_blocks(io.BytesIO(whole), counters, size=len(whole))
        lines = pl.concat([block.lines for block in blocks])
        detection = self.dialect.detection or Detection((), 0)
        events = formats.parse(lines, _in_year(detection, lines)).events
        left = 0
        if not complete and events.height and events["multiline"][-1]:
            left = int(lines["n"][-1] - events["n"][-1]) + 1
            events = events.head(-1)
        taken = _before_last_lines(whole, left)
        if not taken:
            return None
        self.offset += taken
        self.last = (self.last + self._pending[max(0, taken - HEAD) : taken])[-HEAD:]
        self._pending = self._pending[taken:]
        self.dialect.lines = counters.lines - left
        self.dialect.invalid_utf8 += counters.invalid_utf8
        self.dialect.events += events.height
        return to_log_frame(events, self.source) if events.height else None

    def close(self) -> None:
        """Let go of the file."""
        os.close(self.handle)


def _lines(sample: bytes) -> list[str]:
    """Return the first lines of a file; none when they are blank."""
    whole = sample[: sample.rfind(b"\n") + 1] or sample
    lines = [line.decode(errors="replace").rstrip("\r") for line in whole.split(b"\n")[:1000] if line]
    return lines if any(line.strip() for line in lines) else []


def fingerprint(head: bytes) -> str:
    """Return what stands for a file's first bytes in a cursor."""
    return hashlib.sha256(head).hexdigest()[:32]


def _before_last_lines(text: bytes, lines: int) -> int:
    """Return where the last lines begin."""
    end = len(text)
    for _ in range(lines):
        end = text.rfind(b"\n", 0, max(0, end - 1)) + 1
    return end


def _in_year(detection: Detection, lines: pl.DataFrame) -> Detection:
    """Give times that bear no year the one in which they are now."""
    if detection.bears_year:
        return detection
    times = formats.parse(lines.head(50), detection.with_year(2000)).events
    known = times["timestamp"].drop_nulls() if "timestamp" in times.columns else None
    if known is None or not known.len():
        return detection
    return detection.with_year(first_year(cast(dt.datetime, known[0]), dt.datetime.now(dt.UTC), ()))
