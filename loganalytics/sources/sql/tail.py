"""What is new in a table, by a key that grows."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import polars as pl

from loganalytics import schema
from loganalytics.exceptions import InvalidArgumentError, UnreachableSourceError
from loganalytics.sources.polling import PollingReader
from loganalytics.sources.sql.rows import Reading, Rows
from loganalytics.sources.store import ReadOptions

_ROWS = 10_000
_WAIT = 60.0
"""Seconds for which a missing number is asked for again: its transaction may not be committed yet."""
_MOST_GAPS = 1_000


class TableReader(PollingReader):
    """A place in a table.

    Numbers that a sequence gives out are not committed in their order. So the numbers that were skipped are asked for
    again for a minute: a transaction that takes longer is lost.
    """

    lost = UnreachableSourceError

    def __init__(self, rows: Rows, want: ReadOptions, cursor: Mapping[str, Any] | None) -> None:
        super().__init__()
        if rows.key is None:
            raise InvalidArgumentError(
                f"{rows.database.address.source!r} has no single primary key. Hint: name a column that grows: ?key=id."
            )
        self._rows, self._want, self._key = rows, want, rows.key
        self._reading = Reading(rows, want.tz)
        self._gaps: dict[int, float] = {}
        if cursor is not None:
            self._last: int | float | str | None = cursor["key"]
            self._gaps = dict.fromkeys(cursor.get("gaps", ()), time.monotonic())
        else:
            self._last = None if want.since is not None else self._end()

    @property
    def cursor(self) -> dict[str, Any]:
        """The last key that was read, and the numbers before it that may still come."""
        return {"key": self._last, "gaps": sorted(self._gaps)}

    def _end(self) -> int | float | str | None:
        database = self._rows.database
        ((last,),) = database.rows(self._rows.values(f"max({self._name}) as last"))
        return last if isinstance(last, int | float | str | None) else str(last)

    @property
    def _name(self) -> str:
        return f"k.{self._rows.database.name(self._key)}"

    def _look(self) -> pl.DataFrame:
        literal = self._rows.database.literal
        conditions = []
        if self._last is not None:
            new = f"{self._name} > {literal(self._last)}"
            gaps = ", ".join(map(str, self._gaps))
            conditions = [f"({new} or {self._name} in ({gaps}))" if gaps else new]
        sql = self._rows.select(self._want, conditions=conditions, limit=_ROWS)
        found = [batch for batch in self._rows.database.batches(sql) if batch.height]
        if not found:
            self._forget()
            return schema.empty()
        batch = pl.concat(found)
        self._move(batch["place"].to_list())
        frame = self._reading.frame(batch)
        self._read += frame.height
        return frame

    def _move(self, places: list[str]) -> None:
        if not all(place.lstrip("-").isdigit() for place in places):
            self._last = places[-1]
            return
        keys = sorted(map(int, places))
        now = time.monotonic()
        for key in keys:
            self._gaps.pop(key, None)
            if isinstance(self._last, int) and key > self._last:
                missing = range(max(self._last + 1, key - _MOST_GAPS), key)
                self._gaps |= dict.fromkeys(missing, now)
            if not isinstance(self._last, int) or key > self._last:
                self._last = key
        self._forget()

    def _forget(self) -> None:
        now = time.monotonic()
        kept = [(key, since) for key, since in self._gaps.items() if now - since < _WAIT]
        self._gaps = dict(kept[-_MOST_GAPS:])
