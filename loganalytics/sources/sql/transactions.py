"""What is new in a table of PostgreSQL, by the transactions that wrote it: no row is missed, however late it commits.

Each row says which transaction wrote it (its system column xmin), and a snapshot says before which number all
transactions are over. So what is new is what later transactions wrote, but for those whose rows were read already. A
row's key and time do not matter: they only bound where each poll looks. The other rows are looked through now and then.

See https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-SNAPSHOT.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import polars as pl

from loganalytics import schema
from loganalytics.exceptions import LogAnalyticsError, UnreachableSourceError
from loganalytics.sources.read_options import ReadOptions
from loganalytics.sources.sql.pacing import poll_pause, sweep_pause
from loganalytics.sources.sql.query import Relation
from loganalytics.sources.sql.table_reader import TableReader

_CYCLE = 2**32
"""A row holds so many different numbers of transactions; then they begin anew."""
_LOCATION = "cast(k.tableoid as text) as table_id, cast(k.ctid as text) as row_id"


@dataclass(frozen=True, kw_only=True)
class Horizon:
    """Which transactions were read: all with lower numbers, and some later ones."""

    number: int
    later: tuple[int, ...] = ()
    """As rows hold them: modulo 2**32."""

    def advance(self, number: int, read: Sequence[int]) -> Horizon:
        """Return the horizon once these were read as well."""
        later = {xid for xid in (*self.later, *read) if (xid - number) % _CYCLE < _CYCLE // 2}
        return Horizon(number=number, later=tuple(sorted(later)))

    def unread(self) -> str:
        """Return the condition for the rows of transactions that were not read."""
        age = f"age(k.xmin) between 0 and age({_xid(self.number)})"
        return f"{age} and not {_is_any(self.later)}" if self.later else age

    def read(self) -> str:
        """Return the condition for the rows of transactions that were read."""
        return f"not ({self.unread()})"


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Rows that are to be read, in the order in which they lie: those of some transactions, or all up to a horizon."""

    xids: tuple[int, ...] = ()
    until: Horizon | None = None
    is_above: bool | None = None
    """Whether only the rows above the floor are meant, or only the others."""
    floor: str | None = None
    table_id: int | None = None
    """The table that is meant, where it is one of several."""
    after: tuple[str, str] | None = None
    """The table and the place in it of the row that was read last."""

    def conditions(self, relation: Relation) -> list[str]:
        """Return the conditions for the rows that were not read yet."""
        conditions = [_is_any(self.xids) if self.until is None else self.until.read()]
        if self.is_above is not None:
            above, below = _domains(relation, self.floor)
            conditions.append(above if self.is_above else below)
        if self.table_id is not None:
            conditions.append(f"k.tableoid = {int(self.table_id)}")
        if self.after is not None:
            table_id, row_id = map(relation.database.literal, self.after)
            conditions.append(f"(k.tableoid, k.ctid) > (cast({table_id} as oid), cast({row_id} as tid))")
        return conditions


@dataclass(kw_only=True)
class TablePosition:
    """Where a reader is: as far as each part of the table was read, and what is being read."""

    recent: Horizon
    """Of the rows above the floor, through which each poll looks."""
    below: Horizon
    """Of the other rows, through which a sweep looks."""
    floor: str | None = None
    """The greatest key or time at the last sweep."""
    tables: tuple[int, ...] = ()
    """The tables that are known to hold the rows: the table itself, or its partitions."""
    pending: list[Selection] = field(default_factory=list)


def is_supported(relation: Relation) -> bool:
    """Whether the relation is a table whose rows say which transaction wrote them, and this user may ask."""
    database = relation.database
    if not database.numbers_transactions or relation.table is None:
        return False
    table = f"{database.literal(relation.sql)}::regclass"
    foreign = f"select 1 from pg_partition_tree({table}) t join pg_class f on f.oid = t.relid where f.relkind = 'f'"
    is_plain = f"relkind in ('r', 'p') and not exists ({foreign})"
    try:
        rows = database.rows(f"select 1 from pg_class where oid = {table} and {is_plain}")
        database.rows(relation.select_expression("age(k.xmin), k.ctid::text, pg_current_snapshot()::text", "limit 0"))
    except UnreachableSourceError:
        raise
    except LogAnalyticsError:  # no such functions, or no right to the rows' system columns
        return False
    return bool(rows)


