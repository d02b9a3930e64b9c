"""Envelopes taken off: lines become the lines within, and the columns that the envelope gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from loganalytics.formats.envelopes.envelope import Wrapper
from loganalytics.formats.envelopes.outer_fields import add_outer
from loganalytics.formats.timestamps import to_utc
from loganalytics.schema import TIMESTAMP

# Before 1970, in TAI64: daemontools and runit write ten seconds more than UTC, whatever the leap seconds.
_TAI64_EPOCH = 2**62 + 10
NOTHING_KNOWN: Mapping[str, str] = {}


@dataclass(frozen=True, kw_only=True)
class Unwrapped:
    """What is within the envelopes of lines."""

    lines: pl.DataFrame
    """(n, line, joined_lines: how many lines went into it beyond its first, stream: what wrote it)."""
    columns: pl.DataFrame
    """(n, the envelopes' columns)."""
    unfinished: pl.DataFrame
    """The lines as they were (n, line) of those that go on in lines still to come."""
    record_streams: Mapping[str, str]
    """What `before` of unwrap_all() is for the lines that follow."""


def unwrap_all(
    lines: pl.DataFrame, wrappers: Sequence[Wrapper], *, final: bool = True, before: Mapping[str, str] = NOTHING_KNOWN
) -> Unwrapped:
    """Take envelopes off lines (n, line), the outermost first.

    A line that is in no envelope stays as it is; below a record it is of the record's stream, of which `before` has
    the last ones. Unless these lines are the `final` ones, those whose end is missing are left for the next.
    """
    frame = lines.select("n", "line", joined_lines=pl.lit(0, dtype=pl.UInt32), stream=pl.lit("\x1d"))
    columns, unfinished = lines.select("n"), lines.clear()
    record_streams = dict(before)
    for depth, wrapper in enumerate(wrappers):
        around = frame["stream"]
        frame, more_columns, open_numbers = _unwrap(frame, wrapper)
        if wrapper.envelope.wraps_records:
            frame = _in_streams_of_records(frame, around, str(depth), record_streams)
        if open_numbers.len() and not final and wrapper is wrappers[0]:
            is_open = pl.col("n").is_in(open_numbers.implode())
            unfinished, frame = lines.filter(is_open), frame.filter(~is_open)
        frame = _join_parts(frame) if wrapper.envelope.goes_on is not None else frame
        columns = add_outer(frame.select("n").join(more_columns, on="n", how="left", maintain_order="left"), columns)
    return Unwrapped(
        lines=frame.drop("goes_on", strict=False), columns=columns, unfinished=unfinished,
        record_streams=record_streams,
    )  # fmt: skip


def _unwrap(frame: pl.DataFrame, wrapper: Wrapper) -> tuple[pl.DataFrame, pl.DataFrame, pl.Series]:
    """Return lines as Unwrapped has them, the envelope's columns, and the numbers of those that go on at the end."""
    envelope = wrapper.envelope
    groups = frame["line"].str.extract_groups(envelope.regex).struct.unnest()
    is_within = groups["line"].is_not_null()
    inside = groups.select(envelope.inside(pl.col("line")) if envelope.inside else "line").to_series()
    stream = frame.select("stream").hstack(groups.select(envelope.identity)).select(
        pl.concat_str(pl.all(), separator="\x1f", ignore_nulls=True)
    ).to_series()  # fmt: skip
    stream = stream.zip_with(is_within, frame["stream"])
    columns = frame.select("n").hstack(_with_time(groups.select(envelope.columns), wrapper))
    frame = frame.with_columns(inside.fill_null(frame["line"]).alias("line"), stream.alias("stream"))
    if envelope.goes_on is None:
        return frame, columns, frame.clear()["n"]
    frame = frame.with_columns((groups["partial"] == envelope.goes_on).fill_null(value=False).alias("goes_on"))
    return frame, columns, _unfinished(frame)


def _in_streams_of_records(
    frame: pl.DataFrame, around: pl.Series, depth: str, last_streams: dict[str, str]
) -> pl.DataFrame:
    """Let lines that are in no envelope belong to the stream of the line above; `last_streams` takes the last ones.

    `around` are the streams before this envelope was taken off.
    """
    key = pl.lit(depth + around)
    streams = frame.select(key.alias("key"), stream=pl.when(pl.lit(around) != pl.col("stream")).then("stream"))
    before = pl.col("key").replace_strict(last_streams, default=None, return_dtype=pl.String)
    streams = streams.with_columns(pl.coalesce(pl.col("stream").forward_fill().over("key"), before))
    last_streams.update(streams.drop_nulls().unique("key", keep="last", maintain_order=True).iter_rows())
    return frame.with_columns(streams["stream"].fill_null(around))


def _with_time(columns: pl.DataFrame, wrapper: Wrapper) -> pl.DataFrame:
    """Read the time; its text stays where it cannot be read."""
    if "timestamp" not in columns.columns:
        return columns
    texts = columns["timestamp"]
    times = _from_tai64n(texts) if wrapper.envelope.is_tai64n else to_utc(texts, wrapper.clock)
    unread = texts.is_not_null() & times.is_null()
    if not unread.any():
        return columns.with_columns(times.alias("timestamp"))
    kept = pl.when(unread).then(texts).alias("wrapper.timestamp")
    return columns.with_columns(kept, times.alias("timestamp"))


def _from_tai64n(labels: pl.Series) -> pl.Series:
    """Return the times of TAI64N labels: @, seconds and nanoseconds in hexadecimal digits."""
    label = pl.col("label").str
    seconds = label.slice(1, 16).str.to_integer(base=16, dtype=pl.Int64, strict=False) - _TAI64_EPOCH
    nanoseconds = label.slice(17, 8).str.to_integer(base=16, dtype=pl.Int64, strict=False)
    micros = seconds * 1_000_000 + nanoseconds // 1000
    return labels.alias("label").to_frame().select(micros.cast(TIMESTAMP)).to_series()


def _unfinished(frame: pl.DataFrame) -> pl.Series:
    """Return the numbers of the lines at the end of each stream that go on in lines still to come."""
    ends_later = (~pl.col("goes_on")).reverse().cum_sum().reverse().over("stream")
    return frame.filter(ends_later == 0)["n"]


def _join_parts(frame: pl.DataFrame) -> pl.DataFrame:
    """Put together the lines that the runtime cut at 16 kB."""
    if not frame["goes_on"].any():
        return frame.drop("goes_on")
    begins = (~pl.col("goes_on").shift(1, fill_value=False)).over("stream")
    frame = frame.with_columns(begins.cast(pl.UInt32).cum_sum().over("stream").alias("part_of"))
    groups = frame.group_by("stream", "part_of", maintain_order=True)
    joined_lines = (pl.col("joined_lines").sum() + pl.len() - 1).cast(pl.UInt32).alias("joined_lines")
    joined = groups.agg(pl.col("n").first(), pl.col("line").str.join(""), joined_lines)
    return joined.select("n", "line", "joined_lines", "stream").sort("n")
