"""What stands between the time and the message, read once for all the lines in which it is the same.

A program has few levels and loggers, so its lines share few such heads. Lines are cut one character behind the sign
that closes the head, and of the pieces, which are few, each goes through the expression once. A piece stands for its
lines only if no way through the expression leads beyond its end: then it does not matter what follows.
"""

from __future__ import annotations

import re

import polars as pl

from loganalytics.formats.regex.automaton import runs_on

GROUPS = "\0groups"
_SAMPLE = 200
# With fewer lines a piece, reading each line is as cheap.
_LINES_A_PIECE = 20


def read_heads(lines: pl.Series, width: int, between: str, not_behind: str) -> pl.DataFrame | None:
    """Return a struct GROUPS of what the expression captures behind the first characters, and `length`, of each line.

    `length` is that of the group `head`; it is null where the line must be read by itself, and where the line does not
    match or matches `not_behind`. None when the lines are not so made.
    """
    sign = _closing(lines.gather_every(max(1, lines.len() // _SAMPLE)), width, between)
    if sign is None:
        return None
    char, behind = sign
    # A place in bytes is one in characters up to the first that is not ASCII, which the piece's length tells.
    size = pl.col("line").str.find(char, literal=True).cast(pl.Int64) - (width - behind - 2)
    cut = lines.alias("line").to_frame().select(size.alias("size"), "line")
    piece = pl.col("line").str.slice(width, pl.max_horizontal("size", 0)).alias("piece")
    cut = cut.select(piece, "size").select(pl.when(pl.col("piece").str.len_bytes() == pl.col("size")).then("piece"))
    pieces = cut["piece"].drop_nulls().unique(maintain_order=True)
    if pieces.len() * _LINES_A_PIECE > lines.len():
        return None
    codes = cut["piece"].cast(pl.Enum(pieces)).to_physical()
    return _read(pieces, between, not_behind)[codes]


def _closing(lines: pl.Series, width: int, between: str) -> tuple[str, int] | None:
    """Return the last sign that stands once in each head and not before, and how many characters follow it there."""
    heads = lines.str.slice(width).str.extract(between, 1).drop_nulls().to_list()
    times = set("".join(lines.str.slice(0, width)))
    if not heads or re.search(r"\(\?[a-z-]+\)", between):
        return None
    for behind, char in enumerate(reversed(heads[0])):
        if (
            char.isascii()
            and not char.isalnum()
            and char not in times
            and all(_stands_once(head, char, behind) for head in heads)
        ):
            return char, behind
    return None


def _stands_once(head: str, char: str, behind: int) -> bool:
    return head.count(char) == 1 and head.index(char) == len(head) - behind - 1


def _read(pieces: pl.Series, between: str, not_behind: str) -> pl.DataFrame:
    certain = [not runs_on(between, piece) and not runs_on(not_behind, piece) for piece in pieces]
    good = pl.Series(certain) & ~pieces.str.contains(not_behind)
    groups = pieces.str.extract_groups(between)
    length = pl.when(good).then(groups.struct.field("head").str.len_chars())
    return pl.select(groups.alias(GROUPS), length.alias("length"))
