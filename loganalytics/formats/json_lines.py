"""JSON lines to events: the fields come from a sample, DuckDB reads them, nothing is lost on the way.

Every field is read as text and then typed, since from_json nulls a value of another type than declared; a value that
does not fit its column's dtype, and a key that the sample did not have, are kept in `attributes`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import polars as pl

from loganalytics.formats.dialects import Dialect, Path, core_paths, dialect
from loganalytics.formats.timestamps import Clock, to_utc
from loganalytics.schema import CORE, severities

if TYPE_CHECKING:
    import duckdb

_WHOLE = re.compile(r"-?\d{1,18}$")
_DECIMAL = re.compile(r"-?\d+\.\d+$")
_MAX_FIELDS = 200
_MAX_KEYS_OF_OBJECT = 60
_INTEGER, _NUMBER, _BOOLEAN, _TEXT = "integer", "number", "boolean", "text"
_DTYPES: dict[str, pl.DataType] = {
    _INTEGER: pl.Int64(),
    _NUMBER: pl.Float64(),
    _BOOLEAN: pl.Boolean(),
    _TEXT: pl.String(),
}


@dataclass(frozen=True)
class JsonLines:
    """What a sample of JSON lines holds: each field's path and type, and which fields are the core columns."""

    fields: Mapping[Path, str]
    core: Mapping[str, tuple[Path, ...]]
    name: str = "JSON lines"
    dialect: Dialect = field(default_factory=Dialect)

    @property
    def objects(self) -> list[Path]:
        """The paths of the objects that were taken apart, the root first."""
        inner = {path[:depth] for path in self.fields for depth in range(1, len(path))}
        return [(), *sorted(inner)]


def learn(lines: Iterable[str]) -> JsonLines | None:
    """Return the fields of a sample of lines, or None when none is a JSON object with a field to read."""
    return learn_records([record for record in map(_object, lines) if record])


def learn_records(records: Sequence[Mapping[str, Any]], name: str = "JSON lines") -> JsonLines | None:
    """Return the fields of a sample of records, or None when they have none to read."""
    kinds: dict[Path, set[str]] = {}
    for record in records:
        _collect(record, (), kinds)
    fields = _settle(kinds)
    if not fields:
        return None
    core = core_paths(fields)
    levels = {path: {str(_lookup(record, path)) for record in records} for path in core.get("level", ())}
    return JsonLines(fields, core, name, dialect(fields, core, levels))


