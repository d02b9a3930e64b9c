"""What one load or scan reads: the files found, opened anew each time a scan runs, the Parquet among them, stores."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from loganalytics import schema
from loganalytics.exceptions import UnreadableSourceError
from loganalytics.formats.custom import Formats, read_formats
from loganalytics.sources import object_stores, parquet, uri
from loganalytics.sources.files.compression import unpacked_limit
from loganalytics.sources.files.deduplication import mark_doubles
from loganalytics.sources.files.discovery import Found, Source, find
from loganalytics.sources.files.location import Place, Spool, places
from loganalytics.sources.files.reader import LogFile, first_time, open_files, read_events
from loganalytics.sources.files.rotation import base_name
from loganalytics.sources.files.time_range import mark_outside
from loganalytics.sources.store import ReadOptions, is_store
from loganalytics.times import parse_when, parse_zone

When = str | dt.datetime | None


@dataclass
class Selection:
    """The places to read, and which of their events."""

    found: Found
    tables: list[str]
    """The Parquet among them: paths and addresses."""
    want: ReadOptions
    limit: int | None
    storage_options: Mapping[str, Any] | None
    stores: list[str] = field(default_factory=list)
    """The addresses of servers."""
    spool: Spool = field(default_factory=Spool)

    def open(self) -> list[LogFile]:
        """Return the text files, opened, in the order in which they are read; what is not to be read bears a note."""
        listed = places(self.found, self.spool, limit=self.limit)
        listed += [
            Place(uri.without_credentials(name), url=name)
            for url in self.found.urls
            for name in object_stores.list_objects(url, self.storage_options)
        ]
        files = _in_time(
            open_files(listed, tz=self.want.tz, storage_options=self.storage_options, own_formats=self.want.formats)
        )
        mark_doubles(files)
        mark_outside(files, self.want.since, self.want.until)
        return files

    def table(self) -> pl.LazyFrame | None:
        """Return the log frame of the Parquet files, not yet cut to the time range."""
        if not self.tables:
            return None
        return parquet.scan_parquet(
            self.tables,
            tz=self.want.tz,
            since=self.want.since,
            until=self.want.until,
            storage_options=self.storage_options,
        )


def select(
    source: Source, since: When, until: When, tz: str, storage_options: Mapping[str, Any] | None, limit: int | None,
    formats: Formats | None, level: str | None = None, query: str | None = None,
) -> Selection:  # fmt: skip
    """Find what a source names, and read the options."""
    found = find(source)
    stores = [url for url in found.urls if is_store(url)]
    found.urls = [url for url in found.urls if url not in stores]
    for url in found.urls:
        object_stores.check(url)
    local = [path for path in found.files if parquet.is_parquet(path)]
    for path in local:
        if any((parent / "_delta_log").is_dir() for parent in path.parents):
            raise UnreadableSourceError(
                f"{str(path.parent)!r} is a Delta table, whose files are not all current. "
                "Hint: pl.scan_delta(...).sink_parquet(...), then load that."
            )
        del found.files[path]
    remote = [url for url in found.urls if parquet.is_parquet_url(url)]
    found.urls = [url for url in found.urls if url not in remote]
    tables = [str(path) for path in local] + remote
    want = read_options(since, until, level, query, tz, formats)
    return Selection(found, tables, want, unpacked_limit(limit), storage_options, stores)


def read_options(
    since: When, until: When, level: str | None, query: str | None, tz: str, formats: Formats | None
) -> ReadOptions:
    """Read what the user wrote about which events are wanted.

    Raises InvalidArgumentError, which names what cannot be read.
    """
    zone = parse_zone(tz).key
    start = None if since is None else parse_when(since, tz=zone)
    end = None if until is None else parse_when(until, tz=zone)
    severity = None if level is None else schema.severity_of(level)
    return ReadOptions(start, end, severity, query, zone, read_formats(formats))


def explain(
    source: Source, *, tz: str = "UTC", formats: Formats | None = None
) -> Iterator[tuple[str, pl.DataFrame, pl.DataFrame]]:
    """Yield of each file its name, its formats and its first events.

    The formats have one row each: format, lines (of the sample, that it reads), share (of the sample) and times (how it
    writes them); what is in none is the row "text". The sample is of the file's head, middle and end; of what is packed
    or has an address, of its head.
    """
    for file in select(source, None, None, tz, None, None, formats).open():
        found = file.detection
        rows = [
            (match.format.name, match.matched_lines, ", ".join(time.name for time in match.clock.formats) or None)
            for match in found.formats
        ]
        left = found.sampled_lines - sum(lines for _, lines, _ in rows)
        rows += [("text (below an event, or in no known format)", left, None)] if left > 0 else []
        table = pl.DataFrame(rows, schema={"format": pl.String, "lines": pl.Int64, "times": pl.String}, orient="row")
        share = (pl.col("lines") / max(found.sampled_lines, 1)).alias("share")
        name = f"{file.source}: {file.reading.note or found.name}"
        yield name, table.select("format", "lines", share, "times"), next(read_events(file), schema.empty())


def read_all(files: list[LogFile]) -> Iterator[pl.DataFrame]:
    """Yield the events of all files, one after the other."""
    for file in files:
        yield from read_events(file)


def _in_time(files: list[LogFile]) -> list[LogFile]:
    """Order each rotated set by its files' first events, where all tell: a name does not say which end is the older."""
    sets: dict[tuple[str, str], list[int]] = {}
    for number, file in enumerate(files):
        folder, _, name = file.source.rpartition("/")
        sets.setdefault((folder, base_name(name)), []).append(number)
    ordered = list(files)
    for numbers in (several for several in sets.values() if len(several) > 1):
        times = [first_time(files[number]) for number in numbers if files[number].sample]
        dated = all(files[number].detection.has_year for number in numbers)
        if dated and len(times) == len(numbers) and None not in times:
            by_time = sorted(zip(times, numbers, strict=True), key=lambda pair: (pair[0], pair[1]))
            for place, (_, number) in zip(numbers, by_time, strict=True):
                ordered[place] = files[number]
    return ordered
