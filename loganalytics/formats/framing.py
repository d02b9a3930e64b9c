"""Records that are not one a line: how a stream of lines becomes one of records before they are parsed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import polars as pl


class Framer(Protocol):
    """Puts the lines of one file together, block by block, and keeps what a block leaves unfinished."""

    def feed(self, lines: pl.DataFrame) -> pl.DataFrame:
        """Return the records (n: the number of the first line, line: all of its text) that end in these lines."""
        ...

    def finish(self) -> pl.DataFrame:
        """Return what is left when there are no more lines: its text as it stands."""
        ...


@dataclass(frozen=True, kw_only=True)
class Framing:
    """How the records of a file are written."""

    name: str
    framer: Callable[[], Framer]
    """Makes the framer of one file."""


def frame_all(lines: pl.DataFrame, framing: Framing | None) -> pl.DataFrame:
    """Return the records of lines (n, line) that are all there is."""
    if framing is None:
        return lines
    framer = framing.framer()
    return pl.concat([framer.feed(lines), framer.finish()])
