"""What is new in indices, by the time of the events.

Nothing in Elasticsearch says what is new: documents become visible some time after they were sent, and are sent some
time after the event. So each poll goes back a little, every now and then the entire overlap, and what was handed out
is known by index and _id. An event that comes later than the overlap is not seen.
"""

from __future__ import annotations

import base64
import datetime as dt
import time
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import polars as pl

from loganalytics import schema
from loganalytics.exceptions import UnreadableSourceError
from loganalytics.sources.elasticsearch.connection import Connection
from loganalytics.sources.elasticsearch.decode import Hit, decode_search, to_documents
from loganalytics.sources.elasticsearch.errors import RequestRefused, ServerUnavailable
from loganalytics.sources.elasticsearch.mapping import IndexMapping, Query, index_path, read_mapping
from loganalytics.sources.elasticsearch.sampling import draw_sample, index_family
from loganalytics.sources.json_records import RecordParser
from loganalytics.sources.polling import PollingReader
from loganalytics.sources.read_options import ReadOptions
from loganalytics.sources.reconnect import Backoff

_PAGE_HITS = 5_000
_NEAR_MILLIS = 5_000
"""How far each poll goes back; now and then it is the entire overlap."""
_MAX_CURSOR_HASHES = 200_000
_SAMPLE_DOCUMENTS = 1_000


@dataclass(kw_only=True)
class TimePosition:
    """How far the events are read that have their time in one field."""

    query: Query
    at: int
    """Milliseconds since 1970 up to which all is read, but for what comes late."""
    handed_out: dict[int, int] = field(default_factory=dict)
    """Of each event near the end a hash of its index and _id, and its time at the most."""
    search_after: list[int] | None = None
    """Where to go on while there are more pages."""
    swept_at: float = 0.0
    """When the entire overlap was read last."""