class TransactionReader(TableReader):
    """A position in a table of PostgreSQL."""

    def __init__(self, relation: Relation, options: ReadOptions, cursor: Mapping[str, Any] | None) -> None:
        super().__init__(relation, options)
        self._batches: Iterator[pl.DataFrame] | None = None
        self._rows_ahead: pl.DataFrame | None = None
        self._sweep_at = 0.0
        self._position = self._start() if cursor is None else _saved_position(cursor["transactions"])

    @property
    def cursor(self) -> dict[str, Any]:
        """The transactions that were read, and what was being read."""
        return {"transactions": asdict(self._position)}

    def _start(self) -> TablePosition:
        """Begin behind what is there, or before it where `since` is given."""
        floor = self._greatest()
        number, next_number, _ = self._unread(None)
        xids: Sequence[int] = ()
        if number < next_number:  # transactions are going on: which of the later ones are over says the table
            number, _, rows = self._unread(Horizon(number=number).unread())
            xids = [xid for xid, _ in rows]
        horizon = Horizon(number=number).advance(number, xids)
        pending = [] if self._options.since is None else [Selection(until=horizon)]
        return TablePosition(
            recent=horizon, below=horizon, floor=floor, tables=self._tables(), pending=pending
        )  # fmt: skip

    def _read_new(self) -> pl.DataFrame:
        rows = self._pending_rows()
        if rows.is_empty():
            started = time.monotonic()
            self._look()
            self.pause = poll_pause(time.monotonic() - started)
            rows = self._pending_rows()
        if rows.is_empty():
            return schema.empty()
        self._events_read += rows.height
        return self._decoder.frame(rows.select("line", "key_text"))

    def _pending_rows(self) -> pl.DataFrame:
        """Return the next rows of the transactions that were found; empty when all are read."""
        rows = pl.DataFrame()
        while self._position.pending and rows.is_empty() and not self._closed.is_set():
            try:
                rows = self._next_rows()
            except Exception:
                self._batches = None
                raise
        return rows

    def _next_rows(self) -> pl.DataFrame:
        """Return the next rows of what is being read, perhaps none, and let go of the connection with the last ones.

        One that stays open would hold up who changes or empties the table.
        """
        selection = self._position.pending[0]
        if self._batches is None:
            sql = self._relation.select(
                self._options, conditions=selection.conditions(self._relation), columns=_LOCATION,
                order="k.tableoid, k.ctid",
            )  # fmt: skip
            self._batches = self._database.batches(sql)
            self._rows_ahead = next(self._batches, None)
        rows = self._rows_ahead
        self._rows_ahead = None if rows is None else next(self._batches, None)
        if rows is not None and rows.height:
            self._position.pending[0] = replace(selection, after=rows.select("table_id", "row_id").row(-1))
        if self._rows_ahead is None:
            self._batches = None
            del self._position.pending[0]
        return pl.DataFrame() if rows is None else rows

    def _look(self) -> None:
        """Find the transactions whose rows were not read, and note their rows as pending."""
        position, started = self._position, time.monotonic()
        self._note_tables()  # before its rows count as read
        is_sweep = position.floor is None or started >= self._sweep_at
        above, below = _domains(self._relation, position.floor)
        unread = f"{above} and {position.recent.unread()}"
        if is_sweep:
            greatest = self._greatest()
            unread = f"({unread} or {below} and {position.below.unread()})"
        number, next_number, rows = self._unread(unread, position.floor)
        if not position.recent.number <= next_number < position.recent.number + _CYCLE // 2:
            self._begin_anew(number)
            return
        xids = [xid for xid, _ in rows]
        for is_above in (True, False):
            xids_there = tuple(xid for xid, row_is_above in rows if row_is_above == is_above)
            if xids_there:
                position.pending.append(Selection(xids=xids_there, is_above=is_above, floor=position.floor))
        position.recent = position.recent.advance(number, xids)
        if is_sweep:
            position.recent = position.below = position.recent.advance(number, position.below.later)
            self._move_floor(greatest)
            now = time.monotonic()
            self._sweep_at = now + sweep_pause(now - started)

    def _tables(self) -> tuple[int, ...]:
        """Return the tables that hold the rows: the table itself, or its partitions."""
        table = f"{self._database.literal(self._relation.sql)}::regclass"
        rows = self._database.rows(
            f"select cast(oid as text) from pg_class where oid = {table} and relkind = 'r' union "
            f"select cast(cast(relid as oid) as text) from pg_partition_tree({table}) where isleaf"
        )
        return tuple(sorted(int(table_id) for (table_id,) in rows))

    def _note_tables(self) -> None:
        """Note as pending what new tables hold of transactions that count as read: they were attached, or renamed."""
        position, tables = self._position, self._tables()
        self._restarted += bool(position.tables and tables and not {*tables} & {*position.tables})
        domains = [(False, position.below)] + ([] if position.floor is None else [(True, position.recent)])
        for table_id in sorted({*tables} - {*position.tables}):
            position.tables += (table_id,)
            position.pending += [
                Selection(until=horizon, is_above=is_above, floor=position.floor, table_id=table_id)
                for is_above, horizon in domains
            ]

    def _unread(self, condition: str | None, floor: str | None = None) -> tuple[int, int, list[tuple[int, bool]]]:
        """Return before which transaction all are over, the next one's number, and those of the rows that are unread.

        All of one statement, so that they are of one snapshot; of each transaction whether the rows are above the
        floor.
        """
        above, _ = _domains(self._relation, floor)
        rows = self._relation.select_expression(
            f"cast(k.xmin as text) as xid, ({above}) is true as above", f"where {condition or 'false'} group by 1, 2"
        )
        answer = self._database.rows(
            "select cast(pg_snapshot_xmin(s) as text), cast(pg_snapshot_xmax(s) as text), r.xid, r.above "
            f"from pg_current_snapshot() as s left join ({rows}) as r on true"
        )
        unread = [(int(xid), bool(is_above)) for _, _, xid, is_above in answer if xid is not None]
        return int(answer[0][0]), int(answer[0][1]), unread

    def _greatest(self) -> str | None:
        order = self._relation.order_column
        return None if order is None else self._relation.greatest(order)

    def _move_floor(self, greatest: str | None) -> None:
        """Let what is there now be below the floor; a key that is lower than before began anew."""
        position, order = self._position, self._relation.order_column
        if greatest is None or order is None:
            return
        is_key = order.name == self._relation.key
        if is_key and position.floor is not None and float(greatest) < float(position.floor):
            self._restarted += 1
        position.floor = greatest

    def _begin_anew(self, number: int) -> None:
        """Go on above the floor: the server was restored from elsewhere, and its transactions are others."""
        _, _, rows = self._unread(Horizon(number=number).unread())
        horizon = Horizon(number=number).advance(number, [xid for xid, _ in rows])
        floor = self._position.floor
        is_above = None if floor is None else True
        self._restarted += 1
        self._position = TablePosition(
            recent=horizon, below=horizon, floor=self._greatest(), tables=self._tables(),
            pending=[Selection(until=horizon, is_above=is_above, floor=floor)],
        )  # fmt: skip


