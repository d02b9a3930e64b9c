"""One text file as it grows: whole lines, whole events, and how far it was read."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from loganalytics import formats
from loganalytics.formats import Detection
from loganalytics.formats.definitions import Format
from loganalytics.formats.envelopes.streams import ONE_WRITER, Before
from loganalytics.formats.framing import MAX_LINE_BYTES, Framer, Framing
from loganalytics.formats.hints import Hints
from loganalytics.formats.inferred_times import last_times
from loganalytics.formats.open_events import first_open
from loganalytics.formats.year_turns import LEAP_YEAR
from loganalytics.sources.counters import FileCounters
from loganalytics.sources.files.blocks import lines_of, read_blocks
from loganalytics.sources.files.encodings import (
    UTF8,
    Encoding,
    detect_encoding,
    is_utf8,
    legacy_charset,
    without_leading_nuls,
)
from loganalytics.sources.files.missing_year import first_year
from loganalytics.sources.files.plan import looks_like_log
from loganalytics.sources.files.sampling import to_log_frame
from loganalytics.sources.files.text_stream import end_of_lines, line_count, start_of_last_lines

HEAD_BYTES = 1024
"""Bytes at the beginning by which a file is known again: an inode number is given to another file later."""
_SAMPLE_BYTES = 256 * 1024
_SAMPLE_LINES = 1000
_CHUNK_BYTES = 8 * 1024 * 1024
_LAST_LINES_BYTES = 4 * 1024 * 1024
# An event ends when the next begins or nothing came for so many seconds; a line without its end is waited for longer.
_EVENT_END_SECONDS, _LINE_END_SECONDS = 0.3, 2.0
_NOTHING_DETECTED = Detection()
_NO_LINES = pl.DataFrame(schema={"n": pl.UInt64, "line": pl.String})


@dataclass(kw_only=True)
class NamedLog:
    """The log that files hold one after the other under a name: its formats, and what was counted of it."""

    hints: Hints
    own_formats: Sequence[Format]
    lines: int = 0
    events: int = 0
    invalid_utf8: int = 0
    detection: Detection | None = None
    encoding: Encoding = UTF8
    _sample_bytes: int = 0

    def detect(self, handle: int) -> None:
        """Detect encoding and formats on the file's first lines, again when they are many more than the last time."""
        sample = _first_bytes(handle)
        is_stable = len(sample) < 2 * self._sample_bytes or self._sample_bytes >= _SAMPLE_BYTES // 2
        if self.detection is not None and is_stable:
            return
        encoding = detect_encoding([sample], self.hints.encoding)
        lines = _sample_lines(sample, encoding)
        if lines:
            self.encoding = encoding
            self.detection = formats.detect(lines, hints=self.hints, formats=self.own_formats)
            self._sample_bytes = len(sample)

    def is_log(self, source: str, handle: int) -> bool:
        """Whether an open file looks like a log, by the rule of load() for the files of a folder."""
        sample = _first_bytes(handle)
        lines = _sample_lines(sample, detect_encoding([sample], self.hints.encoding))
        detection = formats.detect(lines, hints=self.hints, formats=self.own_formats) if lines else _NOTHING_DETECTED
        return looks_like_log(source, detection)

    def expect(self, content: bytes) -> None:
        """Decide what the first lines are in that are not in the encoding of those before."""
        if self.encoding == UTF8 and not is_utf8(content):
            self.encoding = replace(UTF8, legacy=legacy_charset(content.split(b"\n")))


