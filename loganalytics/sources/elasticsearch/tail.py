"""What is new in indices, in the order in which their shards received it, whatever the time of the events.

Each poll asks for the documents behind those that were read, and for those just before that may have become visible
late; now and then for all that may: what arrived within the overlap, or within two refreshes of the index. That is time
in which the reader read: after an outage it goes back to before it. A document that is written anew under its _id comes
again, but for what was handed out so lately.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

import polars as pl

from loganalytics import schema
from loganalytics.exceptions import SourceNotFoundError
from loganalytics.sources.elasticsearch.connection import Connection
from loganalytics.sources.elasticsearch.decode import Hit, SearchAnswer, decode_search, to_documents
from loganalytics.sources.elasticsearch.errors import RequestRefused, ServerUnavailable
from loganalytics.sources.elasticsearch.mapping import IndexMapping, index_path, index_query, read_mapping
from loganalytics.sources.elasticsearch.paging import allowed_page_hits
from loganalytics.sources.elasticsearch.sampling import draw_sample, index_family
from loganalytics.sources.elasticsearch.server_times import ServerTimes
from loganalytics.sources.elasticsearch.shard_positions import ShardKey, ShardPosition, read_last_numbers, read_shards
from loganalytics.sources.json_records import RecordParser
from loganalytics.sources.polling import PollingReader
from loganalytics.sources.read_options import ReadOptions
from loganalytics.sources.reconnect import Backoff

_PAGE_HITS = 5_000
_NEAR_SECONDS = 5.0
"""How far each poll goes back; now and then it is as far as documents may come late."""
_DISCOVERY_SECONDS = 2.0
_MAX_CURSOR_HASHES = 200_000
_MAX_CLAUSES = 500
"""Indices asked for at once."""
_SAMPLE_DOCUMENTS = 1_000
_MAX_START_DOCUMENTS = 20_000
"""Documents at the end that are looked at so that those on their way are told from those that were there."""


@dataclass(kw_only=True)
class _Pass:
    """One reading of the shards of one number, each from a place on to its end."""

    shard_number: int
    begun: float
    starts: dict[ShardKey, int]
    """Of each shard the number behind which the next page begins."""
    is_sweep: bool
    """Whether it goes back as far as documents may come late."""
    failed_shards: int = 0
    is_done: bool = False


class IndexReader(PollingReader):
    """A position in the indices of one address."""

    backoff, pause = Backoff(first=0.5, longest=5.0), 0.25

    def __init__(self, connection: Connection, options: ReadOptions, cursor: Mapping[str, Any] | None) -> None:
        super().__init__()
        self._connection, self._options = connection, replace(options, severity=None)
        self._families: dict[str, RecordParser] = {}
        self._late_seconds: dict[ShardKey, float] = {}
        """Of each shard how long a document may be on its way."""
        self._positions: dict[ShardKey, ShardPosition] = {}
        self._passes: deque[_Pass] = deque()
        self._page_hits = _PAGE_HITS
        self._discovered_at = self._mapped_at = self._swept_at = float("-inf")
        with connection.translate_errors():
            self._mapping = self._read_mapping()
            self._discover(dict(cursor or {}).get("shards", {}))
            if cursor is None and options.since is None:
                self._skip_to_end()
            sample = draw_sample(connection, {"match_all": {}}, options.hints)
            self._check_query()
        self._families = {
            name: records for name, records in sample.families.items() if records.record_schema is not None
        }

    @property
    def cursor(self) -> dict[str, Any]:
        """Of each shard: up to where it is read, and hashes of the documents near there."""
        held = sum(len(position.handed_out) for position in self._positions.values())
        share = min(1.0, _MAX_CURSOR_HASHES / max(1, held))
        return {"shards": {str(key): position.to_json(share) for key, position in self._positions.items()}}

    def _read_mapping(self) -> IndexMapping:
        self._mapped_at = time.monotonic()
        return read_mapping(self._connection, self._options.hints.time_field)

    def _discover(self, saved: Mapping[str, Any]) -> None:
        """Learn which shards there are: new ones are read from their beginning."""
        self._late_seconds = read_shards(self._connection)
        for key in self._late_seconds:
            if key not in self._positions:
                known = saved.get(str(key))
                self._positions[key] = ShardPosition.from_json(known) if known else ShardPosition()
        self._positions = {key: self._positions[key] for key in self._late_seconds}
        self._discovered_at = time.monotonic()

    def _skip_to_end(self) -> None:
        """Begin behind what is visible; what is on its way has lower numbers than some of it."""
        last_numbers = read_last_numbers(self._connection, self._shard_numbers())
        look_back = _MAX_START_DOCUMENTS // max(1, len(last_numbers))
        for key, position in self._positions.items():
            position.at = last_numbers.get((key.index, key.number), -1)
            position.floor = max(-1, position.at - look_back)
        for reading in self._new_passes(is_sweep=True):
            while not reading.is_done:
                self._advance(reading, self._page(reading, with_documents=False).hits)

    def _check_query(self) -> None:
        """Raise RequestRefused for a query that the server cannot read: later it would be taken for an outage."""
        if self._options.query is not None:
            query = {"query_string": {"query": self._options.query}}
            path = f"{index_path(self._connection.address.index)}/_search"
            self._connection.request_json("POST", path, {"size": 0, "query": query})

    def _shard_numbers(self) -> list[int]:
        return sorted({key.number for key in self._positions})

    def _is_transient(self, error: Exception) -> bool:
        return isinstance(error, ServerUnavailable)

    def _reconnect(self) -> None:
        """Begin anew: a server that crashed may have lost its last documents, and give their numbers to others."""
        self._passes.clear()
        self._swept_at = float("-inf")
        try:
            self._discover({})
            last_numbers = read_last_numbers(self._connection, self._shard_numbers())
        except (RequestRefused, SourceNotFoundError) as error:  # an index is not recovered yet, or is made anew
            raise ServerUnavailable(str(error)) from None
        for key, position in self._positions.items():
            if (key.index, key.number) in last_numbers:
                position.go_back(last_numbers[key.index, key.number])

    def _poll(self, timeout: float) -> pl.DataFrame:
        """Return the first page that has anything new."""
        try:
            if time.monotonic() > self._discovered_at + _DISCOVERY_SECONDS:
                self._discover({})
            return self._read_passes()
        except (RequestRefused, SourceNotFoundError) as error:
            raise ServerUnavailable(str(error)) from None

    def _read_passes(self) -> pl.DataFrame:
        """Return what is new in the first page that has anything, of the passes that are begun or of new ones."""
        self._passes = self._passes or self._new_passes(is_sweep=self._is_sweep_due())
        failed_shards = 0
        while self._passes and not self._closed.is_set():
            reading = self._passes[0]
            hits = self._page(reading).hits
            frame = self._frame(self._new_hits(reading, hits))
            self._advance(reading, hits)  # not before all is well with them
            self._passes.rotate(-1)
            if reading.is_done:
                self._passes.remove(reading)
                failed_shards += reading.failed_shards
            if frame.height:
                self._events_read += frame.height
                return frame
        if failed_shards and not self._connection.address.partial:
            raise ServerUnavailable(f"{failed_shards} shards failed")
        return schema.empty()

    def _is_sweep_due(self) -> bool:
        if time.monotonic() < self._swept_at + self._connection.address.overlap / 4:
            return False
        self._swept_at = time.monotonic()
        return True

    def _new_passes(self, *, is_sweep: bool) -> deque[_Pass]:
        """Return a reading of each shard, in groups that one request can ask for."""
        now = time.monotonic()
        passes: deque[_Pass] = deque()
        for number in self._shard_numbers():
            positions = [(key, position) for key, position in self._positions.items() if key.number == number]
            for first in range(0, len(positions), _MAX_CLAUSES):
                starts = {
                    key: position.floor if is_sweep else position.read_at(now, _NEAR_SECONDS)
                    for key, position in positions[first : first + _MAX_CLAUSES]
                }
                passes.append(_Pass(shard_number=number, begun=now, starts=starts, is_sweep=is_sweep))
        return passes

    def _page(self, reading: _Pass, *, with_documents: bool = True) -> SearchAnswer:
        """Return the next documents of a pass, those with lower numbers first."""
        path = f"{index_path(self._connection.address.index)}/_search?preference=_shards:{reading.shard_number}"
        body = {**self._page_body(reading), **({} if with_documents else {"_source": False})}
        try:
            answer = self._connection.request("POST", f"{path}&allow_partial_search_results=true", body)
        except RequestRefused as refused:
            self._page_hits = allowed_page_hits(refused)
            return self._page(reading, with_documents=with_documents)
        search = decode_search(answer, self._connection.address.source)
        if search.timed_out:
            raise ServerUnavailable("the search timed out")
        reading.failed_shards += search.shards.failed
        reading.is_done = len(search.hits) < self._page_hits
        return search

    def _page_body(self, reading: _Pass) -> dict[str, Any]:
        clauses = [
            {"bool": {"filter": [
                {"term": {"_index": key.index}}, {"range": {"_seq_no": {"gt": start}}},
                index_query(self._mapping, self._options, key.index),
            ]}}
            for key, start in reading.starts.items()
        ]  # fmt: skip
        return {
            "size": self._page_hits,
            "track_total_hits": False,
            "query": {"bool": {"should": clauses, "minimum_should_match": 1}},
            "sort": [{"_seq_no": {"order": "asc", "unmapped_type": "long"}}],
        }

    def _new_hits(self, reading: _Pass, hits: Iterable[Hit]) -> list[Hit]:
        """Return the hits that were not handed out yet."""
        handed_out = {key.index: self._positions[key].handed_out for key in reading.starts if key in self._positions}
        return [hit for hit in hits if _hash(hit) not in handed_out.get(hit.index, ())]

    def _advance(self, reading: _Pass, hits: Iterable[Hit]) -> None:
        """Move the shards behind a page, and at the end of a pass to where no document can come late any more."""
        numbers: dict[str, dict[int, int]] = {}
        for hit in hits:
            numbers.setdefault(hit.index, {})[_hash(hit)] = hit.sort[0]
        now = time.monotonic()
        for key in reading.starts:
            position, of_shard = self._positions.get(key), numbers.get(key.index, {})
            if position is None:
                continue
            if of_shard:
                reading.starts[key] = max(of_shard.values())
            position.add(of_shard)
            position.mark(now)
            if reading.is_done and reading.is_sweep and not reading.failed_shards:
                position.settle(reading.begun, max(self._connection.address.overlap, 2 * self._late_seconds[key]))

    def _frame(self, hits: Sequence[Hit]) -> pl.DataFrame:
        """Return the log frame of hits of one page, in the order of time."""
        if not hits:
            return schema.empty()
        frames = []
        documents = to_documents(hits, self._connection.address.source)
        for of_index in documents.partition_by("source", maintain_order=True):
            index = of_index["source"][0]
            records = self._records(index, of_index["line"])
            times = ServerTimes(self._connection, self._mapping_of(index), self._options.hints)
            frames.append(times.correct(records.frame(of_index), of_index["line"], index, records.record_schema))
        return pl.concat(frames, how="diagonal_relaxed").sort("timestamp", nulls_last=True, maintain_order=True)

    def _records(self, index: str, lines: pl.Series) -> RecordParser:
        family = index_family(index)
        if family not in self._families:
            self._families[family] = RecordParser.learn(lines.head(_SAMPLE_DOCUMENTS).to_list(), self._options.hints)
        return self._families[family]

    def _mapping_of(self, index: str) -> IndexMapping:
        """Return the mapping, read anew for an index that has got its fields since."""
        if not self._mapping.dates(index) and time.monotonic() > self._mapped_at + _DISCOVERY_SECONDS:
            self._mapping = self._read_mapping()
        return self._mapping


def _hash(hit: Hit) -> int:
    return int.from_bytes(blake2b(f"{hit.index}/{hit.id}".encode(), digest_size=8).digest(), "little")
