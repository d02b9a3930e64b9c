"""Chunks of a file's bytes as chunks in which lines end with a line feed and no NULs are left of an emptied file."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from loganalytics.sources.counters import FileCounters
from loganalytics.sources.files.encodings import Encoding

# So many NULs are what a writer leaves that goes on at its old place; fewer may be part of a text.
_MIN_NULS = 8
_NULS = re.compile(rb"(?<![^\n])\0+|\0{%d,}" % _MIN_NULS)


def as_text(chunks: Iterator[bytes], encoding: Encoding, counters: FileCounters) -> Iterator[bytes]:
    """Yield the text of chunks: in UTF-8 where the encoding is wide, in the bytes of the file otherwise."""
    if encoding.is_wide:
        chunks = _decoded(chunks, encoding.codec)
    if encoding.returns_end_lines:
        chunks = _with_line_feeds(chunks)
    return _without_nuls(chunks, counters)


def end_of_lines(text: bytes, encoding: Encoding) -> int:
    """Return where the last line end in the bytes of a file is behind us; 0 where there is none."""
    if _ends_lines_plainly(text, encoding):
        return text.rfind(b"\n") + 1
    return max(_line_ends(text, encoding), default=0)


def start_of_last_lines(text: bytes, count: int, encoding: Encoding) -> int:
    """Return where so many last lines of the bytes of a file begin."""
    start = len(text)
    if _ends_lines_plainly(text, encoding):
        for _ in range(count):
            start = text.rfind(b"\n", 0, max(0, start - 1)) + 1
        return start
    starts = [0, *(end for end in _line_ends(text, encoding) if end < start)]
    return start if not count else starts[-count] if count <= len(starts) else 0


def line_count(text: bytes, encoding: Encoding) -> int:
    """Return how many lines end in the bytes of a file."""
    return text.count(b"\n") if _ends_lines_plainly(text, encoding) else len(_line_ends(text, encoding))


def _ends_lines_plainly(text: bytes, encoding: Encoding) -> bool:
    return not (encoding.is_wide or encoding.returns_end_lines or b"\0" in text)


def _line_ends(text: bytes, encoding: Encoding) -> list[int]:
    """Return the places behind line ends, as as_text() makes them; a return at the end may be half of one."""
    ends = ("\r\n", "\n", "\r") if encoding.returns_end_lines else ("\n",)
    pattern = b"|".join(re.escape(end.encode(encoding.codec)) for end in ends)
    if encoding.returns_end_lines:
        pattern += b"(?!$)" if encoding.unit == 1 else b""
    if encoding.unit == 1:
        pattern += rb"|(?<=[^\n\0])\0{%d,}" % _MIN_NULS
    return [match.end() for match in re.finditer(pattern, text) if match.end() % encoding.unit == 0]


def _decoded(chunks: Iterator[bytes], codec: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(codec)(errors="replace")
    for chunk in chunks:
        yield decoder.decode(chunk).encode("utf-8", errors="replace")
    yield decoder.decode(b"", final=True).encode("utf-8", errors="replace")


def _with_line_feeds(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield chunks with a line feed for each lone carriage return; a pair may be cut by the end of a chunk."""
    cut = b""
    for chunk in chunks:
        whole = cut + chunk
        cut = b"\r" if whole.endswith(b"\r") else b""
        yield whole[: len(whole) - len(cut)].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if cut:
        yield b"\n"


def _without_nuls(chunks: Iterator[bytes], counters: FileCounters) -> Iterator[bytes]:
    """Yield chunks without the NULs at the beginning of a line and long runs of them, which end the line before."""
    held, last = 0, b"\n"  # how many NULs the chunk before ended with, and what stood before them
    for chunk in chunks:
        if not held and b"\0" not in chunk:
            last = chunk[-1:] or last
            yield chunk
            continue
        text = chunk.rstrip(b"\0")
        if not text:
            held += len(chunk)
            continue
        counters.skipped_nuls += max(0, held - _MIN_NULS)
        yield _skip_nuls(last, b"\0" * min(held, _MIN_NULS) + text, counters)
        held, last = len(chunk) - len(text), text[-1:]
    counters.skipped_nuls += held


def _skip_nuls(before: bytes, text: bytes, counters: FileCounters) -> bytes:
    def replace(match: re.Match[bytes]) -> bytes:
        is_at_start = before == b"\n" if match.start() == 0 else text[match.start() - 1] == 0x0A
        if not is_at_start and len(match[0]) < _MIN_NULS:
            return match[0]
        counters.skipped_nuls += len(match[0])
        return b"" if is_at_start else b"\n"

    return _NULS.sub(replace, text)
