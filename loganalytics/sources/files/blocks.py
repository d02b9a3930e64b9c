"""A stream of bytes as blocks of numbered lines, bounded in memory; broken bytes are replaced and counted."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import polars as pl

from loganalytics.formats.framing import MAX_LINE_BYTES
from loganalytics.sources.counters import FileCounters
from loganalytics.sources.files.compression import UnpackBudget, broken, read_some, reason_of
from loganalytics.sources.files.encodings import UTF8, Encoding, is_utf8, without_leading_nuls
from loganalytics.sources.files.line_decoder import LineDecoder
from loganalytics.sources.files.text_stream import as_text
from loganalytics.sources.status import Status

# A block of blank or very short lines would take far more memory as a frame than as bytes.
_MAX_BLOCK_LINES = 400_000
# Runs of NULs as long as a writer leaves that goes on at its old place in an emptied file.
_MIN_HOLE = 8
_MARK = codecs.BOM_UTF8
_MARK_AT_START = re.compile(rb"(?<![^\n])" + _MARK)
_ANSI = r"\x1b\[[0-9;?]*[ -/]*[@-~]"


class Block(NamedTuple):
    """Whole lines of a stream: numbered (n: UInt64 from 1, line: String), and what these are cut from."""

    lines: pl.DataFrame
    utf8: bytes | None = None


def looks_binary(head: bytes, encoding: Encoding) -> bool:
    """Whether these bytes are not text in the encoding: NUL bytes among them, or many control characters."""
    if encoding.is_wide:
        head = head.decode(encoding.codec, errors="replace").encode()
    text = without_leading_nuls(head).lstrip(b"\0")
    controls = sum(text.count(bytes([code])) for code in range(1, 32) if code not in (8, 9, 10, 12, 13, 27))
    # Text in an old encoding has no more controls than other text; random bytes have one in ten.
    is_known = encoding.is_given or is_utf8(text[: text.rfind(b"\n") + 1] or text)
    nuls = sum(len(run) for run in re.findall(rb"\0+", text) if len(run) < _MIN_HOLE)
    return nuls > len(text) // 100 or controls > len(text) // (10 if is_known else 50)


def lines_of(text: bytes, encoding: Encoding) -> list[str]:
    """Return the lines of some bytes of a file."""
    blocks = read_blocks(io.BytesIO(text), FileCounters(), size=len(text) + 1, encoding=encoding)
    return [line for block in blocks for line in block.lines["line"].to_list()]


def read_blocks(
    stream: BinaryIO, counters: FileCounters, *, size: int, budget: UnpackBudget | None = None,
    encoding: Encoding = UTF8,
) -> Iterator[Block]:  # fmt: skip
    """Yield blocks of whole lines, counting bytes and lines; the stream of an archive is read up to its budget."""
    decoder = LineDecoder(encoding, counters)
    for content in _whole_lines(as_text(_chunks(stream, counters, size, budget), encoding, counters), counters, size):
        line, utf8 = _to_lines(content, decoder)
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
    except broken() as error:
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
    return read_some(stream, size)


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


def _to_lines(block: bytes, decoder: LineDecoder) -> tuple[pl.Series, bytes | None]:
    # One byte is found ten times as fast as two. A mark is at the head of a file, and where such files were joined.
    if _MARK[:1] in block and _MARK in block:
        block = _MARK_AT_START.sub(b"", block)
    lines, utf8 = decoder.decode(block)
    if b"\x1b" in block:
        return lines.str.replace_all(_ANSI, ""), None
    return lines, utf8
