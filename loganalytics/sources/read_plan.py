"""What one load or scan reads: the options, the files with a decision about each, the tables and the servers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from loganalytics import schema
from loganalytics.exceptions import UnreadableSourceError
from loganalytics.sources import load_report, object_stores, parquet, uri
from loganalytics.sources.files.discovery import Discovered, Source, discover
from loganalytics.sources.files.location import Location, Spool, locate
from loganalytics.sources.files.plan import PlannedFile, plan_files
from loganalytics.sources.files.reader import FileRun
from loganalytics.sources.files.sampling import FileSample, sample_files
from loganalytics.sources.read_options import ReadOptions
from loganalytics.sources.schemes import is_store, open_store
from loganalytics.sources.status import FAILURES, Status
from loganalytics.sources.store import Store


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What a source names, by how it is read."""

    texts: Discovered
    """Files of text, and addresses of such files."""
    tables: tuple[str, ...]
    """Parquet: paths and addresses."""
    stores: tuple[str, ...]
    """Addresses of servers."""
    spool: Spool = field(default_factory=Spool)


@dataclass(frozen=True, kw_only=True)
class ReadPlan:
    """What is read, in this order: tables, files, servers."""

    options: ReadOptions
    inputs: Inputs
    files: tuple[PlannedFile, ...]
    stores: tuple[Store, ...]

    def renewed(self) -> ReadPlan:
        """Return the plan for the files as they are now: a scan runs later than it is made, and several times."""
        return replace(self, files=_plan_texts(self.inputs, self.options))

    def run_files(self) -> FileRun:
        """Return one run through the files."""
        return FileRun(
            self.files,
            unpacked_limit=self.options.unpacked_limit,
            storage_options=self.options.storage_options,
        )

    def table(self) -> pl.LazyFrame | None:
        """Return the events of the Parquet files, lazily; None when there are none."""
        if not self.inputs.tables:
            return None
        table = parquet.scan_parquet(self.inputs.tables, self.options)
        predicate = self.options.predicate
        return table if predicate is None else table.filter(predicate)

    def read_tables(self) -> tuple[ReadPlan, pl.DataFrame | None]:
        """Return the events of the Parquet files, and the plan without those that turn out to be corrupt.

        Raises UnreadableSourceError when nothing else is named.
        """
        table = self.table()
        try:
            return self, None if table is None else table.collect(engine="streaming")
        except pl.exceptions.PolarsError:
            corrupt = parquet.find_corrupt([Path(name) for name in self.inputs.tables if "://" not in name])
            if not corrupt:
                raise
        tables = tuple(name for name in self.inputs.tables if Path(name) not in corrupt)
        texts = replace(self.inputs.texts, problems={**self.inputs.texts.problems, **corrupt})
        if not (tables or texts.files or texts.urls or self.stores):
            raise UnreadableSourceError("; ".join(skip.note for skip in corrupt.values()))
        return replace(self, inputs=replace(self.inputs, texts=texts, tables=tables)).renewed().read_tables()

    def report(self, run: FileRun) -> pl.DataFrame:
        """Return the load report, for what was read so far."""
        tables = parquet.report_tables(self.inputs.tables, self.options.storage_options)
        return pl.concat([tables, run.report(), *[store.report() for store in self.stores]])

    def report_of_samples(self) -> pl.DataFrame:
        """Return the load report of the files as their samples show them, before they are read."""
        return load_report.rows(
            {"source": file.sample.source, "status": _status_of(file), "note": _note_of(file)} for file in self.files
        )


def _status_of(file: PlannedFile) -> Status:
    if file.skip:
        return file.skip.status
    return Status.TRUNCATED if file.sample.break_note else Status.READ


def _note_of(file: PlannedFile) -> str | None:
    return file.skip.note if file.skip else file.sample.break_note or None


def plan_read(source: Source, options: ReadOptions) -> ReadPlan:
    """Find what a source names, sample its files and decide which of them are read."""
    inputs = find_inputs(source)
    files = _plan_texts(inputs, options)
    return ReadPlan(options=options, inputs=inputs, files=files, stores=tuple(map(open_store, inputs.stores)))


