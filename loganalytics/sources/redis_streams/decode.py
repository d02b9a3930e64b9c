"""Raw entries of a stream to columns of text, all at once: redis-py's dicts would cost three times as much."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any, NamedTuple

import polars as pl

Entry = Sequence[Any]
"""What the server answers: [id, [field, value, field, value, …]], all bytes."""


class Columns(NamedTuple):
    """Entries as columns."""

    ids: pl.Series
    fields: pl.DataFrame
    """Columns of text, null where an entry lacks a field."""
    broken: int
    """How many entries were not UTF-8."""
    block: bytes | None = None
    """Of entries with one field, the same in all: its values, each ended by a newline."""


# Entries of one set of fields become columns by slicing; sets beyond so many are taken field by field.
_MOST_SHAPES = 64


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep Python's garbage collector from looking at an answer while it grows.

    It has two new lists an entry, none of which is garbage; the collector would look at them again and again, which
    costs as much as reading the answer.
    """
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


def to_columns(entries: Sequence[Entry]) -> Columns:
    """Return raw entries as columns.

    Bytes that are not UTF-8 are replaced by U+FFFD. Of a field that an entry bears twice the last counts, as in
    redis-py.
    """
    ids = _text([entry[0] for entry in entries], set())
    pairs = [entry[1] for entry in entries]
    broken: set[int] = set()
    flat = _flat(pairs)
    if flat:
        fields = _slice(pairs[0][::2], flat, range(len(pairs)), broken)
        block = b"\n".join([*flat[1::2], b""]) if fields.width == 1 and len(pairs[0]) == 2 and not broken else None
        return Columns(ids, fields, len(broken), block)
    shapes: dict[tuple[bytes, ...], list[int]] = {}
    for row, each in enumerate(pairs):
        shapes.setdefault(tuple(each[::2]), []).append(row)
    common = sorted(shapes.items(), key=lambda shape: len(shape[1]), reverse=True)
    rest = list(chain.from_iterable(rows for _, rows in common[_MOST_SHAPES:]))
    frames = [
        _slice(names, list(chain.from_iterable(pairs[row] for row in rows)), rows, broken)
        for names, rows in common[:_MOST_SHAPES]
    ]
    if rest:
        frames.append(_one_by_one([pairs[row] for row in rest], rest, broken))
    places = chain.from_iterable(rows for _, rows in common[:_MOST_SHAPES])
    order = pl.Series([*places, *rest], dtype=pl.UInt32).arg_sort()
    return Columns(ids, pl.concat(frames, how="diagonal")[order], len(broken))


def _flat(pairs: Sequence[Sequence[bytes]]) -> list[bytes] | None:
    """Return the fields of all entries one after the other where all have the same ones in the same order."""
    width = len(pairs[0])
    if any(map(width.__ne__, map(len, pairs))):
        return None
    flat = list(chain.from_iterable(pairs))
    alike = all(flat[place::width].count(flat[place]) == len(pairs) for place in range(0, width, 2))
    return flat if alike else None


def _slice(names: Sequence[bytes], flat: Sequence[bytes], rows: Sequence[int], broken: set[int]) -> pl.DataFrame:
    places = {name: 2 * place + 1 for place, name in enumerate(names)}
    width = 2 * len(names)
    return pl.DataFrame(
        {name.decode(errors="replace"): _text(flat[place::width], broken, rows) for name, place in places.items()}
    )


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
