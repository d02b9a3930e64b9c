"""Indices of Elasticsearch and OpenSearch as logs."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from loganalytics.exceptions import IncompleteSourceError, InvalidArgumentError
from loganalytics.sources import load_report
from loganalytics.sources.elasticsearch import address as addresses
from loganalytics.sources.elasticsearch import aggregations, describe, paging, tail
from loganalytics.sources.elasticsearch.client import Client
from loganalytics.sources.elasticsearch.mapping import Fields, everywhere, find, wanted
from loganalytics.sources.elasticsearch.sampling import Sample, sample
from loganalytics.sources.json_records import RecordCounters
from loganalytics.sources.store import ConsumerGroup, ReadOptions, TailReader


class Store:
    """The indices, aliases and data streams behind one address: see address.parse()."""

    own_query = True

    def __init__(self, address: str) -> None:
        self.address = addresses.parse(address)
        self.source = self.address.source
        self._counts: dict[str, RecordCounters] = {}

    def batches(self, want: ReadOptions) -> Iterator[pl.DataFrame]:
        """Yield a log frame a page: `source` is the index and `offset` the _id of each event.

        Raises SourceNotFoundError when no index matches, UnreachableSourceError, IncompleteSourceError when not all
        shards can be read (unless the address says partial=true: then it warns), and InvalidArgumentError for a query
        that cannot be read.
        """
        client = Client(self.address)
        self._counts = {}
        with client.told():
            layout = self._layout(client)
            fields = find(client)
            found = sample(client, everywhere(fields, want), want.tz)
            self._note(fields, layout)
            queries = {i: wanted(fields, want, i, found.records(i).record_schema) for i, _ in layout.there}
            for page in paging.read(client, layout, queries, found.document_bytes):
                yield self._frame(page, found)
        if not any(count.events for count in self._counts.values()):
            yield pl.DataFrame(schema=found.columns)

    def reader(
        self, want: ReadOptions, cursor: Mapping[str, Any] | None, group: ConsumerGroup | None = None
    ) -> TailReader:
        """Return a reader of what is new: see tail.py."""
        if group is not None:
            raise InvalidArgumentError(
                f"{self.source!r} knows no consumer groups. Hint: leave group= out, and save the cursor."
            )
        return tail.SearchReader(Client(self.address), want, cursor)

    def count(self, want: ReadOptions, every: dt.timedelta, by: str | None) -> pl.DataFrame | None:
        """Return the events by window: see counts.py; None where the server cannot count as the frame would."""
        client = Client(self.address)
        with client.told():
            layout = self._layout(client)
            fields = find(client)
            if layout.down:  # counted as far as they are there: by the hits
                return None
            return aggregations.count(
                client, fields, sample(client, everywhere(fields, want), want.tz), want, every, by
            )

    def describe(self) -> pl.DataFrame:
        """Return one row an index."""
        client = Client(self.address)
        with client.told():
            return describe.describe(client)

    def report(self) -> pl.DataFrame:
        """Return one row an index that events were read of."""
        return load_report.rows(count.row() for count in self._counts.values())

    def _layout(self, client: Client) -> paging.Layout:
        layout = paging.find_shards(client, self.address.index)
        if not layout.down:
            return layout
        names = ", ".join(f"{number} of {index!r}" for index, number in layout.down[:4])
        told = f"{self.source!r}: no node has {len(layout.down)} shards: {names}{', …' if len(layout.down) > 4 else ''}"
        if not self.address.partial:
            raise IncompleteSourceError(
                f"{told}. Hint: bring the cluster to green, or add ?partial=true to read what is there."
            )
        warnings.warn(f"{told}: their events are missing.", stacklevel=2)
        return layout

    def _note(self, fields: Fields, layout: paging.Layout) -> None:
        """Tell in the report what is missing and what is mapped in several ways."""
        for index in fields.indices:
            self._counts[index] = self._new_counters(index)
        for index, number in layout.down:
            count = self._counts.setdefault(index, self._new_counters(index))
            count.notes.append(f"shard {number} is down: its events are missing")
        for conflict in fields.conflicts:
            self._counts[fields.indices[0]].notes.append(f"{conflict} in different indices")

    def _new_counters(self, index: str) -> RecordCounters:
        return RecordCounters(source=index, format=f"{self.address.product} documents")

    def _frame(self, page: paging.Page, found: Sample) -> pl.DataFrame:
        frame = found.frame(page.hits, page.shard.index)
        self._counts.setdefault(page.shard.index, self._new_counters(page.shard.index)).add(frame, page.bytes)
        if page.shard.reopened:
            note = f"shard {page.shard.number}: lost and found again {page.shard.reopened} times"
            kept = [n for n in self._counts[page.shard.index].notes if not n.startswith(f"shard {page.shard.number}:")]
            self._counts[page.shard.index].notes = [*kept, note]
        return frame
