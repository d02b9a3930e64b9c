"""JSON records of a server to log frames: the fields are learned from a sample, and nothing is lost on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from loganalytics import schema
from loganalytics.formats.fields.record_schema import RecordSchema
from loganalytics.formats.hints import Hints
from loganalytics.formats.internal_columns import without_internal
from loganalytics.formats.json import reader
from loganalytics.formats.json.reader import JsonLines
from loganalytics.formats.timestamps import Clock, clock_of
from loganalytics.sources.counters import TimeCounters


@dataclass(frozen=True, kw_only=True)
class RecordParser:
    """How the records of one server read, as a sample of them shows."""

    form: JsonLines | None
    clock: Clock

    @property
    def record_schema(self) -> RecordSchema | None:
        """The fields that the records have."""
        return self.form.record_schema if self.form else None

    @classmethod
    def learn(cls, sample: Sequence[str], hints: Hints) -> RecordParser:
        """Return the parser of what a sample of records, each JSON text, holds."""
        form = reader.infer(sample, hints)
        clock = Clock(tz=hints.tz) if form is None else clock_of(reader.sample_times(sample, form), hints)
        return cls(form=form, clock=clock)

    def empty(self) -> pl.DataFrame:
        """Return the log frame of no records, with their columns."""
        return self.frame(pl.DataFrame(schema={"line": pl.String, "source": pl.String, "offset": pl.String}))

    def frame(self, records: pl.DataFrame) -> pl.DataFrame:
        """Return the log frame of records (line: JSON text, source, offset), in their order."""
        lines = records.with_row_index("n").with_columns(pl.col("n").cast(pl.UInt64), pl.col("line").fill_null(""))
        if self.form is None:
            events, unparsed = lines.select("n").clear(), lines.select("n", "line")
        else:
            events, unparsed = reader.read(lines.select("n", "line"), self.form, self.clock)
        if unparsed.height:
            raw = unparsed.select("n", pl.col("line").alias("message"))
            events = pl.concat([events, raw], how="diagonal_relaxed").sort("n")
        return schema.conform(without_internal(events).with_columns(records["source"], records["offset"]))


@dataclass(kw_only=True)
class RecordCounters(TimeCounters):
    """What was read of one index or table: a row of the load report."""

    source: str
    format: str
    bytes: int = 0
    events: int = 0
    notes: list[str] = field(default_factory=list)

    def add(self, frame: pl.DataFrame, size: int) -> None:
        """Count the events of a frame that took so many bytes."""
        self.bytes += size
        self.events += frame.height
        self.count(frame)

    def row(self) -> dict[str, object]:
        """Return the row of the load report: see load_report.rows()."""
        return {
            "source": self.source, "format": self.format, "bytes": self.bytes, "lines": self.events,
            "events": self.events, "unparsed": 0, "no_timestamp": self.no_timestamp, "invalid_utf8": 0,
            "first_seen": self.first_seen, "last_seen": self.last_seen, "note": "; ".join(self.notes) or None,
        }  # fmt: skip
