"""The same log under two names: links, copies, and a rotation that is there both packed and not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from loganalytics.sources.files.compression import unpacked_size
from loganalytics.sources.files.rotation import base_name, unpacked_name
from loganalytics.sources.files.sampling import FileSample

_END_BYTES = 64 * 1024
# Two services may well write the same few lines; not the same few thousand bytes with times in them.
_MIN_COPY_BYTES = 4096


def find_duplicates(samples: Mapping[int, FileSample]) -> dict[int, FileSample]:
    """Return the files that repeat another, by their numbers, and which one that is.

    Links are recognised by device and inode. Otherwise the first lines must agree and have times; beyond that the two
    are one rotation packed and not (app.log.1, app.log.1.gz), or have the same size and the same last lines.
    """
    duplicates: dict[int, FileSample] = {}
    originals: dict[object, list[FileSample]] = {}
    for number, sample in sorted(samples.items(), key=lambda item: _preference(item[1])):
        if not sample.location.regular:
            continue
        keys = _keys(sample)
        candidates = [original for key in keys for original in originals.get(key, ())]
        original = next((candidate for candidate in candidates if _repeats(sample, candidate)), None)
        if original is not None:
            duplicates[number] = original
            continue
        for key in keys:
            originals.setdefault(key, []).append(sample)
    return duplicates


def _keys(sample: FileSample) -> tuple[object, ...]:
    """Return what a file that repeats this one has in common with it: one of these.

    Short files are copies only within one rotated set, and thousands of others may begin alike.
    """
    path, lines = Path(sample.source), tuple(sample.lines[:1])
    folder = Path(str(sample.location.path)).parent if sample.location.member else path.parent
    in_its_set = (folder, base_name(path.name), lines)
    size = _size(sample)
    keys = (_inode(sample), in_its_set)
    return keys if size is not None and size < _MIN_COPY_BYTES else (*keys, lines)


def _preference(sample: FileSample) -> tuple[bool, bool]:
    """Files before links to them, and plain before packed."""
    path = sample.location.path
    return path is not None and path.is_symlink(), sample.location.packed


def _inode(sample: FileSample) -> tuple[int, int, str | None]:
    member = sample.location.member
    try:
        stat = cast(Path, sample.location.path).stat()
    except OSError:
        return 0, id(sample), None
    return stat.st_dev, stat.st_ino, member.name if member else None


def _repeats(sample: FileSample, original: FileSample) -> bool:
    if _inode(sample) == _inode(original):
        return True
    if sample.first_time is None:
        return False
    size, original_size = _size(sample), _size(original)
    if _is_packed_rotation(sample, original):
        common = min(len(sample.lines), len(original.lines)) - 1
        # A packed copy that is the longer one is not a copy.
        fits = size is None or size <= cast(int, original_size)
        return sample.lines[:common] == original.lines[:common] and fits
    if size is None or size != original_size or sample.lines != original.lines:
        return False
    if size < _MIN_COPY_BYTES and not _in_one_set(sample, original):
        return False
    return sample.location.packed != original.location.packed or _end(sample) == _end(original)


def _in_one_set(sample: FileSample, original: FileSample) -> bool:
    path, original_path = Path(sample.source), Path(original.source)
    return path.parent == original_path.parent and base_name(path.name) == base_name(original_path.name)


def _is_packed_rotation(sample: FileSample, original: FileSample) -> bool:
    """Whether the names differ by the ending of an archive alone, and only the original is not packed."""
    path, original_path = Path(sample.source), Path(original.source)
    if sample.location.member is not None:
        path = Path(str(sample.location.path)).parent / path.name
    return (
        path.parent == original_path.parent
        and unpacked_name(path.name) == unpacked_name(original_path.name)
        and sample.location.packed
        and not original.location.packed
    )


def _size(sample: FileSample) -> int | None:
    """How many bytes of text it holds, where that is cheap to know."""
    if sample.location.member is not None:
        return None
    return unpacked_size(cast(Path, sample.location.path), sample.location.head)


def _end(sample: FileSample) -> bytes:
    with cast(Path, sample.location.path).open("rb") as file:
        file.seek(max(0, sample.location.size - _END_BYTES))
        return file.read(_END_BYTES)
