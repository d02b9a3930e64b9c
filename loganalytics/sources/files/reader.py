"""Log files to log frames, block by block: one road for load (all at once) and scan (streaming)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from loganalytics import formats
from loganalytics.formats import Detection
from loganalytics.formats.framing import MAX_LINE_BYTES, Framer
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
    counters.notes += tuple(_notes(counters, is_cut=framer is None))


def _notes(counters: FileCounters, *, is_cut: bool) -> Iterator[str]:
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
