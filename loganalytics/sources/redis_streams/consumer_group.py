"""Reading a stream together with others: a consumer group hands each entry to one of its readers."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from loganalytics.sources.read_options import ReadOptions
from loganalytics.sources.redis_streams.answer_size import AnswerTooLargeError
from loganalytics.sources.redis_streams.connection import Connection, without_deleted
from loganalytics.sources.redis_streams.group_losses import GroupLosses
from loganalytics.sources.redis_streams.tail import EntriesByStream, StreamTailReader, entries_by_stream
from loganalytics.sources.store import ConsumerGroup

T = TypeVar("T")

_POLL_SECONDS = 0.05
_MAX_IDLE_ENTRIES = 10_000


class GroupReader(StreamTailReader):
    """A reader of a consumer group: the server keeps the position, and a batch is confirmed at the next read().

    So each entry is handed out at least once: one whose reader died before it confirmed goes to another reader.
    """

    def __init__(self, connection: Connection, keys: Sequence[str], options: ReadOptions, group: ConsumerGroup) -> None:
        super().__init__(connection, keys, options)
        self._group, self._consumer = group.name, group.consumer
        self._claim_after = group.claim_after
        self._unconfirmed: dict[str, list[bytes]] = {}
        self._has_pending = True  # entries that were sent to this reader before, and that it may not have got
        self._claimed_at = 0.0
        self._losses: dict[str, GroupLosses] = {}
        self._counts_losses = connection.address.kind != "cluster"
        with connection.translate_errors():
            for key in keys:
                start = self._start(key)
                self._create_group(key, start.id, start.number)

    @property
    def cursor(self) -> dict[str, Any]:
        """The group's name alone: the server keeps its position."""
        return {"group": self._group}

    @property
    def status(self) -> dict[str, Any]:
        """What was met so far; `uncounted`: of how many streams only losses after delivery are counted."""
        return super().status | {"uncounted": 0 if self._counts_losses else len(self.streams)}

    def _follow(self, key: str) -> None:
        self._create_group(key, "0-0", 0)

    def _create_group(self, key: str, start: str, number: int | None) -> None:
        import redis

        self._losses = {**self._losses, key: GroupLosses(self._group)}
        numbered = () if number is None else ("ENTRIESREAD", number)  # since Redis 7, which says the number
        try:
            self.connection.ask("XGROUP CREATE", key, self._group, start, "MKSTREAM", *numbered, key=key)
        except redis.ResponseError as error:
            if "syntax" in str(error) and numbered:
                self._create_group(key, start, None)
            elif "BUSYGROUP" not in str(error):  # it is there already
                raise

    def _after_outage(self) -> None:
        self._has_pending = True

    def _confirm(self) -> None:
        import redis

        try:
            self._acknowledge()
        except (redis.RedisError, OSError):  # they stay pending, and go to another reader
            return

    def _acknowledge(self) -> None:
        """Confirm what was handed out by the last read()."""
        for key in list(self._unconfirmed):
            self.connection.ask("XACK", key, self._group, *self._unconfirmed[key], key=key)
            del self._unconfirmed[key]

    def _new_entries(self, block: float) -> EntriesByStream:
        import redis

        try:
            self._acknowledge()
            answer = self._pending() or self._claimed() or ([] if self._has_pending else self._unread(block))
        except redis.ResponseError as error:
            if not any(word in str(error) for word in ("NOGROUP", "no such key")):
                raise
            for key in self.streams:  # the stream was deleted, and the group with it
                self._create_group(key, "0-0", 0)
            self._unconfirmed.clear()
            self._has_pending = True
            return []
        self._unconfirmed = {key: [entry[0] for entry in entries] for key, entries in answer}
        return answer

    def _pending(self) -> EntriesByStream:
        """Return what this reader was sent and did not confirm, before it or its connection died."""
        if not self._has_pending:
            return []
        pending: EntriesByStream = []
        for key in self.streams:
            answer = self.connection.ask_for_page(
                partial(self._read_command, [key], "0", None), self.page_size, key=key
            )
            entries = [entry for _, page in answer or () for entry in page]
            self.page_size.fit(len(entries), self.connection.received)
            trimmed = [entry[0] for entry in entries if not entry[1]]
            if trimmed:
                self._lost += len(trimmed)
                self.connection.ask("XACK", key, self._group, *trimmed, key=key)
            if present := without_deleted(entries):
                pending.append((key, present))
        self._has_pending = bool(pending)
        return pending

    def _claimed(self) -> EntriesByStream:
        """Return what another reader was sent and did not confirm in time."""
        if time.monotonic() < self._claimed_at + self._claim_after / 2:
            return []
        self._claimed_at = time.monotonic()
        claimed: EntriesByStream = []
        idle_millis = int(1000 * self._claim_after)
        for key in self.streams:
            # Trimmed entries are in the answer whosever they are; a reader that was just sent one has handed it out.
            pending = ("XPENDING", key, self._group, "IDLE", idle_millis, "-", "+", _MAX_IDLE_ENTRIES)
            idle = self.connection.try_to_ask(*pending, key=key)
            answer = self._ask_once(
                "XAUTOCLAIM", key, self._group, self._consumer, idle_millis, "0-0", "COUNT", self.page_size.entries,
                key=key,
            )  # fmt: skip
            if answer is None:
                return claimed
            self.page_size.fit(len(answer[1]), self.connection.received)
            trimmed = answer[2] if len(answer) > 2 else ()
            idle_ids = trimmed if idle is None else {entry[0] for entry in idle}
            self._lost += sum(identifier in idle_ids for identifier in trimmed)
            if present := without_deleted(answer[1]):
                claimed.append((key, present))
                self._claimed_at = 0.0  # there may be more
        return claimed

    def _unread(self, block: float) -> EntriesByStream:
        """Return what no reader of the group was sent yet."""
        import redis

        if self._counts_losses:
            try:
                return self._unread_counted() or self._wait_for_more(block)
            except redis.exceptions.NoPermissionError:  # to ask for more than for the entries
                self._counts_losses = False
                self._has_pending = True  # without the right to MULTI what follows was done all the same
                return []
        return self._unread_uncounted(block)

    def _unread_counted(self) -> EntriesByStream:
        unread: EntriesByStream = []
        for key, losses in self._losses.items():
            command = self._read_command([key], ">", None, self.page_size.entries)
            deliver = partial(losses.deliver, self.connection, key, command, self.page_size.max_bytes)
            delivered = self._once(deliver)
            if delivered is None:
                break
            answer, lost = delivered
            self._lost += lost
            entries = entries_by_stream(answer, [key])
            self.page_size.fit(max((len(page) for _, page in entries), default=0), self.connection.received)
            unread += entries
            if unread and self.page_size.entries == 1:
                break
        return unread

    def _wait_for_more(self, block: float) -> EntriesByStream:
        """Return nothing as soon as there is more for the group, which another reader may get."""
        import redis

        ids = [losses.last_id for losses in self._losses.values()]
        wait = ("BLOCK", max(1, int(1000 * block)))
        if not self._has_pending:
            try:
                self.connection.ask("XREAD", "COUNT", 1, *wait, "STREAMS", *self._losses, *ids)
            except redis.exceptions.NoPermissionError:
                self._closed.wait(min(block, _POLL_SECONDS))
        return []

    def _unread_uncounted(self, block: float) -> EntriesByStream:
        keys = list(self.streams)
        one_by_one = self.connection.address.kind == "cluster" or self.page_size.entries == 1
        requests = [[key] for key in keys] if one_by_one else [keys]
        unread: EntriesByStream = []
        for keys in requests:
            command = self._read_command(keys, ">", block / len(requests), self.page_size.entries)
            entries = entries_by_stream(self._ask_once(*command, key=keys[0]), keys)
            self.page_size.fit(max((len(page) for _, page in entries), default=0), self.connection.received)
            unread += entries
            if self._has_pending or (unread and self.page_size.entries == 1):
                break
        return unread

    def _ask_once(self, *command: Any, key: str) -> Any:
        return self._once(partial(self.connection.ask, *command, key=key, max_bytes=self.page_size.max_bytes))

    def _once(self, ask: Callable[[], T]) -> T | None:
        """Return the answer to what hands entries to this reader; None when it was cut off: then they are pending."""
        import redis

        try:
            return ask()
        except AnswerTooLargeError:
            self.page_size.shrink()
            self._has_pending = True
            return None
        except redis.TimeoutError:
            self.page_size.shrink()
            raise

    def _read_command(self, keys: Sequence[str], start: str, block: float | None, count: int) -> tuple[Any, ...]:
        wait = () if block is None else ("BLOCK", max(1, int(1000 * block)))
        return (
            "XREADGROUP", "GROUP", self._group, self._consumer, "COUNT", count, *wait, "STREAMS", *keys,
            *[start] * len(keys),
        )  # fmt: skip
