"""The brackets of JSON text: where they are and how deep, found for a whole block at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from loganalytics.formats.text_framer import Bytes, Flags, Positions, Text

_QUOTE, _BACKSLASH, _SPACE, NEWLINE = b'"\\ \n'
_IS_BRACKET = np.zeros(256, dtype=np.bool_)
_IS_BRACKET[list(b"{}[]")] = True
_OPENS = np.zeros(256, dtype=np.int64)
_OPENS[list(b"{[")], _OPENS[list(b"}]")] = 1, -1
# Of fewer bytes than this part of a text each is named by its place.
_FEW = 4
_SEPARATES = np.zeros(256, dtype=np.bool_)
_SEPARATES[list(b" \t\r\n,\x1e")] = True  # RFC 7464 writes a record separator before each text


@dataclass(frozen=True, kw_only=True)
class Structure:
    """The brackets of a text that are not within strings."""

    positions: Positions
    steps: Positions
    """1 where a bracket opens, -1 where it closes."""
    in_string: Flags
    """For each byte of the text whether it is within a string: a string ends with its line at the latest."""
    odd_lines: Positions
    """Where the lines begin in which a string does not end."""


def structure_of(text: Text) -> Structure:
    """Return the brackets of a text."""
    codes = text.codes
    quotes = _quotes(text.utf8, codes)
    line_starts = text.starts[text.begins_line]
    counts = np.searchsorted(quotes, line_starts)
    is_odd = np.diff(np.append(counts, quotes.size)) % 2 == 1
    line_ends = np.append(line_starts[1:], codes.size) - 1
    toggles = np.zeros(codes.size, dtype=np.uint8)
    toggles[quotes] = 1
    toggles[line_ends[is_odd]] ^= 1
    in_string = (np.cumsum(toggles, dtype=np.uint8) & 1).astype(np.bool_)
    positions = np.flatnonzero(_IS_BRACKET[codes] & ~in_string)
    return Structure(
        positions=positions, steps=_OPENS[codes[positions]], in_string=in_string, odd_lines=line_starts[is_odd]
    )


def _quotes(utf8: bytes, codes: Bytes) -> Positions:
    """Return where strings begin and end."""
    quotes = np.flatnonzero(codes == _QUOTE)
    if b"\\" not in utf8:
        return quotes
    backslashes = np.flatnonzero(codes == _BACKSLASH)
    is_last = np.append(np.diff(backslashes) != 1, True)
    lasts = np.flatnonzero(is_last)
    lengths = np.diff(np.append(-1, lasts))
    escaped = backslashes[lasts[lengths % 2 == 1]] + 1
    found = np.searchsorted(quotes, escaped)
    found = found[found < quotes.size]
    is_quote = quotes[found] == escaped[: found.size]
    return np.delete(quotes, found[is_quote])


def depths(steps: Positions, base: int, resets: Positions, reset_depth: int) -> Positions:
    """Return the depth behind each bracket: it begins with `base`, and with `reset_depth` at the given brackets."""
    sums = np.cumsum(steps)
    if not resets.size:
        unclosed: Positions = sums + base
        excess = np.minimum(np.minimum.accumulate(unclosed), 0) if sums.size else 0
        clamped: Positions = unclosed - excess
        return clamped
    segments = np.append(resets, steps.size)
    before = np.append(0, sums)[resets]
    lengths = np.diff(np.append(0, segments))
    levels: Positions = np.repeat(np.append(base, reset_depth - before), lengths)
    levels += sums
    return levels


def count_between(text: Text, starts: Positions, ends: Positions) -> Positions:
    """Return how many bytes there are from each start to its end that do not only separate records."""
    lengths = ends - starts
    begins = np.cumsum(lengths) - lengths
    bytes_between = np.repeat(starts - begins, lengths) + np.arange(lengths.sum())
    contents = np.append(0, np.cumsum(~_SEPARATES[text.codes[bytes_between]]))
    counts: Positions = contents[begins + lengths] - contents[begins]
    return counts


def parts(text: Text, structure: Structure, starts: Positions, ends: Positions) -> pl.Series:
    """Return the parts of a text from each start to its end, those of several lines as one line without white space."""
    import pyarrow as pa

    codes = text.codes
    newlines = np.flatnonzero(codes == NEWLINE)
    has_several = np.searchsorted(newlines, starts) < np.searchsorted(newlines, ends)
    lengths = ends - starts
    if has_several.any():
        is_blank = ~structure.in_string & (codes <= _SPACE)
        kept = _within(codes.size, starts, ends)
        kept &= ~(is_blank & _within(codes.size, starts[has_several], ends[has_several]))
        before = np.append(0, np.cumsum(kept, dtype=np.int32))
        lengths = before[ends] - before[starts]
        content = codes[kept]
    elif lengths.sum() * _FEW < codes.size:
        content = codes[np.repeat(starts - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())]
    else:
        content = codes[_within(codes.size, starts, ends)]
    offsets = np.append(0, np.cumsum(lengths)).astype(np.int64)
    strings = pa.LargeStringArray.from_buffers(starts.size, pa.py_buffer(offsets), pa.py_buffer(content))
    return pl.Series("line", strings, dtype=pl.String)


def _within(size: int, starts: Positions, ends: Positions) -> Flags:
    """Return for each of so many bytes whether it is in one of the parts."""
    marks = np.zeros(size + 1, dtype=np.int8)
    marks[starts] += 1
    marks[ends] -= 1
    return np.cumsum(marks, dtype=np.int8)[:-1].astype(np.bool_)
