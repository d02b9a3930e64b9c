"""Log files to log frames, block by block: one road for load (all at once) and scan (streaming)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

import polars as pl

from loganalytics.formats.inferred_times import INFERRED
from loganalytics.sources import load_report, object_stores
from loganalytics.sources.counters import FileCounters
from loganalytics.sources.files.blocks import Block, read_blocks
from loganalytics.sources.files.compression import UnpackBudget, broken, reason_of
from loganalytics.sources.files.file_events import read_events
from loganalytics.sources.files.location import Location, open_unpacked
from loganalytics.sources.files.plan import PlannedFile
from loganalytics.sources.files.sampling import FileSample
from loganalytics.sources.files.small_files import SMALL_BYTES
from loganalytics.sources.files.small_reader import SmallFile, is_small, read_together

_MAX_TOGETHER = 1000
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
        waiting: list[SmallFile] = []  # those that are read together
        for file, counters in zip(self._files, self._counters, strict=True):
            if file.skip is not None:
                continue
            blocks = self._blocks(file.sample, counters)
            first = list(islice(blocks, 1)) if is_small(file.sample) else []
            if first and counters.bytes <= SMALL_BYTES:
                waiting.append(SmallFile(sample=file.sample, counters=counters, blocks=[*first, *blocks]))
            else:
                yield from read_together(waiting)
                waiting = []
                yield from read_events(file.sample, counters, chain(first, blocks))
            if len(waiting) == _MAX_TOGETHER:
                yield from read_together(waiting)
                waiting = []
        yield from read_together(waiting)

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
                "guessed": "; ".join((*file.sample.detection.guesses, *_guesses(counters))) or None,
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


def _guesses(counters: FileCounters) -> tuple[str, ...]:
    if not counters.inferred_times:
        return counters.guesses
    inferred = f"{counters.inferred_times:,} events write no time and have that of the event before: {INFERRED} is true"
    return (*counters.guesses, inferred)


def _new_counters(file: PlannedFile) -> FileCounters:
    return FileCounters(status=file.skip.status, notes=(file.skip.note,)) if file.skip else FileCounters()


def _read_blocks(sample: FileSample, counters: FileCounters, budget: UnpackBudget | None) -> Iterator[Block]:
    location = sample.location
    try:
        with open_unpacked(location) as (stream, raw):
            for block in read_blocks(stream, counters, size=BLOCK_BYTES, budget=budget, encoding=sample.encoding):
                counters.position = location.size if location.member else raw.tell()
                yield block
    except broken() as error:  # it was deleted, or its archive breaks at the first byte
        counters.truncate(f"unreadable after {counters.bytes:,} bytes ({reason_of(error)}): the rest is lost")
