"""The same log under two names: links, copies, and a rotation that lies there both packed and not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

from loganalytics.sources.files.compression import unpacked_size
from loganalytics.sources.files.reader import LogFile, first_time
from loganalytics.sources.files.rotation import base_name, unpacked_name

SAME = "the same log as "
_TAIL = 64 * 1024
# Two services may well write the same few lines; not the same few thousand bytes with times in them.
_SURE = 4096


def mark_doubles(files: Sequence[LogFile]) -> None:
    """Note of each file that repeats another, so that it is not read.

    Links are told by device and inode. Otherwise the first lines must agree and bear times; beyond that the two are
    one rotation packed and not (app.log.1, app.log.1.gz), or have the same size and the same last lines.
    """
    kept: dict[object, list[LogFile]] = {}
    for file in sorted(files, key=_preference):
        if file.reading.note or not file.place.regular:
            continue
        for key in (_inode(file), tuple(file.sample[:1])):
            double = next((other for other in kept.get(key, []) if _repeats(file, other)), None)
            if double:
                file.reading.note = f"{SAME}{double.source}: read once"
                break
        else:
            kept.setdefault(_inode(file), []).append(file)
            kept.setdefault(tuple(file.sample[:1]), []).append(file)


def _preference(file: LogFile) -> tuple[bool, bool]:
    """Files before links to them, and plain before packed."""
    disk = file.place.disk
    return disk is not None and disk.is_symlink(), file.place.packed


def _inode(file: LogFile) -> tuple[int, int, str | None]:
    try:
        stat = cast(Path, file.place.disk).stat()
    except OSError:
        return 0, id(file), None
    return stat.st_dev, stat.st_ino, file.place.member


def _repeats(file: LogFile, other: LogFile) -> bool:
    if _inode(file) == _inode(other):
        return True
    if first_time(file) is None:
        return False
    mine, theirs = _size(file), _size(other)
    if _one_rotation(file, other):
        lines = min(len(file.sample), len(other.sample))
        # A packed copy that is the longer one is no copy.
        return file.sample[: lines - 1] == other.sample[: lines - 1] and (mine is None or mine <= cast(int, theirs))
    if mine is None or mine != theirs or file.sample != other.sample:
        return False
    if not _one_set(file, other) and mine < _SURE:
        return False
    return file.place.packed != other.place.packed or _tail(file) == _tail(other)


def _one_set(file: LogFile, other: LogFile) -> bool:
    mine, theirs = Path(file.source), Path(other.source)
    return mine.parent == theirs.parent and base_name(mine.name) == base_name(theirs.name)


def _one_rotation(file: LogFile, other: LogFile) -> bool:
    """Whether the names differ by the ending of an archive alone; the packed one comes second."""
    mine, theirs = Path(file.source), Path(other.source)
    if file.place.member is not None:
        mine = Path(str(file.place.disk)).parent / mine.name
    return (
        mine.parent == theirs.parent
        and unpacked_name(mine.name) == unpacked_name(theirs.name)
        and file.place.packed
        and not other.place.packed
    )


def _size(file: LogFile) -> int | None:
    """How many bytes of text it holds, where that is cheap to know."""
    if file.place.member is not None:
        return None
    return unpacked_size(cast(Path, file.place.disk), file.place.head)


def _tail(file: LogFile) -> bytes:
    with cast(Path, file.place.disk).open("rb") as raw:
        raw.seek(max(0, file.place.size - _TAIL))
        return raw.read(_TAIL)
