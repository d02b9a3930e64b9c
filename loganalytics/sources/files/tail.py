"""Files that are followed: rotated, renamed, truncated, copied and truncated, or not there yet."""

from __future__ import annotations

import fnmatch
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
from loganalytics.sources.files.compression import broken, is_packed
from loganalytics.sources.files.discovery import expand, path_of
from loganalytics.sources.files.encodings import detect_encoding
from loganalytics.sources.files.location import Location, open_unpacked
from loganalytics.sources.files.rotation import base_name, rotation_order
from loganalytics.sources.files.tailed_file import HEAD_BYTES, NamedLog, TailedFile, fingerprint, times_of
from loganalytics.sources.read_options import ReadOptions
from loganalytics.sources.uri import resembles_address, without_credentials

_POLL_SECONDS = 0.05
_SEARCH_SECONDS = 1.0
# A writer goes on writing to a file that was renamed until it opens the new one.
_LINGER_SECONDS = 60.0
# So many first bytes, of which a time is part as a rule, distinguish one log from another.
_MIN_DISTINCT_BYTES = 64
_CHUNK_BYTES = 1024 * 1024

FileId = tuple[int, int]


class FileReader:
    """A reader of what is written to files; each is recognised by device, inode and its first bytes.

    `offset` of an event is its line's number; under one name the numbers go on when the file is rotated.
    """

    def __init__(self, names: Sequence[str], options: ReadOptions, cursor: Mapping[str, Any] | None) -> None:
        self._names = [_local_path(name) for name in names]
        self._options = options
        self._files: dict[FileId, TailedFile] = {}
        self._logs: dict[str, NamedLog] = {}
        self._ignored: dict[FileId, bytes] = {}
        """Files that are not read, and their heads: packed ones, copies of what was read, and what is not a log."""
        self._unnamed: set[Path] = set()
        """Files that were found in a folder: they are followed when they look like logs."""
        self._truncated: list[tuple[str, bytes]] = []
        """Names and heads of what was truncated: a copy of it is not new."""
        self._closed = threading.Event()
        self._reading = threading.Lock()
        self._counts = {"truncated": 0, "missing": 0}
        self._recovered: list[pl.DataFrame] = []
        """Events of files of the cursor that were rotated away, from their copies."""
        self._recovered_positions: list[Mapping[str, Any]] = []
        self._searched_at = 0.0
        self._final_cursor: dict[str, Any] | None = None
        positions = (cursor or {}).get("files", ())
        self._check_named(positions)
        for position in positions:
            self._resume(position)
        self._search(at_end=cursor is None and options.since is None)

    def _check_named(self, positions: Sequence[Mapping[str, Any]]) -> None:
        """Raise InvalidArgumentError for a cursor of which no file is named: what came since would not be read."""
        names = [os.path.abspath(name) for name in self._names]
        paths = [str(position["source"]) for position in positions]
        if paths and not any(_is_named(path, name) for path in paths for name in names):
            raise InvalidArgumentError(
                f"The cursor has the place in {paths[0]!r}, not in {self._names[0]!r}. Hint: name the files as before, "
                "or begin anew without the cursor."
            )

    @property
    def cursor(self) -> dict[str, Any]:
        """The identity of each file, and how far it was handed out."""
        positions = [*self._recovered_positions, *[file.position for file in self._files.values()]]
        return self._final_cursor or {"files": positions}

    @property
    def ended(self) -> bool:
        """Never: more may come at any time."""
        return False

    @property
    def status(self) -> dict[str, Any]:
        """What was counted; truncated and missing count files whose unread end may be lost."""
        return {
            "state": "closed" if self._closed.is_set() else "reading",
            "read": sum(log.events for log in self._logs.values()), "lost": 0, "skipped": 0, "reconnects": 0,
            "invalid_utf8": sum(log.invalid_utf8 for log in self._logs.values()),
        } | self._counts  # fmt: skip

    def read(self, timeout: float) -> pl.DataFrame:
        """Return what was written since, empty when nothing was in time."""
        deadline = time.monotonic() + timeout
        with self._reading:
            while not self._closed.is_set():
                frames = [*self._recovered, *self._poll()]
                self._recovered, self._recovered_positions = [], []
                if frames:
                    return frames[0] if len(frames) == 1 else pl.concat(frames, how="diagonal_relaxed")
                remaining = deadline - time.monotonic()
                if remaining <= 0 or self._closed.wait(min(_POLL_SECONDS, remaining)):
                    break
        return schema.empty()

    def close(self, *, confirm: bool = True) -> None:
        """Close the files; a read() in another thread returns within moments."""
        self._closed.set()
        with self._reading:
            self._final_cursor = self.cursor
            for file in self._files.values():
                file.close()
            self._files.clear()

    def _poll(self) -> list[pl.DataFrame]:
        moved = [
            file for file in self._files.values() if file.moved_at is None and _identity(file.source) != file.identity
        ]
        for file in moved:
            file.moved_at = time.monotonic()
        if moved or time.monotonic() - self._searched_at >= _SEARCH_SECONDS:
            self._search(at_end=False)
        frames, unfinished = [], set[str]()
        for file in list(self._files.values()):
            if file.source in unfinished:
                continue  # the last event of the file before it may go on, and comes first
            if file.is_truncated():
                frames += self._begin_again(file)
            frame = file.read()
            if frame is not None:
                frames.append(frame)
            if file.moved_at is not None and file.unfinished:
                unfinished.add(file.source)
        return frames

    def _search(self, *, at_end: bool) -> None:
        """Open the files that are new under the names, and those that came between a file and its rotation."""
        self._searched_at = time.monotonic()
        paths = self._paths().items()
        present = {key for path, name in paths if (key := self._open(path, name, at_end=at_end))}
        for key, file in list(self._files.items()):
            if file.moved_at is None or key in present:
                continue
            if time.monotonic() - max(file.grown_at, file.moved_at) > _LINGER_SECONDS:
                self._files.pop(key).close()

    def _paths(self) -> dict[Path, str]:
        """Return the files that are there, and the name under which each was written."""
        written_as: dict[Path, str] = {}
        for name in self._names:
            try:
                paths = sorted((entry.path for entry in expand(name) if not entry.problem), key=rotation_order)
            except SourceNotFoundError:  # not there yet
                continue
            except PermissionError as error:
                raise UnreadableSourceError(
                    f"{name!r} cannot be read: {error.strerror}. Hint: see its folder."
                ) from None
            self._unnamed.update(paths if Path(name).is_dir() else ())
            for path in paths:
                newer = self._rotated_since(path) if str(path) == name else []
                written_as |= dict.fromkeys([*newer, path], str(path))
        return written_as

    def _rotated_since(self, path: Path) -> list[Path]:
        """Return the files that were written under this name after one that is followed, and then rotated."""
        if _identity(str(path)) in self._files:
            return []
        rotated = [member for member in _rotated_set(path) if member != path]
        followed = [number for number, member in enumerate(rotated) if _identity(str(member)) in self._files]
        return rotated[followed[-1] + 1 :] if followed else []

    def _open(self, path: Path, name: str, *, at_end: bool) -> FileId | None:
        """Follow a file from now on, unless it is followed already or is to be ignored."""
        try:
            key = _identity(str(path))
            if key is None or key in self._files:
                return key
            handle = _open_binary(path)
        except OSError:  # it went away, or may not be read: tried again at the next search
            return None
        head = os.pread(handle, HEAD_BYTES, 0)
        if not path.is_file() or self._ignores(key, path, name, handle, head, at_end=at_end):
            os.close(handle)
            return None
        file = TailedFile(source=name, handle=handle, log=self._log(name), head=head)
        if at_end:
            file.seek_end()
            file.seek_last_lines(self._options.last or 0)
        if name != str(path):
            file.moved_at = time.monotonic()
        self._files[key] = file
        return key

    def _ignores(self, key: FileId, path: Path, name: str, handle: int, head: bytes, *, at_end: bool) -> bool:
        """Whether a file is packed, not text, not a log, or a copy of a file that was read."""
        ignored_head = self._ignored.get(key)
        if ignored_head is not None and head.startswith(ignored_head):
            return True
        is_binary = looks_binary(head, detect_encoding([head], self._options.hints.encoding))
        if is_packed(head) or is_binary or (not at_end and self._is_copy(path, handle, head)):
            self._ignored[key] = head
            return True
        if path in self._unnamed and not self._log(name).is_log(name, handle):
            if len(head) == HEAD_BYTES:  # what is shorter may become one
                self._ignored[key] = head
            return True
        return False

    def _is_copy(self, path: Path, handle: int, head: bytes) -> bool:
        """Whether a new file repeats one of its rotated set, as copytruncate leaves it."""
        name = base_name(path.name)
        rotated = [file for file in self._files.values() if base_name(Path(file.source).name) == name]
        repeats = any(
            file.last_bytes == os.pread(handle, len(file.last_bytes), file.offset - len(file.last_bytes))
            for file in rotated
            if file.last_bytes and head.startswith(file.head)
        )
        heads = [file.head for file in rotated] + [old_head for source, old_head in self._truncated if source == name]
        return repeats or any(len(old) >= _MIN_DISTINCT_BYTES and head.startswith(old) for old in heads)

    def _log(self, name: str) -> NamedLog:
        return self._logs.setdefault(name, NamedLog(hints=self._options.hints, own_formats=self._options.formats))

    def _begin_again(self, file: TailedFile) -> list[pl.DataFrame]:
        """Read a truncated file from its beginning, after the rest of what it held, where a copy was made of that."""
        position = file.position
        self._truncated.append((base_name(Path(file.source).name), file.head))
        copies = [path for path in _rotated_set(Path(file.source)) if _identity(str(path)) != file.identity]
        frames = self._read_copy(copies, position)
        self._counts["truncated"] += frames is None
        file.restart()
        return frames or []

    def _resume(self, position: Mapping[str, Any]) -> None:
        """Find a file of the cursor again, under its name or the one that it was rotated to."""
        source = self._as_named(str(position["source"]))
        position = {**position, "source": str(source)}
        log = self._log(str(source))
        log.lines = max(log.lines, int(position["lines"]))
        rotated = _rotated_set(source)
        for path in [source, *rotated]:
            file = self._reopen(path, position)
            if file is not None:
                self._files[file.identity] = file
                return
        frames = self._read_copy(rotated, position)
        self._counts["missing"] += frames is None
        self._recovered += frames or []
        self._recovered_positions += [position] if frames else []

    def _as_named(self, path: str) -> Path:
        """Return a path of the cursor, which is absolute, as it was named now."""
        named = {os.path.abspath(name): name for name in self._paths().values()}
        return Path(named.get(path) or (os.path.relpath(path) if not Path(self._names[0]).is_absolute() else path))

    def _reopen(self, path: Path, position: Mapping[str, Any]) -> TailedFile | None:
        """Return the file, at its position; None when the path is another one by now."""
        if _identity(str(path)) != (position["device"], position["inode"]):
            return None
        handle = _open_binary(path)
        head = os.pread(handle, HEAD_BYTES, 0)
        is_same = fingerprint(head[: position["head_size"]]) == position["head"]
        if not is_same or os.fstat(handle).st_size < position["offset"]:
            os.close(handle)
            return None
        source = str(position["source"])
        times = times_of(position)
        file = TailedFile(source=source, handle=handle, log=self._log(source), head=head, times=times)
        file.seek(int(position["offset"]))
        file.moved_at = None if str(path) == source else time.monotonic()
        return file

    def _read_copy(self, paths: Sequence[Path], position: Mapping[str, Any]) -> list[pl.DataFrame] | None:
        """Return what a copy of a file, perhaps packed, holds beyond the position; None when none of these is one."""
        if not position["offset"]:
            return []
        for path in paths:
            unread = _bytes_beyond(path, position)
            if unread is not None:
                self._ignored |= {key: b"" for key in [_identity(str(path))] if key}
                return self._parse(unread, position)
        return None

    def _parse(self, content: bytes, position: Mapping[str, Any]) -> list[pl.DataFrame]:
        source, times = str(position["source"]), times_of(position)
        with tempfile.TemporaryFile() as copy:
            copy.write(content)
            copy.flush()
            file = TailedFile(source=source, handle=os.dup(copy.fileno()), log=self._log(source), times=times)
            frames = []
            while (frame := file.read(to_end=True)) is not None:
                frames.append(frame)
            file.close()
        return frames


