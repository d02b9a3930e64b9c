"""What is new in indices, by the time of the events.

Nothing in Elasticsearch tells what is new: documents become visible some time after they were sent, and are sent some
time after the event. So each look goes back a little, every now and then the whole overlap, and what was handed out
is known by index and _id. An event that comes later than the overlap is not seen.
"""

from __future__ import annotations

import base64
import datetime as dt
import re
import time
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any
from urllib.parse import quote

import polars as pl

from loganalytics import schema
from loganalytics.exceptions import UnreadableSourceError
from loganalytics.sources.elasticsearch.client import Client, Lost, Refused
from loganalytics.sources.elasticsearch.mapping import Query, find
from loganalytics.sources.elasticsearch.paging import hits_of
from loganalytics.sources.elasticsearch.sampling import family, sample
from loganalytics.sources.json_records import RecordParser
from loganalytics.sources.polling import PollingReader
from loganalytics.sources.store import ReadOptions

_PAGE = 5_000
_NEAR = 5_000
"""Milliseconds that each look goes back; now and then it is the whole overlap."""
_MOST_SEEN = 200_000
_LAST = re.compile(r'"sort":\[(-?\d+),(-?\d+)\]\}\]\}\}\s*$')


@dataclass
class Position:
    """How far the events are read that have their time in one field."""

    query: Query
    at: int
    """Milliseconds since 1970 up to which all is read, but for what comes late."""
    seen: dict[int, int] = field(default_factory=dict)
    """Of each event near the end a hash of its index and _id, and its time at the most."""
    after: list[int] | None = None
    """Where to go on while there are more pages."""
    swept: float = 0.0