@dataclass(kw_only=True)
class TailedFile:
    """An open file. `offset` is where the first event begins that was not handed out."""

    source: str
    handle: int
    log: NamedLog
    offset: int = 0
    head: bytes = b""
    last_bytes: bytes = b""
    """The last bytes before the offset: with the head they tell a copy of the file from another file."""
    moved_at: float | None = None
    """Since when it is no longer under its name."""
    grown_at: float = field(default_factory=time.monotonic)
    times: dict[str, dt.datetime] = field(default_factory=dict)
    """The times of the last events that were handed out, by their streams."""
    _pending: bytes = b""
    _framing: Framing | None = None
    _framer: Framer | None = None

    @property
    def identity(self) -> tuple[int, int]:
        """Device and inode."""
        stat = os.fstat(self.handle)
        return stat.st_dev, stat.st_ino

    @property
    def position(self) -> dict[str, Any]:
        """What the cursor holds of it."""
        device, inode = self.identity
        last = self.times.get(ONE_WRITER)
        return {
            "source": os.path.abspath(self.source), "device": device, "inode": inode, "offset": self.offset,
            "head": fingerprint(self.head), "head_size": len(self.head), "last": fingerprint(self.last_bytes),
            "last_size": len(self.last_bytes), "lines": self.log.lines, "time": last.isoformat() if last else None,
        }  # fmt: skip

    @property
    def unfinished(self) -> bool:
        """Whether it holds something that was not handed out yet."""
        return bool(self._pending) or self.offset < os.fstat(self.handle).st_size

    def is_truncated(self) -> bool:
        """Whether it was written anew: it is shorter than what was read, or begins otherwise."""
        if os.fstat(self.handle).st_size < self.offset + len(self._pending):
            return True
        head = os.pread(self.handle, HEAD_BYTES, 0)
        if not head.startswith(self.head):
            return True
        self.head = head
        return False

    def seek_end(self) -> None:
        """Begin with what comes from now on, at the beginning of a line."""
        self.log.detect(self.handle)
        size = os.fstat(self.handle).st_size
        while self.offset < size:
            chunk = os.pread(self.handle, min(_CHUNK_BYTES, size - self.offset), self.offset)
            end = end_of_lines(chunk, self.log.encoding)
            if not end:
                break
            self.log.lines += line_count(chunk[:end], self.log.encoding)
            self.seek(self.offset + end)

    def seek_last_lines(self, count: int) -> None:
        """Go back by so many lines; by fewer where they are long."""
        begin = max(0, self.offset - _LAST_LINES_BYTES) // self.log.encoding.unit * self.log.encoding.unit
        text = os.pread(self.handle, self.offset - begin, begin)
        lines = line_count(text, self.log.encoding) - (begin > 0)  # the first one may be cut
        lines = max(0, min(count, lines))
        self.log.lines -= lines
        self.seek(begin + start_of_last_lines(text, lines, self.log.encoding))

    def seek(self, offset: int) -> None:
        """Go on at an offset where an event begins."""
        self.offset, self._framer = offset, None
        self.last_bytes = os.pread(self.handle, min(HEAD_BYTES, offset), max(0, offset - HEAD_BYTES))

    def restart(self) -> None:
        """Read it from its beginning."""
        self.offset, self._pending, self.head, self.last_bytes, self._framer = 0, b"", b"", b"", None
        self.times = {}

    def read(self, *, to_end: bool = False) -> pl.DataFrame | None:
        """Return the events that are whole, or None; with `to_end` all that the file holds."""
        read_at = time.monotonic()
        new_bytes = os.pread(self.handle, _CHUNK_BYTES, self.offset + len(self._pending))
        if new_bytes:
            self._pending += new_bytes
            self.grown_at = read_at
            self.log.detect(self.handle)
        quiet = read_at - self.grown_at
        to_end = to_end or len(self._pending) > MAX_LINE_BYTES
        line_ended = to_end or quiet >= _LINE_END_SECONDS
        size = len(self._pending) // self.log.encoding.unit * self.log.encoding.unit
        if not line_ended:
            size = end_of_lines(self._pending, self.log.encoding)
        event_ended = to_end or (not new_bytes and quiet >= _EVENT_END_SECONDS)
        if not size or not (new_bytes or event_ended):
            return None
        return self._take(self._pending[:size], complete=event_ended)

    def _take(self, content: bytes, *, complete: bool) -> pl.DataFrame | None:
        """Return the events of whole lines, and go on behind them; the last one waits unless it is complete."""
        self.log.expect(content)
        counters = FileCounters(lines=self.log.lines)
        blocks = read_blocks(io.BytesIO(content), counters, size=len(content), encoding=self.log.encoding)
        lines = pl.concat([_NO_LINES, *[block.lines for block in blocks]])
        detection = self.log.detection or _NOTHING_DETECTED
        records, waiting_lines = self._frame(lines, detection.framing, complete=complete)
        detection = _following(_with_current_year(detection, records), self.times.get(ONE_WRITER))
        parsed = formats.parse(records, detection, before=Before(times=self.times), final=complete)
        events, open_number = parsed.events, first_open(parsed)
        if not complete and not waiting_lines and open_number is not None:
            first_line = detection.framing.line(open_number) if detection.framing else open_number
            waiting_lines, events = int(lines["n"][-1] - first_line) + 1, events.filter(pl.col("n") < open_number)
        taken = start_of_last_lines(content, waiting_lines, self.log.encoding)
        if not taken:
            return None
        self.offset += taken
        self.last_bytes = (self.last_bytes + self._pending[max(0, taken - HEAD_BYTES) : taken])[-HEAD_BYTES:]
        self._pending = self._pending[taken:]
        self.log.lines = counters.lines - waiting_lines
        self.log.invalid_utf8 += counters.invalid_utf8
        self.log.events += events.height
        self.times |= last_times(events)
        return to_log_frame(events, self.source, detection.framing) if events.height else None

    def _frame(self, lines: pl.DataFrame, framing: Framing | None, *, complete: bool) -> tuple[pl.DataFrame, int]:
        """Return the records that are whole, and how many lines at the end wait for more; none when it is complete."""
        if framing is None:
            return lines, 0
        if self._framer is None or framing != self._framing:
            self._framing, self._framer = framing, framing.framer()
        records = self._framer.feed(lines)
        if complete:
            return pl.concat([records, self._framer.finish()]), 0
        return records, self._framer.give_back()

    def close(self) -> None:
        """Close the file."""
        os.close(self.handle)


