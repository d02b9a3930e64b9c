"""Keys of JSON lines that the sample did not have: which there are, and the lines whose late keys mean something."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from loganalytics.formats.fields.aliases import FieldPath
from loganalytics.formats.fields.known_names import may_hold_meaning, meaningful
from loganalytics.formats.fields.late_fields import SAMPLE_RECORDS, LateRecords, late_schema
from loganalytics.formats.fields.record_schema import MAX_DEPTH, RecordSchema
from loganalytics.formats.json.duckdb_session import cursor
from loganalytics.formats.json.exact_text import read_spaced
from loganalytics.formats.json.objects import parse_object, sql_literal

if TYPE_CHECKING:
    import duckdb

# So many lines are read again by Python at once; of more, DuckDB is asked for the keys first.
MAX_PYTHON_LINES = 500
# Of more keys than these beside one another, which look like data, only those with a known name are looked into.
_MAX_OBJECTS = 50


def new_paths(lines: pl.DataFrame, record_schema: RecordSchema) -> set[FieldPath]:
    """Return the paths of the keys in these lines that the schema does not have, objects among them."""
    if lines.height > MAX_PYTHON_LINES:
        return _new_paths_of_many(lines, record_schema)
    paths: set[FieldPath] = set()
    for record in map(parse_object, lines["line"]):
        paths.update(_new_paths(record or {}, (), record_schema))
    return paths


def _new_paths(record: Mapping[str, Any], path: FieldPath, record_schema: RecordSchema) -> Iterator[FieldPath]:
    for key, value in record.items():
        inner = (*path, key)
        if inner not in record_schema.fields and inner not in record_schema.objects:
            yield inner
        if isinstance(value, dict) and len(inner) < MAX_DEPTH and _may_look_into(inner, record_schema):
            yield from _new_paths(value, inner, record_schema)


def _may_look_into(path: FieldPath, record_schema: RecordSchema) -> bool:
    """Whether keys within an object are of interest: not where a column holds it as text, unless one may be known."""
    return path not in record_schema.fields or may_hold_meaning(path)


def _new_paths_of_many(lines: pl.DataFrame, record_schema: RecordSchema) -> set[FieldPath]:
    paths: set[FieldPath] = set()
    with cursor() as connection:
        connection.register("lines", lines.select("line").to_arrow())
        level = [*record_schema.objects, *filter(may_hold_meaning, record_schema.nested)]
        while level:
            keys = {(*path, key) for path in level for key in _keys_within(connection, path)}
            found = {path for path in keys if path not in record_schema.fields and path not in record_schema.objects}
            level = _objects(connection, sorted(path for path in found - paths if len(path) < MAX_DEPTH))
            paths |= found
    return paths


def _keys_within(connection: duckdb.DuckDBPyConnection, path: FieldPath) -> set[str]:
    rows = _distinct(connection, f"json_keys({{line}}, {_pointer(path)})")
    return {key for keys in rows for key in keys or ()}


def _objects(connection: duckdb.DuckDBPyConnection, paths: Sequence[FieldPath]) -> list[FieldPath]:
    """Return which of the keys hold objects."""
    candidates = paths if len(paths) <= _MAX_OBJECTS else [path for path in paths if may_hold_meaning(path)]
    if not candidates:
        return []
    rows = _distinct(connection, f"json_type({{line}}, [{', '.join(map(_pointer, candidates))}])")
    is_object = [any(types and types[index] == "OBJECT" for types in rows) for index in range(len(candidates))]
    return [path for path, holds in zip(candidates, is_object, strict=True) if holds]


def _distinct(connection: duckdb.DuckDBPyConnection, expression: str) -> list[Any]:
    """Return the distinct values of an expression over the lines."""
    import duckdb

    try:
        rows = connection.sql(f"select distinct {expression.format(line='line')} from lines").fetchall()
    except (duckdb.InvalidInputException, UnicodeDecodeError):  # a line that only Polars takes for JSON
        valid = expression.format(line="case when json_valid(line) then line end")
        rows = connection.sql(f"select distinct {valid} from lines").fetchall()
    return [value for (value,) in rows]


def _pointer(path: FieldPath) -> str:
    return sql_literal("".join("/" + name.replace("~", "~0").replace("/", "~1") for name in path))


def spellings(names: Iterable[str]) -> list[str]:
    """Return the names as JSON writes them: as they are, or with escapes."""
    return sorted({json.dumps(name, ensure_ascii=ascii_only)[1:-1] for name in names for ascii_only in (True, False)})


def _kind_of(name: str) -> pl.Expr:
    """Return a character for what a key's value is, "-" where there is none that could mean something."""
    keys = "|".join(map(re.escape, spellings([name])))
    first = pl.col("line").str.extract(rf'"(?:{keys})"\s*:\s*(["\[{{0-9-])')
    return pl.when(first.str.contains("[0-9-]")).then(pl.lit("0")).otherwise(first).fill_null("-")


def late_records(lines: pl.DataFrame, paths: Iterable[FieldPath], record_schema: RecordSchema) -> Iterator[LateRecords]:
    """Yield the lines whose late keys mean something, each with those that have the same ones, of the same kinds."""
    late_paths = meaningful(paths, record_schema.hints)
    names = sorted({path[-1] for path in late_paths})
    if not names:
        return
    flagged = lines.select("n", "line", pl.concat_str(map(_kind_of, names)).alias("kinds"))
    for group in flagged.partition_by("kinds", maintain_order=True):
        if not group["kinds"][0].strip("-"):
            continue
        sample = [record for record in map(parse_object, group["line"].head(SAMPLE_RECORDS)) if record]
        schema = late_schema(sample, late_paths, record_schema)
        if schema:
            yield LateRecords(schema=schema, records=read_spaced(group, schema))