class IndexReader(PollingReader):
    """A position in the indices of one address."""

    backoff, pause = Backoff(first=0.5, longest=5.0), 0.25

    def __init__(self, connection: Connection, options: ReadOptions, cursor: Mapping[str, Any] | None) -> None:
        super().__init__()
        self._connection, self._options = connection, options
        self._since_millis = None if options.since is None else _to_millis(options.since)
        self._overlap_millis = int(connection.address.overlap * 1000)
        self._families: dict[str, RecordParser] = {}
        self._index = connection.address.index
        saved = dict(cursor or {}).get("positions", {})
        with connection.translate_errors():
            self._positions = self._open(saved, at_end=cursor is None and options.since is None)

    @property
    def cursor(self) -> dict[str, Any]:
        """Of each field for the time: up to where it is read, and hashes of the events near there."""
        return {
            "positions": {
                name: {"at": position.at, "seen": _pack(position.handed_out)}
                for name, position in self._positions.items()
            }
        }

    def _open(self, saved: Mapping[str, Any], *, at_end: bool) -> dict[str, TimePosition]:
        mapping = read_mapping(self._connection)
        times = self._time_fields(mapping)
        sample = draw_sample(self._connection, {"match_all": {}}, self._options.hints)
        self._families = {
            name: records for name, records in sample.families.items() if records.record_schema is not None
        }
        positions: dict[str, TimePosition] = {}
        for number, name in enumerate(times):
            start = self._since_millis if self._since_millis is not None else _to_millis(dt.datetime.now(dt.UTC))
            position = TimePosition(query=self._query(name, times[:number]), at=start)
            if name in saved:
                position.at = saved[name]["at"]
                position.handed_out = dict.fromkeys(_unpack(saved[name]["seen"]), position.at)
            elif at_end:
                self._skip_to_end(name, position)
            positions[name] = position
        return positions

    def _time_fields(self, mapping: IndexMapping) -> list[str]:
        """Return the fields by which the indices are followed, and leave out the indices that have none."""
        times = list(dict.fromkeys(name for index in mapping.indices for name in mapping.times(index)))
        if not times:
            raise UnreadableSourceError(
                f"{self._connection.address.source!r} has no field with a date by which to follow it. "
                "Hint: map @timestamp as a date."
            )
        dated = [index for index in mapping.indices if mapping.times(index)]
        if len(dated) < len(mapping.indices):
            # Sorting by a field that is not a date would fail; new indices are found by a pattern only.
            self._index = ",".join(dated)
        return times

    def _query(self, time_field: str, earlier: list[str]) -> Query:
        filters: list[Query] = [{"exists": {"field": time_field}}]
        filters += [{"query_string": {"query": self._options.query}}] if self._options.query is not None else []
        return {"bool": {"filter": filters, "must_not": [{"exists": {"field": name}} for name in earlier]}}

    def _skip_to_end(self, time_field: str, position: TimePosition) -> None:
        """Begin behind what is there: all of it near the end counts as handed out."""
        body = {"size": 0, "query": position.query, "aggs": {"last": {"max": {"field": time_field}}}}
        path = f"{index_path(self._index)}/_search"
        last = self._connection.request_json("POST", path, body)["aggregations"]["last"]["value"]
        if last is not None:
            position.at = min(int(last), position.at)
        while True:
            hits = self._page(time_field, position, position.at - self._overlap_millis)
            self._new_hits(hits, position)
            if position.search_after is None:
                return

    def _is_transient(self, error: Exception) -> bool:
        return isinstance(error, ServerUnavailable)

    def _poll(self, timeout: float) -> pl.DataFrame:
        """Return the first page that has anything new."""
        for time_field, position in self._positions.items():
            while not self._closed.is_set():
                hits = self._page(time_field, position, position.at - self._look_back(position))
                new_hits = self._new_hits(hits, position)
                if new_hits:
                    self._events_read += len(new_hits)
                    return self._frame(to_documents(new_hits, self._connection.address.source))
                if position.search_after is None:
                    break
        return schema.empty()

    def _look_back(self, position: TimePosition) -> int:
        """Return how far to look back, in milliseconds: now and then the entire overlap."""
        if position.search_after is not None or time.monotonic() - position.swept_at < self._overlap_millis / 4000:
            return min(_NEAR_MILLIS, self._overlap_millis)
        position.swept_at = time.monotonic()
        return self._overlap_millis

    def _page(self, time_field: str, position: TimePosition, start: int) -> list[Hit]:
        """Return the next hits from a time on; `position.search_after` says whether there are more."""
        if self._since_millis is not None:
            start = max(start, self._since_millis)
        body = _page_body(time_field, position, start)
        path = f"{index_path(self._index)}/_search?allow_partial_search_results=false"
        try:
            answer = self._connection.request("POST", path, body)
        except RequestRefused as refused:  # the index is not recovered yet, or is made anew
            raise ServerUnavailable(refused.reason) from None
        hits = decode_search(answer, self._connection.address.source).hits
        if not hits:
            position.search_after = None
            return []
        millis, seq_no = hits[-1].sort
        # Documents of different shards can have the same number: one number back, so that none is passed over.
        position.search_after = [millis, seq_no - 1] if len(hits) == _PAGE_HITS else None
        position.at = max(position.at, min(millis, int(time.time() * 1000)))
        return hits

    def _new_hits(self, hits: Sequence[Hit], position: TimePosition) -> list[Hit]:
        """Return the hits that were not handed out yet, and remember them."""
        hashes = [_hash(hit) for hit in hits]
        new_hits = [hit for hit, name in zip(hits, hashes, strict=True) if name not in position.handed_out]
        latest = max(position.at, position.search_after[0] if position.search_after else 0)
        position.handed_out |= dict.fromkeys(hashes, latest)
        oldest = position.at - self._overlap_millis
        if len(position.handed_out) > _PAGE_HITS and min(position.handed_out.values()) < oldest:
            position.handed_out = {name: millis for name, millis in position.handed_out.items() if millis >= oldest}
        return new_hits

    def _frame(self, documents: pl.DataFrame) -> pl.DataFrame:
        frames = []
        for of_index in documents.partition_by("source", maintain_order=True):
            family = index_family(of_index["source"][0])
            if family not in self._families:
                sample = of_index["line"].head(_SAMPLE_DOCUMENTS).to_list()
                self._families[family] = RecordParser.learn(sample, self._options.hints)
            frames.append(self._families[family].frame(of_index))
        return pl.concat(frames, how="diagonal_relaxed")


def _page_body(time_field: str, position: TimePosition, start: int) -> dict[str, Any]:
    bounds = {"range": {time_field: {"gte": start, "format": "epoch_millis"}}}
    body: dict[str, Any] = {
        "size": _PAGE_HITS,
        "track_total_hits": False,
        "query": {"bool": {"filter": [position.query, bounds]}},
        "sort": [
            {time_field: {"order": "asc", "numeric_type": "date", "unmapped_type": "date"}},
            {"_seq_no": {"order": "asc", "unmapped_type": "long"}},
        ],
    }
    return body if position.search_after is None else body | {"search_after": position.search_after}


def _to_millis(moment: dt.datetime) -> int:
    return int(moment.timestamp() * 1000)


def _hash(hit: Hit) -> int:
    return int.from_bytes(blake2b(f"{hit.index}/{hit.id}".encode(), digest_size=8).digest(), "little")


def _pack(handed_out: Mapping[int, int]) -> str:
    """Return the newest hashes as text."""
    newest = sorted(handed_out, key=lambda name: (handed_out[name], name))[-_MAX_CURSOR_HASHES:]
    return base64.b64encode(array("Q", newest).tobytes()).decode()


def _unpack(packed: str) -> list[int]:
    return array("Q", base64.b64decode(packed)).tolist()
