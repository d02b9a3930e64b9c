"""What packs a file (gzip, bzip2, xz, zstd, zip), seen by its first bytes, and a limit on what comes out of it."""

from __future__ import annotations

import bz2
import gzip
import importlib
import lzma
import os
import stat
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, cast

from loganalytics.exceptions import InvalidArgumentError


@cache
def _zstd() -> Any:
    """Return the module for zstd, which few files need: the standard library's, or before Python 3.14 its backport."""
    return importlib.import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")


_OPENERS: dict[bytes, Callable[[BinaryIO], BinaryIO]] = {
    b"\x1f\x8b": lambda raw: cast(BinaryIO, gzip.open(raw)),  # noqa: SIM115 (the caller closes it)
    b"BZh": lambda raw: cast(BinaryIO, bz2.open(raw)),  # noqa: SIM115 (the caller closes it)
    b"\xfd7zXZ\x00": lambda raw: cast(BinaryIO, lzma.open(raw)),  # noqa: SIM115 (the caller closes it)
    b"\x28\xb5\x2f\xfd": lambda raw: cast(BinaryIO, _zstd().ZstdFile(raw)),
}
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
# What a broken archive raises, each library its own; zip adds a method of compression that Python does not know.
_BROKEN: tuple[type[Exception], ...] = (
    EOFError, OSError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, NotImplementedError, struct.error,
)  # fmt: skip

MAX_UNPACKED_BYTES = 50 * 1024**3
"""Bytes that one archive may unpack to."""
_MAX_RATIO, _RATIO_MIN_BYTES = 1000, 100 * 1024**2


@dataclass
class UnpackBudget:
    """How much may still come out of one archive; without a limit of the user's own, its ratio is watched too."""

    packed: int
    limit: int | None = None
    unpacked: int = 0

    def spend(self, size: int) -> tuple[int, str]:
        """Count what came out; return how much of it is within the limit, and why to stop, or nothing."""
        self.unpacked += size
        limit, ratio = MAX_UNPACKED_BYTES, ""
        if self.limit is not None:
            limit = self.limit
        elif self.packed * _MAX_RATIO < MAX_UNPACKED_BYTES:
            limit = max(_RATIO_MIN_BYTES, self.packed * _MAX_RATIO)
            ratio = f", over {_MAX_RATIO:,} times its size"
        excess = self.unpacked - limit
        if excess <= 0:
            return size, ""
        self.unpacked = limit
        return max(0, size - excess), f"cut short at {limit:,} bytes unpacked{ratio}. {_HINT}"


_HINT = "Hint: to read on, raise max_unpacked_bytes= or the environment's LOGANALYTICS_MAX_UNPACKED."


def unpacked_limit(max_unpacked_bytes: int | None) -> int | None:
    """Return the user's limit: the argument, else that of the environment, else None.

    Raises InvalidArgumentError for one that is not a positive number.
    """
    setting = max_unpacked_bytes if max_unpacked_bytes is not None else os.environ.get("LOGANALYTICS_MAX_UNPACKED")
    if setting in (None, ""):
        return None
    try:
        limit = int(float(str(setting)))
    except (ValueError, OverflowError):
        limit = 0
    if limit <= 0:
        raise InvalidArgumentError(f"max_unpacked_bytes is {setting!r}. Hint: a number of bytes, such as 200e9.")
    return limit


def open_packed(raw: BinaryIO) -> BinaryIO:
    """Return the stream unpacked, by its first bytes."""
    head = cast("bytes", raw.peek(6)) if hasattr(raw, "peek") else b""
    for magic, opener in _OPENERS.items():
        if head.startswith(magic):
            return opener(raw)
    return raw


def read_some(stream: BinaryIO, size: int) -> bytes:
    """Read at most so much, as soon as there is something."""
    return stream.read1(size) if hasattr(stream, "read1") else stream.read(size)


def broken() -> tuple[type[Exception], ...]:
    """Return what reading a file may raise, its archive's own errors among them."""
    return (*_BROKEN, _zstd().ZstdError) if _zstd.cache_info().currsize else _BROKEN


def reason_of(error: Exception) -> str:
    """Return why a file could not be read on: what the system says, else the kind of the error."""
    return error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__


def is_packed(head: bytes) -> bool:
    """Whether a file's first bytes are those of an archive that open_packed reads or of a zip archive."""
    return head.startswith((*_OPENERS, *_ZIP))


def special_kind(path: Path) -> str:
    """Return "pipe" or "device" for what is not a regular file, else nothing."""
    mode = path.stat().st_mode
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
        return "pipe"
    return "device" if stat.S_ISCHR(mode) or stat.S_ISBLK(mode) else ""


def unpacked_size(path: Path, head: bytes) -> int | None:
    """Return what a file unpacks to where that is cheap to know: gzip's is modulo 4 GiB, and of its last member."""
    try:
        if head.startswith(b"\x1f\x8b"):
            with path.open("rb") as file:
                file.seek(-4, os.SEEK_END)
                return int(struct.unpack("<I", file.read(4))[0])
        if head.startswith(b"\x28\xb5\x2f\xfd"):
            return cast("int | None", _zstd().get_frame_info(head).decompressed_size)
    except broken():
        return None
    return None if is_packed(head) else path.stat().st_size
