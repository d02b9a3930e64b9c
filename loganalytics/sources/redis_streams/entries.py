"""Raw entries of a stream to columns of text, all at once: redis-py's dicts would cost three times as much."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import polars as pl

Entry = Sequence[Any]
"""What the server answers: [id, [field, value, field, value, …]], all bytes."""
Columns = tuple[pl.Series, pl.DataFrame, int]
"""The ids, the fields as columns of text (null where an entry lacks one), and how many entries were not UTF-8."""

# Entries of one set of fields become columns by slicing; sets beyond so many are taken field by field.
_MOST_SHAPES = 64


def to_columns(entries: Sequence[Entry]) -> Columns:
    """Return raw entries as columns.

    Bytes that are not UTF-8 are replaced by U+FFFD. Of a field that an entry bears twice the last counts, as in
    redis-py.
    """
    ids = _text([entry[0] for entry in entries], set())
    pairs = [entry[1] for entry in entries]
    broken: set[int] = set()
    if _alike(pairs):
        return ids, _slice(pairs, range(len(pairs)), broken), len(broken)
    shapes: dict[tuple[bytes, ...], list[int]] = {}
    for row, fields in enumerate(pairs):
        shapes.setdefault(tuple(fields[::2]), []).append(row)
    common = sorted(shapes.values(), key=len, reverse=True)
    rest = list(chain.from_iterable(common[_MOST_SHAPES:]))
    frames = [_slice([pairs[row] for row in rows], rows, broken) for rows in common[:_MOST_SHAPES]]
    if rest:
        frames.append(_one_by_one([pairs[row] for row in rest], rest, broken))
    order = pl.Series([*chain.from_iterable(common[:_MOST_SHAPES]), *rest], dtype=pl.UInt32).arg_sort()
    return ids, pl.concat(frames, how="diagonal")[order], len(broken)


def _alike(pairs: Sequence[Sequence[bytes]]) -> bool:
    """Whether all entries have the same fields in the same order."""
    names = pairs[0][::2]
    return all([fields[::2] == names for fields in pairs])  # noqa: C419 (half the cost of a generator)


def _slice(pairs: Sequence[Sequence[bytes]], rows: Sequence[int], broken: set[int]) -> pl.DataFrame:
    places = {name: place for place, name in enumerate(pairs[0]) if place % 2 == 0}
    found: dict[str, pl.Series] = {}
    for name, place in places.items():
        found[name.decode(errors="replace")] = _text([fields[place + 1] for fields in pairs], broken, rows)
    return pl.DataFrame(found)


def _one_by_one(pairs: Sequence[Sequence[bytes]], rows: Sequence[int], broken: set[int]) -> pl.DataFrame:
    columns: dict[bytes, list[bytes | None]] = {}
    for number, fields in enumerate(pairs):
        for place in range(0, len(fields), 2):
            columns.setdefault(fields[place], [None] * len(pairs))[number] = fields[place + 1]
    return pl.DataFrame({name.decode(errors="replace"): _text(v, broken, rows) for name, v in columns.items()})


def _text(values: Sequence[bytes | None], broken: set[int], rows: Sequence[int] = ()) -> pl.Series:
    try:
        return pl.Series(values, dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.ComputeError:  # not UTF-8
        texts = [None if value is None else value.decode(errors="replace") for value in values]
        wrong = [row for row, text in enumerate(texts) if text and "\ufffd" in text and text.encode() != values[row]]
        broken.update(rows[row] if rows else row for row in wrong)
        return pl.Series(texts, dtype=pl.String)
