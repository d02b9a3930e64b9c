"""What is new in a table, by a key or a time that grows as a rule, with a look back at what came last.

Rows do not appear in the order of their keys and times: a transaction may be committed after others that began later.
So each poll begins at the last row, and every moment a sweep reads again what came within the overlap; what was handed
out is known by its key and its content. What is committed later than that is not seen; where the server says how long
its oldest transaction is open, the overlap is as long.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import polars as pl

from loganalytics import schema
from loganalytics.sources.read_options import ReadOptions
from loganalytics.sources.sql.database import Column
from loganalytics.sources.sql.known_rows import KnownRows
from loganalytics.sources.sql.pacing import poll_pause, sweep_pause
from loganalytics.sources.sql.query import Relation
from loganalytics.sources.sql.table_reader import TableReader

_FIRST_ROWS = 10_000
"""Rows before the end that are known from the beginning."""
_PAGE_ROWS = 50_000
_CHECKPOINT_SECONDS = 1.0


_ROW_SCHEMA = {"line": pl.String, "key_text": pl.String, "order_text": pl.String, "wanted": pl.Int64}


@dataclass(frozen=True, kw_only=True)
class Page:
    """The rows that are asked for next: so many, from a value of the order on."""

    begin: str | None
    rows: int


class OverlapReader(TableReader):
    """A position in a table, in the order of one of its columns."""

    def __init__(
        self, relation: Relation, order: Column, options: ReadOptions, cursor: Mapping[str, Any] | None
    ) -> None:
        super().__init__(relation, options)
        self._order = order
        self._overlap = relation.database.address.overlap
        self._value = relation.qualified(order.name)
        self._last: str | None = None
        """The greatest value of the order that was handed out."""
        self._anchor: str | None = None
        """Where a known row is that was still there."""
        self._checkpoints: deque[tuple[float, str | None]] = deque([(time.time(), None)])
        """When the greatest value was which; None for the beginning of the table."""
        self._known = KnownRows()
        self._resumed_from: str | None = None
        """The lowest key that is known from the cursor."""
        self._page: Page | None = None
        self._is_lost = False
        """Whether none of the rows at the end is there that were handed out last."""
        self._is_sweep, self._met_known = False, False
        self._greatest_met: str | None = None
        self._sweep_at, self._run_started = 0.0, 0.0
        self._is_restarting = False
        if cursor is not None:
            self._resume(cursor["rows"])
        elif options.since is None:
            self._skip_to_end()

    @property
    def cursor(self) -> dict[str, Any]:
        """The greatest value that was handed out, from where on it is looked back, and the rows that are known."""
        return {
            "rows": {
                "last": self._last, "anchor": self._anchor, "floor": self._checkpoints[0][1],
                "known": self._known.save(), "known_from": self._known_from(),
            }
        }  # fmt: skip

    @property
    def _is_by_key(self) -> bool:
        return self._order.name == self._relation.key

    def _resume(self, saved: Mapping[str, Any]) -> None:
        self._last, self._anchor = saved["last"], saved["anchor"]
        self._known = KnownRows.load(saved["known"])
        self._resumed_from = saved["known_from"]
        self._checkpoints[0] = (time.time(), saved["floor"])

    def _skip_to_end(self) -> None:
        """Begin behind what is there: the newest rows, and those that have no place in the order, are known."""
        is_placed = f"{self._value} is not null"
        rows = self._rows(self._select([is_placed], order=f"{self._value} desc", limit=_FIRST_ROWS)).reverse()
        self._hand_out(self._known.identify(rows))
        if rows.height == _FIRST_ROWS:
            self._checkpoints[0] = (time.time(), rows["order_text"][0])
        if not self._is_by_key:
            self._hand_out(self._known.identify(self._rows(self._select([f"{self._value} is null"], order="1"))))

    def _read_new(self) -> pl.DataFrame:
        """Return the first new events of a run: pages from the last row on, or of the entire overlap in a sweep."""
        if self._page is None:
            self._begin_run()
        while self._page is not None and not self._closed.is_set():
            rows = self._next_page()
            self._note_anchor(rows)
            events = self._hand_out(rows.filter(~pl.col("is_known")))
            if self._page is None:
                self._end_run()
            if events.height:
                self._events_read += events.height
                return events
        return schema.empty()

    def _begin_run(self) -> None:
        self._run_started = time.monotonic()
        self._is_sweep = self._last is not None and self._run_started >= self._sweep_at
        self._met_known, self._greatest_met = False, None
        begin = self._anchor if self._is_by_key and self._anchor is not None else self._last
        if self._is_sweep:
            self._move_floor()
            begin = (self._known_from() if self._is_lost else None) or self._checkpoints[0][1]
        self._page = Page(begin=begin, rows=_PAGE_ROWS)

    def _next_page(self) -> pl.DataFrame:
        """Return the next rows, with whether they are known; no connection stays open, which would hold up writers."""
        page = self._page
        assert page is not None
        conditions = [f"{self._value} is not null"] + ([self._at_least(page.begin)] if page.begin is not None else [])
        rows = self._rows(self._select(conditions, limit=page.rows))
        is_last = rows.height < page.rows
        if is_last and self._is_sweep and not self._is_by_key:
            rows = pl.concat([rows, self._rows(self._select([f"{self._value} is null"], order="1"))])
        end = None if is_last else str(rows["order_text"][-1])
        # What shares its time with the last row comes again with the next page, which is longer if it is all of that.
        next_rows = page.rows * 2 if end == page.begin else page.rows
        self._page = None if end is None else Page(begin=end, rows=next_rows)
        return self._known.identify(rows)

    def _rows(self, sql: str) -> pl.DataFrame:
        return pl.concat([*self._database.batches(sql), pl.DataFrame(schema=_ROW_SCHEMA)], how="vertical_relaxed")

    def _end_run(self) -> None:
        """See whether what was read before is still there; a table that was emptied begins anew."""
        duration = time.monotonic() - self._run_started
        self.pause = poll_pause(duration)
        if self._is_sweep:
            self._sweep_at = time.monotonic() + sweep_pause(duration)
        if self._met_known:
            self._is_restarting = self._is_lost = False
        elif self._is_by_key and self._last is not None and self._known:
            self._look_for_restart(self._last)

    def _look_for_restart(self, last: str) -> None:
        """See what became of the row that was handed out last; first whether those before it are there."""
        if not (self._is_sweep and self._is_lost):
            self._is_lost, self._sweep_at = True, 0.0
        elif self._has_rows_before(self._known_from() or last):
            self._note_restart()
            self._last = self._anchor = None
            self._checkpoints = deque([(time.time(), None)])
            self._known.clear()
        elif self._greatest_met is not None and not self._is_beyond(self._greatest_met, last):
            self._note_restart()
            self._last = self._anchor = self._greatest_met
            self._checkpoints.append((time.time(), self._greatest_met))

    def _known_from(self) -> str | None:
        """Return the lowest key that is known."""
        if not self._is_by_key:
            return None
        lowest, resumed = self._known.lowest(), self._resumed_from
        return lowest if resumed is None or (lowest is not None and self._is_beyond(resumed, lowest)) else resumed

    def _note_restart(self) -> None:
        """Count that keys began anew, once for all the rows by which it shows."""
        self._restarted += not self._is_restarting
        self._is_restarting = True

    def _has_rows_before(self, value: str) -> bool:
        before = f"{self._value} < {self._relation.literal(self._order, value)}"
        return bool(self._database.rows(self._relation.select_expression("1 as n", f"where {before} limit 1")))

    def _note_anchor(self, rows: pl.DataFrame) -> None:
        """Note the greatest row of the run, the last one of it that was handed out before, and keys used again."""
        if not self._is_by_key or rows.is_empty():
            return
        self._greatest_met = rows["order_text"][-1]
        if rows["is_reused"].any():
            self._note_restart()
        known = rows.filter("is_known")["order_text"]
        if known.len():
            self._met_known = True
            self._anchor = known[-1]

    def _hand_out(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the events of rows that are new and wanted, and note how far the order is read by all of them."""
        if rows.is_empty():
            return schema.empty()
        events = self._decoder.frame(rows.select("line", "key_text"))
        leads = events["timestamp"].dt.epoch("ms") / 1000 - time.time()
        is_lasting = rows["order_text"].is_null()
        if not self._is_by_key:
            # A time in the future would make all that comes until then seem read: its row is known for ever instead.
            is_lasting = is_lasting | (leads > self._known.lead() + 1).fill_null(value=False)
        known_from = self._known.add(rows, leads, is_lasting=is_lasting)
        if known_from is not None:
            self._checkpoints = deque([(time.time(), known_from)])
        placed = rows.filter(~is_lasting)
        if placed.height:
            self._advance(placed["order_text"][-1])
        return events.filter(rows["wanted"] == 1)

    def _advance(self, value: str) -> None:
        if self._last is not None and not self._is_beyond(value, self._last):
            return
        self._last = self._anchor = value
        now = time.time()
        if now - self._checkpoints[-1][0] >= _CHECKPOINT_SECONDS:
            self._checkpoints.append((now, value))

    def _is_beyond(self, value: str, other: str) -> bool:
        return Decimal(value) > Decimal(other) if self._order.kind == "number" else value > other

    def _move_floor(self) -> None:
        """Let the overlap begin at the newest value that is old enough, and forget the rows before it."""
        open_seconds = self._database.open_transaction_seconds() or 0.0
        oldest = time.time() - self._overlap - open_seconds
        while len(self._checkpoints) > 1 and self._checkpoints[1][0] <= oldest:
            self._checkpoints.popleft()
        if self._checkpoints[0][0] <= oldest:
            self._known.forget(*self._checkpoints[0])

    def _at_least(self, value: str) -> str:
        return f"{self._value} >= {self._relation.literal(self._order, value)}"

    def _select(self, conditions: list[str], *, order: str | None = None, limit: int | None = None) -> str:
        """Return the query for all rows of a range; what else is asked of them comes as a column."""
        query = self._options.query
        wanted = "1" if query is None else f"case when ({query}\n) then 1 else 0 end"
        columns = f"{self._relation.as_text(self._value)} as order_text, {wanted} as wanted"
        options = replace(self._options, query=None, severity=None)
        return self._relation.select(
            options, conditions=conditions, columns=columns, order=order or self._value, limit=limit
        )
