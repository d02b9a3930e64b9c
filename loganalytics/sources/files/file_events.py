"""The blocks of one file to log frames: records put together, traces joined over the ends of blocks, all counted."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from loganalytics import formats
from loganalytics.formats import Detection, Parsed
from loganalytics.formats.framing import MAX_LINE_BYTES, Framer
from loganalytics.formats.inferred_times import INFERRED
from loganalytics.formats.internal_columns import REPEATED_KEYS
from loganalytics.formats.open_events import OpenEvents
from loganalytics.sources.counters import FileCounters
from loganalytics.sources.files.blocks import Block
from loganalytics.sources.files.sampling import FileSample, to_log_frame


def read_events(sample: FileSample, counters: FileCounters, blocks: Iterator[Block]) -> Iterator[pl.DataFrame]:
    """Yield log frames of one file, in its order; its counters are complete when the last one was handed out."""
    detection = sample.detection
    framer = detection.framing.framer() if detection.framing else None
    open_events = OpenEvents()
    for parsed in _parse_blocks(_records(blocks, framer), detection, open_events, counters):
        for events in open_events.add(parsed):
            yield _finish(events, sample, counters)
    for events in open_events.finish():
        yield _finish(events, sample, counters)
    counters.notes += tuple(notes_of(counters, is_cut=framer is None))


def notes_of(counters: FileCounters, *, is_cut: bool = True) -> Iterator[str]:
    """Yield what a file had that its events do not show; a framer puts cut lines together again."""
    if counters.cut_lines and is_cut:
        size = f"{MAX_LINE_BYTES // 1024**2} MiB"
        yield f"{counters.cut_lines:,} times a line of over {size} was cut in two"
    if counters.skipped_nuls:
        yield f"{counters.skipped_nuls:,} NUL bytes skipped, as of a file that was emptied while it was written"
    if counters.repeated_keys:
        yield f"{counters.repeated_keys:,} times a key stood twice: the second value is in attributes"
    if counters.beside:
        shown = ", ".join(f'"{text}"' for text in counters.beside_texts)
        yield f"lines beside the table, which are no events: {counters.beside:,} ({shown})"


def _records(blocks: Iterator[Block], framer: Framer | None) -> Iterator[Block]:
    """Yield the records of the lines of blocks."""
    if framer is None:
        yield from blocks
        return
    for block in blocks:
        yield Block(framer.feed(block.lines))
    yield Block(framer.finish())


def _parse_blocks(
    blocks: Iterator[Block], detection: Detection, open_events: OpenEvents, counters: FileCounters
) -> Iterator[Parsed]:
    """Yield what blocks hold; lines that only the next can complete are parsed with it."""
    unfinished: pl.DataFrame | None = None
    for block in blocks:
        is_whole = unfinished is None or unfinished.is_empty()
        lines = block.lines if unfinished is None else pl.concat([unfinished, block.lines])
        utf8 = block.utf8 if is_whole else None
        parsed = formats.parse(lines, detection, before=open_events.before, utf8=utf8, final=False)
        unfinished = parsed.unfinished
        counters.count_beside(formats.lines_beside(lines, detection))
        yield parsed
        detection = _following(detection, parsed.events)
    if unfinished is not None and unfinished.height:
        yield formats.parse(unfinished, detection, before=open_events.before)


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
    if REPEATED_KEYS in events.columns:
        counters.repeated_keys += int(events[REPEATED_KEYS].sum())
    counters.count(frame)
    if INFERRED in frame.columns:
        counters.inferred_times += int(frame[INFERRED].sum())
    return frame
