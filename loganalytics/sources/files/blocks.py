"""A stream of bytes as blocks of numbered lines, bounded in memory; broken bytes are replaced and counted."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import polars as pl

from loganalytics.formats.framing import MAX_LINE_BYTES
from loganalytics.sources.counters import FileCounters
from loganalytics.sources.files.compression import BROKEN, UnpackBudget, reason_of
from loganalytics.sources.status import Status

# A block of blank or very short lines would take far more memory as a frame than as bytes.
_MAX_BLOCK_LINES = 400_000
_ANSI = r"\x1b\[[0-9;?]*[ -/]*[@-~]"


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


def read_blocks(
    stream: BinaryIO, counters: FileCounters, *, size: int, budget: UnpackBudget | None = None
) -> Iterator[Block]:
    """Yield blocks of whole lines, counting bytes and lines; the stream of an archive is read up to its budget."""
    for content in _whole_lines(_as_utf8(_chunks(stream, counters, size, budget)), counters, size):
        line, utf8 = _to_lines(content, counters)
        number = pl.int_range(counters.lines + 1, counters.lines + 1 + line.len(), dtype=pl.UInt64, eager=True)
        counters.lines += line.len()
        lines = pl.DataFrame([number.alias("n"), line.alias("line")])
        if lines.height <= _MAX_BLOCK_LINES:
            yield Block(lines, utf8)
        else:
            yield from map(Block, lines.iter_slices(_MAX_BLOCK_LINES))


def _chunks(stream: BinaryIO, counters: FileCounters, size: int, budget: UnpackBudget | None) -> Iterator[bytes]:
    """Yield the bytes of a stream in chunks of about that size, until it ends, breaks or has used up its budget."""
    buffers: list[bytes] = []
    buffered = 0
    while True:
        buffer = _next_bytes(stream, counters, size, budget)
        ended = not buffer or counters.status is Status.TRUNCATED
        counters.bytes += len(buffer)
        buffered += len(buffer)
        buffers.append(buffer)
        if ended or buffered >= size:
            yield b"".join(buffers)
            buffers, buffered = [], 0
        if ended:
            return


def _next_bytes(stream: BinaryIO, counters: FileCounters, size: int, budget: UnpackBudget | None) -> bytes:
    try:
        # read1 returns what an archive holds before the place where it breaks; read would lose it.
        buffer = _read(stream, size)
    except BROKEN as error:
        counters.truncate(f"unreadable after {counters.bytes:,} bytes ({reason_of(error)}): the rest is lost")
        return b""
    if budget is None or not buffer:
        return buffer
    within_budget, excess = budget.spend(len(buffer))
    if excess:
        counters.truncate(excess)
    return buffer[:within_budget]


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


def _as_utf8(chunks: Iterator[bytes]) -> Iterator[bytes]:
    decoder: codecs.IncrementalDecoder | None = None
    for number, chunk in enumerate(chunks):
        if number == 0 and chunk.startswith((b"\xff\xfe", b"\xfe\xff")):
            decoder = codecs.getincrementaldecoder("utf-16")(errors="replace")
        yield decoder.decode(chunk).encode() if decoder else chunk


def _whole_lines(chunks: Iterator[bytes], counters: FileCounters, size: int) -> Iterator[bytes]:
    unfinished: list[bytes] = []  # joined only when the line ends: a long one is copied once
    unfinished_bytes = 0
    for chunk in chunks:
        end = chunk.rfind(b"\n") + 1
        if end == len(chunk) and not unfinished_bytes:
            yield chunk
            continue
        if end:
            yield b"".join([*unfinished, memoryview(chunk)[:end]])
            unfinished, unfinished_bytes = [chunk[end:]], len(chunk) - end
            continue
        unfinished.append(chunk)
        unfinished_bytes += len(chunk)
        while unfinished_bytes > max(MAX_LINE_BYTES, size):
            line = b"".join(unfinished)
            end = _character_end(line[: max(MAX_LINE_BYTES, size)])
            counters.cut_lines += 1
            yield line[:end]
            unfinished, unfinished_bytes = [line[end:]], len(line) - end
    last_line = b"".join(unfinished)
    if last_line:
        yield last_line


def _character_end(utf8: bytes) -> int:
    """Return where to cut so that no character of UTF-8 is cut through."""
    for back in range(1, 4):
        if utf8[-back] >= 0xC0:
            return len(utf8) - back
        if utf8[-back] < 0x80:
            break
    return len(utf8)


def _to_lines(block: bytes, counters: FileCounters) -> tuple[pl.Series, bytes | None]:
    if not counters.lines and block.startswith(b"\xef\xbb\xbf"):
        block = block[3:]
    try:
        lines = pl.read_lines(block).to_series()
    except pl.exceptions.ComputeError:  # not UTF-8
        block = block.decode("utf-8", errors="replace").encode()
        lines = pl.read_lines(block).to_series()
        counters.invalid_utf8 += int(lines.str.contains("\ufffd", literal=True).sum())
    if b"\x1b" in block:  # one byte is found ten times as fast as two
        return lines.str.replace_all(_ANSI, ""), None
    return lines, block
