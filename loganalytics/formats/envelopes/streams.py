"""Lines of several writers in one file, which are joined to events each writer's by themselves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import polars as pl

from loganalytics.formats.internal_columns import STREAM

ONE_WRITER = ""
"""The key of the stream that a file's lines are, where nothing tells several writers apart."""
_ROW_BITS = 40
"""The bits of a row's number; those above are the number of its stream."""
EVENT_ABOVE = {
    "multiline": pl.Boolean(), "severity_number": pl.UInt8(), "message": pl.String(), "is_record": pl.Boolean(),
    "takes_no_trace": pl.Boolean(), "is_crash": pl.Boolean(), "has_second_line": pl.Boolean(), "last_line": pl.String(),
}  # fmt: skip
"""What decides about the lines below an event; `last_line` is the last of them with text, null where there is none."""


@dataclass(frozen=True, kw_only=True)
class Before:
    """What stood before a block of lines, as far as it decides about them."""

    events: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema={"stream": pl.String, **EVENT_ABOVE}))
    """The last event of each stream; lines of a stream without one are events when they continue nothing."""
    times: Mapping[str, dt.datetime] = field(default_factory=dict)
    """The last time of each stream's events, and that of the file's under ONE_WRITER."""
    record_streams: Mapping[str, str] = field(default_factory=dict)
    """The streams that lines belong to which are in no envelope, as below a record: see unwrap_all()."""

    def keep(self, streams: Collection[str]) -> Before:
        """Return it without the events of other streams than these."""
        if len(streams) == self.events.height:
            return self
        return replace(self, events=self.events.filter(pl.col("stream").is_in(list(streams))))


NOTHING_BEFORE = Before()


@dataclass(frozen=True, kw_only=True)
class EventsBefore:
    """What is known of the events before the lines of a block, by the numbers of their streams."""

    before: Before
    keys: pl.Series
    """The key of each stream, by its number: one key in a file of one writer."""
    numbers: pl.Series | None = None
    """The numbers by which lines are sorted by stream, by their rows; None in a file of one writer."""

    @cached_property
    def _known(self) -> pl.DataFrame:
        keys = self.keys.alias("stream").to_frame()
        return keys.join(self.before.events, on="stream", how="left", maintain_order="left").drop("stream")

    @cached_property
    def events(self) -> pl.DataFrame:
        """The last event of each stream, by its number; where there was none, one that takes nothing."""
        return self._known.with_columns(pl.col(pl.Boolean).fill_null(value=False))

    def sort(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Sort what is made of lines by stream."""
        if self.numbers is None:
            return frame
        return frame.with_columns(self.numbers.gather(frame["n"]).alias("n")).sort("n")

    def stream_of(self, numbers: pl.Series) -> pl.Series:
        """Return the number of the stream of each line."""
        is_one = self.numbers is None
        return pl.zeros(numbers.len(), pl.Int64, eager=True) if is_one else (numbers // 2**_ROW_BITS).cast(pl.Int64)

    def key_of(self, numbers: pl.Series) -> pl.Series:
        """Return the key of the stream of each line."""
        return self.keys.gather(self.stream_of(numbers))

    def last_of_streams(self, numbers: pl.Series) -> pl.Series:
        """Return the last number of each stream, of numbers in their order."""
        stream = self.stream_of(numbers)
        return numbers.filter(stream.ne_missing(stream.shift(-1)))

    def owner(self, lines: pl.DataFrame, events: pl.DataFrame) -> pl.Series:
        """Return the row of the event of the same stream above each line, -1 where there is none in this block."""
        owner = events["n"].search_sorted(lines["n"]).cast(pl.Int64) - 1
        if self.numbers is None or events.is_empty():
            return owner
        of_same_stream = self.stream_of(events["n"].gather(owner.clip(0))) == self.stream_of(lines["n"])
        return owner.zip_with(of_same_stream, pl.Series([-1], dtype=pl.Int64))

    def owner_row(self, lines: pl.DataFrame, events: pl.DataFrame) -> pl.Series:
        """Return the row of the event above each line in the events before this block with those of it below."""
        owner = self.owner(lines, events)
        return (owner + self.keys.len()).zip_with(owner >= 0, self.stream_of(lines["n"]))

    def first_lines(self, *numbers: pl.Series) -> pl.Series:
        """Return the first of these numbers in each stream that has no event before this block."""
        is_new = self._known["multiline"].is_null()
        if not is_new.any():
            return pl.Series(dtype=pl.UInt64)
        if self.numbers is None:  # all are of one stream, each in their order
            return pl.concat([series.head(1) for series in numbers]).sort().head(1)
        in_order = pl.concat(numbers).sort()
        stream = self.stream_of(in_order)
        return in_order.filter(stream.is_first_distinct() & is_new.gather(stream))

    def followed_by(self, events: pl.DataFrame, last_lines: pl.DataFrame) -> Before:
        """Return what is known after this block.

        `events` are the last ones of streams (n, and what EVENT_ABOVE names), `last_lines` the last lines with text
        (n, line) below them, or below those before this block.
        """
        count = self.keys.len()
        index = pl.int_range(count, eager=True)
        rows = index.scatter(self.stream_of(events["n"]), pl.int_range(count, count + events.height, eager=True))
        known = pl.concat([self._known, events.drop("n")])[rows]
        line = pl.Series([None], dtype=pl.String).new_from_index(0, count)
        line = line.scatter(self.stream_of(last_lines["n"]), last_lines["line"])
        known = known.with_columns(self.keys.alias("stream"), last_line=pl.coalesce(line, "last_line"))
        known = known.filter(pl.col("multiline").is_not_null()).select(self.before.events.columns)
        others = self.before.events.filter(~pl.col("stream").is_in(self.keys.implode()))
        return replace(self.before, events=pl.concat([others, known]))


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

    def following(self, before: Before) -> EventsBefore:
        """Return what is known of the events before the lines."""
        return EventsBefore(before=before, keys=self.keys, numbers=self.by_stream)

    def restore(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return a frame made of the lines under the numbers that they had, with the key of each row's stream.

        What has the key of a stream within that keeps it.
        """
        key = self.keys.gather(frame["n"] // 2**_ROW_BITS)
        numbers = self.original.gather(frame["n"] % 2**_ROW_BITS)
        within = [STREAM] if STREAM in frame.columns else []
        return frame.with_columns(numbers.alias("n"), pl.coalesce(*within, key).alias(STREAM)).sort("n")


def number_streams(frame: pl.DataFrame) -> Streams:
    """Number lines (n, line, stream) by stream first."""
    keys = frame["stream"].unique().sort()
    stream = frame["stream"].cast(pl.Enum(keys)).to_physical().cast(pl.UInt64)
    row = pl.int_range(frame.height, dtype=pl.UInt64, eager=True)
    lines = pl.DataFrame([row.alias("n"), frame["line"]])
    return Streams(lines=lines, keys=keys, by_stream=stream * 2**_ROW_BITS + row, original=frame["n"])
