"""Where the bytes of a file lie: on the disk, in a zip archive, or in a copy of what came through a pipe."""

from __future__ import annotations

import datetime as dt
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from loganalytics.sources.files.archives import TAR_HEAD_BYTES, Member, is_tar, is_zip, members_of
from loganalytics.sources.files.compression import (
    UnpackBudget,
    broken,
    is_packed,
    open_packed,
    read_some,
    reason_of,
    special_kind,
)
from loganalytics.sources.files.discovery import STDIN, Discovered, text_of
from loganalytics.sources.status import Skip, Status

_HEAD_BYTES = 64 * 1024
_CHUNK_BYTES = 1024 * 1024
_EMPTY = Skip(status=Status.READ, note="empty")
_DEVICE = Skip(status=Status.SKIPPED_NOT_LOG, note="a device, not a file: not read")


@dataclass(frozen=True, kw_only=True)
class Location:
    """Where the bytes of one file lie; `skip` says why they cannot be read, if they cannot."""

    source: str
    """The path as the user gave it; "path.zip/member" in an archive; an address without its secrets."""
    path: Path | None = None
    """The file on the disk; the copy of what came through a pipe."""
    member: Member | None = None
    """The file within a zip or tar archive."""
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
        member = f"/{text_of(self.member.name)}" if self.member else ""
        return self.path is not None and self.source == text_of(self.path) + member


class Spool:
    """Copies of what came through standard input and named pipes: a scan may read them more than once.

    They lie in a temporary folder (of TMPDIR) that goes away with this object.
    """

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._copies: dict[Path, Path] = {}
        self._unpacked: dict[tuple[Path, int, int], tuple[Path, str]] = {}

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

    def unpack(self, path: Path, budget: UnpackBudget) -> tuple[Path, str]:
        """Return the unpacked copy of a file, as far as the budget goes, and why it is not whole, or nothing."""
        stat = path.stat()
        key = (path, stat.st_size, stat.st_mtime_ns)
        if key not in self._unpacked:
            self._folder = self._folder or tempfile.TemporaryDirectory(prefix="loganalytics-")
            copy = Path(self._folder.name, f"unpacked-{len(self._unpacked)}")
            self._unpacked[key] = copy, _unpack(path, copy, budget)
        return self._unpacked[key]


def _unpack(path: Path, copy: Path, budget: UnpackBudget) -> str:
    """Write what a file unpacks to; return why it is not whole, or nothing."""
    problem, size = "", 0
    with path.open("rb") as raw, copy.open("wb") as file:
        stream = open_packed(raw)
        try:
            while not problem and (chunk := read_some(stream, _CHUNK_BYTES)):
                within_budget, problem = budget.spend(len(chunk))
                size += file.write(chunk[:within_budget])
        except broken() as error:
            problem = f"unreadable after {size:,} bytes ({reason_of(error)}): the rest is lost"
    return problem


def locate(discovered: Discovered, spool: Spool, unpacked_limit: int | None = None) -> list[Location]:
    """Return where the files lie, each text in a zip or tar archive at a location of its own."""
    skipped = [Location(source=text_of(path), skip=skip) for path, skip in discovered.problems.items()]
    files = discovered.files.items()
    located = [_locate_path(path, by_name, spool, unpacked_limit) for path, by_name in files]
    return [*skipped, *(location for locations in located for location in locations)]


@contextmanager
def open_unpacked(location: Location) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """Open a file, and return the stream of its text and the one below, whose position says how far it is read."""
    assert location.path is not None
    with location.path.open("rb") as raw:
        if location.member is None:
            yield open_packed(raw), raw
            return
        with location.member.open(raw) as member:
            yield open_packed(member), raw


def _locate_path(path: Path, by_name: bool, spool: Spool, unpacked_limit: int | None) -> list[Location]:
    location = Location(source=text_of(path), path=path, by_name=by_name)
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
        if is_zip(head) or is_tar(head):
            return _members(location, head)
        return _members_of_packed_tar(location, spool, unpacked_limit) if _is_packed_tar(location) else [location]
    except broken() as error:
        return [replace(location, skip=cannot_be_read(error))]


def _members(archive: Location, head: bytes, problem: str = "") -> list[Location]:
    """Return the files of a zip or tar archive, and the archive itself where there is a problem with the rest of it."""
    assert archive.path is not None
    members, rest_problem = members_of(archive.path, head)
    if not members and not (problem or rest_problem):
        return [replace(archive, skip=_EMPTY)]
    rest = replace(archive, skip=Skip(status=Status.UNREADABLE, note=problem or rest_problem))
    located = [_member(archive, member, by_name=archive.by_name and len(members) == 1) for member in members]
    return [*located, rest] if problem or rest_problem else located


def _member(archive: Location, member: Member, *, by_name: bool) -> Location:
    return replace(
        archive, source=f"{archive.source}/{text_of(member.name)}", member=member, by_name=by_name,
        modified=member.modified or archive.modified, size=member.size, head=b"",
        skip=Skip(status=Status.UNREADABLE, note=member.problem) if member.problem else None,
    )  # fmt: skip


def _members_of_packed_tar(archive: Location, spool: Spool, unpacked_limit: int | None) -> list[Location]:
    """Return the files of a tar archive that is packed as a whole: it can only be read in order, so it is unpacked."""
    assert archive.path is not None
    budget = UnpackBudget(packed=archive.size, limit=unpacked_limit)
    copy, problem = spool.unpack(archive.path, budget)
    with copy.open("rb") as file:
        head = file.read(TAR_HEAD_BYTES)
    return _members(replace(archive, path=copy, size=copy.stat().st_size), head, problem)


def _is_packed_tar(location: Location) -> bool:
    """Whether what the file unpacks to begins as a tar archive; one that is broken is told where it is read."""
    if not location.packed:
        return False
    try:
        with open_unpacked(location) as (stream, _):
            return is_tar(stream.read(TAR_HEAD_BYTES))
    except broken():
        return False


def cannot_be_read(error: Exception) -> Skip:
    """Return the decision to skip a file that cannot be opened or unpacked."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else error
    return Skip(status=Status.UNREADABLE, note=f"cannot be read: {reason}")
