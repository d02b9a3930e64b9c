"""A block of JSON lines by Polars' reader, which takes all of a block or nothing: strict, and faster than any other.

What it would silently corrupt is looked for first: half of a surrogate pair becomes NUL, and an object that stays text
has its keys' escapes undone. What it silently leaves out, keys that the schema does not have, shows in the count of
the block's keys.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from loganalytics.formats.fields.aliases import FieldPath
from loganalytics.formats.fields.record_schema import DTYPES, TEXT, FieldTree, RecordSchema, field_tree

# The first half of a surrogate pair without the second; an escape in a key.
_CORRUPTED = r"\\u[dD][89abAB][0-9a-fA-F]{2}(?:[^\\]|\\[^u]|\\u[^dD]|\\u[dD][^c-fC-F])|" r'\\.(?:[^"\\]|\\.)*"\s*:'


@dataclass(frozen=True, kw_only=True)
class DecodedBlock:
    """The records of a block of lines."""

    records: pl.DataFrame
    """(n, record: a struct by the schema's paths)"""
    text_fields: frozenset[FieldPath]
    """The fields whose values came as text, whatever their type."""
    is_complete: bool
    """Whether the records hold every value of their lines."""


def decodable(lines: pl.DataFrame, utf8: bytes) -> pl.Series:
    """Tell which lines (n, line) begin and end as an object does, and hold no text that the reader would corrupt."""
    line = pl.col("line")
    good = line.str.starts_with("{") & line.str.ends_with("}")
    if b"\\" in utf8:
        good &= ~line.str.contains(_CORRUPTED)
    return lines.select(good).to_series()


def to_bytes(lines: pl.Series) -> bytes:
    """Return lines as a block of bytes."""
    return bytes(lines.str.join("\n").cast(pl.Binary).item() or b"") + b"\n"


def decode(
    lines: pl.DataFrame, good: pl.Series, record_schema: RecordSchema, utf8: bytes, *, keep_bad: bool
) -> DecodedBlock | None:
    """Return the records of the good lines (n, line), or None when they are not all as the schema promises.

    `utf8` is what the lines are cut from. `keep_bad`: leave an empty record where a line is not good.
    """
    if not good.all():
        utf8 = _without_bad(lines["line"], good, utf8, b"{}" if keep_bad else b"")
    numbers = lines["n"] if keep_bad else lines["n"].filter(good)
    # Typed at first; then as text, which takes numbers of any type.
    for text_fields in (record_schema.core_fields, frozenset(record_schema.fields)):
        dtypes = _dtypes(field_tree(record_schema.fields), record_schema, text_fields)
        try:
            frame = pl.read_ndjson(utf8, schema=dtypes).rechunk()
        except pl.exceptions.PolarsError:
            continue
        if frame.height == numbers.len():
            records = pl.DataFrame([numbers, frame.to_struct("record")])
            is_complete = _is_complete(lines["line"], good, frame, record_schema)
            return DecodedBlock(records=records, text_fields=text_fields, is_complete=is_complete)
    return None


def _without_bad(lines: pl.Series, good: pl.Series, utf8: bytes, replacement: bytes) -> bytes:
    """Return the block with a replacement for each line that is not good; an empty one takes its line's end too."""
    ends = (lines.str.len_bytes().cast(pl.Int64) + 1).cum_sum()
    bad = (~good).arg_true()
    if ends[-1] != len(utf8):  # CRLF, or no end of line at the end
        return to_bytes(lines.scatter(bad, replacement.decode()) if replacement else lines.filter(good))
    stops = ends.gather(bad)
    starts = stops - lines.gather(bad).str.len_bytes().cast(pl.Int64) - 1
    view, chunks, position = memoryview(utf8), list[bytes | memoryview](), 0
    for start, stop in zip(starts, stops, strict=True):
        chunks += (view[position:start], replacement)
        position = stop - 1 if replacement else stop
    return b"".join([*chunks, view[position:]])


def _dtypes(tree: FieldTree, record_schema: RecordSchema, text_fields: Collection[FieldPath]) -> dict[str, pl.DataType]:
    return {
        name: pl.Struct(_dtypes(inner, record_schema, text_fields))
        if isinstance(inner, dict)
        else DTYPES[TEXT if inner in text_fields else record_schema.fields[inner]]
        for name, inner in tree.items()
    }


def _is_complete(lines: pl.Series, good: pl.Series, frame: pl.DataFrame, record_schema: RecordSchema) -> bool:
    """Whether there are as many values in the records as there are keys with a value in the good lines."""
    if lines.str.contains('" :', literal=True).any():
        return False
    values = _count_values(frame, record_schema)
    keys = _count_matches(lines, '":', good)
    return keys == values or keys - _count_matches(lines, r'":\s*null\b', good) == values


def _count_matches(lines: pl.Series, pattern: str, good: pl.Series) -> int:
    return int(lines.str.count_matches(pattern).filter(good).sum())


def _count_values(frame: pl.DataFrame, record_schema: RecordSchema) -> int:
    """Return how many values the records have, the objects that were flattened among them."""
    count = 0
    for path in (*record_schema.fields, *record_schema.objects[1:]):
        series = frame[path[0]]
        for name in path[1:]:
            series = series.struct.field(name)
        count += series.len() - series.null_count()
    return count
