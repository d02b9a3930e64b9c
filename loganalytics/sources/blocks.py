"""A stream of bytes as blocks of numbered lines, bounded in memory; broken bytes are replaced and counted."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import polars as pl

from loganalytics.sources.unpacking import BROKEN, Budget

# Longer lines are cut: what parses a line takes about twenty times its size.
LONGEST_LINE = 16 * 1024 * 1024
# A block of blank or very short lines would take far more memory as a frame than as bytes.
_MOST_LINES = 400_000
_ANSI = r"\x1b\[[0-9;?]*[ -/]*[@-~]"


@dataclass
class Reading:
    """What was met while reading one file."""

    bytes: int = 0
    lines: int = 0
    invalid_utf8: int = 0
    cut_lines: int = 0
    note: str = ""
    budget: Budget | None = None


def looks_binary(head: bytes) -> bool:
    """Whether these bytes are not text: NUL bytes without a UTF-16 byte order mark, or mostly control characters."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False
    controls = sum(head.count(bytes([code])) for code in range(32) if code not in (8, 9, 10, 12, 13, 27))
    return head.count(0) > len(head) // 100 or controls > len(head) // 10


def read_blocks(stream: BinaryIO, reading: Reading, *, size: int) -> Iterator[pl.DataFrame]:
    """Yield frames (n: UInt64 from 1, line: String) of whole lines, filling in `reading` on the way."""
    for block in _whole_lines(_as_utf8(_chunks(stream, reading, size)), reading, size):
        for part in _few_lines(block):
            lines = _to_lines(part, reading)
            number = pl.int_range(reading.lines + 1, reading.lines + 1 + lines.len(), dtype=pl.UInt64)
            reading.lines += lines.len()
            yield lines.to_frame("line").select(number.alias("n"), "line")


def _chunks(stream: BinaryIO, reading: Reading, size: int) -> Iterator[bytes]:
    parts: list[bytes] = []
    filled = 0
    while True:
        try:
            # read1 hands out what an archive holds before the place where it breaks; read would lose it.
            part = stream.read1(size) if hasattr(stream, "read1") else stream.read(size)
        except BROKEN as error:
            reading.note = f"unreadable after {reading.bytes:,} bytes ({_reason(error)}): the rest is lost"
            part = b""
        if reading.budget is not None and part:
            kept, reading.note = reading.budget.spend(len(part))
            part = part[:kept]
        reading.bytes += len(part)
        filled += len(part)
        parts.append(part)
        if not part or filled >= size or reading.note:
            yield b"".join(parts)
            parts, filled = [], 0
        if not part or reading.note:
            return


def _reason(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__


def _as_utf8(chunks: Iterator[bytes]) -> Iterator[bytes]:
    decoder: codecs.IncrementalDecoder | None = None
    for number, chunk in enumerate(chunks):
        if number == 0 and chunk.startswith((b"\xff\xfe", b"\xfe\xff")):
            decoder = codecs.getincrementaldecoder("utf-16")(errors="replace")
        yield decoder.decode(chunk).encode() if decoder else chunk


def _whole_lines(chunks: Iterator[bytes], reading: Reading, size: int) -> Iterator[bytes]:
    left: list[bytes] = []  # joined only when the line ends: a long one is copied once
    held = 0
    for chunk in chunks:
        end = chunk.rfind(b"\n") + 1
        if end:
            yield b"".join([*left, chunk[:end]])
            left, held = [chunk[end:]], len(chunk) - end
            continue
        left.append(chunk)
        held += len(chunk)
        while held > max(LONGEST_LINE, size):
            line = b"".join(left)
            end = _character_end(line[: max(LONGEST_LINE, size)])
            reading.cut_lines += 1
            yield line[:end]
            left, held = [line[end:]], len(line) - end
    rest = b"".join(left)
    if rest:
        yield rest


def _character_end(text: bytes) -> int:
    """Return where to cut so that no character of UTF-8 is cut through."""
    for back in range(1, 4):
        if text[-back] >= 0xC0:
            return len(text) - back
        if text[-back] < 0x80:
            break
    return len(text)


def _few_lines(block: bytes) -> Iterator[bytes]:
    """Split a block of very many lines."""
    parts = block.count(b"\n") // _MOST_LINES + 1
    start = 0
    for part in range(1, parts):
        end = block.find(b"\n", max(start, part * len(block) // parts)) + 1
        if end > start:
            yield block[start:end]
            start = end
    if start < len(block):
        yield block[start:] if start else block


def _to_lines(block: bytes, reading: Reading) -> pl.Series:
    if not reading.lines and block.startswith(b"\xef\xbb\xbf"):
        block = block[3:]
    try:
        lines = pl.read_lines(block).to_series()
    except pl.exceptions.ComputeError:  # not UTF-8
        text = block.decode("utf-8", errors="replace")
        lines = pl.read_lines(text.encode()).to_series()
        reading.invalid_utf8 += int(lines.str.contains("\ufffd", literal=True).sum())
    if b"\x1b[" in block:
        lines = lines.str.replace_all(_ANSI, "")
    return lines
