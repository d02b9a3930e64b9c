"""Log files to log frames, block by block: one road for load (all at once) and scan (streaming)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from loganalytics import formats
from loganalytics.formats import Detection
from loganalytics.formats.framing import MAX_LINE_BYTES, Framer
from loganalytics.formats.internal_columns import REPEATED_KEYS
from loganalytics.formats.open_events import OpenEvents
from loganalytics.formats.parsing import Parsed
from loganalytics.sources import load_report, object_stores
from loganalytics.sources.counters import FileCounters
from loganalytics.sources.files.blocks import Block, read_blocks
from loganalytics.sources.files.compression import BROKEN, UnpackBudget, reason_of
from loganalytics.sources.files.location import Location, open_unpacked
from loganalytics.sources.files.plan import PlannedFile
from loganalytics.sources.files.sampling import FileSample, to_log_frame

BLOCK_BYTES = 8 * 1024 * 1024


class FileRun:
    """One run through planned files: yields their events, and counts what was read of each."""

    def __init__(
        self, files: Sequence[PlannedFile], *, unpacked_limit: int | None = None,
        storage_options: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self._files = files
        self._counters = [_new_counters(file) for file in files]
        self._unpacked_limit = unpacked_limit
        self._storage_options = storage_options
        self._budgets: dict[Path | None, UnpackBudget] = {}

    def frames(self) -> Iterator[pl.DataFrame]:
        """Yield the events of the files, one file after the other, in log frames of bounded size."""
        for file, counters in zip(self._files, self._counters, strict=True):
            if file.skip is None:
                yield from _read_events(file.sample, counters, self._blocks(file.sample, counters))

    @property
    def position(self) -> int:
        """How many bytes have been read, packed files counted as they lie on the disk."""
        return sum(counters.position for counters in self._counters)

    @property
    def size(self) -> int:
        """How many bytes there are, as they lie on the disk."""
        return sum(file.sample.location.size for file in self._files)

    def report(self) -> pl.DataFrame:
        """Return the rows of the load report, for what was read so far."""
        return load_report.rows(
            {
                "source": file.sample.source,
                "format": file.sample.detection.name if file.sample.lines else None,
                "guessed": "; ".join((*file.sample.detection.guesses, *counters.guesses)) or None,
                **counters.row(),
            }
            for file, counters in zip(self._files, self._counters, strict=True)
        )

    def _blocks(self, sample: FileSample, counters: FileCounters) -> Iterator[Block]:
        location = sample.location
        if location.url is not None:
            return object_stores.read_blocks(location.url, counters, self._storage_options)
        return _read_blocks(sample, counters, self._budget(location))

    def _budget(self, location: Location) -> UnpackBudget | None:
        """Return how much an archive may unpack to; the files of a zip archive share it."""
        if not location.packed:
            return None
        budget = UnpackBudget(packed=location.archive_size, limit=self._unpacked_limit)
        return self._budgets.setdefault(location.path, budget)


def _new_counters(file: PlannedFile) -> FileCounters:
    return FileCounters(status=file.skip.status, notes=(file.skip.note,)) if file.skip else FileCounters()


def _read_blocks(sample: FileSample, counters: FileCounters, budget: UnpackBudget | None) -> Iterator[Block]:
    location = sample.location
    try:
        with open_unpacked(location) as (stream, raw):
            for block in read_blocks(stream, counters, size=BLOCK_BYTES, budget=budget, encoding=sample.encoding):
                counters.position = location.size if location.member else raw.tell()
                yield block
    except BROKEN as error:  # it was deleted, or its archive breaks at the first byte
        counters.truncate(f"unreadable after {counters.bytes:,} bytes ({reason_of(error)}): the rest is lost")


def _read_events(sample: FileSample, counters: FileCounters, blocks: Iterator[Block]) -> Iterator[pl.DataFrame]:
    """Yield log frames of one file, in its order; its counters are complete when the last one was handed out."""
    detection = sample.detection
    framer = detection.framing.framer() if detection.framing else None
    open_events = OpenEvents()
    for parsed in _parse_blocks(_records(blocks, framer), detection, open_events):
        for events in open_events.add(parsed):
            yield _finish(events, sample, counters)
    for events in open_events.finish():
        yield _finish(events, sample, counters)
    counters.notes += tuple(_notes(counters, is_cut=framer is None))


def _notes(counters: FileCounters, *, is_cut: bool) -> Iterator[str]:
    """Yield what a file had that its events do not show; a framer puts cut lines together again."""
    if counters.cut_lines and is_cut:
        size = f"{MAX_LINE_BYTES // 1024**2} MiB"
        yield f"{counters.cut_lines:,} times a line of over {size} was cut in two"
    if counters.skipped_nuls:
        yield f"{counters.skipped_nuls:,} NUL bytes skipped, as of a file that was emptied while it was written"
    if counters.repeated_keys:
        yield f"{counters.repeated_keys:,} times a key stood twice: the second value is in attributes"


def _records(blocks: Iterator[Block], framer: Framer | None) -> Iterator[Block]:
    """Yield the records of the lines of blocks."""
    if framer is None:
        yield from blocks
        return
    for block in blocks:
        yield Block(framer.feed(block.lines))
    yield Block(framer.finish())


def _parse_blocks(blocks: Iterator[Block], detection: Detection, open_events: OpenEvents) -> Iterator[Parsed]:
    """Yield what blocks hold; lines that only the next can complete are parsed with it."""
    unfinished: pl.DataFrame | None = None
    for block in blocks:
        is_whole = unfinished is None or unfinished.is_empty()
        lines = block.lines if unfinished is None else pl.concat([unfinished, block.lines])
        parsed = formats.parse(
            lines, detection, after_multiline=open_events.after_multiline, streams=open_events.streams,
            utf8=block.utf8 if is_whole else None, final=False,
        )  # fmt: skip
        unfinished = parsed.unfinished
        yield parsed
        detection = _following(detection, parsed.events)
    if unfinished is not None and unfinished.height:
        yield formats.parse(unfinished, detection, streams=open_events.streams)


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
    return frame
