"""A table or a query of a database: its columns, and the SQL for the rows that are wanted."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from zoneinfo import ZoneInfo

from loganalytics.exceptions import InvalidArgumentError, SourceNotFoundError
from loganalytics.formats.fields.aliases import core_paths
from loganalytics.formats.fields.requests import may_raise_level
from loganalytics.schema import LETTERS, LEVELS
from loganalytics.sources.read_options import ReadOptions
from loganalytics.sources.sql.address import Address
from loganalytics.sources.sql.database import Column, Database, NamedColumns

_ISO_TIME = r"^\d{4}-\d\d-\d\d[ T]\d\d:\d\d"
_TIME_COLUMNS = ("created_at", "logged_at", "event_time", "log_time", "occurred_at", "inserted_at", "created_on")
"""Names of columns that are the time where no column is called as loggers call it."""
_EPOCH_UNITS = ((1e11, 1), (1e14, 1_000), (1e17, 1_000_000), (float("inf"), 1_000_000_000))
"""Counts since 1970 below the first number are in units of which a second has so many."""
_MAX_NAMES = 12

TimeLiteral = Callable[[dt.datetime, int], str]
"""Writes a time for comparison with a column, a little earlier (-1) or later (1) to be sure."""


@dataclass(frozen=True, kw_only=True)
class Relation:
    """A table or a query of a database, its columns, and which of them are the time and the level."""

    database: Database
    sql: str
    """What stands behind FROM."""
    source: str
    columns: NamedColumns
    key: str | None
    table: str | None
    """The table's name; None for a query."""
    core: Mapping[str, Column]
    """The columns of the time and of the level, where the names say so."""

    @classmethod
    def of(cls, database: Database) -> Relation:
        """Return the table or query that the database's address names.

        Raises SourceNotFoundError, which lists the tables, when it names none; InvalidArgumentError for a column that
        is not there.
        """
        address = database.address
        table = None if address.query is not None else address.table or _only_table(database)
        if table is not None:
            sql = ".".join(map(database.quoted, table.split(".")))
        else:
            sql = f"(\n{(address.query or '').rstrip().rstrip(';')}\n)"
        columns = database.columns(sql)
        _check_columns(address, columns)
        core = _core_columns(columns, address.columns)
        names = {name: column.name for name, column in core.items() if name == "timestamp"} | dict(address.columns)
        return cls(
            database=database,
            sql=sql,
            source=table or "query",
            columns=_name_columns(columns, names),
            key=address.key or (database.primary_key(table) if table is not None else None),
            table=table,
            core=core,
        )

    def select(
        self, options: ReadOptions, *, conditions: Sequence[str] = (), columns: str = "", order: str | None = None,
        newest: bool = False, limit: int | None = None,
    ) -> str:  # fmt: skip
        """Return the query for the rows wanted, as line (JSON), key_text and perhaps more columns.

        Without an order they come in that of the key. `newest` turns it: that of the time, where it is known, or of the
        key.
        """
        conditions = [*self._conditions(options), *conditions]
        where = f" where {' and '.join(conditions)}" if conditions else ""
        order = order or self._usual_order(newest=newest)
        ordered = f" order by {order}" if order else ""
        row_limit = "" if limit is None else f" limit {limit}"
        line = self.database.row_as_json(self.columns)
        more = f", {columns}" if columns else ""
        return (
            f"select {line} as line, {self.key_text} as key_text{more} from {self.sql} as k{where}{ordered}{row_limit}"
        )

    def _usual_order(self, *, newest: bool) -> str:
        time = self.core.get("timestamp")
        column = time.name if newest and time is not None else self.key
        return f"{self.qualified(column)}{' desc' if newest else ''}" if column else ""

    def select_expression(self, expression: str, clauses: str = "") -> str:
        """Return the query for an expression over the rows."""
        return f"select {expression} from {self.sql} as k {clauses}"

    def qualified(self, column: str) -> str:
        """Return a column's name in the query."""
        return f"k.{self.database.quoted(column)}"

    @property
    def key_text(self) -> str:
        """The expression for the key as text."""
        return self.as_text(self.qualified(self.key)) if self.key else self.as_text("null")

    def as_text(self, expression: str) -> str:
        """Return the expression for a value as text."""
        return f"cast({expression} as {self.database.text_type})"

    @cached_property
    def order_column(self) -> Column | None:
        """The column by which rows come as a rule: a key that is a number, else the time; None where there is none."""
        key = self._key_column()
        return key if key is not None and key.kind == "number" else self.core.get("timestamp")

    def _key_column(self) -> Column | None:
        if self.key is None:
            return None
        column = next((column for column, _ in self.columns if column.name == self.key), None)
        if column is None:  # SQLite's own number of a row
            return Column(name=self.key, kind="number")
        values = self._first_values(column) if self.database.kinds_are_guessed else []
        is_number = bool(values) and all(isinstance(value, int) for value in values)
        return replace(column, kind="number") if is_number else column

    def greatest(self, column: Column) -> str | None:
        """Return the greatest value of a column as text; None where there is none."""
        value = self.as_text(f"max({self.qualified(column.name)})")
        ((text,),) = self.database.rows(self.select_expression(f"{value} as greatest"))
        return None if text is None else str(text)

    def literal(self, column: Column, text: str) -> str:
        """Return a value of a column, which is given as text, for a comparison with it."""
        if column.kind == "number" and re.fullmatch(r"-?[\d.]+(e[+-]?\d+)?", text, re.I):
            return text
        if column.kind.startswith("timestamp"):
            return self.database.time_literal(text, column.kind)
        return self.database.literal(text)

    def _conditions(self, options: ReadOptions) -> list[str]:
        """Return the conditions for what is wanted; where it is not certain, they let more through."""
        conditions = [f"({options.query}\n)"] if options.query is not None else []
        time, level = self.core.get("timestamp"), self.core.get("level")
        if time is not None and (options.since is not None or options.until is not None):
            conditions += self._time_conditions(time, options)
        is_sure = not any(may_raise_level((column.name,)) for column, _ in self.columns)  # which may raise a level
        if level is not None and level.kind == "text" and options.severity is not None and is_sure:
            conditions += self._level_conditions(level, options.severity)
        return conditions

    def _level_conditions(self, level: Column, severity: int) -> list[str]:
        words = LEVELS | {letter: LEVELS[word] for letter, word in LETTERS.items()}
        lower = [self.database.literal(word) for word, (_, number) in words.items() if number < severity]
        value = f"lower(cast({self.qualified(level.name)} as {self.database.text_type}))"
        return [f"({value} is null or {value} not in ({', '.join(lower)}))"] if lower else []

    def _time_conditions(self, column: Column, options: ReadOptions) -> list[str]:
        value = self.qualified(column.name)
        literal = self._time_literal(column, options.tz)
        if literal is None:
            return []
        bounds = [f"{value} >= {literal(options.since, -1)}"] if options.since is not None else []
        return bounds + ([f"{value} <= {literal(options.until, 1)}"] if options.until is not None else [])

    def _time_literal(self, column: Column, tz: str) -> TimeLiteral | None:
        """Return what writes a time for comparison with a column; None where its values are not known well enough."""
        database = self.database
        if column.kind == "timestamptz":
            return lambda time, _: database.time_literal(f"{time:%Y-%m-%d %H:%M:%S.%f}+00:00", column.kind)
        if column.kind == "timestamp":  # an hour more, for the clocks that change
            zone = ZoneInfo(tz)
            return lambda time, direction: database.time_literal(
                f"{(time + dt.timedelta(hours=direction)).astimezone(zone):%Y-%m-%d %H:%M:%S.%f}", column.kind
            )
        values = self._first_values(column)
        if values and all(isinstance(value, str) and re.match(_ISO_TIME, value) for value in values):
            # Text in any zone, with a blank or a T: the days suffice, and a day more is enough for all zones.
            return lambda time, direction: database.literal(f"{time + dt.timedelta(days=2 * direction):%Y-%m-%d}")
        numbers = [value for value in values if isinstance(value, int | float)]
        if column.kind == "number" and numbers and len(numbers) == len(values):
            unit = next(unit for limit, unit in _EPOCH_UNITS if min(numbers) < limit)
            return lambda time, direction: database.literal(int(time.timestamp() + direction) * unit)
        return None

    def _first_values(self, column: Column) -> list[object]:
        name = self.qualified(column.name)
        sql = self.select_expression(f"{name} as v", f"where {name} is not null limit 50")
        return [value for (value,) in self.database.rows(sql)]


