"""Where a file's bytes lie: on the disk, in a zip archive, or in a copy of what came through a pipe."""

from __future__ import annotations

import datetime as dt
import io
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

from loganalytics.sources.files.compression import (
    BROKEN,
    Budget,
    cannot_unpack,
    is_packed,
    is_zip,
    open_packed,
    special,
    zip_members,
)
from loganalytics.sources.files.discovery import STDIN, Found

_HEAD = 64 * 1024


@dataclass
class Place:
    """One file to read. `note` tells why it cannot be."""

    source: str
    """The path as the user gave it; "path.zip/member" in an archive; an address without its secrets."""
    disk: Path | None = None
    member: str | None = None
    url: str | None = None
    named: bool = True
    note: str = ""
    size: int = 0
    modified: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))
    head: bytes = b""
    """Its first bytes as they lie on the disk."""
    budget: Budget | None = None

    @property
    def packed(self) -> bool:
        """Whether it must be unpacked."""
        return self.member is not None or is_packed(self.head)

    @property
    def regular(self) -> bool:
        """Whether it is a file that stays as it is, rather than what came through a pipe or a network."""
        return self.disk is not None and self.source == str(self.disk) + (f"/{self.member}" if self.member else "")


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


def places(found: Found, spool: Spool, *, limit: int | None) -> list[Place]:
    """Return the places of the files found, each text in a zip archive a place of its own."""
    noted = [Place(str(path), note=note) for path, note in found.notes.items()]
    return noted + [place for path, named in found.files.items() for place in _of_path(path, named, spool, limit)]


@contextmanager
def unpacked(place: Place) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """Open a place, and give its text's bytes and the stream below, whose position tells how far it is read."""
    assert place.disk is not None
    with place.disk.open("rb") as raw:
        if place.member is None:
            yield open_packed(raw), raw
            return
        with zipfile.ZipFile(raw) as archive, archive.open(place.member) as member:
            yield open_packed(cast(BinaryIO, io.BufferedReader(cast("io.RawIOBase", member)))), raw


def _of_path(path: Path, named: bool, spool: Spool, limit: int | None) -> list[Place]:
    place = Place(str(path), path, named=named)
    try:
        kind = "pipe" if str(path) == STDIN else special(path)
        if kind == "device":
            place.note = "empty" if str(path) == "/dev/null" else "a device, not a file: not read"
            return [place]
        place.disk = spool.copy(path) if kind == "pipe" else path
        stat = place.disk.stat()
        place.size = stat.st_size
        place.modified = dt.datetime.fromtimestamp(stat.st_mtime, dt.UTC)
        with place.disk.open("rb") as file:
            place.head = file.read(_HEAD)
        place.budget = Budget(place.size, limit) if is_packed(place.head) else None
        return _members(place) if is_zip(place.head) else [place]
    except BROKEN as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        place.note = f"cannot be read: {reason}"
        return [place]


def _members(archive: Place) -> list[Place]:
    """The files of a zip archive; they share what it may unpack to."""
    assert archive.disk is not None
    infos = zip_members(archive.disk)
    if not infos:
        archive.note = "empty"
        return [archive]
    found = []
    for info in infos:
        # The archive tells the writer's local time: good to a day.
        try:
            modified = dt.datetime(*info.date_time, tzinfo=dt.UTC)
        except ValueError:
            modified = archive.modified
        found.append(
            Place(
                f"{archive.source}/{info.filename}", archive.disk, info.filename,
                named=archive.named and len(infos) == 1, note=cannot_unpack(info), size=info.compress_size,
                modified=modified, budget=archive.budget,
            )
        )  # fmt: skip
    return found
