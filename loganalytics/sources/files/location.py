"""Where the bytes of a file lie: on the disk, in a zip archive, or in a copy of what came through a pipe."""

from __future__ import annotations

import datetime as dt
import io
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, cast

from loganalytics.sources.files.compression import (
    BROKEN,
    cannot_unpack,
    is_packed,
    is_zip,
    open_packed,
    special_kind,
    zip_members,
)
from loganalytics.sources.files.discovery import STDIN, Discovered
from loganalytics.sources.status import Skip, Status

_HEAD_BYTES = 64 * 1024
_EMPTY = Skip(status=Status.READ, note="empty")
_DEVICE = Skip(status=Status.SKIPPED_NOT_LOG, note="a device, not a file: not read")


@dataclass(frozen=True, kw_only=True)
class Location:
    """Where the bytes of one file lie; `skip` says why they cannot be read, if they cannot."""

    source: str
    """The path as the user gave it; "path.zip/member" in an archive; an address without its secrets."""
    path: Path | None = None
    """The file on the disk; the copy of what came through a pipe."""
    member: str | None = None
    """The name within a zip archive."""
    url: str | None = None
    by_name: bool = True
    """Whether the user named it, rather than it was found in a folder."""
    size: int = 0
    modified: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))
    head: bytes = b""
    """Its first bytes as they lie on the disk."""
    archive_size: int = 0
    """The size of the archive that it is, or is in."""
    skip: Skip | None = None

    @property
    def packed(self) -> bool:
        """Whether it must be unpacked."""
        return self.member is not None or is_packed(self.head)

    @property
    def regular(self) -> bool:
        """Whether it is a file that stays as it is, rather than what came through a pipe or a network."""
        return self.path is not None and self.source == str(self.path) + (f"/{self.member}" if self.member else "")


class Spool:
    """Copies of what came through standard input and named pipes: a scan may read them more than once.

    They lie in a temporary folder (of TMPDIR) that goes away with this object.
    """

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._copies: dict[Path, Path] = {}

    def copy(self, path: Path) -> Path:
        """Return the copy of what comes through a pipe, having waited for its end."""
        if path not in self._copies:
            self._folder = self._folder or tempfile.TemporaryDirectory(prefix="loganalytics-")
            copy = Path(self._folder.name, str(len(self._copies)))
            with copy.open("wb") as file:
                if str(path) == STDIN:
                    shutil.copyfileobj(sys.stdin.buffer, file)
                else:
                    with path.open("rb") as pipe:
                        shutil.copyfileobj(pipe, file)
            self._copies[path] = copy
        return self._copies[path]


def locate(discovered: Discovered, spool: Spool) -> list[Location]:
    """Return where the files lie, each text in a zip archive at a location of its own."""
    unreadable = [
        Location(source=str(path), skip=Skip(status=Status.UNREADABLE, note=problem))
        for path, problem in discovered.problems.items()
    ]
    files = discovered.files.items()
    return unreadable + [location for path, by_name in files for location in _locate_path(path, by_name, spool)]


@contextmanager
def open_unpacked(location: Location) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """Open a file, and return the stream of its text and the one below, whose position says how far it is read."""
    assert location.path is not None
    with location.path.open("rb") as raw:
        if location.member is None:
            yield open_packed(raw), raw
            return
        with zipfile.ZipFile(raw) as archive, archive.open(location.member) as member:
            yield open_packed(cast(BinaryIO, io.BufferedReader(cast("io.RawIOBase", member)))), raw


def _locate_path(path: Path, by_name: bool, spool: Spool) -> list[Location]:
    location = Location(source=str(path), path=path, by_name=by_name)
    try:
        kind = "pipe" if str(path) == STDIN else special_kind(path)
        if kind == "device":
            return [replace(location, skip=_DEVICE if str(path) != "/dev/null" else _EMPTY)]
        on_disk = spool.copy(path) if kind == "pipe" else path
        stat = on_disk.stat()
        modified = dt.datetime.fromtimestamp(stat.st_mtime, dt.UTC)
        location = replace(location, path=on_disk, size=stat.st_size, modified=modified)
        with on_disk.open("rb") as file:
            head = file.read(_HEAD_BYTES)
        location = replace(location, head=head, archive_size=stat.st_size if is_packed(head) else 0)
        return _members(location) if is_zip(head) else [location]
    except BROKEN as error:
        return [replace(location, skip=cannot_be_read(error))]


def _members(archive: Location) -> list[Location]:
    """Return the files of a zip archive."""
    assert archive.path is not None
    infos = zip_members(archive.path)
    if not infos:
        return [replace(archive, skip=_EMPTY)]
    return [_member(archive, info, by_name=archive.by_name and len(infos) == 1) for info in infos]


def _member(archive: Location, info: zipfile.ZipInfo, *, by_name: bool) -> Location:
    # The archive holds the writer's local time: good to a day.
    try:
        modified = dt.datetime(*info.date_time, tzinfo=dt.UTC)
    except ValueError:
        modified = archive.modified
    problem = cannot_unpack(info)
    return replace(
        archive, source=f"{archive.source}/{info.filename}", member=info.filename, by_name=by_name, modified=modified,
        size=info.compress_size, head=b"", skip=Skip(status=Status.UNREADABLE, note=problem) if problem else None,
    )  # fmt: skip


def cannot_be_read(error: Exception) -> Skip:
    """Return the decision to skip a file that cannot be opened or unpacked."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else error
    return Skip(status=Status.UNREADABLE, note=f"cannot be read: {reason}")
