"""What is new in a table, by a key that grows."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import polars as pl

from loganalytics import schema
from loganalytics.exceptions import InvalidArgumentError, UnreachableSourceError
from loganalytics.sources.polling import PollingReader
from loganalytics.sources.read_options import ReadOptions
from loganalytics.sources.reconnect import Backoff
from loganalytics.sources.sql.decode import RowDecoder
from loganalytics.sources.sql.query import Relation

_BATCH_ROWS = 10_000
_GAP_SECONDS = 60.0
"""How long a missing number is asked for again: its transaction may not be committed yet."""
_MAX_GAPS = 1_000


class TableReader(PollingReader):
    """A position in a table.

    Numbers that a sequence gives out are not committed in their order. So the numbers that were skipped are asked for
    again for a minute: a transaction that takes longer is lost.
    """

    backoff, pause = Backoff(first=1.0, longest=10.0), 0.5

    def __init__(self, relation: Relation, options: ReadOptions, cursor: Mapping[str, Any] | None) -> None:
        super().__init__()
        self._relation, self._database, self._options = relation, relation.database, options
        if relation.key is None:
            source = self._database.address.source
            raise InvalidArgumentError(
                f"{source!r} has no single primary key. Hint: name a column that grows: ?key=id."
            )
        self._key = f"k.{self._database.quoted(relation.key)}"
        self._decoder = RowDecoder(relation, options.hints)
        self._last_key: int | float | str | None = None
        self._gaps: dict[int, float] = {}
        """Numbers that were skipped, and since when."""
        if cursor is not None:
            self._last_key = cursor["key"]
            self._gaps = dict.fromkeys(cursor.get("gaps", ()), time.monotonic())
        elif options.since is None:
            self._last_key = self._greatest_key()

    @property
    def cursor(self) -> dict[str, Any]:
        """The last key that was read, and the numbers before it that may still come."""
        return {"key": self._last_key, "gaps": sorted(self._gaps)}

    def _greatest_key(self) -> int | float | str | None:
        ((key,),) = self._database.rows(self._relation.select_expression(f"max({self._key}) as last"))
        return key if isinstance(key, int | float | str | None) else str(key)

    def _is_transient(self, error: Exception) -> bool:
        return isinstance(error, UnreachableSourceError)

    def _poll(self, timeout: float) -> pl.DataFrame:
        sql = self._relation.select(self._options, conditions=self._new_keys(), limit=_BATCH_ROWS)
        batches = [batch for batch in self._database.batches(sql) if batch.height]
        if not batches:
            self._forget_gaps()
            return schema.empty()
        rows = pl.concat(batches)
        self._advance(rows["key_text"].to_list())
        frame = self._decoder.frame(rows)
        self._events_read += frame.height
        return frame

    def _new_keys(self) -> list[str]:
        """Return the condition for the rows that were not read yet."""
        if self._last_key is None:
            return []
        greater = f"{self._key} > {self._database.literal(self._last_key)}"
        gaps = ", ".join(map(str, self._gaps))
        return [f"({greater} or {self._key} in ({gaps}))" if gaps else greater]

    def _advance(self, keys: list[str]) -> None:
        """Move behind the keys of a batch, and note the numbers that they skip."""
        if not all(key.lstrip("-").isdigit() for key in keys):
            self._last_key = keys[-1]
            return
        now = time.monotonic()
        for key in sorted(map(int, keys)):
            self._gaps.pop(key, None)
            if isinstance(self._last_key, int) and key > self._last_key:
                skipped = range(max(self._last_key + 1, key - _MAX_GAPS), key)
                self._gaps |= dict.fromkeys(skipped, now)
            if not isinstance(self._last_key, int) or key > self._last_key:
                self._last_key = key
        self._forget_gaps()

    def _forget_gaps(self) -> None:
        now = time.monotonic()
        recent = [(key, since) for key, since in self._gaps.items() if now - since < _GAP_SECONDS]
        self._gaps = dict(recent[-_MAX_GAPS:])
