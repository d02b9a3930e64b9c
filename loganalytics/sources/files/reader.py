"""Log files to log frames, block by block: one road for load (all at once) and scan (streaming)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import polars as pl

from loganalytics import formats, schema
from loganalytics.exceptions import SourceError, UnreadableSourceError
from loganalytics.formats import Detection
from loganalytics.formats.definitions import Format
from loganalytics.sources import object_stores
from loganalytics.sources.counters import TimeCounters
from loganalytics.sources.files.blocks import LONGEST_LINE, Block, Reading, looks_binary, read_blocks
from loganalytics.sources.files.compression import BROKEN
from loganalytics.sources.files.discovery import service_of
from loganalytics.sources.files.location import Place, unpacked
from loganalytics.sources.files.missing_year import first_year
from loganalytics.sources.files.sampling import sample_lines

NOT_A_LOG = "no line begins with a time"
BLOCK = 8 * 1024 * 1024


@dataclass
class LogFile(TimeCounters):
    """One file: its formats, and what was counted while it was read."""

    place: Place
    detection: Detection = field(default_factory=Detection)
    sample: list[str] = field(default_factory=list)
    reading: Reading = field(default_factory=Reading)
    storage_options: Mapping[str, Any] | None = None
    events: int = 0
    unparsed: int = 0
    blank: int = 0
    position: int = 0

    @property
    def source(self) -> str:
        """What `source` tells of its events."""
        return self.place.source


def open_files(
    places: Sequence[Place], *, tz: str = "UTC", storage_options: Mapping[str, Any] | None = None,
    own_formats: Sequence[Format] = (),
) -> list[LogFile]:  # fmt: skip
    """Return the files with their formats detected; those that are no logs bear a note and yield no events.

    One that was only found in a folder must look like a log. Raises UnreadableSourceError when the only file is not
    text or cannot be read.
    """
    files = [_open(place, tz, storage_options, own_formats) for place in places]
    for file in files:
        if not file.place.named and not file.reading.note and not looks_like_log(file.source, file.detection):
            file.reading.note = f"{NOT_A_LOG}: skipped. Hint: name the file to read it"
    if len(files) == 1 and files[0].reading.note:
        raise UnreadableSourceError(f"{files[0].source!r}: {files[0].reading.note}")
    yearless = [file for file in files if not file.detection.has_year]
    dated = [_sample_range(file) for file in files if file.detection.has_year] if yearless else []
    for file in yearless:
        first = first_time(file)
        if first:
            file.detection = file.detection.with_year(first_year(first, file.place.modified, dated))
    return files


def looks_like_log(source: str, detection: Detection) -> bool:
    """Whether a file is called a log, or at least one line in twenty of its sample is an event of a known format."""
    name = source.rsplit("/", 1)[-1]
    named = {"log", "out", "err", "txt", "jsonl", "ndjson"} & set(name.split(".")[1:])
    matched = sum(detected.matched_lines for detected in detection.formats)
    return bool(named) or "log" in name or matched > 0.05 * detection.sampled_lines


def read_events(file: LogFile) -> Iterator[pl.DataFrame]:
    """Yield log frames of one file, in its order; the file's counts are whole when the last one was handed out."""
    if file.reading.note:
        return
    held: pl.DataFrame | None = None  # the events of a block, until the next block shows whether the last goes on
    more: list[str] = []  # how it goes on; joined once, since it may be long
    continues = 0
    for block in _blocks(file):
        before = None if held is None else held["multiline"][-1]
        parsed = formats.parse(block.lines, file.detection, before=before, utf8=block.utf8)
        file.blank += parsed.blank
        if parsed.leading.height:
            more.append(parsed.leading["line"].str.join("\n").item())
            continues += parsed.leading.height
        if parsed.events.is_empty():
            continue
        if held is not None:
            yield _finish(_continue(held, more, continues), file)
        held, more, continues = parsed.events, [], 0
        file.detection = _next_year(file.detection, parsed.events)
    if held is not None:
        yield _finish(_continue(held, more, continues), file)
    if file.reading.cut_lines:
        cut = f"{file.reading.cut_lines:,} times a line of over {LONGEST_LINE // 1024**2} MiB was cut in two"
        file.reading.note = f"{file.reading.note}; {cut}" if file.reading.note else cut


def position(files: Sequence[LogFile]) -> int:
    """Return how many bytes of the files have been read, packed ones counted as they lie on the disk."""
    return sum(file.position for file in files)


def event_schema(file: LogFile) -> dict[str, pl.DataType]:
    """Return the columns that the file's events have, from its sample."""
    return dict(first_events(file).schema)


def first_events(file: LogFile) -> pl.DataFrame:
    """Return the log frame of the file's sample."""
    return to_log_frame(_parse_sample(file.sample, file.detection), file.source)


