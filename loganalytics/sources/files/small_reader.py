"""Small files to log frames, those together that are written alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from loganalytics import schema
from loganalytics.formats.internal_columns import REPEATED_KEYS
from loganalytics.sources.counters import FileCounters
from loganalytics.sources.files.blocks import Block
from loganalytics.sources.files.discovery import service_of, text_of
from loganalytics.sources.files.file_events import notes_of, read_events
from loganalytics.sources.files.sampling import FileSample, log_frame_of
from loganalytics.sources.files.small_files import FILE, SMALL_BYTES, can_be_joined, parse_together


@dataclass(frozen=True, kw_only=True)
class SmallFile:
    """A file, all of whose blocks were read."""

    sample: FileSample
    counters: FileCounters
    blocks: Sequence[Block]


def is_small(sample: FileSample) -> bool:
    """Whether a file may be read together with others."""
    location = sample.location
    return location.url is None and 0 < location.size <= SMALL_BYTES and can_be_joined(sample.detection)


def read_together(files: Sequence[SmallFile]) -> Iterator[pl.DataFrame]:
    """Yield the log frame of small files, in their order."""
    groups: dict[int, list[int]] = {}
    for number, file in enumerate(files):
        groups.setdefault(id(file.sample.detection), []).append(number)
    frames: list[pl.DataFrame] = []
    for numbers in groups.values():
        frames += _read_alike([files[number] for number in numbers], pl.Series(FILE, numbers, dtype=pl.UInt32))
    if frames:
        yield pl.concat(frames, how="diagonal_relaxed").sort(FILE, maintain_order=True).drop(FILE)


def _read_alike(files: Sequence[SmallFile], numbers: pl.Series) -> list[pl.DataFrame]:
    """Return the log frames of files with one detection, with the number of each event's file."""
    texts = [pl.concat([block.lines["line"] for block in file.blocks]) for file in files]
    alone = list(range(len(files)))
    frames: list[pl.DataFrame] = []
    if len(files) > 1:
        events, is_begun = parse_together(texts, files[0].sample.detection)
        joined = events.filter(pl.Series(is_begun).gather(events[FILE]))
        frames.append(_to_log_frame(joined, files).with_columns(numbers.gather(joined[FILE])))
        alone = [index for index in alone if not is_begun[index]]
        _count(joined, files)
    for index in alone:
        file = files[index]
        number = pl.lit(numbers[index], dtype=pl.UInt32).alias(FILE)
        frames += [frame.with_columns(number) for frame in read_events(file.sample, file.counters, iter(file.blocks))]
    return frames


def _to_log_frame(events: pl.DataFrame, files: Sequence[SmallFile]) -> pl.DataFrame:
    sources = [text_of(file.sample.source) for file in files]
    source, service = (
        pl.lit(pl.Series(of_file, dtype=pl.String).gather(events[FILE]))
        for of_file in (sources, [*map(service_of, sources)])
    )
    return log_frame_of(events, source, service, pl.col("n").cast(pl.String))


def _count(events: pl.DataFrame, files: Sequence[SmallFile]) -> None:
    """Count the events of each file."""
    if "timestamp" not in events.columns:
        events = events.with_columns(timestamp=pl.lit(None, dtype=schema.TIMESTAMP))
    time, repeated = pl.col("timestamp"), pl.col(REPEATED_KEYS) if REPEATED_KEYS in events.columns else pl.lit(0)
    counts = events.group_by(FILE).agg(
        events=pl.len(), unparsed=(~pl.col("parsed")).sum(), no_timestamp=time.null_count(), first_seen=time.min(),
        last_seen=time.max(), repeated_keys=repeated.sum(),
    )  # fmt: skip
    for index, total, unparsed, no_timestamp, first, last, repeated_keys in counts.iter_rows():
        counters = files[index].counters
        counters.events, counters.unparsed, counters.no_timestamp = total, unparsed, no_timestamp
        counters.repeated_keys = repeated_keys
        counters.first_seen, counters.last_seen = first, last
        counters.notes += tuple(notes_of(counters))
