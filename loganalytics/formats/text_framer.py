"""Records cut out of the text of a file wherever they begin, block by block."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from loganalytics.formats.framing import is_cut, numbers

Bytes = npt.NDArray[np.uint8]
Positions = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_SCHEMA = {"n": pl.UInt64, "line": pl.String}


@dataclass(frozen=True, kw_only=True)
class Text:
    """Lines as one text, in UTF-8, each with its end of line."""

    utf8: bytes
    starts: Positions
    """Where each row begins: a line, or a piece of one."""
    begins_line: Flags
    """Whether a row begins a line."""
    is_end: bool = False
    """Whether nothing follows, at least for now."""

    @property
    def codes(self) -> Bytes:
        """The bytes as an array."""
        return np.frombuffer(self.utf8, dtype=np.uint8)


def to_text(rows: pl.DataFrame, *, is_end: bool = False, begins_line: bool = True) -> Text:
    """Return the text of rows (line, is_cut: whether the line goes on in the next row)."""
    ends = pl.when("is_cut").then(pl.lit("")).otherwise(pl.lit("\n"))
    joined = rows.select(pl.concat_str("line", ends).str.join("").cast(pl.Binary)).item()
    lengths = rows.select(pl.col("line").str.len_bytes().cast(pl.Int64) + (~pl.col("is_cut")).cast(pl.Int64))
    starts = np.append(0, lengths.to_series().to_numpy().cumsum()[:-1]).astype(np.int64)
    flags = np.append(begins_line, ~rows["is_cut"].to_numpy()[:-1])
    return Text(utf8=bytes(joined), starts=starts, begins_line=flags, is_end=is_end)


@dataclass(kw_only=True)
class Cuts:
    """The records of a text, each as one line, in any order."""

    positions: Positions
    """Where they begin."""
    line: pl.Series
    end: int
    """Where the text begins that is unfinished."""


class Cutter(Protocol):
    """Finds records in the text of one file, which comes in pieces: each begins where the last one was unfinished."""

    def cut(self, text: Text) -> Cuts:
        """Return the records that end in a text."""
        ...

    def end(self) -> list[str]:
        """Return what was read and not returned, when the file has ended."""
        ...


@dataclass(kw_only=True)
class TextFramer:
    """Keeps the unfinished lines of one file, and numbers the records that are cut out of the others."""

    cutter: Cutter
    _rows: pl.DataFrame = field(default_factory=lambda: _with_cuts(pl.DataFrame(schema=_SCHEMA)))
    _skipped: int = 0
    """So many bytes of the first unfinished line belong to records that were returned."""
    _places: int = 0
    """So many records began in that line."""
    _was_given_back: bool = False
    _last: tuple[int, int] = (0, 0)
    """The number of the last line, and of the records that began in it."""

    def feed(self, lines: pl.DataFrame) -> pl.DataFrame:
        """Return the records that end in these lines."""
        if lines.is_empty():
            return lines
        rows = _with_cuts(lines)
        if self._was_given_back and self._skipped:
            rows = _from(rows, 0, self._skipped)
        self._was_given_back = False
        return self._take(pl.concat([self._rows, rows]), is_end=False)

    def finish(self) -> pl.DataFrame:
        """Return what is left."""
        frame = self._take(self._rows, is_end=True) if self._rows.height else pl.DataFrame(schema=_SCHEMA)
        left = pl.DataFrame({"line": self.cutter.end()}, schema={"line": pl.String}).with_row_index("place")
        number, place = self._last
        return pl.concat([frame, left.select(numbers(pl.lit(number), pl.col("place") + place).alias("n"), "line")])

    def give_back(self) -> int:
        """Forget the unfinished lines, and return how many they are."""
        count = self._rows.height
        self._was_given_back = count > 0
        self._rows = self._rows.clear()
        return count

    def _take(self, rows: pl.DataFrame, *, is_end: bool) -> pl.DataFrame:
        text = to_text(rows, is_end=is_end, begins_line=not self._skipped)
        cuts = self.cutter.cut(text)
        order = np.argsort(cuts.positions, kind="stable")
        row = np.searchsorted(text.starts, cuts.positions[order], side="right") - 1
        place = np.arange(row.size) - np.searchsorted(row, row)
        place[row == 0] += self._places
        located = pl.DataFrame({"n": rows["n"].gather(row), "place": place}, schema_overrides={"place": pl.UInt64})
        self._keep(text, rows, cuts.end, row)
        return located.select(numbers(pl.col("n"), pl.col("place")), cuts.line.gather(order).alias("line"))

    def _keep(self, text: Text, rows: pl.DataFrame, end: int, found_rows: Positions) -> None:
        """Keep the text that is unfinished, as the rows that it is in."""
        last = rows.height - 1
        self._last = int(rows["n"][last]), self._places_in(last, found_rows)
        if end >= len(text.utf8):
            self._rows, self._skipped, self._places = rows.clear(), 0, 0
            return
        row = int(np.searchsorted(text.starts, end, side="right")) - 1
        skipped = end - int(text.starts[row])
        if not text.utf8[end - skipped : end].strip():
            skipped = 0
        self._rows = _from(rows, row, skipped)
        self._places = self._places_in(row, found_rows)
        self._skipped = skipped + (self._skipped if row == 0 else 0)

    def _places_in(self, row: int, found_rows: Positions) -> int:
        """Return how many records have begun in a row."""
        return int((found_rows == row).sum()) + (self._places if row == 0 else 0)


def _from(rows: pl.DataFrame, row: int, skipped: int) -> pl.DataFrame:
    """Return the rows from one of them on, without so many bytes of it."""
    rest = rows.slice(row)
    if not skipped:
        return rest
    first = rest["line"][0].encode()[skipped:].decode(errors="replace")
    return rest.with_columns(line=rest["line"].scatter(0, first))


def _with_cuts(lines: pl.DataFrame) -> pl.DataFrame:
    """Add `is_cut` to lines (n, line): whether a line goes on in the next row."""
    return lines.select("n", "line", is_cut(pl.col("line")).alias("is_cut"))
