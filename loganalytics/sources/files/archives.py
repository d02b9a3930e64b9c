"""The files within zip and tar archives, read in place: nothing is written under the names that an archive gives."""

from __future__ import annotations

import datetime as dt
import io
import tarfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, cast

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
TAR_HEAD_BYTES = tarfile.BLOCKSIZE
_SPARSE = "a sparse file: not read. Hint: unpack the archive, then name the folder"
_ENCRYPTED = "encrypted: not read. Hint: unpack it with its password, then name the folder"


@dataclass(frozen=True, kw_only=True)
class Member:
    """A file within an archive."""

    name: str
    """Its path there; a second one of the same path has a number behind it."""
    size: int
    """How many bytes of the archive it takes."""
    modified: dt.datetime | None
    problem: str = ""
    """Why it cannot be read, if it cannot."""
    start: int = 0
    """Where its bytes begin."""
    zip_info: zipfile.ZipInfo | None = None

    @contextmanager
    def open(self, archive: BinaryIO) -> Iterator[BinaryIO]:
        """Open it within the archive."""
        if self.zip_info is None:
            yield cast(BinaryIO, io.BufferedReader(_Region(archive, self.start, self.size)))
            return
        with zipfile.ZipFile(archive) as opened, opened.open(self.zip_info) as stream:
            yield cast(BinaryIO, io.BufferedReader(cast("io.RawIOBase", stream)))


def is_zip(head: bytes) -> bool:
    """Whether a file's first bytes are those of a zip archive."""
    return head.startswith(_ZIP)


def is_tar(head: bytes) -> bool:
    """Whether a file's first bytes are those of a tar archive: its first header has a checksum."""
    if b"\0" not in head[:TAR_HEAD_BYTES]:
        return False
    try:
        tarfile.TarInfo.frombuf(head[:TAR_HEAD_BYTES], "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError):
        return False
    return True


def members_of(path: Path, head: bytes) -> tuple[list[Member], str]:
    """Return the files in a zip or tar archive, without folders, links and hidden files, and why these are not all."""
    members, problem = (list(_zip_members(path)), "") if is_zip(head) else _tar_members(path)
    visible = [member for member in members if not _is_hidden(member.name)]
    return list(_distinct(visible)), problem


def _zip_members(path: Path) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if info.is_dir():
                continue
            yield Member(
                name=info.filename, size=info.compress_size, modified=_local_time(info), zip_info=info,
                problem=_ENCRYPTED if info.flag_bits & 0x1 else "",
            )  # fmt: skip


def _local_time(info: zipfile.ZipInfo) -> dt.datetime | None:
    """Return the writer's local time: good to a day."""
    try:
        return dt.datetime(*info.date_time, tzinfo=dt.UTC)
    except ValueError:
        return None


def _tar_members(path: Path) -> tuple[list[Member], str]:
    members: list[Member] = []
    try:
        with tarfile.open(path, "r:", errors="surrogateescape") as archive:
            members.extend(_tar_member(info) for info in archive if info.isreg())  # up to where it breaks
    except tarfile.TarError as error:
        return members, f"cannot be read further than its {len(members)} first files: {error}"
    return members, ""


def _tar_member(info: tarfile.TarInfo) -> Member:
    return Member(
        name=info.name, size=info.size, modified=_time(info), start=info.offset_data,
        problem=_SPARSE if info.sparse is not None else "",
    )  # fmt: skip


def _time(info: tarfile.TarInfo) -> dt.datetime | None:
    try:
        return dt.datetime.fromtimestamp(info.mtime, dt.UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _is_hidden(name: str) -> bool:
    parts = [part for part in name.split("/") if part not in ("", ".", "..")]
    return any(part.startswith((".", "__MACOSX")) for part in parts)


def _distinct(members: list[Member]) -> Iterator[Member]:
    """Give members of one name a number each: an archive may hold a file several times."""
    seen: Counter[str] = Counter()
    for member in members:
        seen[member.name] += 1
        number = seen[member.name]
        yield member if number == 1 else replace(member, name=f"{member.name} ({number})")


class _Region(io.RawIOBase):
    """So many bytes of a file from a place on."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self._file, self._position, self._end = file, start, start + size

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read into the buffer.

        Raises EOFError where the file ends before the region does.
        """
        wanted = min(len(buffer), self._end - self._position)
        self._file.seek(self._position)
        content = self._file.read(wanted)
        if wanted and not content:
            raise EOFError("the archive ends within it")
        buffer[: len(content)] = content
        self._position += len(content)
        return len(content)
