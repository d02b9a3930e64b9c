"""The events of blocks of lines, kept until later blocks show whether they go on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from loganalytics.formats import crashes
from loganalytics.formats.continuations import Parsed
from loganalytics.formats.envelopes.streams import NOTHING_BEFORE, ONE_WRITER, Before
from loganalytics.formats.internal_columns import STREAM, STREAM_IS_MULTILINE
from loganalytics.formats.regex.reader import read_first_line_below

# Where several write to one file, an event may go on so many lines after it.
_MAX_LINES_BETWEEN = 50_000
# In a tail, where what is written at once comes at once, so many.
_MAX_TAIL_LINES_BETWEEN = 30


@dataclass(kw_only=True)
class _OpenEvent:
    """The last event of a stream, and how it goes on; joined once, since that may be long."""

    number: int
    lines: list[str] = field(default_factory=list)
    line_count: int = 0


class OpenEvents:
    """The events that blocks left open: one in a file of one writer, one of each writer in a file of several."""

    def __init__(self) -> None:
        self._frames: list[pl.DataFrame] = []
        self._before = NOTHING_BEFORE
        self._by_stream: dict[str, _OpenEvent] = {}
        self._carried_by: dict[str, str] = {}

    @property
    def before(self) -> Before:
        """What stands before the lines that follow."""
        return self._before

    def add(self, parsed: Parsed) -> Iterator[pl.DataFrame]:
        """Take the events of the next block, and yield those that cannot go on any more."""
        self._add_lines(parsed.leading_lines)
        events = parsed.events
        if events.height:
            oldest_open = events["n"][0] - (_MAX_LINES_BETWEEN if STREAM in events.columns else 0)
            while self._frames and self._frames[0]["n"][-1] < oldest_open:
                yield self._close_first_frame()
            self._take(events)
            self._open(events)
        self._carried_by |= parsed.carried_by
        streams = parsed.before.events["stream"]
        self._before = parsed.before.keep([key for key in streams if self._owner(key) in self._by_stream])

    def finish(self) -> Iterator[pl.DataFrame]:
        """Yield the events that are left when there are no more lines."""
        while self._frames:
            yield self._close_first_frame()

    def _add_lines(self, lines: pl.DataFrame) -> None:
        if lines.is_empty():
            return
        stream = pl.col(STREAM).fill_null(ONE_WRITER) if STREAM in lines.columns else pl.lit(ONE_WRITER)
        for key, of_stream in lines.with_columns(stream.alias(STREAM)).group_by(STREAM, maintain_order=True):
            event = self._by_stream[self._owner(str(key[0]))]
            if of_stream["line"].null_count() < of_stream.height:
                event.lines.append(of_stream["line"].str.join("\n").item())
            event.line_count += of_stream.height

    def _owner(self, stream: str) -> str:
        """Return the stream whose last event the lines of a stream go on."""
        while stream in self._carried_by:
            stream = self._carried_by[stream]
        return stream

    def _take(self, events: pl.DataFrame) -> None:
        """Take a block's events; those whose line was cut before the block go where they begin."""
        for index, frame in enumerate(self._frames):
            if events.height and events["n"][0] < frame["n"][-1]:
                is_late = events["n"] < frame["n"][-1]
                self._frames[index] = pl.concat([frame, events.filter(is_late)], how="diagonal_relaxed").sort("n")
                events = events.filter(~is_late)
        if events.height:
            self._frames.append(events)

    def _open(self, events: pl.DataFrame) -> None:
        """Note the last events of a new block; those that were the last are complete."""
        if STREAM in events.columns:
            of_streams = events.select(pl.col(STREAM).fill_null(ONE_WRITER), "n")
            last = of_streams.unique(STREAM, keep="last", maintain_order=True).rows()
        else:
            last = [(ONE_WRITER, events["n"][-1])]
        for key, number in last:
            if key in self._by_stream:
                self._complete(self._by_stream[key])
            self._by_stream[key] = _OpenEvent(number=number)
            self._carried_by.pop(key, None)

    def _close_first_frame(self) -> pl.DataFrame:
        for event in self._by_stream.values():
            self._complete(event)
        closed = self._frames.pop(0)
        gone = [key for key, event in self._by_stream.items() if _row(closed, event.number) is not None]
        for key in gone:
            del self._by_stream[key]
        return closed

    def _complete(self, event: _OpenEvent) -> None:
        """Add its lines to an event's exception."""
        if not event.line_count:
            return
        for index, frame in enumerate(self._frames):
            row = _row(frame, event.number)
            if row is not None:
                self._frames[index] = _with_lines(frame, row, event)


def first_open(parsed: Parsed) -> int | None:
    """Return the number of the first event, or line, that lines which come next may belong to."""
    events = parsed.events
    numbers = [] if parsed.unfinished is None else parsed.unfinished["n"].head(1).to_list()
    if events.height and events["multiline"][-1]:
        numbers.append(events["n"][-1])
    if events.height and STREAM in events.columns:
        is_recent = pl.col("n") + _MAX_TAIL_LINES_BETWEEN >= events["n"][-1]
        last = events.filter(is_recent).unique(STREAM, keep="last")
        numbers += last.filter(STREAM_IS_MULTILINE)["n"].to_list()
    first = min(numbers, default=None)
    return first if first is None or STREAM not in events.columns else _before_overlaps(events, first)


def _before_overlaps(events: pl.DataFrame, number: int) -> int:
    """Return the number of the first event that may have lines after that number, or after another such event."""
    last_line = pl.col("n") + pl.col("continues") + _MAX_TAIL_LINES_BETWEEN
    spans = events.select("n", "continues", end=pl.min_horizontal(pl.col("n").shift(-1).over(STREAM), last_line))
    spans = spans.filter(pl.col("continues") > 0)
    while (overlapping := spans.filter((pl.col("n") < number) & (pl.col("end") > number))).height:
        number = overlapping["n"][0]
    return number


def _row(frame: pl.DataFrame, number: int) -> int | None:
    """Return the row of the event of this number."""
    row = int(frame["n"].search_sorted(number))
    return row if row < frame.height and frame["n"][row] == number else None


def _with_lines(frame: pl.DataFrame, row: int, event: _OpenEvent) -> pl.DataFrame:
    one = crashes.continued(frame.slice(row, 1), event.lines).with_columns(pl.col("continues") + event.line_count)
    one = read_first_line_below(one)
    event.lines.clear()  # they may be long: no more copies than must be
    event.line_count = 0
    return pl.concat([frame.head(row), one, frame.slice(row + 1)], how="diagonal_relaxed")
