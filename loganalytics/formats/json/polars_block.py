"""A block of JSON lines by Polars' reader, which takes all of a block or nothing: strict, and faster than any other.

What it would get wrong without a word is looked for first: half of a surrogate pair becomes NUL, and an object that is
kept as text has its keys' escapes undone. What it leaves out without a word, keys that the layout does not have, shows
in the count of the block's keys.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from loganalytics.formats.fields.aliases import Path
from loganalytics.formats.fields.schema import DTYPES, TEXT, RecordSchema, tree

# The first half of a surrogate pair without the second; an escape in a key.
_SPOILT = r"\\u[dD][89abAB][0-9a-fA-F]{2}(?:[^\\]|\\[^u]|\\u[^dD]|\\u[dD][^c-fC-F])|" r'\\.(?:[^"\\]|\\.)*"\s*:'


@dataclass(frozen=True)
class Decoded:
    """The records of a block of lines."""

    records: pl.DataFrame
    """(n, r: a struct by the layout's paths)"""
    texts: frozenset[Path]
    """The fields whose values came as text, whatever their type."""
    complete: bool
    """Whether the records hold every value of their lines."""


def promising(lines: pl.DataFrame, utf8: bytes) -> pl.Series:
    """Tell which lines (n, line) begin and end as an object does, and hold no text that the reader would spoil."""
    line = pl.col("line")
    good = line.str.starts_with("{") & line.str.ends_with("}")
    if b"\\" in utf8:
        good &= ~line.str.contains(_SPOILT)
    return lines.select(good).to_series()


def join(line: pl.Series) -> bytes:
    """Return lines as a block of bytes."""
    return bytes(line.str.join("\n").cast(pl.Binary).item() or b"") + b"\n"


def decode(lines: pl.DataFrame, good: pl.Series, layout: RecordSchema, utf8: bytes, *, keep: bool) -> Decoded | None:
    """Return the records of the good lines (n, line), or None when they are not all as the layout promises.

    `utf8` is what the lines are cut from. `keep`: leave an empty record where a line is not good.
    """
    if not good.all():
        utf8 = _without(lines["line"], good, utf8, b"{}" if keep else b"")
    numbers = lines["n"] if keep else lines["n"].filter(good)
    for texts in (layout.meant, frozenset(layout.fields)):  # typed; then as text, which takes numbers of any type
        try:
            frame = pl.read_ndjson(utf8, schema=_schema(tree(layout.fields), layout, texts)).rechunk()
        except pl.exceptions.PolarsError:
            continue
        if frame.height == numbers.len():
            records = pl.DataFrame([numbers, frame.to_struct("r")])
            return Decoded(records, texts, _is_whole(lines["line"], good, frame, layout))
    return None


def _without(line: pl.Series, good: pl.Series, utf8: bytes, instead: bytes) -> bytes:
    """Return the block with something else instead of each line that is not good; nothing takes its line's end too."""
    ends = (line.str.len_bytes().cast(pl.Int64) + 1).cum_sum()
    bad = (~good).arg_true()
    if ends[-1] != len(utf8):  # CRLF, or no end of line at the end
        kept = line.scatter(bad, instead.decode()) if instead else line.filter(good)
        return join(kept)
    stops = ends.gather(bad)
    starts = stops - line.gather(bad).str.len_bytes().cast(pl.Int64) - 1
    view, pieces, place = memoryview(utf8), list[bytes | memoryview](), 0
    for start, stop in zip(starts, stops, strict=True):
        pieces += (view[place:start], instead)
        place = stop - 1 if instead else stop
    return b"".join([*pieces, view[place:]])


def _schema(branch: Mapping[str, Any], layout: RecordSchema, texts: Collection[Path]) -> dict[str, pl.DataType]:
    return {
        name: pl.Struct(_schema(inner, layout, texts))
        if isinstance(inner, dict)
        else DTYPES[TEXT if inner in texts else layout.fields[inner]]
        for name, inner in branch.items()
    }


def _is_whole(line: pl.Series, good: pl.Series, frame: pl.DataFrame, layout: RecordSchema) -> bool:
    """Whether there are as many values in the records as there are keys with a value in the good lines."""
    if line.str.contains('" :', literal=True).any():
        return False
    values = _values(frame, layout)
    keys = _matches(line, '":', good)
    return keys == values or keys - _matches(line, r'":\s*null\b', good) == values


def _matches(line: pl.Series, pattern: str, good: pl.Series) -> int:
    return int(line.str.count_matches(pattern).filter(good).sum())


def _values(frame: pl.DataFrame, layout: RecordSchema) -> int:
    """Return how many values the records have, the objects that were taken apart among them."""
    found = 0
    for path in (*layout.fields, *layout.objects[1:]):
        series = frame[path[0]]
        for part in path[1:]:
            series = series.struct.field(part)
        found += series.len() - series.null_count()
    return found
