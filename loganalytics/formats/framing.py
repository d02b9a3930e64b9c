"""Records that are not one a line: how a stream of lines becomes one of records before they are parsed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import polars as pl

MAX_LINE_BYTES = 16 * 1024 * 1024
"""Longer lines are cut into pieces, each as a line: what parses one takes about twenty times its size."""
_CHARACTER_BYTES = 4
_MAX_SAMPLE_CHARACTERS, _MAX_SAMPLE_RECORDS = 256 * 1024, 1000
# A record's number is its line's number, then its place in the line.
_PLACE_BITS = 24


class Framer(Protocol):
    """Puts the lines of one file together, block by block, and keeps what a block leaves unfinished."""

    def feed(self, lines: pl.DataFrame) -> pl.DataFrame:
        """Return the records (n: the number of the first line, line: all of its text) that end in these lines.

        Where the framing says `splits_lines`, n is what numbers() makes of the line and the place in it.
        """
        ...

    def finish(self) -> pl.DataFrame:
        """Return what is left when no lines follow, at least for now: its text as it stands."""
        ...

    def give_back(self) -> int:
        """Forget the lines at the end that are unfinished, and return how many: they will be fed again."""
        ...


@dataclass(frozen=True, kw_only=True)
class Framing:
    """How the records of a file are written."""

    name: str
    framer: Callable[[], Framer]
    """Makes the framer of one file; framings are equal when these are."""
    splits_lines: bool = False
    """Whether a line may hold several records."""

    def line(self, number: int) -> int:
        """Return the number of the line in which a record begins."""
        return number >> _PLACE_BITS if self.splits_lines else number

    def offset(self, number: str) -> pl.Expr:
        """Return the expression for the place of records in their file, from the column of their numbers."""
        if not self.splits_lines:
            return pl.col(number).cast(pl.String)
        line = (pl.col(number) // 2**_PLACE_BITS).cast(pl.String)
        place = pl.col(number) % 2**_PLACE_BITS
        return pl.when(place > 0).then(pl.concat_str(line, pl.lit("."), place)).otherwise(line)


def numbers(line: pl.Expr, place: pl.Expr | int = 0) -> pl.Expr:
    """Return the numbers of records that share lines, from the numbers of their lines and the places in these."""
    first: pl.Expr = line.cast(pl.UInt64) * 2**_PLACE_BITS
    return first + place


def is_cut(line: pl.Expr) -> pl.Expr:
    """Return the expression for lines that are pieces of a longer one, which goes on in the next."""
    return line.str.len_bytes() > MAX_LINE_BYTES - _CHARACTER_BYTES


def frame_sample(lines: pl.DataFrame, framing: Framing | None) -> pl.DataFrame:
    """Return some records of a sample of lines (n, line), its first ones first."""
    if framing is None:
        return lines
    if framing.splits_lines:  # the first records of a long line are enough
        lines = lines.with_columns(pl.col("line").str.head(_MAX_SAMPLE_CHARACTERS))
    records = frame_all(lines, framing)
    half = _MAX_SAMPLE_RECORDS // 2
    return records if records.height <= 2 * half else pl.concat([records.head(half), records.tail(half)])


def frame_all(lines: pl.DataFrame, framing: Framing | None) -> pl.DataFrame:
    """Return the records of lines (n, line) that are all there is."""
    if framing is None:
        return lines
    framer = framing.framer()
    return pl.concat([framer.feed(lines), framer.finish()])
