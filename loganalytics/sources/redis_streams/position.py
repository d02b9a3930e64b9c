"""Where a reader is in a stream, and what of its last entries tells whether the stream is still the same.

Ids go forward in one stream. But a stream may be deleted and made again under its name, and a server may lose its last
entries when it goes down: then entries come whose ids lie before the position. So a position remembers some of the
entries before it, each by its id and a digest of what it holds, the more the nearer: the last of them that is still
there is where to go on.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from loganalytics.sources.redis_streams.connection import Connection
from loganalytics.sources.redis_streams.stream_info import StreamInfo, id_numbers

Entry = Sequence[Any]

_DIGESTED_BYTES = 4096  # from both ends of a value


@dataclass(kw_only=True)
class Landmark:
    """An entry that was handed out."""

    id: str
    digest: str
    index: int
    """How many entries had been handed out up to it."""


@dataclass(kw_only=True)
class StreamPosition:
    """The last id, how many entries had been added up to that one (None: not known), and entries before it."""

    id: str = "0-0"
    number: int | None = 0
    index: int = 0
    """How many entries were handed out."""
    first: Landmark | None = None
    """The first entry of the stream when it was looked at last."""
    landmarks: list[Landmark] = field(default_factory=list)

    @classmethod
    def at_entry(cls, identifier: str, entry: Entry | None, number: int | None) -> StreamPosition:
        """Return the position at an entry that was not handed out, which may be gone."""
        return cls(id=identifier, number=number, landmarks=[_landmark(entry, 0)] if entry else [])

    @classmethod
    def from_cursor(cls, saved: dict[str, Any]) -> StreamPosition:
        """Return the position that asdict() gave."""
        landmarks = [Landmark(**landmark) for landmark in saved.get("landmarks", ())]
        first = saved.get("first")
        return cls(**saved | {"landmarks": landmarks, "first": first and Landmark(**first)})

    def after(self, entries: Sequence[Entry]) -> StreamPosition:
        """Return the position after entries that follow this one."""
        index = self.index + len(entries)
        distances = [2**power for power in range(len(entries).bit_length())]  # 1 for the last entry, 2, 4 …
        new = [_landmark(entries[-distance], index - distance + 1) for distance in reversed(distances)]
        return StreamPosition(
            id=entries[-1][0].decode(), number=None if self.number is None else self.number + len(entries),
            index=index, first=self.first, landmarks=_thinned([*self.landmarks, *new], index),
        )  # fmt: skip

    def see(self, info: StreamInfo) -> None:
        """Remember where the stream begins."""
        self.first = _landmark(info.first, 0) if info.first else None

    def is_doubtful(self, info: StreamInfo) -> bool:
        """Whether the stream may be another one than that which was read up to here, as its ends show."""
        if info.last_id is not None and id_numbers(info.last_id) < id_numbers(self.id):
            return True
        if info.added is not None and self.number is not None and info.added < self.number:
            return True
        if info.first is None or self.is_behind(info.first_id):
            return False
        if info.last_id == self.id and info.last and self.landmarks and self.landmarks[-1].id == self.id:
            return self.landmarks[-1].digest != _landmark(info.last, 0).digest
        # Without the last id, which this user may not ask for, it has to be looked whether the last entry is there.
        return info.last_id is None or (self.first is not None and self.first != _landmark(info.first, 0))

    def is_deleted(self, info: StreamInfo) -> bool:
        """Whether XDEL explains that the last entry is not there."""
        if info.last_id is None or info.max_deleted_id is None or info.added is None:
            return False
        reaches = id_numbers(info.last_id) >= id_numbers(self.id) and info.added >= (self.number or 0)
        return reaches and id_numbers(info.max_deleted_id) >= id_numbers(self.id)

    def is_behind(self, first_id: str | None) -> bool:
        """Whether all that is there comes after the position."""
        return first_id is None or id_numbers(first_id) > id_numbers(self.id)


def surviving_position(connection: Connection, key: str, position: StreamPosition, info: StreamInfo) -> StreamPosition:
    """Return the position where to go on: this one when its entry is still there, else one before it.

    The beginning when nothing of what was read is there.
    """
    for landmark in reversed(position.landmarks):
        entry = connection.entry(key, landmark.id)
        is_last = landmark.id == position.id
        if is_last and entry is None and position.is_deleted(info):
            return position
        if entry is not None and _landmark(entry, 0).digest == landmark.digest:
            return position if is_last else _back_to(landmark, position)
    return StreamPosition() if position.landmarks else _from_ends(position, info)


def _back_to(landmark: Landmark, position: StreamPosition) -> StreamPosition:
    behind = position.index - landmark.index
    return StreamPosition(
        id=landmark.id, number=None if position.number is None else max(0, position.number - behind),
        index=landmark.index, first=position.first,
        landmarks=[earlier for earlier in position.landmarks if earlier.index <= landmark.index],
    )  # fmt: skip


def number_at(position: StreamPosition, info: StreamInfo, entries: Sequence[Entry]) -> int | None:
    """Return how many entries had been added up to the position, where the ends of the stream tell.

    `entries`: those that came last, up to the position. Where the stream's last entry is the position's, all were
    added before; where its first entry comes after the position, all that was removed; where its first entry is
    among the last ones, what was removed and what follows. Exact, as soon as the first comes where entries were
    also deleted by XDEL.
    """
    if info.added is None or info.removed is None:
        return None
    if info.last_id == position.id:
        return info.added
    if position.is_behind(info.first_id):
        return info.removed
    first = id_numbers(info.first_id or "0-0")
    if not entries or first < id_numbers(entries[0][0].decode()):
        return None
    return info.removed + len(entries) - bisect_left(entries, first, key=lambda entry: id_numbers(entry[0].decode()))


def _from_ends(position: StreamPosition, info: StreamInfo) -> StreamPosition:
    """Return where to go on where no entry is known: the beginning, when the ids of the stream went backwards."""
    went_back = info.last_id is not None and id_numbers(info.last_id) < id_numbers(position.id)
    fewer = info.added is not None and info.added < (position.number or 0)
    began_before = info.first_id is not None and position.first is not None and (
        id_numbers(info.first_id) < id_numbers(position.first.id)
    )  # fmt: skip
    return StreamPosition() if went_back or fewer or began_before else position


def _landmark(entry: Entry, index: int) -> Landmark:
    digest = hashlib.blake2b(digest_size=8)
    for value in entry[1] or ():
        digest.update(len(value).to_bytes(8, "big") + value[:_DIGESTED_BYTES] + value[-_DIGESTED_BYTES:])
    return Landmark(id=entry[0].decode(), digest=digest.hexdigest(), index=index)


def _thinned(landmarks: list[Landmark], index: int) -> list[Landmark]:
    """Keep of the entries at similar distances the farthest, so that few are kept, and some from long ago."""
    by_distance: dict[int, Landmark] = {}
    for landmark in landmarks:
        by_distance.setdefault((index - landmark.index).bit_length(), landmark)
    return list(by_distance.values())
