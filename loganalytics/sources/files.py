"""Log files to log frames, block by block: one road for load (all at once) and scan (streaming)."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

import polars as pl

from loganalytics import formats, schema
from loganalytics.exceptions import UnreadableSourceError
from loganalytics.formats import Detection
from loganalytics.sources.blocks import Reading, is_packed, looks_binary, open_packed, read_blocks
from loganalytics.sources.discovery import STDIN, service_of
from loganalytics.sources.years import first_year

NOT_A_LOG = "no line begins with a time"
BLOCK = 32 * 1024 * 1024
_SAMPLE = 256 * 1024


@dataclass
class LogFile:
    """One file: its formats, and what was counted while it was read."""

    path: Path
    detection: Detection
    sample: list[str]
    modified: dt.datetime
    reading: Reading = field(default_factory=Reading)
    stream: BinaryIO | None = None
    events: int = 0
    unparsed: int = 0
    no_timestamp: int = 0
    blank: int = 0
    position: int = 0
    first_seen: dt.datetime | None = None
    last_seen: dt.datetime | None = None

    @property
    def source(self) -> str:
        """The path as the user gave it."""
        return str(self.path)


def open_files(paths: Mapping[Path, bool], *, tz: str = "UTC") -> list[LogFile]:
    """Return the files with their formats detected; those that are no logs bear a note and yield no events.

    The mapping says of each file whether the user named it; one that was only found in a folder must look like a log.
    Raises UnreadableSourceError when the only file is not text.
    """
    files = [_open(path, tz) for path in paths]
    for file in files:
        if not paths[file.path] and not file.reading.note and not _looks_like_log(file):
            file.reading.note = f"{NOT_A_LOG}: skipped. Hint: name the file to read it"
    if len(files) == 1 and files[0].reading.note:
        raise UnreadableSourceError(f"{files[0].source!r}: {files[0].reading.note}")
    dated = [_sample_range(file) for file in files if file.detection.bears_year]
    for file in files:
        if not file.detection.bears_year:
            first = _first_time(file)
            if first:
                file.detection = file.detection.with_year(first_year(first, file.modified, dated))
    return files


def read_events(file: LogFile) -> Iterator[pl.DataFrame]:
    """Yield log frames of one file, in its order; the file's counts are whole when the last one was handed out."""
    if file.reading.note:
        return
    held: pl.DataFrame | None = None  # the last event of a block, until the next block shows whether it goes on
    with _raw(file) as raw:
        for block in read_blocks(open_packed(raw), file.reading, size=BLOCK):
            file.position = raw.tell()
            parsed = formats.parse(block, file.detection, before=None if held is None else held["multiline"][0])
            file.blank += parsed.blank
            held = _continue(held, parsed.leading)
            if parsed.events.is_empty():
                continue
            if held is not None:
                yield _finish(held, file)
            held = parsed.events.tail(1)
            yield _finish(parsed.events.head(-1), file)
            file.detection = _next_year(file.detection, parsed.events)
    if held is not None:
        yield _finish(held, file)


def position(files: Sequence[LogFile]) -> int:
    """Return how many bytes of the files have been read, packed ones counted as they lie on the disk."""
    return sum(file.position for file in files)


def event_schema(file: LogFile) -> dict[str, pl.DataType]:
    """Return the columns that the file's events have, from its sample."""
    lines = pl.DataFrame({"line": file.sample}, schema={"line": pl.String}).with_row_index("n", 1)
    parsed = formats.parse(lines.cast({"n": pl.UInt64}), file.detection)
    return dict(_to_log_frame(parsed.events, file).schema)


def _looks_like_log(file: LogFile) -> bool:
    """Whether it is called a log, or at least one line in twenty is an event of a known format."""
    named = {".log", ".out", ".err", ".txt", ".jsonl", ".ndjson"} & set(file.path.suffixes)
    matched = sum(reader.lines for reader in file.detection.readers)
    return bool(named) or "log" in file.path.name or matched > 0.05 * file.detection.sampled


