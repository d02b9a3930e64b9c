"""Lines of several writers in one file, which are joined to events each writer's by themselves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from loganalytics.formats.internal_columns import STREAM

_ROW_BITS = 40
"""The bits of a row's number; those above are the number of its stream."""


@dataclass(frozen=True, kw_only=True)
class Before:
    """What stood before a block of lines of one writer, as far as it decides about them."""

    event: pl.DataFrame | None = None
    """The last event, one row; None when there was none: lines that continue nothing are events."""
    last_line: str | None = None
    """The last line with text below that event; None where there was none."""
    time: dt.datetime | None = None
    """The last time of an event."""


NOTHING_BEFORE = Before()


@dataclass(frozen=True, kw_only=True)
class EventsBefore:
    """What is known of the events before the lines of a block."""

    multiline: Mapping[int, bool] = field(default_factory=dict)
    """Whether the last event is multiline, by the number of its stream: 0 in a file of one writer."""
    last: Before = NOTHING_BEFORE
    """More of it, in a file of one writer."""
    numbers: pl.Series | None = None
    """The numbers by which lines are sorted by stream, by their rows; None in a file of one writer."""

    @property
    def has_streams(self) -> bool:
        """Whether the lines are of several writers."""
        return self.numbers is not None

    def sort(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Sort what is made of lines by stream."""
        if self.numbers is None:
            return frame
        return frame.with_columns(self.numbers.gather(frame["n"]).alias("n")).sort("n")

    def stream_of(self, numbers: pl.Series) -> pl.Series:
        """Return the number of the stream of each line."""
        return (numbers // 2**_ROW_BITS).cast(pl.Int64) if self.has_streams else pl.zeros(numbers.len(), eager=True)

    def is_multiline(self, numbers: pl.Series) -> pl.Series:
        """Tell for each line whether the last event of its stream before this block is multiline."""
        if not self.has_streams:
            return pl.repeat(self.multiline.get(0, False), numbers.len(), dtype=pl.Boolean, eager=True)
        multiline = [stream for stream, is_multiline in self.multiline.items() if is_multiline]
        return self.stream_of(numbers).is_in(multiline)

    def first_lines(self, *numbers: pl.Series) -> pl.Series:
        """Return the first of these numbers in each stream that has no event before this block."""
        filled = [series for series in numbers if series.len()]
        if not self.has_streams:
            firsts = [] if 0 in self.multiline else [min((series[0] for series in filled), default=0)]
            return pl.Series(firsts, dtype=pl.UInt64)
        in_order = pl.concat(filled).sort() if filled else pl.Series(dtype=pl.UInt64)
        stream = self.stream_of(in_order)
        return in_order.filter(stream.is_first_distinct() & ~stream.is_in(list(self.multiline)))


@dataclass(frozen=True, kw_only=True)
class Streams:
    """Lines of several writers; `restore` gives them back their numbers."""

    lines: pl.DataFrame
    """(n: their row, line), in their order."""
    keys: pl.Series
    """The key of each stream, by its number."""
    by_stream: pl.Series
    """Numbers that sort rows by their streams."""
    original: pl.Series
    """The numbers that the lines had."""

    def before(self, multiline: Mapping[str, bool]) -> EventsBefore:
        """Return what is known of the events before, by the keys of their streams."""
        by_number = {number: multiline[key] for number, key in enumerate(self.keys) if key in multiline}
        return EventsBefore(multiline=by_number, numbers=self.by_stream)

    def restore(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return a frame made of the lines under the numbers that they had, with the key of each row's stream."""
        key = self.keys.gather(frame["n"] // 2**_ROW_BITS)
        numbers = self.original.gather(frame["n"] % 2**_ROW_BITS)
        return frame.with_columns(numbers.alias("n"), key.alias(STREAM)).sort("n")


def number_streams(frame: pl.DataFrame) -> Streams:
    """Number lines (n, line, stream) by stream first."""
    keys = frame["stream"].unique().sort()
    stream = frame["stream"].cast(pl.Enum(keys)).to_physical().cast(pl.UInt64)
    row = pl.int_range(frame.height, dtype=pl.UInt64, eager=True)
    lines = pl.DataFrame([row.alias("n"), frame["line"]])
    return Streams(lines=lines, keys=keys, by_stream=stream * 2**_ROW_BITS + row, original=frame["n"])
