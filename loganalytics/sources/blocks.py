"""A file's bytes, whatever packs them, as blocks of numbered lines; broken bytes are replaced and counted."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import polars as pl

_LONGEST_LINE = 256 * 1024 * 1024
_ANSI = r"\x1b\[[0-9;?]*[ -/]*[@-~]"

_OPENERS: dict[bytes, Callable[[BinaryIO], BinaryIO]] = {
    b"\x1f\x8b": lambda raw: cast(BinaryIO, gzip.open(raw)),  # noqa: SIM115 (the caller closes it)
    b"BZh": lambda raw: cast(BinaryIO, bz2.open(raw)),  # noqa: SIM115 (the caller closes it)
    b"\xfd7zXZ\x00": lambda raw: cast(BinaryIO, lzma.open(raw)),  # noqa: SIM115 (the caller closes it)
}
# What a broken archive raises, each library its own.
_BROKEN = (EOFError, OSError, zlib.error, lzma.LZMAError)


@dataclass
class Reading:
    """What was met while reading one file."""

    bytes: int = 0
    lines: int = 0
    invalid_utf8: int = 0
    note: str = ""


def open_packed(raw: BinaryIO) -> BinaryIO:
    """Return the stream unpacked, by its first bytes."""
    head = cast("bytes", raw.peek(6)) if hasattr(raw, "peek") else b""
    for magic, opener in _OPENERS.items():
        if head.startswith(magic):
            return opener(raw)
    return raw


def is_packed(path: Path) -> bool:
    """Whether the file's first bytes are those of an archive that open_packed reads."""
    with path.open("rb") as file:
        return file.read(6).startswith(tuple(_OPENERS))


def looks_binary(head: bytes) -> bool:
    """Whether these bytes are not text: NUL bytes without a UTF-16 byte order mark, or mostly control characters."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False
    controls = sum(head.count(bytes([code])) for code in range(32) if code not in (8, 9, 10, 12, 13, 27))
    return head.count(0) > len(head) // 100 or controls > len(head) // 10


def read_blocks(stream: BinaryIO, reading: Reading, *, size: int) -> Iterator[pl.DataFrame]:
    """Yield frames (n: UInt64 from 1, line: String) of whole lines, filling in `reading` on the way."""
    for block in _whole_lines(stream, reading, size):
        lines = _to_lines(block, reading)
        number = pl.int_range(reading.lines + 1, reading.lines + 1 + lines.len(), dtype=pl.UInt64)
        reading.lines += lines.len()
        yield lines.to_frame("line").select(number.alias("n"), "line")


def _whole_lines(stream: BinaryIO, reading: Reading, size: int) -> Iterator[bytes]:
    left = b""
    encoding = ""
    for chunk in _chunks(stream, reading, size):
        encoding = encoding or _encoding(chunk)
        data = left + chunk
        if encoding != "utf-8":
            left = data  # UTF-16 has no byte that ends a line; such files are small
            continue
        end = data.rfind(b"\n") + 1
        if not end and len(data) > _LONGEST_LINE:
            end = len(data)
        if end:
            yield data[:end]
        left = data[end:]
    if left:
        yield left if encoding == "utf-8" else left.decode(encoding, errors="replace").encode()


def _chunks(stream: BinaryIO, reading: Reading, size: int) -> Iterator[bytes]:
    parts: list[bytes] = []
    filled = 0
    while True:
        try:
            # read1 hands out what an archive holds before the place where it breaks; read would lose it.
            part = stream.read1(size) if hasattr(stream, "read1") else stream.read(size)
        except _BROKEN as error:
            reading.note = f"unreadable after {reading.bytes:,} bytes ({type(error).__name__}): the rest is lost"
            part = b""
        reading.bytes += len(part)
        filled += len(part)
        parts.append(part)
        if not part or filled >= size:
            yield b"".join(parts)
            parts, filled = [], 0
        if not part:
            return


def _encoding(head: bytes) -> str:
    return "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"


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