def find_inputs(source: Source) -> Inputs:
    """Find what a source names.

    Raises SourceNotFoundError, and UnreadableSourceError for a scheme that is not known and for a Delta table.
    """
    discovered = discover(source)
    stores = tuple(url for url in discovered.urls if is_store(url))
    objects = [url for url in discovered.urls if url not in stores]
    for url in objects:
        object_stores.check_scheme(url)
    found_tables = [path for path in discovered.files if parquet.is_parquet(path)]
    _check_no_delta_table(found_tables)
    is_all = len(discovered.files) + len(discovered.urls) == 1
    broken_tables = {} if is_all else parquet.find_broken(found_tables)
    local_tables = [path for path in found_tables if path not in broken_tables]
    remote_tables = [url for url in objects if parquet.is_parquet_url(url)]
    texts = replace(
        discovered,
        files={path: by_name for path, by_name in discovered.files.items() if path not in found_tables},
        problems={**discovered.problems, **broken_tables},
        urls=tuple(url for url in objects if url not in remote_tables),
    )
    return Inputs(texts=texts, tables=(*map(str, local_tables), *remote_tables), stores=stores)


@dataclass(frozen=True, kw_only=True)
class Explained:
    """How a file is read, and why."""

    name: str
    """The file, and its formats or the reason why it is not read."""
    formats: pl.DataFrame
    """One row a format: format, lines (of the sample, that it reads), share (of the sample), times (how written).

    What is in none is the row "text".
    """
    guesses: tuple[str, ...]
    events: pl.DataFrame
    """The first ones."""
    is_incomplete: bool = False
    """Whether it cannot be read, or not to its end, as its sample shows."""


def explain(source: Source, options: ReadOptions) -> Iterator[Explained]:
    """Yield how each file is read.

    The sample is of the file's head, middle and end; of what is packed or has an address, of its head.
    """
    plan = plan_read(source, options)
    for file in plan.files:
        single = replace(plan, files=(file,)).run_files()
        name = f"{file.sample.source}: {file.skip.note if file.skip else file.sample.detection.name}"
        events = next(single.frames(), schema.empty())
        guesses = file.sample.detection.guesses
        yield Explained(
            name=name, formats=_format_table(file.sample), guesses=guesses, events=events,
            is_incomplete=_status_of(file) in FAILURES,
        )  # fmt: skip


def _format_table(sample: FileSample) -> pl.DataFrame:
    detection = sample.detection
    formats: list[dict[str, object]] = [
        {
            "format": detected.format.name,
            "lines": detected.matched_lines,
            "times": ", ".join(time.name for time in detected.clock.formats) or None,
        }
        for detected in detection.formats
    ]
    unmatched = detection.sampled_lines - sum(detected.matched_lines for detected in detection.formats)
    if unmatched > 0:
        formats.append({"format": "text (below an event, or in no known format)", "lines": unmatched, "times": None})
    table = pl.DataFrame(formats, schema={"format": pl.String, "lines": pl.Int64, "times": pl.String})
    share = (pl.col("lines") / max(detection.sampled_lines, 1)).alias("share")
    return table.select("format", "lines", share, "times")


def _plan_texts(inputs: Inputs, options: ReadOptions) -> tuple[PlannedFile, ...]:
    """Open the files, sample them, and decide about each."""
    locations = locate(inputs.texts, inputs.spool, options.unpacked_limit)
    locations += [
        Location(source=uri.without_credentials(name), url=name)
        for url in inputs.texts.urls
        for name in object_stores.list_objects(url, options.storage_options)
    ]
    samples = sample_files(locations, options)
    is_all = not (inputs.tables or inputs.stores)
    return tuple(plan_files(samples, since=options.since, until=options.until, is_all=is_all))


def _check_no_delta_table(paths: list[Path]) -> None:
    for path in paths:
        if any((parent / "_delta_log").is_dir() for parent in path.parents):
            raise UnreadableSourceError(
                f"{str(path.parent)!r} is a Delta table, whose files are not all current. "
                "Hint: pl.scan_delta(...).sink_parquet(...), then load that."
            )