def _open(path: Path, tz: str) -> LogFile:
    stream = sys.stdin.buffer if str(path) == STDIN else None
    modified = dt.datetime.now(dt.UTC)
    if stream is None:
        modified = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
    file = LogFile(path, Detection((), 0), [], modified, stream=cast("BinaryIO | None", stream))
    try:
        head = _head(file)
    except OSError as error:
        file.reading.note = f"cannot be read: {error.strerror or error}"
        return file
    if not head.strip():
        file.reading.note = "empty"
    elif looks_binary(head):
        file.reading.note = "not text, skipped. Hint: name log files; .gz, .bz2 and .xz are unpacked by themselves"
    else:
        file.sample = _sample_lines(head, file)
        file.detection = formats.detect(file.sample, tz=tz)
    return file


def _head(file: LogFile) -> bytes:
    if file.stream is not None:
        import io

        data = file.stream.read()
        file.stream = cast("BinaryIO", io.BufferedReader(io.BytesIO(data)))
        return data[:_SAMPLE]
    with file.path.open("rb") as raw:
        reading = Reading()
        block = next(read_blocks(open_packed(raw), reading, size=_SAMPLE), None) if _is_text(file) else None
    if block is None:
        return file.path.open("rb").read(_SAMPLE)
    return "\n".join(block["line"].to_list()).encode()


def _is_text(file: LogFile) -> bool:
    if is_packed(file.path):
        return True
    with file.path.open("rb") as raw:
        return not looks_binary(raw.read(_SAMPLE))


def _sample_lines(head: bytes, file: LogFile) -> list[str]:
    return head.decode("utf-8", errors="replace").splitlines()[:1000]


def _raw(file: LogFile) -> BinaryIO:
    return file.stream if file.stream is not None else cast("BinaryIO", file.path.open("rb"))


def _sample_range(file: LogFile) -> tuple[dt.datetime, dt.datetime] | None:
    times = _sample_times(file)
    return (cast(dt.datetime, times.min()), cast(dt.datetime, times.max())) if times.len() else None


def _first_time(file: LogFile) -> dt.datetime | None:
    times = _sample_times(file)
    return cast(dt.datetime, times[0]) if times.len() else None


def _sample_times(file: LogFile) -> pl.Series:
    lines = pl.DataFrame({"line": file.sample[:50]}, schema={"line": pl.String}).with_row_index("n", 1)
    events = formats.parse(lines.cast({"n": pl.UInt64}), file.detection.with_year(2000)).events
    return events["timestamp"].drop_nulls() if "timestamp" in events.columns else pl.Series(dtype=schema.TIMESTAMP)


def _continue(held: pl.DataFrame | None, leading: pl.DataFrame) -> pl.DataFrame | None:
    if held is None or leading.is_empty():
        return held
    more = "\n".join(leading["line"].to_list())
    exception = pl.col("exception") if "exception" in held.columns else pl.lit(None, dtype=pl.String)
    joined = pl.concat_str([exception, pl.lit(more)], separator="\n", ignore_nulls=True)
    return held.with_columns(joined.alias("exception"), pl.col("continues") + leading.height)


def _next_year(detection: Detection, events: pl.DataFrame) -> Detection:
    """Let a file whose times bear no year go on in the year in which the last block ended."""
    if detection.bears_year or "timestamp" not in events.columns:
        return detection
    last = events["timestamp"].drop_nulls().tail(1)
    return detection.with_year(last[0].year) if last.len() else detection


def _finish(events: pl.DataFrame, file: LogFile) -> pl.DataFrame:
    frame = _to_log_frame(events, file)
    file.events += frame.height
    file.unparsed += int((~events["parsed"]).sum())
    file.no_timestamp += frame["timestamp"].null_count()
    if frame["timestamp"].null_count() < frame.height:
        low, high = cast(dt.datetime, frame["timestamp"].min()), cast(dt.datetime, frame["timestamp"].max())
        file.first_seen = min(file.first_seen or low, low)
        file.last_seen = max(file.last_seen or high, high)
    return frame


def _to_log_frame(events: pl.DataFrame, file: LogFile) -> pl.DataFrame:
    fallback = pl.lit(service_of(file.source), dtype=pl.String)
    service = pl.coalesce("service", fallback) if "service" in events.columns else fallback
    return schema.conform(
        events.with_columns(
            service.alias("service"),
            pl.lit(file.source).alias("source"),
            pl.col("n").cast(pl.String).alias("offset"),
        ).drop("n", "parsed", "multiline", "continues")
    )
