"""A stream of bytes as blocks of numbered lines, bounded in memory; broken bytes are replaced and counted."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

import polars as pl

from loganalytics.sources.files.compression import BROKEN, Budget

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


class Block(NamedTuple):
    """Whole lines of a stream: numbered (n: UInt64 from 1, line: String), and what these are cut from."""

    lines: pl.DataFrame
    utf8: bytes | None = None


def looks_binary(head: bytes) -> bool:
    """Whether these bytes are not text: NUL bytes without a UTF-16 byte order mark, or mostly control characters."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False
    controls = sum(head.count(bytes([code])) for code in range(32) if code not in (8, 9, 10, 12, 13, 27))
    return head.count(0) > len(head) // 100 or controls > len(head) // 10


def read_blocks(stream: BinaryIO, reading: Reading, *, size: int) -> Iterator[Block]:
    """Yield blocks of whole lines, filling in `reading` on the way."""
    for text in _whole_lines(_as_utf8(_chunks(stream, reading, size)), reading, size):
        line, utf8 = _to_lines(text, reading)
        number = pl.int_range(reading.lines + 1, reading.lines + 1 + line.len(), dtype=pl.UInt64, eager=True)
        reading.lines += line.len()
        lines = pl.DataFrame([number.alias("n"), line.alias("line")])
        if lines.height <= _MOST_LINES:
            yield Block(lines, utf8)
        else:
            yield from map(Block, lines.iter_slices(_MOST_LINES))


def _chunks(stream: BinaryIO, reading: Reading, size: int) -> Iterator[bytes]:
    parts: list[bytes] = []
    filled = 0
    while True:
        try:
            # read1 hands out what an archive holds before the place where it breaks; read would lose it.
            part = _read(stream, size)
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


def _read(stream: BinaryIO, size: int) -> bytes:
    """Read about that much; of a file on the disk up to the end of a line, so that no line must be put together."""
    if isinstance(stream, io.BufferedReader) and isinstance(stream.raw, io.FileIO) and stream.seekable():
        start = stream.tell()
        stream.seek(start + size)
        stream.readline(size)
        end = stream.tell()
        stream.seek(start)
        return stream.read(end - start)
    return stream.read1(size) if hasattr(stream, "read1") else stream.read(size)


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
        if end == len(chunk) and not held:
            yield chunk
            continue
        if end:
            yield b"".join([*left, memoryview(chunk)[:end]])
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


def _to_lines(block: bytes, reading: Reading) -> tuple[pl.Series, bytes | None]:
    if not reading.lines and block.startswith(b"\xef\xbb\xbf"):
        block = block[3:]
    try:
        lines = pl.read_lines(block).to_series()
    except pl.exceptions.ComputeError:  # not UTF-8
        block = block.decode("utf-8", errors="replace").encode()
        lines = pl.read_lines(block).to_series()
        reading.invalid_utf8 += int(lines.str.contains("\ufffd", literal=True).sum())
    if b"\x1b" in block:  # one byte is found ten times as fast as two
        return lines.str.replace_all(_ANSI, ""), None
    return lines, block