def _domains(relation: Relation, floor: str | None) -> tuple[str, str]:
    """Return the conditions for the rows above the floor and for the others."""
    order = relation.order_column
    if order is None or floor is None:
        return "false", "true"
    above = f"{relation.qualified(order.name)} > {relation.literal(order, floor)}"
    return f"({above})", f"({above}) is not true"


def _saved_position(saved: Mapping[str, Any]) -> TablePosition:
    return TablePosition(
        recent=_horizon(saved["recent"]), below=_horizon(saved["below"]), floor=saved["floor"],
        tables=tuple(map(int, saved["tables"])),
        pending=[
            Selection(
                xids=tuple(part["xids"]), until=part["until"] and _horizon(part["until"]), is_above=part["is_above"],
                floor=part["floor"], table_id=part["table_id"], after=part["after"] and tuple(part["after"]),
            )
            for part in saved["pending"]
        ],
    )  # fmt: skip


def _horizon(saved: Mapping[str, Any]) -> Horizon:
    return Horizon(number=int(saved["number"]), later=tuple(map(int, saved["later"])))


def _xid(number: int) -> str:
    return f"'{int(number) % _CYCLE}'::xid"


def _is_any(xids: Sequence[int]) -> str:
    return f"k.xmin = any('{{{','.join(str(int(xid)) for xid in xids)}}}'::xid[])"
