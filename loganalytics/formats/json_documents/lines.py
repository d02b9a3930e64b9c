"""Lists of JSON with an object a line: what is around the objects is taken off each line."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from loganalytics.formats.framing import numbers

_BEFORE, _BEHIND = " \t[,\x1e\ufeff", " \t\r,]"


@dataclass(frozen=True)
class ListedLines:
    """Lines with an object each, and the brackets and commas of a list around them."""

    def __call__(self) -> LineFramer:
        """Return the framer of one file."""
        return LineFramer()


class LineFramer:
    """Takes brackets and commas off the lines of one file."""

    def feed(self, lines: pl.DataFrame) -> pl.DataFrame:
        """Return the objects of these lines; lines of another kind stay."""
        inner = pl.col("line").str.strip_chars_start(_BEFORE).str.strip_chars_end(_BEHIND)
        is_object = inner.str.starts_with("{") & inner.str.ends_with("}")
        stripped = lines.select(
            numbers(pl.col("n")),
            pl.when(is_object | (inner == "")).then(inner).otherwise("line").alias("line"),
            (inner == "").alias("is_empty"),
        )
        return stripped.filter(~pl.col("is_empty")).drop("is_empty")

    def finish(self) -> pl.DataFrame:
        """Return nothing: no line is kept."""
        return pl.DataFrame(schema={"n": pl.UInt64, "line": pl.String})

    def give_back(self) -> int:
        """Return 0: no line is kept."""
        return 0
