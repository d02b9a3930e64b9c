"""What a sample of a file shows: its formats and first times, on lines of its head, its middle and its end."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import BinaryIO, cast

import polars as pl

from loganalytics import formats, schema
from loganalytics.exceptions import SourceError
from loganalytics.formats import Detection
from loganalytics.formats.framing import Framing, frame_sample
from loganalytics.formats.internal_columns import without_internal
from loganalytics.formats.year_turns import LEAP_YEAR
from loganalytics.sources import object_stores
from loganalytics.sources.files.blocks import lines_of, looks_binary
from loganalytics.sources.files.compression import broken, read_some, reason_of
from loganalytics.sources.files.discovery import service_of, text_of
from loganalytics.sources.files.encodings import UTF8, Encoding, detect_encoding, without_leading_nuls
from loganalytics.sources.files.location import Location, cannot_be_read, open_unpacked
from loganalytics.sources.files.missing_year import TimeRange, first_year
from loganalytics.sources.files.rotation import day_in_name
from loganalytics.sources.files.small_files import FILE, DetectionMemory, can_be_joined, parse_together
from loganalytics.sources.read_options import ReadOptions
from loganalytics.sources.status import Skip, Status

_HEAD_BYTES = 256 * 1024
_WINDOW_BYTES = 64 * 1024
_YEAR_WINDOWS, _YEAR_WINDOW_BYTES = 32, 4096
_MAX_LINES = 1000
_MAGIC_BYTES = 4096
_FIRST_LINES = 50
_MIN_ALIKE = 2
_MAX_NULS = 1024**3
# Their lines cannot be found by a byte that ends one.
_UTF16_OR_32 = re.compile(rb"\xff\xfe|\xfe\xff|\0\0\xfe\xff|.\0.\0.\0|\0.\0.\0.|\0\0\0.", re.DOTALL)
_NOTHING_DETECTED = Detection()


@dataclass(frozen=True, kw_only=True)
class FileSample:
    """Some lines of a file, its first ones first, and the formats detected on them; `skip` says why there are none."""

    location: Location
    lines: Sequence[str] = ()
    detection: Detection = _NOTHING_DETECTED
    skip: Skip | None = None
    encoding: Encoding = UTF8
    known_times: tuple[dt.datetime, ...] | None = None
    """The times of the lines, where they were read together with those of other files."""
    break_note: str = ""
    """Why it could not be read to the end of the sample, if it could not."""
    is_whole: bool = False
    """Whether these are surely all lines of the file."""

    @property
    def source(self) -> str:
        """The `source` of the file's events."""
        return self.location.source

    @property
    def first_time(self) -> dt.datetime | None:
        """The time of the first event that has one; in some year where none is written."""
        return cast(dt.datetime, self._first_times[0]) if self._first_times.len() else None

    @property
    def time_range(self) -> TimeRange | None:
        """The earliest and the latest of the first times, of a file whose times have a year."""
        if self._first_times.is_empty():
            return None
        return cast(dt.datetime, self._first_times.min()), cast(dt.datetime, self._first_times.max())

    @cached_property
    def _first_times(self) -> pl.Series:
        if self.known_times is not None:
            return pl.Series(self.known_times, dtype=schema.TIMESTAMP)
        return times_of(self.lines[:_FIRST_LINES], self.detection.with_year(LEAP_YEAR))

    def events(self) -> pl.DataFrame:
        """Return the log frame of the sample."""
        return to_log_frame(_parse_lines(self.lines, self.detection), self.source, self.detection.framing)


def sample_files(locations: Sequence[Location], options: ReadOptions) -> list[FileSample]:
    """Return a sample of each file; times without a year get that of the files beside them, or of the file's date.

    Raises the errors of addresses that cannot be read.
    """
    memory = DetectionMemory(options.formats)
    samples = _with_known_times([_sample_file(location, options, memory) for location in locations])
    if all(sample.detection.has_year for sample in samples):
        return samples
    ranges = [sample.time_range for sample in samples if sample.detection.has_year]
    known = [time_range for time_range in ranges if time_range]
    span = [(min(low for low, _ in known), max(high for _, high in known))] if known else []
    return [_with_year(sample, span) for sample in samples]