def _only_table(database: Database) -> str:
    tables = database.tables()
    if len(tables) != 1:
        hint = f"add ?table=NAME; {_enumerate(tables)}"
        raise SourceNotFoundError(f"{database.address.source!r} names no table. Hint: {hint}.")
    return tables[0]


def _name_columns(columns: Sequence[Column], core: Mapping[str, str]) -> NamedColumns:
    """Give each column its name in the log frame: that of the core column which the address says it is."""
    core_names = {column: name for name, column in core.items()}
    return tuple(
        (column, core_names.get(column.name) or (f"{column.name}_" if column.name in core else column.name))
        for column in columns
    )


def _core_columns(columns: Sequence[Column], core: Mapping[str, str]) -> dict[str, Column]:
    """Return which columns are the time and the level: as the address says, else by their names."""
    named = _name_columns(columns, core)
    paths = core_paths({(name,): "integer" if column.kind == "number" else "text" for column, name in named})
    by_name = {name: column for column, name in named}
    core_columns: dict[str, Column] = {
        name: by_name[paths[name][0][0]] for name in ("timestamp", "level") if name in paths
    }
    time = None if "timestamp" in core_columns else _time_column(columns)
    return core_columns if time is None else core_columns | {"timestamp": time}


def _time_column(columns: Sequence[Column]) -> Column | None:
    """Return the column that is the time, where none has a name that loggers use."""
    usual = [column for name in _TIME_COLUMNS for column in columns if column.name.lower() == name]
    temporal = [column for column in columns if column.kind.startswith("timestamp")]
    return usual[0] if usual else temporal[0] if len(temporal) == 1 else None


def _check_columns(address: Address, columns: Sequence[Column]) -> None:
    """Raise InvalidArgumentError for a column of the address that the table does not have."""
    present = [column.name for column in columns]
    for name in (*address.columns.values(), *([address.key] if address.key else [])):
        if name not in present:
            raise InvalidArgumentError(
                f"{address.source!r} has no column {name!r}. Hint: it has {_enumerate(present)}."
            )


def _enumerate(names: Sequence[str]) -> str:
    return ", ".join(names[:_MAX_NAMES]) + (", …" if len(names) > _MAX_NAMES else "") if names else "there are none"
