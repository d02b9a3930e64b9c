"""Files that are followed: rotated, renamed, truncated, copied and truncated, or not there yet."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from loganalytics import schema
from loganalytics.exceptions import InvalidArgumentError, SourceNotFoundError, UnreadableSourceError
from loganalytics.sources.files.blocks import looks_binary
from loganalytics.sources.files.compression import BROKEN, is_packed
from loganalytics.sources.files.discovery import STDIN, expand
from loganalytics.sources.files.growing_file import HEAD, Dialect, Growing, fingerprint
from loganalytics.sources.files.location import Location, open_unpacked
from loganalytics.sources.files.rotation import base_name, rotation_order
from loganalytics.sources.store import ReadOptions
from loganalytics.sources.uri import without_credentials

_POLL = 0.05
_SEARCH = 1.0
# A writer goes on writing to a file that was renamed until it opens the new one.
_LINGER = 60.0


class FileReader:
    """A reader of what is written to files; each is known by device, inode and its first bytes.

    `offset` of an event is its line's number; under one name the numbers go on when the file is rotated.
    """

    def __init__(self, names: Sequence[str], want: ReadOptions, cursor: Mapping[str, Any] | None) -> None:
        self._names = [_local(name) for name in names]
        self._want = want
        self._files: dict[tuple[int, int], Growing] = {}
        self._dialects: dict[str, Dialect] = {}
        self._ignored: dict[tuple[int, int], bytes] = {}
        """Files that are not read, and their heads: packed ones, copies of what was read, and what is no log."""
        self._unnamed: set[Path] = set()
        """Files that were found in a folder: they are followed when they look like logs."""
        self._finished: list[tuple[str, bytes]] = []
        """Names and heads of what was truncated: a copy of it is not new."""
        self._closed = threading.Event()
        self._reading = threading.Lock()
        self._counts = {"truncated": 0, "missing": 0}
        self._late: list[pl.DataFrame] = []
        self._late_places: list[Mapping[str, Any]] = []
        self._searched = 0.0
        self._left: dict[str, Any] | None = None
        for place in (cursor or {}).get("files", ()):
            self._resume(place)
        self._search(at_end=cursor is None and want.since is None)

    @property
    def cursor(self) -> dict[str, Any]:
        """Of each file who it is and how far it was handed out."""
        return self._left or {"files": [*self._late_places, *[file.place for file in self._files.values()]]}

    @property
    def status(self) -> dict[str, Any]:
        """What was met; truncated and missing count files whose unread end may be lost."""
        return {
            "state": "closed" if self._closed.is_set() else "reading",
            "read": sum(dialect.events for dialect in self._dialects.values()), "lost": 0, "skipped": 0,
            "reconnects": 0, "invalid_utf8": sum(dialect.invalid_utf8 for dialect in self._dialects.values()),
        } | self._counts  # fmt: skip

    def read(self, timeout: float) -> pl.DataFrame:
        """Return what was written since, empty when nothing was in time."""
        end = time.monotonic() + timeout
        with self._reading:
            while not self._closed.is_set():
                frames = [*self._late, *self._poll()]
                self._late, self._late_places = [], []
                if frames:
                    return frames[0] if len(frames) == 1 else pl.concat(frames, how="diagonal_relaxed")
                left = end - time.monotonic()
                if left <= 0 or self._closed.wait(min(_POLL, left)):
                    break
        return schema.empty()

    def close(self) -> None:
        """Let go of the files; a read() in another thread returns within moments."""
        self._closed.set()
        with self._reading:
            self._left = self.cursor
            for file in self._files.values():
                file.close()
            self._files.clear()

    def _poll(self) -> list[pl.DataFrame]:
        moved = [
            file for file in self._files.values() if file.gone_since is None and _identity(file.source) != file.identity
        ]
        for file in moved:
            file.gone_since = time.monotonic()
        if moved or time.monotonic() - self._searched >= _SEARCH:
            self._search(at_end=False)
        frames, unfinished = [], set[str]()
        for file in list(self._files.values()):
            if file.source in unfinished:
                continue  # the last event of the file before it may go on, and comes first
            if file.truncated():
                frames += self._begin_again(file)
            frame = file.read()
            if frame is not None:
                frames.append(frame)
            if file.gone_since is not None and file.unfinished:
                unfinished.add(file.source)
        return frames

    def _search(self, *, at_end: bool) -> None:
        """Open the files that are new under the names, and those that came between a file and its rotation."""
        self._searched = time.monotonic()
        found = self._paths().items()
        present = {key for path, name in found if (key := self._open(path, name, at_end=at_end))}
        for key, file in list(self._files.items()):
            done = file.gone_since is not None and key not in present
            if done and time.monotonic() - max(file.grown, file.gone_since or 0.0) > _LINGER:
                self._files.pop(key).close()

    def _paths(self) -> dict[Path, str]:
        """Return the files that are there, and the name under which each was written."""
        found: dict[Path, str] = {}
        for name in self._names:
            try:
                entries = expand(name)
                paths = sorted((entry.path for entry in entries if not entry.problem), key=rotation_order)
            except SourceNotFoundError:  # not there yet
                continue
            except PermissionError as error:
                raise UnreadableSourceError(
                    f"{name!r} cannot be read: {error.strerror}. Hint: see its folder."
                ) from None
            self._unnamed.update(paths if Path(name).is_dir() else ())
            for path in paths:
                newer = self._rotated_since(path) if str(path) == name else []
                found |= dict.fromkeys([*newer, path], str(path))
        return found

    def _rotated_since(self, path: Path) -> list[Path]:
        """Return the files that were written under this name after one that is known, and then rotated."""
        if _identity(str(path)) in self._files:
            return []
        family = [other for other in _family(path) if other != path]
        known = [place for place, other in enumerate(family) if _identity(str(other)) in self._files]
        return family[known[-1] + 1 :] if known else []

    def _open(self, path: Path, name: str, *, at_end: bool) -> tuple[int, int] | None:
        """Follow a file from now on, unless it is known, packed, no text, no log, or a copy of a known one."""
        try:
            key = _identity(str(path))
            if key is None or key in self._files:
                return key
            handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        except OSError:  # it went away, or may not be read: tried again at the next search
            return None
        head = os.pread(handle, HEAD, 0)
        ignored = self._ignored.get(key)
        if (ignored is not None and head.startswith(ignored)) or not path.is_file():
            os.close(handle)
            return None
        if is_packed(head) or looks_binary(head) or (not at_end and self._is_copy(path, handle, head)):
            self._ignored[key] = head
            os.close(handle)
            return None
        if path in self._unnamed and not self._dialect(name).is_of_log(name, handle):
            if len(head) == HEAD:  # what is shorter may become one
                self._ignored[key] = head
            os.close(handle)
            return None
        file = Growing(name, handle, self._dialect(name), head=head)
        if at_end:
            file.go_to_end()
        if name != str(path):
            file.gone_since = time.monotonic()
        self._files[key] = file
        return key

    def _is_copy(self, path: Path, handle: int, head: bytes) -> bool:
        """Whether a new file repeats one of its rotated set, as copytruncate leaves it."""
        name = base_name(path.name)
        family = [file for file in self._files.values() if base_name(Path(file.source).name) == name]
        same = [
            file.last == os.pread(handle, len(file.last), file.offset - len(file.last))
            for file in family
            if file.last and head.startswith(file.head)
        ]
        heads = [file.head for file in family] + [other for source, other in self._finished if source == name]
        return any(same) or any(len(other) >= _TELLING and head.startswith(other) for other in heads)

    def _dialect(self, source: str) -> Dialect:
        return self._dialects.setdefault(source, Dialect(self._want.tz, self._want.formats))

    def _begin_again(self, file: Growing) -> list[pl.DataFrame]:
        """Read on in a file that was truncated, after the rest of what it held, where a copy was made of that."""
        saved = file.place
        self._finished.append((base_name(Path(file.source).name), file.head))
        others = [path for path in _family(Path(file.source)) if _identity(str(path)) != file.identity]
        frames = self._rest(others, saved)
        self._counts["truncated"] += frames is None
        file.restart()
        return frames or []

    def _resume(self, place: Mapping[str, Any]) -> None:
        """Find a file of the cursor again, under its name or the one that it was rotated to."""
        source = Path(str(place["source"]))
        self._dialect(str(source)).lines = max(self._dialect(str(source)).lines, int(place["lines"]))
        others = _family(source)
        for path in [source, *others]:
            if _identity(str(path)) != (place["device"], place["inode"]):
                continue
            handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
            head = os.pread(handle, HEAD, 0)
            same = fingerprint(head[: place["head_size"]]) == place["head"]
            if same and os.fstat(handle).st_size >= place["offset"]:
                file = Growing(str(source), handle, self._dialect(str(source)), head=head)
                file.go_to(int(place["offset"]))
                file.gone_since = None if path == source else time.monotonic()
                self._files[file.identity] = file
                return
            os.close(handle)
        frames = self._rest(others, place)
        self._counts["missing"] += frames is None
        self._late += frames or []
        self._late_places += [place] if frames else []

    def _rest(self, paths: Sequence[Path], place: Mapping[str, Any]) -> list[pl.DataFrame] | None:
        """Return what one of these files, a copy and perhaps packed, holds beyond the place; None when none is it."""
        if not place["offset"]:
            return []
        for path in paths:
            rest = _beyond(path, place)
            if rest is not None:
                self._ignored |= {key: b"" for key in [_identity(str(path))] if key}
                with tempfile.TemporaryFile() as copy:
                    copy.write(rest)
                    copy.flush()
                    source = str(place["source"])
                    file = Growing(source, os.dup(copy.fileno()), self._dialect(source))
                    frames = []
                    while (frame := file.read(last=True)) is not None:
                        frames.append(frame)
                    file.close()
                return frames
        return None


# So many first bytes, of which a time is part as a rule, tell one log from another.
_TELLING = 64


def _local(name: str) -> str:
    path = name[len("file://") :] if name.lower().startswith("file://") else name
    if path == STDIN or "://" in path:
        raise InvalidArgumentError(
            f"{without_credentials(name)!r} cannot be followed. Hint: name a file, a folder or a server."
        )
    return str(Path(path).expanduser())


def _identity(path: str) -> tuple[int, int] | None:
    try:
        stat = os.stat(path)
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def _family(path: Path) -> list[Path]:
    """Return the files of a rotated set, the oldest first."""
    name = base_name(path.name)
    try:
        others = [other for other in path.parent.iterdir() if base_name(other.name) == name and other.is_file()]
    except OSError:
        return []
    return sorted(others, key=rotation_order)


def _beyond(path: Path, place: Mapping[str, Any]) -> bytes | None:
    """Return what a file, unpacked, holds beyond a place; None when it is another one."""
    size, offset, last = int(place["head_size"]), int(place["offset"]), b""
    try:
        with open_unpacked(Location(source=str(path), path=path)) as (stream, _):
            read = stream.read(max(size, HEAD))
            if fingerprint(read[:size]) != place["head"]:
                return None
            while len(read) < offset and (more := stream.read(1024 * 1024)):
                last, offset, read = read[-HEAD:], offset - len(read), more
            last += read[:offset]
            same = len(read) >= offset and fingerprint(last[len(last) - int(place["last_size"]) :]) == place["last"]
            return read[offset:] + stream.read() if same else None
    except BROKEN:
        return None
