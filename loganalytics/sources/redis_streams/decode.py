"""Raw entries of a stream to columns of text, all at once: redis-py's dicts would cost three times as much."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any

import polars as pl

Entry = Sequence[Any]
"""What the server answers: [id, [field, value, field, value, …]], all bytes."""


@dataclass(frozen=True, kw_only=True)
class EntryColumns:
    """Entries as columns."""

    ids: pl.Series
    fields: pl.DataFrame
    """Columns of text, null where an entry lacks a field."""
    invalid_utf8: int
    """How many entries were not UTF-8."""
    block: bytes | None = None
    """Of entries with one field, the same in all: its values, each ended by a newline."""


# Entries with the same fields become columns by slicing; beyond so many sets of fields, by a loop.
_MAX_SHAPES = 64


@contextmanager
def gc_paused() -> Iterator[None]:
    """Keep Python's garbage collector from looking at an answer while it grows.

    It has two new lists an entry, none of which is garbage; the collector would look at them again and again, which
    costs as much as reading the answer.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def to_columns(entries: Sequence[Entry]) -> EntryColumns:
    """Return raw entries as columns.

    Bytes that are not UTF-8 are replaced by U+FFFD. Of a field that an entry has twice the last counts, as in redis-py.
    """
    ids = _to_text([entry[0] for entry in entries], set())
    pairs = [entry[1] for entry in entries]
    invalid: set[int] = set()
    flat = _flatten_alike(pairs)
    if flat is None:
        fields = _columns_by_shape(pairs, invalid)
        return EntryColumns(ids=ids, fields=fields, invalid_utf8=len(invalid))
    fields = _slice(pairs[0][::2], flat, range(len(pairs)), invalid)
    is_block = fields.width == 1 and len(pairs[0]) == 2 and not invalid
    block = b"\n".join([*flat[1::2], b""]) if is_block else None
    return EntryColumns(ids=ids, fields=fields, invalid_utf8=len(invalid), block=block)


def _flatten_alike(pairs: Sequence[Sequence[bytes]]) -> list[bytes] | None:
    """Return the fields of all entries one after the other where all have the same names in the same order."""
    width = len(pairs[0])
    if not width or any(map(width.__ne__, map(len, pairs))):
        return None
    flat = list(chain.from_iterable(pairs))
    alike = all(flat[index::width].count(flat[index]) == len(pairs) for index in range(0, width, 2))
    return flat if alike else None


def _columns_by_shape(pairs: Sequence[Sequence[bytes]], invalid: set[int]) -> pl.DataFrame:
    """Return the fields of entries of several shapes, in the entries' order."""
    rows_by_shape: dict[tuple[bytes, ...], list[int]] = {}
    for row, entry in enumerate(pairs):
        rows_by_shape.setdefault(tuple(entry[::2]), []).append(row)
    shapes = sorted(rows_by_shape.items(), key=lambda shape: len(shape[1]), reverse=True)
    frames = [
        _slice(names, list(chain.from_iterable(pairs[row] for row in rows)), rows, invalid)
        for names, rows in shapes[:_MAX_SHAPES]
    ]
    rare_rows = list(chain.from_iterable(rows for _, rows in shapes[_MAX_SHAPES:]))
    if rare_rows:
        frames.append(_loop([pairs[row] for row in rare_rows], rare_rows, invalid))
    common_rows = chain.from_iterable(rows for _, rows in shapes[:_MAX_SHAPES])
    order = pl.Series([*common_rows, *rare_rows], dtype=pl.UInt32).arg_sort()
    return pl.concat(frames, how="diagonal")[order]


def _slice(names: Sequence[bytes], flat: Sequence[bytes], rows: Sequence[int], invalid: set[int]) -> pl.DataFrame:
    """Return the columns of entries with the same names; `rows` says which entries they are."""
    value_index = {name: 2 * number + 1 for number, name in enumerate(names)}
    width = 2 * len(names)
    return pl.DataFrame(
        {_to_name(name): _to_text(flat[index::width], invalid, rows) for name, index in value_index.items()}
    )


def _loop(pairs: Sequence[Sequence[bytes]], rows: Sequence[int], invalid: set[int]) -> pl.DataFrame:
    """Return the columns of entries whose names differ, entry by entry."""
    columns: dict[bytes, list[bytes | None]] = {}
    for number, entry in enumerate(pairs):
        for index in range(0, len(entry), 2):
            columns.setdefault(entry[index], [None] * len(pairs))[number] = entry[index + 1]
    return pl.DataFrame({_to_name(name): _to_text(values, invalid, rows) for name, values in columns.items()})


def _to_name(field: bytes) -> str:
    return field.decode(errors="replace")


def _to_text(values: Sequence[bytes | None], invalid: set[int], rows: Sequence[int] = ()) -> pl.Series:
    """Return values as text, and add the rows of those that are not UTF-8 to `invalid`."""
    try:
        return pl.Series(values, dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.ComputeError:  # not UTF-8
        texts = [None if value is None else value.decode(errors="replace") for value in values]
        for row, value in enumerate(texts):
            if value and "\ufffd" in value and value.encode() != values[row]:
                invalid.add(rows[row] if rows else row)
        return pl.Series(texts, dtype=pl.String)