def _local_path(name: str) -> str:
    path = name[len("file://") :] if name.lower().startswith("file://") else name
    if "://" in path or (resembles_address(name) and not os.path.lexists(path)):
        raise InvalidArgumentError(
            f"{without_credentials(name)!r} cannot be followed. Hint: name a file, a folder or a server."
        )
    return str(path_of(path))


def _is_named(path: str, name: str) -> bool:
    return path == name or fnmatch.fnmatch(path, name) or path.startswith(name.rstrip(os.sep) + os.sep)


def _open_binary(path: Path) -> int:
    return os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))


def _identity(path: str) -> FileId | None:
    try:
        stat = os.stat(path)
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def _rotated_set(path: Path) -> list[Path]:
    """Return the files of a rotated set that are there, the oldest first."""
    name = base_name(path.name)
    try:
        members = [member for member in path.parent.iterdir() if base_name(member.name) == name and member.is_file()]
    except OSError:
        return []
    return sorted(members, key=rotation_order)


def _bytes_beyond(path: Path, position: Mapping[str, Any]) -> bytes | None:
    """Return what a file, unpacked, holds beyond a position; None when it is another file."""
    head_size, offset, last_bytes = int(position["head_size"]), int(position["offset"]), b""
    try:
        with open_unpacked(Location(source=str(path), path=path)) as (stream, _):
            chunk = stream.read(max(head_size, HEAD_BYTES))
            if fingerprint(chunk[:head_size]) != position["head"]:
                return None
            while len(chunk) < offset and (next_chunk := stream.read(_CHUNK_BYTES)):
                last_bytes, offset, chunk = chunk[-HEAD_BYTES:], offset - len(chunk), next_chunk
            last_bytes += chunk[:offset]
            compared = last_bytes[len(last_bytes) - int(position["last_size"]) :]
            is_same = len(chunk) >= offset and fingerprint(compared) == position["last"]
            return chunk[offset:] + stream.read() if is_same else None
    except broken():
        return None
