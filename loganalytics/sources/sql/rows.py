"""The SQL for the rows that are wanted, and the log frames of what comes."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import polars as pl

from loganalytics.exceptions import InvalidArgumentError, SourceNotFoundError
from loganalytics.formats.fields.aliases import core_paths
from loganalytics.schema import LETTERS, LEVELS
from loganalytics.sources.json_records import RecordParser
from loganalytics.sources.sql.database import Column, Database
from loganalytics.sources.store import ReadOptions

_SAMPLE = 1_000
_ISO = r"^\d{4}-\d\d-\d\d[ T]\d\d:\d\d"
_TIMES = ("created_at", "logged_at", "event_time", "log_time", "occurred_at", "inserted_at", "created_on")
"""Names of columns that are the time where no other is."""
_UNITS = ((1e11, 1), (1e14, 1_000), (1e17, 1_000_000), (float("inf"), 1_000_000_000))
"""Counts since 1970 below the first number are in units of which a second has so many."""


@dataclass(frozen=True)
class Rows:
    """A table or a query of a database, its columns, and which of them is what."""

    database: Database
    relation: str
    source: str
    columns: tuple[tuple[Column, str], ...]
    """Each column, and its name in the log frame."""
    key: str | None
    core: dict[str, Column]
    """Which column is the time and which the level, where the names tell."""

    @classmethod
    def of(cls, database: Database) -> Rows:
        """Return the rows that the database's address names.

        Raises SourceNotFoundError, which lists the tables, when it names no table; InvalidArgumentError for a column
        that is not there.
        """
        address = database.address
        table = address.table
        if table is None and address.query is None:
            tables = database.tables()
            if len(tables) != 1:
                raise SourceNotFoundError(f"{address.source!r} names no table. Hint: add ?table=NAME; {_list(tables)}.")
            table = tables[0]
        if table is not None:
            relation = ".".join(database.name(part) for part in table.split("."))
        else:
            relation = f"(\n{(address.query or '').rstrip().rstrip(';')}\n)"
        columns = database.columns(relation)
        key = address.key or (database.key(table) if table is not None else None)
        _check(address.source, columns, [*address.columns.values(), *([address.key] if address.key else [])])
        core = _core(columns, address.columns)
        names = {name: column.name for name, column in core.items() if name == "timestamp"} | dict(address.columns)
        return cls(database, relation, table or "query", _named(columns, names), key, core)

    def select(
        self, want: ReadOptions, *, conditions: Sequence[str] = (), limit: int | None = None, newest: bool = False
    ) -> str:
        """Return the query for the rows wanted, as line (JSON) and place (the key as text), in the order of the key.

        `newest` turns the order: that of the time, where it is known, or of the key.
        """
        wheres = [*self._wheres(want), *conditions]
        where = f" where {' and '.join(wheres)}" if wheres else ""
        when = self.core.get("timestamp")
        by = when.name if newest and when is not None else self.key
        order = "" if by is None else f" order by {self._of(by)}{' desc' if newest else ''}"
        place = (
            f"cast({self._of(self.key)} as {self.database.text})" if self.key else f"cast(null as {self.database.text})"
        )
        cut = "" if limit is None else f" limit {limit}"
        line = self.database.json(self.columns)
        return f"select {line} as line, {place} as place from {self.relation} as k{where}{order}{cut}"

    def values(self, expression: str, tail: str = "") -> str:
        """Return the query for an expression over the rows."""
        return f"select {expression} from {self.relation} as k {tail}"

    def _of(self, column: str) -> str:
        return f"k.{self.database.name(column)}"

    def _wheres(self, want: ReadOptions) -> list[str]:
        """Return the conditions for what is wanted; where it is not certain, they let more through."""
        wheres = [f"({want.query}\n)"] if want.query is not None else []
        when, level = self.core.get("timestamp"), self.core.get("level")
        if when is not None and (want.since is not None or want.until is not None):
            wheres += self._within(when, want)
        if level is not None and level.kind == "text" and want.severity is not None:
            words = LEVELS | {letter: LEVELS[word] for letter, word in LETTERS.items()}
            low = [self.database.literal(word) for word, (_, number) in words.items() if number < want.severity]
            value = f"lower(cast({self._of(level.name)} as {self.database.text}))"
            wheres += [f"({value} is null or {value} not in ({', '.join(low)}))"] if low else []
        return wheres

    def _within(self, column: Column, want: ReadOptions) -> list[str]:
        value = self._of(column.name)
        literal = self._literals(column, want.tz)
        if literal is None:
            return []
        bounds = [f"{value} >= {literal(want.since, -1)}"] if want.since is not None else []
        return bounds + ([f"{value} <= {literal(want.until, 1)}"] if want.until is not None else [])

    def _literals(self, column: Column, tz: str) -> Callable[[dt.datetime, int], str] | None:
        """Return what writes a time for comparison with a column, a little earlier (-1) or later (1) to be sure."""
        database = self.database
        if column.kind == "timestamptz":
            return lambda when, _: database.moment(f"{when:%Y-%m-%d %H:%M:%S.%f}+00:00", column.kind)
        if column.kind == "timestamp":  # an hour more, for the clocks that change
            zone = ZoneInfo(tz)
            return lambda when, way: database.moment(
                f"{(when + dt.timedelta(hours=way)).astimezone(zone):%Y-%m-%d %H:%M:%S.%f}", column.kind
            )
        some = self._some(column)
        if some and all(isinstance(value, str) and re.match(_ISO, value) for value in some):
            # Text in any zone, with a blank or a T: the days tell, and a day more is enough for all zones.
            return lambda when, way: database.literal(f"{when + dt.timedelta(days=2 * way):%Y-%m-%d}")
        if column.kind == "number" and some and all(isinstance(value, int | float) for value in some):
            least = min(value for value in some if isinstance(value, int | float))
            unit = next(unit for most, unit in _UNITS if least < most)
            return lambda when, way: database.literal(int(when.timestamp() + way) * unit)
        return None

    def _some(self, column: Column) -> list[object]:
        """Return the first values of a column."""
        name = self._of(column.name)
        sql = self.values(f"{name} as v", f"where {name} is not null limit 50")
        return [value for (value,) in self.database.rows(sql)]


@dataclass
class Reading:
    """Rows on their way to log frames; the first ones show what they hold."""

    rows: Rows
    tz: str
    read: int = 0
    records: RecordParser | None = None
    objects: list[str] | None = None
    """The columns whose texts are JSON objects."""

    def frame(self, batch: pl.DataFrame) -> pl.DataFrame:
        """Return the log frame of rows (line, place)."""
        if self.objects is None:
            self.objects = _objects(_spread(batch["line"]))
        lines = _expand(batch["line"], self.objects)
        if self.records is None:
            self.records = RecordParser.learn(_spread(lines), self.tz)
        number = pl.int_range(self.read + 1, self.read + 1 + batch.height, dtype=pl.Int64).cast(pl.String)
        self.read += batch.height
        place = batch.select(pl.coalesce(pl.col("place").cast(pl.String), number)).to_series()
        records = pl.DataFrame({"line": lines, "source": [self.rows.source] * batch.height, "offset": place},
                               schema={"line": pl.String, "source": pl.String, "offset": pl.String})  # fmt: skip
        return self.records.frame(records)


def _spread(lines: pl.Series) -> list[str]:
    """Return a thousand of the lines, from all over."""
    return [line for line in lines.gather_every(max(1, lines.len() // _SAMPLE)).to_list() if line is not None]


def _objects(sample: Sequence[str]) -> list[str]:
    """Return the fields whose texts are JSON objects wherever they have any text."""
    found: dict[str, bool] = {}
    for line in sample:
        for name, value in json.loads(line).items():
            if isinstance(value, str) and value:
                found[name] = found.get(name, True) and _is_object(value)
    return [name for name, always in found.items() if always]


def _is_object(text: str) -> bool:
    try:
        return text.lstrip().startswith("{") and isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _expand(lines: pl.Series, names: Sequence[str]) -> pl.Series:
    """Put the objects in place of the texts that write them; a text that is none after all stays."""
    if not names or lines.is_empty():
        return lines
    import duckdb

    line = "line"
    for name in names:
        pointer = "'/" + name.replace("~", "~0").replace("/", "~1").replace("'", "''") + "'"
        text, key = f"json_extract_string(line, {pointer})", "'" + name.replace("'", "''") + "'"
        patched = f"cast(json_merge_patch({line}, json_object({key}, cast({text} as json))) as varchar)"
        line = f"case when json_valid({text}) and ltrim({text}) like '{{%' then {patched} else {line} end"
    with duckdb.connect() as connection:
        connection.register("lines", lines.alias("line").to_frame().to_arrow())
        expanded: pl.DataFrame = connection.sql(f"select {line} as line from lines").pl()
    return expanded["line"]


def _named(columns: Sequence[Column], wanted: Mapping[str, str]) -> tuple[tuple[Column, str], ...]:
    """Give each column its name in the log frame: that of the core column which the address says it is."""
    core = {column: name for name, column in wanted.items()}
    taken = set(wanted)
    return tuple(
        (column, core.get(column.name) or (f"{column.name}_" if column.name in taken else column.name))
        for column in columns
    )


def _core(columns: Sequence[Column], wanted: Mapping[str, str]) -> dict[str, Column]:
    """Return which columns are the time and the level: as the address says, else by their names."""
    named = _named(columns, wanted)
    paths = core_paths({(name,): "integer" if column.kind == "number" else "text" for column, name in named})
    by_name = {name: column for column, name in named}
    found: dict[str, Column] = {core: by_name[paths[core][0][0]] for core in ("timestamp", "level") if core in paths}
    when = None if "timestamp" in found else _time(columns)
    return found if when is None else found | {"timestamp": when}


def _time(columns: Sequence[Column]) -> Column | None:
    """Return the column that is the time, where its name is none that loggers use."""
    usual = [column for name in _TIMES for column in columns if column.name.lower() == name]
    temporal = [column for column in columns if column.kind.startswith("timestamp")]
    return usual[0] if usual else temporal[0] if len(temporal) == 1 else None


def _check(source: str, columns: Sequence[Column], named: Sequence[str]) -> None:
    have = [column.name for column in columns]
    for name in named:
        if name not in have:
            raise InvalidArgumentError(f"{source!r} has no column {name!r}. Hint: it has {_list(have)}.")


def _list(names: Sequence[str]) -> str:
    return ", ".join(names[:12]) + (", …" if len(names) > 12 else "") if names else "there are none"
