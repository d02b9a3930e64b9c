"""Bytes of lines to text, in an encoding of the file, of the line, or with what cannot be read replaced and counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from loganalytics.sources.counters import FileCounters
from loganalytics.sources.files.encodings import Encoding, legacy_charset, legacy_guess, supersets_of

if TYPE_CHECKING:
    from loganalytics.sources.files.charsets import Charset

# Polars is the faster one for more.
_SMALL_BYTES = 32 * 1024


class LineDecoder:
    """Decodes the lines of one file, block by block: its encoding may show only when a line is not UTF-8."""

    def __init__(self, encoding: Encoding, counters: FileCounters) -> None:
        self._counters = counters
        self._legacy = encoding.legacy
        is_narrow = encoding.is_given and not encoding.is_wide and encoding.codec != "utf-8"
        self._given = supersets_of(encoding.codec) if is_narrow else ()
        self._is_told = False
        if encoding.guess:
            counters.guesses += (encoding.guess,)

    def decode(self, block: bytes) -> tuple[pl.Series, bytes | None]:
        """Return the lines of a block, and its text in UTF-8 where that is at hand."""
        if not self._given or block.isascii():
            try:
                return _split(block), block
            except (pl.exceptions.ComputeError, UnicodeDecodeError):  # not UTF-8
                pass
        lines = block.split(b"\n")
        if not lines[-1]:
            lines.pop()
        if not self._given:
            self._legacy = self._legacy or legacy_charset(lines)
        return pl.Series([self._decode_line(line.removesuffix(b"\r")) for line in lines], dtype=pl.String), None

    def _decode_line(self, line: bytes) -> str:
        for codec in (*self._given, "utf-8"):
            try:
                text = line.decode(codec)
            except UnicodeDecodeError:
                continue
            return self._unless_legacy(line, text)
        broken = line.decode("utf-8", errors="replace")
        text = broken
        if self._given:
            text = line.decode(self._given[-1], errors="replace")
        elif self._legacy and not _is_cut(broken):
            text = self._read_as(self._legacy, line)
        self._counters.invalid_utf8 += "\ufffd" in text
        return text

    def _unless_legacy(self, line: bytes, text: str) -> str:
        """Return the text of a line that is UTF-8, or that in the file's other encoding, where it is likelier."""
        if self._legacy and not text.isascii() and self._legacy.claims(line, text):
            return self._read_as(self._legacy, line)
        return text

    def _read_as(self, charset: Charset, line: bytes) -> str:
        if not self._is_told:
            self._counters.guesses += (legacy_guess(charset),)
            self._is_told = True
        return line.decode(charset.codec, errors="replace")


def _split(block: bytes) -> pl.Series:
    """Return the lines of a text in UTF-8."""
    if len(block) > _SMALL_BYTES:
        return pl.read_lines(block).to_series()
    lines = block.decode().split("\n")
    if not lines[-1]:
        lines.pop()
    return pl.Series([line.removesuffix("\r") for line in lines], dtype=pl.String)


def _is_cut(broken: str) -> bool:
    """Whether a line is UTF-8 that lacks some bytes: most of its characters of three bytes or four are whole."""
    return 0 < broken.count("\ufffd") <= sum(char > "\u07ff" and char != "\ufffd" for char in broken)