def times_of(position: Mapping[str, Any]) -> dict[str, dt.datetime]:
    """Return the `times` of a file at a cursor's position."""
    text = position.get("time")
    return {ONE_WRITER: dt.datetime.fromisoformat(text)} if text else {}


def fingerprint(content: bytes) -> str:
    """Return what stands for a file's first or last bytes in a cursor."""
    return hashlib.sha256(content).hexdigest()[:32]


def _first_bytes(handle: int) -> bytes:
    """Return the first bytes of a file that are not NUL."""
    offset = 0
    while (sample := os.pread(handle, _SAMPLE_BYTES, offset)) and not sample.strip(b"\0"):
        offset += len(sample)
    return without_leading_nuls(sample)


def _sample_lines(sample: bytes, encoding: Encoding) -> list[str]:
    """Return the first lines of a file; none when they are blank."""
    whole_lines = sample[: end_of_lines(sample, encoding)] or sample
    lines = [line for line in lines_of(whole_lines, encoding)[:_SAMPLE_LINES] if line]
    return lines if any(line.strip() for line in lines) else []


def _following(detection: Detection, time: dt.datetime | None) -> Detection:
    """Let times go on from the last event's: in the second hour when clocks went back; years are those of today."""
    if time is None:
        return detection
    return detection.with_clocks(lambda clock: clock.following(time) if clock.has_year else replace(clock, after=time))


def _with_current_year(detection: Detection, lines: pl.DataFrame) -> Detection:
    """Give times without a year the one in which they are now."""
    if detection.has_year:
        return detection
    events = formats.parse(lines, detection.with_year(LEAP_YEAR)).events
    times = events["timestamp"].drop_nulls() if "timestamp" in events.columns else None
    if times is None or not times.len():
        return detection
    return detection.with_year(first_year(times, dt.datetime.now(dt.UTC)))
