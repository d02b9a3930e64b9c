"""What a group was never sent, since it was trimmed before: from what the server says around each delivery.

The group's state, the delivery and the stream's state come from one transaction, so that each gap is counted by the
reader that gets what follows it: the sum over all readers of a group is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from loganalytics.sources.redis_streams.connection import Connection
from loganalytics.sources.redis_streams.position import StreamPosition, number_at
from loganalytics.sources.redis_streams.stream_info import StreamInfo, parse_stream_info


class GroupLosses:
    """How many entries of one stream had been added up to the one that the group was sent last."""

    def __init__(self, group: str) -> None:
        self._group = group
        self.last_id = "0-0"
        """The entry that the group was sent last."""
        self._number = 0

    def deliver(
        self, connection: Connection, key: str, command: Sequence[Any], max_bytes: int | None
    ) -> tuple[Any, int]:
        """Return the answer to XREADGROUP, and how many entries before it were lost.

        Raises what redis-py raises, and AnswerTooLargeError.
        """
        commands = (("XINFO GROUPS", key), command, ("XINFO STREAM", key))
        groups, answer, stream = connection.ask_at_once(commands, max_bytes=max_bytes)
        entries = answer[0][1] if answer else ()
        return answer, self._lost(groups, entries, parse_stream_info(stream))

    def _lost(self, groups: Sequence[Any], entries: Sequence[Any], info: StreamInfo) -> int:
        all_groups = [dict(zip(pairs[::2], pairs[1::2], strict=True)) for pairs in groups]
        group = next(pairs for pairs in all_groups if pairs[b"name"].decode() == self._group)
        before = self._number_before(group, info)
        last_id = entries[-1][0].decode() if entries else group[b"last-delivered-id"].decode()
        if before is None:
            self.last_id = last_id
        if before is None or (not entries and group[b"consumers"] > 1):  # who gets what follows counts
            return 0
        number = number_at(StreamPosition(id=last_id), info, entries)
        self.last_id, self._number = last_id, before + len(entries) if number is None else number
        return max(0, self._number - before - len(entries))

    def _number_before(self, group: dict[bytes, Any], info: StreamInfo) -> int | None:
        """Return how many entries had been added up to the group's last; None if it is not known."""
        last_id = group[b"last-delivered-id"].decode()
        if last_id == self.last_id and last_id != "0-0":
            return self._number
        if last_id == info.last_id:
            return info.added
        read = group.get(b"entries-read")
        if read is not None:
            return int(read)
        return None