def times_of(lines: Sequence[str], detection: Detection) -> pl.Series:
    """Return the times of the events in these lines of a file, without nulls."""
    events = _parse_sample(lines, detection)
    return events["timestamp"].drop_nulls() if "timestamp" in events.columns else pl.Series(dtype=schema.TIMESTAMP)


def first_time(file: LogFile) -> dt.datetime | None:
    """Return the time of the first event that bears one; in a year that stands for none where none is written."""
    times = times_of(file.sample[:50], file.detection.with_year(2000))
    return cast(dt.datetime, times[0]) if times.len() else None


def _parse_sample(lines: Sequence[str], detection: Detection) -> pl.DataFrame:
    frame = pl.DataFrame({"line": lines}, schema={"line": pl.String}).with_row_index("n", 1)
    return formats.parse(frame.cast({"n": pl.UInt64}), detection).events


def _blocks(file: LogFile) -> Iterator[Block]:
    if file.place.url is not None:
        yield from object_stores.read_blocks(file.place.url, file.reading, file.storage_options)
        return
    file.reading.budget = file.place.budget
    try:
        with unpacked(file.place) as (stream, raw):
            for block in read_blocks(stream, file.reading, size=BLOCK):
                file.position = file.place.size if file.place.member else raw.tell()
                yield block
    except BROKEN as error:  # it went away, or its archive breaks at the first byte
        reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        file.reading.note = f"unreadable after {file.reading.bytes:,} bytes ({reason}): the rest is lost"


def _open(place: Place, tz: str, storage_options: Mapping[str, Any] | None, own_formats: Sequence[Format]) -> LogFile:
    file = LogFile(place, storage_options=storage_options)
    file.reading.note = place.note
    if place.note:
        return file
    try:
        file.sample = _sample(place, storage_options, file.reading)
    except SourceError:  # of an address: told already
        raise
    except BROKEN as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        file.reading.note = f"cannot be read: {reason}"
        return file
    if not file.reading.note:
        if any(line.strip() for line in file.sample):
            file.detection = formats.detect(file.sample, tz=tz, formats=own_formats)
        else:
            file.reading.note = "empty"
    return file


def _sample(place: Place, storage_options: Mapping[str, Any] | None, reading: Reading) -> list[str]:
    """Return lines of the file, its first ones first; where it is not text, note it."""
    if place.url is not None:
        return object_stores.sample(place.url, storage_options)
    with unpacked(place) as (stream, _):
        reading.note = _not_text(stream.read1(4096) if hasattr(stream, "read1") else stream.read(4096))
    return [] if reading.note else sample_lines(place)


def _not_text(head: bytes) -> str:
    if head[257:262] == b"ustar":
        return "a tar archive: not read. Hint: unpack it, then name the folder"
    if head.startswith((b"PK\x03\x04", b"PAR1")):
        return "an archive or a table within an archive: not read. Hint: unpack it, then name the folder"
    if looks_binary(head):
        return "not text, skipped. Hint: name log files; .gz, .bz2, .xz, .zst and .zip are unpacked by themselves"
    return ""


def _sample_range(file: LogFile) -> tuple[dt.datetime, dt.datetime] | None:
    times = times_of(file.sample[:50], file.detection)
    return (cast(dt.datetime, times.min()), cast(dt.datetime, times.max())) if times.len() else None


def _continue(events: pl.DataFrame, more: list[str], count: int) -> pl.DataFrame:
    """Add lines to the last event's exception."""
    if not more:
        return events
    last = events.tail(1)
    begun = last["exception"].to_list() if "exception" in last.columns else []
    text = "\n".join([each for each in begun if each is not None] + more)
    more.clear()  # it may be long: no more copies than must be
    # As a series: a long literal is copied about ten times on its way through an expression.
    last = last.with_columns(pl.Series("exception", [text]), pl.col("continues") + count)
    return pl.concat([events.head(-1), last], how="diagonal_relaxed")


def _next_year(detection: Detection, events: pl.DataFrame) -> Detection:
    """Let a file whose times bear no year go on in the year in which the last block ended."""
    if detection.has_year or "timestamp" not in events.columns:
        return detection
    last = events["timestamp"].drop_nulls().tail(1)
    return detection.with_year(last[0].year) if last.len() else detection


def _finish(events: pl.DataFrame, file: LogFile) -> pl.DataFrame:
    frame = to_log_frame(events, file.source)
    file.events += frame.height
    file.unparsed += int((~events["parsed"]).sum())
    file.count(frame)
    return frame


def to_log_frame(events: pl.DataFrame, source: str) -> pl.DataFrame:
    """Return the log frame of the events that parse() found in a file."""
    fallback = pl.lit(service_of(source), dtype=pl.String)
    service = pl.coalesce("service", fallback) if "service" in events.columns else fallback
    return schema.conform(
        events.with_columns(
            service.alias("service"),
            pl.lit(source).alias("source"),
            pl.col("n").cast(pl.String).alias("offset"),
        ).drop("n", "parsed", "multiline", "continues")
    )