class SearchReader(PollingReader):
    """A place in the indices of one address."""

    lost = Lost
    pause, longest_pause = 0.25, 5.0

    def __init__(self, client: Client, want: ReadOptions, cursor: Mapping[str, Any] | None) -> None:
        super().__init__()
        self._client, self._want = client, want
        self._overlap = int(client.address.overlap * 1000)
        self._families: dict[str, RecordParser] = {}
        self._index = client.address.index
        saved = dict(cursor or {}).get("positions", {})
        with client.told():
            self._positions = self._open(saved, beginning=cursor is None and want.since is None)

    @property
    def cursor(self) -> dict[str, Any]:
        """Of each field for the time: up to where it is read, and hashes of the events near there."""
        return {
            "positions": {
                name: {"at": position.at, "seen": _packed(position.seen)} for name, position in self._positions.items()
            }
        }

    def _open(self, saved: Mapping[str, Any], *, beginning: bool) -> dict[str, Position]:
        fields = find(self._client)
        names = list(dict.fromkeys(name for index in fields.indices for name in fields.times(index)))
        if not names:
            raise UnreadableSourceError(
                f"{self._client.address.source!r} has no field with a date by which to follow it. "
                "Hint: map @timestamp as a date."
            )
        undated = {index for index in fields.indices if not fields.times(index)}
        if undated:  # sorting by a field that is no date there would fail; new indices are found by a pattern only
            self._index = ",".join(index for index in fields.indices if index not in undated)
        found = sample(self._client, {"match_all": {}}, self._want.tz)
        self._families = {
            name: records for name, records in found.families.items() if records.record_schema is not None
        }
        positions: dict[str, Position] = {}
        for number, name in enumerate(names):
            query = self._query(name, names[:number])
            since = self._want.since or dt.datetime.now(dt.UTC)
            position = Position(query, int(since.timestamp() * 1000))
            if name in saved:
                position.at = saved[name]["at"]
                position.seen = dict.fromkeys(_unpacked(saved[name]["seen"]), position.at)
            elif beginning:
                self._skip_to_end(name, position)
            positions[name] = position
        return positions

    def _query(self, name: str, earlier: list[str]) -> Query:
        filters: list[Query] = [{"exists": {"field": name}}]
        filters += [{"query_string": {"query": self._want.query}}] if self._want.query is not None else []
        return {"bool": {"filter": filters, "must_not": [{"exists": {"field": other}} for other in earlier]}}

    def _skip_to_end(self, name: str, position: Position) -> None:
        """Begin behind what is there: all of it near the end is known already."""
        body = {"size": 0, "query": position.query, "aggs": {"last": {"max": {"field": name}}}}
        last = self._client.json("POST", self._path(), body)["aggregations"]["last"]["value"]
        if last is not None:
            position.at = min(int(last), position.at)
        while True:
            hits, full = self._page(name, position, position.at - self._overlap)
            self._new(hits, position)
            if not full:
                return

    def _look(self) -> pl.DataFrame:
        """Return the first page that has anything new."""
        for name, position in self._positions.items():
            full = True
            while full and not self._closed.is_set():
                hits, full = self._page(name, position, position.at - self._back(position))
                new = self._new(hits, position)
                if new.height:
                    self._read += new.height
                    return self._frame(new)
        return schema.empty()

    def _back(self, position: Position) -> int:
        """Return how far to look back, in milliseconds: now and then the whole overlap."""
        if position.after is not None or time.monotonic() - position.swept < self._overlap / 4000:
            return min(_NEAR, self._overlap)
        position.swept = time.monotonic()
        return self._overlap

    def _page(self, name: str, position: Position, low: int) -> tuple[pl.DataFrame, bool]:
        """Return the next hits from a time on, and whether there are more."""
        if self._want.since is not None:
            low = max(low, int(self._want.since.timestamp() * 1000))
        bounds = {"range": {name: {"gte": low, "format": "epoch_millis"}}}
        body: dict[str, Any] = {
            "size": _PAGE,
            "track_total_hits": False,
            "query": {"bool": {"filter": [position.query, bounds]}},
            "sort": [
                {name: {"order": "asc", "numeric_type": "date", "unmapped_type": "date"}},
                {"_seq_no": {"order": "asc", "unmapped_type": "long"}},
            ],
        }
        if position.after is not None:
            body["search_after"] = position.after
        try:
            answer = self._client.text("POST", self._path() + "?allow_partial_search_results=false", body)
        except Refused as refused:  # the index is not recovered yet, or is made anew
            raise Lost(refused.reason) from None
        last = _LAST.search(answer[-200:])
        if last is None:
            position.after = None
            return pl.DataFrame(schema={"line": pl.String, "source": pl.String, "offset": pl.String}), False
        when, number = int(last[1]), int(last[2])
        hits = hits_of(answer, None, self._client.address.source)
        full = hits.height == _PAGE
        # Documents of different shards can bear the same number: one number back, so that none is passed over.
        position.after = [when, number - 1] if full else None
        position.at = max(position.at, min(when, int(time.time() * 1000)))
        return hits, full

    def _new(self, hits: pl.DataFrame, position: Position) -> pl.DataFrame:
        """Return the hits that were not seen yet, and remember them."""
        names = [_hash(index, key) for index, key in hits.select("source", "offset").iter_rows()]
        new = [name not in position.seen for name in names]
        position.seen |= dict.fromkeys(names, max(position.at, position.after[0] if position.after else 0))
        low = position.at - self._overlap
        if len(position.seen) > _PAGE and min(position.seen.values()) < low:
            position.seen = {name: when for name, when in position.seen.items() if when >= low}
        return hits.filter(pl.Series(new, dtype=pl.Boolean))

    def _frame(self, hits: pl.DataFrame) -> pl.DataFrame:
        parts = []
        for part in hits.partition_by("source", maintain_order=True):
            name = family(part["source"][0])
            if name not in self._families:
                self._families[name] = RecordParser.learn(part["line"].head(1000).to_list(), self._want.tz)
            parts.append(self._families[name].frame(part))
        return pl.concat(parts, how="diagonal_relaxed")

    def _path(self) -> str:
        return f"/{quote(self._index, safe=',*-:<>')}/_search"


def _hash(index: str, key: str) -> int:
    return int.from_bytes(blake2b(f"{index}/{key}".encode(), digest_size=8).digest(), "little")


def _packed(seen: Mapping[int, int]) -> str:
    newest = sorted(seen, key=lambda name: (seen[name], name))[-_MOST_SEEN:]
    return base64.b64encode(array("Q", newest).tobytes()).decode()


def _unpacked(text: str) -> list[int]:
    return array("Q", base64.b64decode(text)).tolist()
