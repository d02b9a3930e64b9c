"""The lines that a file's formats are detected on: of its head, its middle and its end."""

from __future__ import annotations

import io
from typing import BinaryIO

from loganalytics.sources.files.blocks import Reading, read_blocks
from loganalytics.sources.files.location import Place, unpacked

_HEAD = 256 * 1024
_LATER = 64 * 1024
_MOST_LINES = 1000
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def sample_lines(place: Place) -> list[str]:
    """Return the file's first lines, then some of its middle and its end.

    What is packed would have to be unpacked to its end: of it, only the first 256 KiB are looked at. Lines that a
    window cuts are left out.
    """
    reading = Reading()
    with unpacked(place) as (stream, _):
        block = next(read_blocks(stream, reading, size=_HEAD), None)
    head = [] if block is None else block.lines["line"].to_list()
    if place.packed or reading.bytes >= place.size or place.head.startswith(_UTF16):
        return _spread(head)
    assert place.disk is not None
    with place.disk.open("rb") as file:
        middle = _window(file, (place.size - _LATER) // 2)
        end = _window(file, max(_HEAD, place.size - _LATER))
    return head[: _MOST_LINES // 2] + middle[: _MOST_LINES // 4] + end[-_MOST_LINES // 4 :]


def _spread(lines: list[str]) -> list[str]:
    """Return half of the most lines from the head, the others from the middle and the end."""
    if len(lines) <= _MOST_LINES:
        return lines
    half, quarter = _MOST_LINES // 2, _MOST_LINES // 4
    middle = max(half, (len(lines) - quarter) // 2)
    return lines[:half] + lines[middle : min(middle + quarter, len(lines) - quarter)] + lines[-quarter:]


def _window(file: BinaryIO, start: int) -> list[str]:
    """Return the whole lines of a window: its first is cut, and its last, unless the file ends there."""
    file.seek(start)
    text = file.read(_LATER)
    begin = text.find(b"\n") + 1
    end = text.rfind(b"\n") + 1 if file.read(1) else len(text)
    if not 0 < begin < end:
        return []
    blocks = read_blocks(io.BytesIO(text[begin:end]), Reading(), size=_LATER)
    return [line for block in blocks for line in block.lines["line"].to_list()]