def read(lines: pl.DataFrame, layout: JsonLines, clock: Clock) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split lines (n, line) into the events that are JSON objects and the lines that are not."""
    looks = pl.col("line").str.starts_with("{")
    candidates = lines.filter(looks)
    parsed = _parse(candidates, layout)
    good = parsed["r"].is_not_null()
    rest = lines if candidates.is_empty() else pl.concat([lines.filter(~looks), candidates.filter(~good)]).sort("n")
    if not good.all():
        parsed, candidates = parsed.filter(good), candidates.filter(good)
    suspects = pl.concat([_late(parsed, candidates, layout), _drifted(parsed, candidates, layout)]).unique()
    events = to_events(parsed, candidates, layout, clock)
    return _with_attributes(events, candidates, suspects, layout), rest


def to_events(parsed: pl.DataFrame, lines: pl.DataFrame, layout: JsonLines, clock: Clock) -> pl.DataFrame:
    """Turn records (n, r: a struct of texts by the layout's paths) into events."""
    return _with_message(_columns(parsed, layout, clock), lines)


def sample_times(lines: Iterable[str], layout: JsonLines) -> pl.Series:
    """Return the texts of the sample's timestamps."""
    records = [record for record in map(_object, lines) if record]
    paths = layout.core.get("timestamp", ())
    texts = [next((str(t) for p in paths if (t := _lookup(r, p)) is not None), None) for r in records]
    return pl.Series("timestamp", texts, dtype=pl.String)


def _lookup(record: Any, path: Path) -> Any:
    for part in path:
        record = record.get(part) if isinstance(record, dict) else None
    return record


def _object(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line) if line.startswith("{") else None
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _collect(record: Mapping[str, Any], path: Path, kinds: dict[Path, set[str]]) -> None:
    for key, value in record.items():
        inner = (*path, key)
        if isinstance(value, dict) and value and len(inner) < 6:
            kinds.setdefault(inner, set()).add("object")
            _collect(value, inner, kinds)
        else:
            kinds.setdefault(inner, set()).update(_kind(value))


def _kind(value: Any) -> set[str]:
    if value is None or value == {}:
        return set()
    if isinstance(value, bool):
        return {_BOOLEAN}
    if isinstance(value, int):
        return {_INTEGER if abs(value) < 2**63 else _TEXT}
    return {_NUMBER if isinstance(value, float) else _TEXT}


def typed(text: str) -> object:
    """Return a value that a text format writes as the number that it is, else as it stands."""
    if _WHOLE.match(text):
        return int(text)
    return float(text) if _DECIMAL.match(text) else text


def _settle(kinds: Mapping[Path, set[str]]) -> dict[Path, str]:
    """Return one type a path; an object becomes its fields unless its keys look like data or it is not always one."""
    sizes: dict[Path, int] = {}
    for path in kinds:
        sizes[path[:-1]] = sizes.get(path[:-1], 0) + 1
    whole = {
        path
        for path, kind in kinds.items()
        if "object" in kind and (kind != {"object"} or sizes.get(path, 0) > _MAX_KEYS_OF_OBJECT)
    }
    fields: dict[Path, str] = {}
    columns: set[str] = set()
    names: dict[Path, Path] = {}  # DuckDB's field names differ by more than case
    for path, kind in kinds.items():
        prefixes = [path[:depth] for depth in range(1, len(path) + 1)]
        folded = [tuple(part.lower() for part in prefix) for prefix in prefixes]
        clashes = any(names.get(key, prefix) != prefix for key, prefix in zip(folded, prefixes, strict=True))
        clashes = clashes or ".".join(path) in columns
        inside = not whole.isdisjoint(prefixes[:-1])
        if inside or clashes or (kind == {"object"} and path not in whole) or not all(map(_can_name, path)):
            continue
        names.update(zip(folded, prefixes, strict=True))
        fields[path] = _one_type(kind)
        columns.add(".".join(path))
        if len(fields) == _MAX_FIELDS:
            break
    return fields


def _can_name(key: str) -> bool:
    """Whether DuckDB and Polars take the key as a field's name; any other is kept in `attributes`."""
    return key != "" and key.isprintable() and key != "*" and not (key.startswith("^") and key.endswith("$"))


def _one_type(kind: set[str]) -> str:
    if kind == {_INTEGER, _NUMBER}:
        return _NUMBER
    return next(iter(kind)) if len(kind) == 1 and "object" not in kind else _TEXT


def _spec(fields: Iterable[Path]) -> str:
    tree: dict[str, Any] = {}
    for path in fields:
        branch = tree
        for part in path[:-1]:
            branch = branch.setdefault(part, {})
        branch[path[-1]] = "VARCHAR"
    return json.dumps(tree)


def _parse(lines: pl.DataFrame, layout: JsonLines) -> pl.DataFrame:
    """Return (n, r) with r the record as a struct, null where the line is not JSON."""
    import duckdb

    record = f"from_json(line, {_quote(_spec(layout.fields))})"
    with _database(os.getpid()).cursor() as connection:
        connection.register("lines", lines.select("line").to_arrow())
        try:
            records = connection.sql(f"select {record} as r from lines").pl()
        except duckdb.InvalidInputException:  # a broken line, which the test for validity finds at a third more cost
            valid = f"select case when json_valid(line) then {record} end as r from lines"
            records = connection.sql(valid).pl()
    return lines.select("n").hstack(records)


@cache
def _database(process: int) -> duckdb.DuckDBPyConnection:
    """Return a database to ask: to make one takes ten times as long as to parse a few lines with it."""
    import duckdb

    return duckdb.connect()


def _unknown(lines: pl.DataFrame, layout: JsonLines) -> set[Path]:
    """Return the paths of the keys in these lines that the layout does not have."""
    found: set[Path] = set()
    with _database(os.getpid()).cursor() as connection:
        connection.register("lines", lines.select("line").to_arrow())
        for path in layout.objects:
            pointer = "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path)
            keys = f"select distinct json_keys(line, {_quote(pointer)}) from lines"
            found.update((*path, key) for (row,) in connection.sql(keys).fetchall() for key in row or ())
    return {path for path in found if path not in layout.fields and path not in layout.objects}


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _field(path: Path, record: pl.Expr) -> pl.Expr:
    for part in path:
        record = record.struct.field(part)
    return record


def _first(paths: tuple[Path, ...], record: pl.Expr) -> pl.Expr:
    return pl.coalesce([_field(path, record) for path in paths]) if paths else pl.lit(None, dtype=pl.String)


def _columns(parsed: pl.DataFrame, layout: JsonLines, clock: Clock) -> pl.DataFrame:
    record = pl.col("r")
    core = {column: _first(paths, record).alias(column) for column, paths in layout.core.items()}
    taken = {paths[0] for paths in layout.core.values()}
    others = [
        _typed(_field(path, record), kind).alias(_column_name(path))
        for path, kind in layout.fields.items()
        if path not in taken
    ]
    events = parsed.select("n", *core.values(), *others, *_meanings(layout))
    if "timestamp" in core:
        events = events.with_columns(to_utc(events["timestamp"], clock))
    if "level" in events.columns:
        events = events.with_columns(severities(_level(layout)))
    if "message" not in events.columns:
        return events.with_columns(message=pl.lit(None, dtype=pl.String))
    return _first_line(events)


def _meanings(layout: JsonLines) -> list[pl.Expr]:
    """Return the columns that the dialect adds: duration_ms, and the message and level of a web request."""
    record, known = pl.col("r"), layout.dialect
    found: list[pl.Expr] = []
    if known.durations and ("duration_ms",) not in layout.fields:
        each = [
            _field(path, record).cast(pl.Float64, strict=False) * factor for path, factor in known.durations.items()
        ]
        found.append(pl.coalesce(each).alias("duration_ms"))
    if known.request:
        parts = [_field(path, record) for path in known.request]
        found.append(pl.concat_str(parts, separator=" ", ignore_nulls=True).replace("", None).alias("message"))
        if "level" not in layout.core:
            status = parts[-1].cast(pl.Int32, strict=False)
            levels = pl.when(status >= 500).then(pl.lit("error")).when(status >= 400).then(pl.lit("warning"))
            found.append(levels.when(status.is_not_null()).then(pl.lit("info")).alias("level"))
    if known.absent_level and "level" not in layout.core:
        found.append(pl.lit(known.absent_level).alias("level"))
    return found


def _level(layout: JsonLines) -> pl.Expr:
    word = pl.col("level")
    if layout.dialect.levels:
        word = word.replace(layout.dialect.levels)
    return word.fill_null(layout.dialect.absent_level) if layout.dialect.absent_level else word


def _typed(value: pl.Expr, kind: str) -> pl.Expr:
    if kind == _BOOLEAN:
        return pl.when(value.is_in(["true", "false"])).then(value == "true")
    return value if kind == _TEXT else value.cast(_DTYPES[kind], strict=False)


def _column_name(path: Path) -> str:
    name = ".".join(path)
    return f"attributes.{name}" if name in CORE or name in ("n", "attributes") else name


def _first_line(events: pl.DataFrame) -> pl.DataFrame:
    """Keep a message's first line; what follows it is the exception, unless the record brings one of its own."""
    message = pl.col("message").str.strip_chars_end("\n")
    if not events["message"].str.contains("\n", literal=True).any():
        return events
    rest = message.str.extract(r"(?s)^[^\n]*\n(.*)$")
    both = pl.coalesce("exception", rest) if "exception" in events.columns else rest
    return events.with_columns(message.str.extract(r"^([^\n]*)").alias("message"), both.alias("exception"))


def _late(parsed: pl.DataFrame, lines: pl.DataFrame, layout: JsonLines) -> pl.Series:
    """Return the numbers of the lines that may hold keys which the sample did not have.

    Where a line has as many keys as there are values in the record, there are no others: counting is far cheaper than
    asking a JSON parser for the keys, which is left for the lines where the numbers differ.
    """
    record = pl.col("r")
    values = [_field(path, record).is_not_null().cast(pl.UInt32) for path in layout.fields]
    for path in layout.objects[1:]:
        leaves = [_field(leaf, record).is_not_null() for leaf in layout.fields if leaf[: len(path)] == path]
        values.append(pl.any_horizontal(leaves).cast(pl.UInt32))
    keys = lines["line"].str.count_matches('":')
    odd = lines.filter(parsed.select(pl.sum_horizontal(values)).to_series() != keys)
    names = [json.dumps(path[-1])[1:-1] for path in _unknown(odd, layout)] if odd.height else []
    return odd.filter(pl.col("line").str.contains_any(names))["n"] if names else lines.clear()["n"]


def _drifted(parsed: pl.DataFrame, lines: pl.DataFrame, layout: JsonLines) -> pl.Series:
    """Return the numbers of the lines with a value of another type than the sample's."""
    record = pl.col("r")
    misfit = [
        _field(path, record).is_not_null() & _typed(_field(path, record), kind).is_null()
        for path, kind in layout.fields.items()
        if kind != _TEXT
    ]
    found = [parsed.filter(pl.any_horizontal(misfit))["n"]] if misfit else []
    for path in layout.objects[1:]:  # text where the sample had an object
        leaves = [_field(leaf, record).is_null() for leaf in layout.fields if leaf[: len(path)] == path]
        without = parsed.filter(pl.all_horizontal(leaves)).select("n")
        if without.height:
            named = pl.col("line").str.contains(json.dumps(path[-1]), literal=True)
            found.append(lines.join(without, on="n", how="semi").filter(named)["n"])
    return pl.concat([lines.clear()["n"], *found])


def _with_message(events: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Give a record that has no message its whole line as one."""
    if not events["message"].null_count():
        return events
    joined = events.join(lines.select("n", "line"), on="n", how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce("message", "line").alias("message")).drop("line")


def _with_attributes(events: pl.DataFrame, lines: pl.DataFrame, suspects: pl.Series, layout: JsonLines) -> pl.DataFrame:
    """Add `attributes`: JSON text of what the columns do not hold of the suspect lines."""
    rows = lines.filter(pl.col("n").is_in(suspects.implode())) if suspects.len() else lines.clear()
    kept = [(n, text) for n, line in rows.iter_rows() if (text := _leftovers(line, layout))]
    if not kept:
        return events.with_columns(pl.lit(None, dtype=pl.String).alias("attributes"))
    extra = pl.DataFrame(kept, schema={"n": events.schema["n"], "attributes": pl.String}, orient="row")
    return events.join(extra, on="n", how="left", maintain_order="left")


def _leftovers(line: str, layout: JsonLines) -> str | None:
    record = _object(line)
    left = _beyond(record, (), layout) if record else {}
    return json.dumps(left, ensure_ascii=False) if left else None


def _beyond(record: Mapping[str, Any], path: Path, layout: JsonLines) -> dict[str, Any]:
    left: dict[str, Any] = {}
    for key, value in record.items():
        inner = (*path, key)
        kind = layout.fields.get(inner)
        if kind is None and isinstance(value, dict) and inner in layout.objects:
            left |= _beyond(value, inner, layout)
        elif value is not None and (kind is None or (kind != _TEXT and kind not in _fits(value))):
            left[".".join(inner)] = value
    return left


def _fits(value: Any) -> set[str]:
    kind = _kind(value)
    return kind | {_NUMBER} if _INTEGER in kind else kind