def _with_known_times(samples: list[FileSample]) -> list[FileSample]:
    """Return the samples; of small ones that are written alike the times are read together."""
    alike: dict[int, list[int]] = {}
    for number, sample in enumerate(samples):
        if sample.lines and len(sample.lines) <= _FIRST_LINES and can_be_joined(sample.detection):
            alike.setdefault(id(sample.detection), []).append(number)
    for numbers in alike.values():
        if len(numbers) < _MIN_ALIKE:
            continue
        texts = [pl.Series("line", samples[number].lines, dtype=pl.String) for number in numbers]
        events, is_begun = parse_together(texts, samples[numbers[0]].detection)
        times = _times_by_file(events)
        for index, number in enumerate(numbers):
            if is_begun[index]:
                samples[number] = replace(samples[number], known_times=tuple(times.get(index, ())))
    return samples


def _times_by_file(events: pl.DataFrame) -> dict[int, list[dt.datetime]]:
    if "timestamp" not in events.columns:
        return {}
    times = events.select(FILE, "timestamp").drop_nulls().group_by(FILE, maintain_order=True).agg("timestamp")
    return dict(times.iter_rows())


def sample_bytes(location: Location) -> tuple[list[bytes], str]:
    """Return the file's first bytes that are not NUL, then some of its middle and its end, in whole lines.

    What is packed would have to be unpacked to its end: only its first 256 KiB are looked at. Also returns why its head
    ends early, or nothing.
    """
    if not location.packed and 0 < location.size <= len(location.head) and location.head[:1] != b"\0":
        return [location.head], ""
    with open_unpacked(location) as (stream, raw):
        head, break_note = _head(stream)
        if location.packed or raw.tell() >= location.size or _UTF16_OR_32.match(head):
            return [_whole_lines(head)], break_note
    assert location.path is not None
    with location.path.open("rb") as file:
        middle = _window(file, (location.size - _WINDOW_BYTES) // 2)
        end = _window(file, max(_HEAD_BYTES, location.size - _WINDOW_BYTES))
    return [_whole_lines(head), middle, end], break_note


def _head(stream: BinaryIO) -> tuple[bytes, str]:
    """Return the first bytes that are not NUL, and why they end early, or nothing."""
    head, skipped, break_note = b"", 0, ""
    try:
        while len(head) < _HEAD_BYTES and skipped < _MAX_NULS and (chunk := read_some(stream, _HEAD_BYTES)):
            text = without_leading_nuls(head + chunk)
            skipped += len(head) + len(chunk) - len(text)
            head = text
    except broken() as error:
        if not head:
            raise
        break_note = f"unreadable after {len(head):,} bytes ({reason_of(error)}): the rest is lost"
    return head, break_note


def _spread_over(windows: Sequence[bytes], encoding: Encoding) -> list[str]:
    """Return the lines of the sample: those of the head, and some of the middle and the end."""
    head, *others = [lines_of(window, encoding) for window in windows]
    if not others:
        return _spread(head)
    middle, end = others
    return head[: _MAX_LINES // 2] + middle[: _MAX_LINES // 4] + end[-_MAX_LINES // 4 :]


def times_of(lines: Sequence[str], detection: Detection) -> pl.Series:
    """Return the times of the events in these lines of a file, without nulls."""
    events = _parse_lines(lines, detection)
    return events["timestamp"].drop_nulls() if "timestamp" in events.columns else pl.Series(dtype=schema.TIMESTAMP)


def to_log_frame(events: pl.DataFrame, source: str, framing: Framing | None = None) -> pl.DataFrame:
    """Return the log frame of the events that parse() found in a file, whose records are written like that."""
    source = text_of(source)
    offset = framing.offset("n") if framing else pl.col("n").cast(pl.String)
    return log_frame_of(events, pl.lit(source), pl.lit(service_of(source), dtype=pl.String), offset)


def log_frame_of(events: pl.DataFrame, source: pl.Expr, service: pl.Expr, offset: pl.Expr) -> pl.DataFrame:
    """Return the log frame of events with where each is from; `service` is that of those which name none."""
    service = pl.coalesce("service", service) if "service" in events.columns else service
    columns = (service.alias("service"), source.alias("source"), offset.alias("offset"))
    return schema.conform(events.with_columns(columns).pipe(without_internal))


def _parse_lines(lines: Sequence[str], detection: Detection) -> pl.DataFrame:
    frame = pl.DataFrame({"line": lines}, schema={"line": pl.String}).with_row_index("n", 1)
    return formats.parse(frame_sample(frame.cast({"n": pl.UInt64}), detection.framing), detection).events


def _sample_file(location: Location, options: ReadOptions, memory: DetectionMemory) -> FileSample:
    skip, lines, encoding, break_note, windows = location.skip, list[str](), UTF8, "", list[bytes]()
    try:
        if skip is None and location.url is not None:
            lines = object_stores.sample(location.url, options.storage_options)
        elif skip is None:
            windows, break_note = sample_bytes(location)
            encoding = detect_encoding(windows, options.hints.encoding)
            skip = _skip_not_text(windows[0][:_MAGIC_BYTES], encoding)
            lines = [] if skip else _spread_over(windows, encoding)
    except SourceError:  # of an address: it has its message already
        raise
    except broken() as error:
        skip = cannot_be_read(error)
    if skip is None and not any(line.strip() for line in lines):
        skip = Skip(status=Status.READ, note="empty")
    if skip is not None:
        return FileSample(location=location, lines=lines, skip=skip)
    hints = replace(options.hints, date=day_in_name(location.source))
    detection = memory.detect(lines, hints)
    is_whole = len(windows) == 1 and len(windows[0]) < _HEAD_BYTES // 2 and len(lines) < _MAX_LINES
    return FileSample(
        location=location, lines=lines, detection=detection, encoding=encoding, break_note=break_note,
        is_whole=is_whole,
    )  # fmt: skip


def _skip_not_text(head: bytes, encoding: Encoding) -> Skip | None:
    """Return the decision to skip what is not text."""
    if head[257:262] == b"ustar" or head.startswith((b"PK\x03\x04", b"PAR1")):
        note = "an archive or a table within an archive: not read. Hint: unpack it, then name the folder"
        return Skip(status=Status.UNREADABLE, note=note)
    if looks_binary(head, encoding):
        note = "not text, skipped. Hint: name log files; .gz, .bz2, .xz, .zst, .zip and .tar are unpacked by themselves"
        return Skip(status=Status.SKIPPED_NOT_LOG, note=note)
    return None


def _with_year(sample: FileSample, ranges: Sequence[TimeRange | None]) -> FileSample:
    if sample.detection.has_year:
        return sample
    times = times_of(_lines_in_order(sample), sample.detection.with_year(LEAP_YEAR))
    if times.is_empty():
        return sample
    year = first_year(times, sample.location.modified, ranges)
    return replace(sample, detection=sample.detection.with_year(year))


def _lines_in_order(sample: FileSample) -> Sequence[str]:
    """Return lines from all over the file, so that no new year is missed between them."""
    location = sample.location
    if location.path is None or location.packed or location.size <= _HEAD_BYTES:
        return sample.lines
    step = location.size // _YEAR_WINDOWS
    with location.path.open("rb") as file:
        windows = [_window(file, number * step, _YEAR_WINDOW_BYTES) for number in range(1, _YEAR_WINDOWS)]
    head, end = sample.lines[:_FIRST_LINES], sample.lines[-_FIRST_LINES:]
    return [*head, *[line for window in windows for line in lines_of(window, sample.encoding)], *end]


def _spread(lines: list[str]) -> list[str]:
    """Return half of the most lines from the head, the others from the middle and the end."""
    if len(lines) <= _MAX_LINES:
        return lines
    half, quarter = _MAX_LINES // 2, _MAX_LINES // 4
    middle = max(half, (len(lines) - quarter) // 2)
    return lines[:half] + lines[middle : min(middle + quarter, len(lines) - quarter)] + lines[-quarter:]


def _window(file: BinaryIO, start: int, size: int = _WINDOW_BYTES) -> bytes:
    """Return the whole lines of a window: its first is cut, and its last, unless the file ends there."""
    file.seek(start)
    window = file.read(size)
    begin = window.find(b"\n") + 1
    end = window.rfind(b"\n") + 1 if file.read(1) else len(window)
    return window[begin:end] if 0 < begin < end else b""


def _whole_lines(head: bytes) -> bytes:
    """Return the bytes up to the end of the last line, if one ends in them and the file may go on."""
    end = head.rfind(b"\n") + 1 if len(head) >= _HEAD_BYTES and not _UTF16_OR_32.match(head) else 0
    return head[:end] or head
