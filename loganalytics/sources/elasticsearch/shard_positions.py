"""How far each shard is read, by the numbers that it gave its documents as they arrived (`_seq_no`).

A document with a lower number may become visible after one with a higher: it was on its way when the shard made the
other visible. So what was handed out lately is remembered, and its numbers are read again for a while.
"""

from __future__ import annotations

import base64
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from loganalytics.exceptions import InvalidArgumentError
from loganalytics.sources.elasticsearch.connection import Connection
from loganalytics.sources.elasticsearch.mapping import index_path, is_internal
from loganalytics.times import parse_every

MAX_ON_THEIR_WAY = 50_000
"""So many documents of one shard at the most arrive at once."""
_MARK_SECONDS = 1.0
_SETTINGS = "index.uuid,index.number_of_shards,index.refresh_interval"
_MANUAL_REFRESH_SECONDS = 3600.0
"""How long to look back where an index is made visible by hand only."""


@dataclass(frozen=True)
class ShardKey:
    """A shard of an index; an index that is made anew under its name has another uuid."""

    index: str
    uuid: str
    number: int

    def __str__(self) -> str:
        """Return the name of the shard in a cursor."""
        return f"{self.index}/{self.uuid}/{self.number}"


@dataclass(kw_only=True)
class ShardPosition:
    """How far a shard is read."""

    at: int = -1
    """The highest number that was read."""
    floor: int = -1
    """No document that is still to come has this number or a lower one."""
    handed_out: dict[int, int] = field(default_factory=dict)
    """Of each document above the floor that was read a hash of its _id, and its number."""
    marks: list[tuple[float, int]] = field(default_factory=list)
    """Up to where the shard was read, at some times."""

    def add(self, numbers_by_hash: Mapping[int, int]) -> None:
        """Move behind documents that were read."""
        if not numbers_by_hash:
            return
        self.handed_out |= numbers_by_hash
        self.at = max(self.at, max(numbers_by_hash.values()))
        self.floor = max(self.floor, self.at - MAX_ON_THEIR_WAY)
        if len(self.handed_out) > 2 * MAX_ON_THEIR_WAY:
            self._forget()

    def read_at(self, time: float, seconds_ago: float) -> int:
        """Return up to where the shard was read so long before a time, as far as that is remembered."""
        return max((number for marked, number in self.marks if marked <= time - seconds_ago), default=self.floor)

    def mark(self, time: float) -> None:
        """Remember up to where the shard is read now."""
        if not self.marks or (self.at > self.marks[-1][1] and time >= self.marks[-1][0] + _MARK_SECONDS):
            self.marks.append((time, self.at))

    def settle(self, time: float, seconds: float) -> None:
        """Note that at this time all was read again that came up to so many seconds before."""
        self.floor = max(self.floor, self.read_at(time, seconds))
        self._forget()
        self.marks = [mark for mark in self.marks if mark[1] > self.floor]

    def go_back(self, last: int) -> None:
        """Begin behind a lower number than that which was read: the shard has lost its last documents."""
        if last < self.at:
            self.at, self.floor = last, min(self.floor, last)
            self.marks = []

    def to_json(self, share: float) -> dict[str, Any]:
        """Return the position for a cursor, with this share of the hashes, the newest."""
        newest = sorted(self.handed_out, key=lambda name: self.handed_out[name])
        newest = newest[len(newest) - int(len(newest) * share) :]
        return {"at": self.at, "floor": self.floor, "seen": base64.b64encode(array("Q", newest).tobytes()).decode()}

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> ShardPosition:
        """Return the position that a cursor holds."""
        hashes = array("Q", base64.b64decode(saved["seen"])).tolist()
        return cls(at=saved["at"], floor=saved["floor"], handed_out=dict.fromkeys(hashes, saved["at"]))

    def _forget(self) -> None:
        self.handed_out = {name: number for name, number in self.handed_out.items() if number > self.floor}


def read_shards(connection: Connection) -> dict[ShardKey, float]:
    """Return the shards of the indices behind the address, and how long each may keep documents from being visible."""
    pattern = connection.address.index
    answer = connection.request_json("GET", f"{index_path(pattern)}/_settings/{_SETTINGS}?flat_settings=true")
    shards: dict[ShardKey, float] = {}
    for index, properties in answer.items():
        settings = properties["settings"]
        if not is_internal(index, pattern):
            seconds = _refresh_seconds(str(settings.get("index.refresh_interval", "1s")))
            for number in range(int(settings["index.number_of_shards"])):
                shards[ShardKey(index, settings["index.uuid"], number)] = seconds
    return shards


def _refresh_seconds(interval: str) -> float:
    if interval.startswith("-"):
        return _MANUAL_REFRESH_SECONDS
    try:
        return parse_every(interval).total_seconds()
    except InvalidArgumentError:  # none, or a unit of less than a millisecond
        return 0.0


def read_last_numbers(connection: Connection, numbers: Sequence[int]) -> dict[tuple[str, int], int]:
    """Return the highest number that is visible in each shard (index and number) that has a document."""
    by_index = {"terms": {"field": "_index", "size": 10_000}, "aggs": {"last": {"max": {"field": "_seq_no"}}}}
    body = {"size": 0, "track_total_hits": False, "aggs": {"index": by_index}}
    last_numbers: dict[tuple[str, int], int] = {}
    for number in numbers:
        path = f"{index_path(connection.address.index)}/_search?preference=_shards:{number}"
        answer = connection.request_json("POST", f"{path}&allow_partial_search_results=true", body)
        for bucket in answer["aggregations"]["index"]["buckets"]:
            last_numbers[bucket["key"], number] = int(bucket["last"]["value"])
    return last_numbers
