"""The blocks of one file to log frames: records put together, traces joined over the ends of blocks, all counted."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from loganalytics import formats
from loganalytics.formats import Detection
from loganalytics.formats.framing import MAX_LINE_BYTES, Framer
from loganalytics.sources.counters import FileCounters
from loganalytics.sources.files.blocks import Block
from loganalytics.sources.files.sampling import FileSample, to_log_frame


def read_events(sample: FileSample, counters: FileCounters, blocks: Iterator[Block]) -> Iterator[pl.DataFrame]:
    """Yield log frames of one file, in its order; its counters are complete when the last one was handed out."""
    detection = sample.detection
    framer = detection.framing.framer() if detection.framing else None
    pending: pl.DataFrame | None = None  # the events of a block, until the next shows whether the last one goes on
    continuations: list[str] = []  # how it goes on; joined once, since it may be long
    continuation_lines = 0
    for block in _records(blocks, framer):
        after_multiline = None if pending is None else pending["multiline"][-1]
        parsed = formats.parse(block.lines, detection, after_multiline=after_multiline, utf8=block.utf8)
        if parsed.leading_lines.height:
            continuations.append(parsed.leading_lines["line"].str.join("\n").item())
            continuation_lines += parsed.leading_lines.height
        if parsed.events.is_empty():
            continue
        if pending is not None:
            yield _finish(_continue(pending, continuations, continuation_lines), sample, counters)
        pending, continuations, continuation_lines = parsed.events, [], 0
        detection = _following(detection, parsed.events)
    if pending is not None:
        yield _finish(_continue(pending, continuations, continuation_lines), sample, counters)
    counters.notes += tuple(notes_of(counters, is_cut=framer is None))


def notes_of(counters: FileCounters, *, is_cut: bool = True) -> Iterator[str]:
    """Yield what the bytes of a file had that its events do not show; a framer puts cut lines together again."""
    if counters.cut_lines and is_cut:
        size = f"{MAX_LINE_BYTES // 1024**2} MiB"
        yield f"{counters.cut_lines:,} times a line of over {size} was cut in two"
    if counters.skipped_nuls:
        yield f"{counters.skipped_nuls:,} NUL bytes skipped, as of a file that was emptied while it was written"


def _records(blocks: Iterator[Block], framer: Framer | None) -> Iterator[Block]:
    """Yield the records of the lines of blocks."""
    if framer is None:
        yield from blocks
        return
    for block in blocks:
        yield Block(framer.feed(block.lines))
    yield Block(framer.finish())


def _continue(events: pl.DataFrame, continuations: list[str], line_count: int) -> pl.DataFrame:
    """Add lines to the last event's exception."""
    if not continuations:
        return events
    last = events.tail(1)
    begun = last["exception"].drop_nulls().to_list() if "exception" in last.columns else []
    exception = "\n".join(begun + continuations)
    continuations.clear()  # it may be long: no more copies than must be
    # As a series: a long literal is copied about ten times on its way through an expression.
    last = last.with_columns(pl.Series("exception", [exception]), pl.col("continues") + line_count)
    return pl.concat([events.head(-1), last], how="diagonal_relaxed")


def _following(detection: Detection, events: pl.DataFrame) -> Detection:
    """Let a file's times go on from the last of a block: in its year, and in the second hour when clocks went back."""
    if "timestamp" not in events.columns:
        return detection
    last = events["timestamp"].drop_nulls().tail(1)
    return detection.following(last[0]) if last.len() else detection


def _finish(events: pl.DataFrame, sample: FileSample, counters: FileCounters) -> pl.DataFrame:
    frame = to_log_frame(events, sample.source, sample.detection.framing)
    counters.events += frame.height
    counters.unparsed += int((~events["parsed"]).sum())
    counters.count(frame)
    return frame
