"""Reading a stream together with others: a consumer group hands each entry to one of its readers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from loganalytics.sources.redis_streams.connection import Server, usable
from loganalytics.sources.redis_streams.tail import COUNT, Following, by_stream
from loganalytics.sources.store import ConsumerGroup, ReadOptions


class GroupReader(Following):
    """A reader of a consumer group: the server keeps the place, and what is read is confirmed at the next read().

    So each entry is handed out at least once: one whose reader died before it confirmed goes to another reader.
    """

    def __init__(self, server: Server, keys: Sequence[str], want: ReadOptions, group: ConsumerGroup) -> None:
        super().__init__(server, keys, want)
        self._group, self._consumer = group.name, group.consumer
        self._patience = group.claim_after
        self._handed: dict[str, list[bytes]] = {}
        self._unseen = True  # entries that were sent to this reader before, and that it may not have got
        self._claimed = 0.0
        for key in keys:
            server.reach(lambda key=key: self._create(key, self._start(key, numbered=False).id))  # type: ignore[misc]

    @property
    def cursor(self) -> dict[str, Any]:
        """Nothing: the server keeps the place of the group."""
        return {"group": self._group}

    def _add(self, key: str) -> None:
        self._create(key, "0-0")

    def _create(self, key: str, start: str) -> None:
        import redis

        try:
            self.server.ask("XGROUP CREATE", key, self._group, start, "MKSTREAM", key=key)
        except redis.ResponseError as error:
            if "BUSYGROUP" not in str(error):  # it is there already
                raise

    def _returned(self) -> None:
        self._unseen = True

    def _leave(self) -> None:
        import redis

        try:
            self._confirm()
        except (redis.RedisError, OSError):  # they stay pending, and go to another reader
            return

    def _confirm(self) -> None:
        """Confirm what was handed out by the last read()."""
        for key in list(self._handed):
            self.server.ask("XACK", key, self._group, *self._handed[key], key=key)
            del self._handed[key]

    def _answer(self, block: float) -> list[tuple[str, list[Sequence[Any]]]]:
        import redis

        try:
            self._confirm()
            found = self._sent_before() or self._left_by_others() or self._new(block)
        except redis.ResponseError as error:
            if not str(error).startswith("NOGROUP"):
                raise
            for key in self.streams:  # the stream was deleted, and the group with it
                self._create(key, "0-0")
            self._handed.clear()
            self._unseen = True
            return []
        self._handed = {key: [entry[0] for entry in entries] for key, entries in found}
        return found

    def _sent_before(self) -> list[tuple[str, list[Sequence[Any]]]]:
        """Return what is pending for this reader: it was sent to it before it or its connection died."""
        if not self._unseen:
            return []
        found = []
        for key in self.streams:
            answer = self._ask_group(key, "0", None)
            entries = [entry for _, page in answer or () for entry in page]
            gone = [entry[0] for entry in entries if not entry[1]]
            if gone:  # trimmed since
                self.lost += len(gone)
                self.server.ask("XACK", key, self._group, *gone, key=key)
            if usable(entries):
                found.append((key, usable(entries)))
        self._unseen = bool(found)
        return found

    def _left_by_others(self) -> list[tuple[str, list[Sequence[Any]]]]:
        """Return what another reader was sent and did not confirm in time."""
        if time.monotonic() < self._claimed + self._patience / 2:
            return []
        self._claimed = time.monotonic()
        found = []
        for key in self.streams:
            idle = int(1000 * self._patience)
            answer = self.server.ask(
                "XAUTOCLAIM", key, self._group, self._consumer, idle, "0-0", "COUNT", COUNT, key=key
            )
            self.lost += len(answer[2]) if len(answer) > 2 else 0
            if usable(answer[1]):
                found.append((key, usable(answer[1])))
                self._claimed = 0.0  # there may be more
        return found

    def _new(self, block: float) -> list[tuple[str, list[Sequence[Any]]]]:
        keys = list(self.streams)
        if self.server.address.kind != "cluster":
            answer = self._ask_group(keys, ">", block)
            return by_stream(answer, keys)
        return [part for key in keys for part in by_stream(self._ask_group(key, ">", block / len(keys)), [key])]

    def _ask_group(self, keys: str | Sequence[str], start: str, block: float | None) -> Any:
        keys = [keys] if isinstance(keys, str) else list(keys)
        wait = () if block is None else ("BLOCK", max(1, int(1000 * block)))
        return self.server.ask(
            "XREADGROUP", "GROUP", self._group, self._consumer, "COUNT", COUNT, *wait, "STREAMS", *keys,
            *[start] * len(keys), key=keys[0],
        )  # fmt: skip
