"""Indices of Elasticsearch and OpenSearch as logs."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from loganalytics.exceptions import IncompleteSourceError, InvalidArgumentError
from loganalytics.sources import load_report
from loganalytics.sources.elasticsearch import paging
from loganalytics.sources.elasticsearch.address import parse_address
from loganalytics.sources.elasticsearch.aggregations import count_events
from loganalytics.sources.elasticsearch.connection import Connection
from loganalytics.sources.elasticsearch.describe import describe
from loganalytics.sources.elasticsearch.mapping import (
    IndexMapping,
    combined_query,
    index_query,
    read_mapping,
    with_level_fields,
)
from loganalytics.sources.elasticsearch.query_syntax import check_query
from loganalytics.sources.elasticsearch.sampling import Sample, draw_sample
from loganalytics.sources.elasticsearch.server_times import ServerTimes
from loganalytics.sources.elasticsearch.tail import IndexReader
from loganalytics.sources.json_records import RecordCounters
from loganalytics.sources.read_options import ReadOptions
from loganalytics.sources.store import ConsumerGroup, TailReader

_MAX_NAMES = 4


class Store:
    """The indices, aliases and data streams behind one address: see address.parse_address()."""

    own_query = True
    counts_last = False

    def __init__(self, address: str) -> None:
        self.address = parse_address(address)
        self.source = self.address.source
        self._counters: dict[str, RecordCounters] = {}
        self._truncated: set[str] = set()
        """Indices of which not all shards could be read."""

    def batches(self, options: ReadOptions) -> Iterator[pl.DataFrame]:
        """Yield a log frame a page: `source` is the index and `offset` the _id of each event.

        Raises SourceNotFoundError when no index matches, UnreachableSourceError, IncompleteSourceError when not all
        shards can be read (unless the address says partial=true: then it warns), and InvalidArgumentError for a query
        that cannot be read, or is SQL.
        """
        check_query(options.query)
        connection = Connection(self.address)
        self._counters, self._truncated = {}, set()
        with connection.translate_errors():
            shard_map = self._shard_map(connection)
            mapping = read_mapping(connection, options.hints.time_field)
            mapping = mapping if options.severity is None else with_level_fields(connection, mapping)
            sample = draw_sample(connection, combined_query(mapping, options), options.hints)
            self._start_counters(mapping, shard_map)
            queries = {
                index: index_query(mapping, options, index, sample.records(index).record_schema)
                for index, _ in shard_map.assigned
            }
            times = ServerTimes(connection, mapping, options.hints, retry_seconds=self.address.retry)
            for page in paging.read_pages(connection, shard_map, queries, sample.document_bytes):
                yield self._frame(page, sample, times)
        if not any(counters.events for counters in self._counters.values()):
            yield pl.DataFrame(schema=sample.columns)

    def reader(
        self, options: ReadOptions, cursor: Mapping[str, Any] | None, group: ConsumerGroup | None = None
    ) -> TailReader:
        """Return a reader of what is new: see tail.py."""
        if group is not None:
            raise InvalidArgumentError(
                f"{self.source!r} has no consumer groups. Hint: leave group= out, and save the cursor."
            )
        check_query(options.query)
        return IndexReader(Connection(self.address), options, cursor)

    def count(self, options: ReadOptions, every: dt.timedelta, by: str | None) -> pl.DataFrame | None:
        """Return the events by window: see aggregations.py; None where the server cannot count as the frame would.

        In another zone than UTC it cannot: it takes times without a zone for UTC.
        """
        if options.tz != "UTC":
            return None
        check_query(options.query)
        connection = Connection(self.address)
        with connection.translate_errors():
            if self._shard_map(connection).unassigned:  # counted as far as they can be read: by the hits
                return None
            mapping = with_level_fields(connection, read_mapping(connection, options.hints.time_field))
            sample = draw_sample(connection, combined_query(mapping, options), options.hints)
            return count_events(connection, mapping, sample, options, every=every, by=by)

    def describe(self) -> pl.DataFrame:
        """Return one row an index."""
        connection = Connection(self.address)
        with connection.translate_errors():
            return describe(connection)

    def report(self) -> pl.DataFrame:
        """Return one row an index that events were read of."""
        return load_report.rows(
            counters.row() | {"status": "truncated" if index in self._truncated else "read"}
            for index, counters in self._counters.items()
        )

    def _shard_map(self, connection: Connection) -> paging.ShardMap:
        shard_map = paging.read_shard_map(connection, self.address.index)
        unassigned = shard_map.unassigned
        if not unassigned:
            return shard_map
        names = ", ".join(f"{number} of {index!r}" for index, number in unassigned[:_MAX_NAMES])
        ellipsis = ", …" if len(unassigned) > _MAX_NAMES else ""
        problem = f"{self.source!r}: no node has {len(unassigned)} shards: {names}{ellipsis}"
        if not self.address.partial:
            raise IncompleteSourceError(
                f"{problem}. Hint: bring the cluster to green, or add ?partial=true to read the shards that are there."
            )
        warnings.warn(f"{problem}: their events are missing.", stacklevel=2)
        return shard_map

    def _start_counters(self, mapping: IndexMapping, shard_map: paging.ShardMap) -> None:
        """Begin the report, with what is missing and what is mapped in several ways."""
        for index in mapping.indices:
            self._counters_of(index)
        for index, number in shard_map.unassigned:
            self._truncated.add(index)
            self._counters_of(index).notes.append(f"shard {number} is down: its events are missing")
        for conflict in mapping.conflicts:
            self._counters_of(mapping.indices[0]).notes.append(f"{conflict} in different indices")

    def _counters_of(self, index: str) -> RecordCounters:
        counters = RecordCounters(source=index, format=f"{self.address.product} documents")
        return self._counters.setdefault(index, counters)

    def _frame(self, page: paging.Page, sample: Sample, times: ServerTimes) -> pl.DataFrame:
        shard, records = page.shard, sample.records(page.shard.index)
        frame = records.frame(page.documents)
        frame = times.correct(frame, page.documents["line"], shard.index, records.record_schema)
        frame = sample.with_all_columns(frame)
        counters = self._counters_of(shard.index)
        counters.add(frame, page.bytes)
        if shard.reopened:
            prefix = f"shard {shard.number}:"
            notes = [note for note in counters.notes if not note.startswith(prefix)]
            counters.notes = [*notes, f"{prefix} lost and found again {shard.reopened} times"]
        return frame
