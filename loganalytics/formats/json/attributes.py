"""What the columns of a schema do not hold of a record, as JSON text in `attributes`.

These are the keys that the sample did not have, and the values that are of another type than the sample's.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

import polars as pl

from loganalytics.formats.fields.aliases import FieldPath
from loganalytics.formats.fields.events import field_value, parse_typed
from loganalytics.formats.fields.record_schema import INTEGER, NUMBER, TEXT, RecordSchema, json_types
from loganalytics.formats.json.duckdb_session import cursor

# So many lines are read again by Python at once; of more, DuckDB is asked for the keys first.
_MAX_PYTHON_LINES = 500


def lines_with_new_keys(records: pl.DataFrame, lines: pl.DataFrame, record_schema: RecordSchema) -> pl.Series:
    """Return the numbers of the lines that may hold keys which the schema does not have.

    Where a line has as many keys with a value as there are values in the record, there are no others: counting is far
    cheaper than asking a JSON parser for the keys, which is left for the lines where the numbers differ.
    """
    values = [field_value(path).is_not_null().cast(pl.UInt32) for path in record_schema.fields]
    for path in record_schema.objects[1:]:
        leaves = [field_value(leaf).is_not_null() for leaf in record_schema.leaves(path)]
        values.append(pl.any_horizontal(leaves).cast(pl.UInt32))
    keys = lines["line"].str.count_matches(r'"\s*:').cast(pl.Int64)
    keys -= lines["line"].str.count_matches(r'"\s*:\s*null\b').cast(pl.Int64)
    suspects = lines.filter(records.select(pl.sum_horizontal(values)).to_series() != keys)
    if suspects.height <= _MAX_PYTHON_LINES:
        return suspects["n"]
    names = [json.dumps(path[-1])[1:-1] for path in _new_paths(suspects, record_schema)]
    return suspects.filter(pl.col("line").str.contains_any(names))["n"] if names else lines.clear()["n"]


def lines_with_other_types(
    records: pl.DataFrame, record_schema: RecordSchema, text_fields: Collection[FieldPath]
) -> pl.Series:
    """Return the numbers of the lines with a value of another type than the schema's.

    `text_fields` are the fields whose values came as text, whatever their type.
    """
    misfits = [
        field_value(path).is_not_null() & parse_typed(field_value(path), kind).is_null()
        for path, kind in record_schema.fields.items()
        if kind != TEXT and path in text_fields
    ]
    return records.filter(pl.any_horizontal(misfits))["n"] if misfits else records.clear()["n"]


def lines_without_objects(records: pl.DataFrame, lines: pl.DataFrame, record_schema: RecordSchema) -> pl.Series:
    """Return the numbers of the lines that may have another value where the sample had an object."""
    suspects = [lines.clear()["n"]]
    for path in record_schema.objects[1:]:
        leaves = [field_value(leaf).is_null() for leaf in record_schema.leaves(path)]
        without = records.filter(pl.all_horizontal(leaves)).select("n")
        if without.height:
            has_key = pl.col("line").str.contains(json.dumps(path[-1]), literal=True)
            suspects.append(lines.join(without, on="n", how="semi").filter(has_key)["n"])
    return pl.concat(suspects)


def with_attributes(
    events: pl.DataFrame, lines: pl.DataFrame, suspects: pl.Series, record_schema: RecordSchema
) -> pl.DataFrame:
    """Add `attributes`: JSON text of what the columns do not hold of the suspect lines."""
    rows = lines.filter(pl.col("n").is_in(suspects.implode())) if suspects.len() else lines.clear()
    attributes = pl.Series("attributes", [_attributes(line, record_schema) for line in rows["line"]], dtype=pl.String)
    if attributes.null_count() == attributes.len():
        return events.with_columns(pl.lit(None, dtype=pl.String).alias("attributes"))
    additions = rows.select("n", attributes)
    return events.join(additions, on="n", how="left", maintain_order="left")


def parse_object(line: str) -> dict[str, Any] | None:
    """Return the JSON object that a line is, else None."""
    try:
        value = json.loads(line) if line.startswith("{") else None
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _new_paths(lines: pl.DataFrame, record_schema: RecordSchema) -> set[FieldPath]:
    """Return the paths of the keys in these lines that the schema does not have."""
    paths: set[FieldPath] = set()
    with cursor() as connection:
        connection.register("lines", lines.select("line").to_arrow())
        for path in record_schema.objects:
            pointer = "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in path)
            query = f"select distinct json_keys(line, {sql_literal(pointer)}) from lines"
            paths.update((*path, key) for (keys,) in connection.sql(query).fetchall() for key in keys or ())
    return {path for path in paths if path not in record_schema.fields and path not in record_schema.objects}


def sql_literal(string: str) -> str:
    """Return the text as a literal of SQL."""
    return "'" + string.replace("'", "''") + "'"


def _attributes(line: str, record_schema: RecordSchema) -> str | None:
    record = parse_object(line)
    attributes = _without_columns(record, (), record_schema) if record else {}
    return json.dumps(attributes, ensure_ascii=False) if attributes else None


def _without_columns(record: Mapping[str, Any], path: FieldPath, record_schema: RecordSchema) -> dict[str, Any]:
    """Return what the columns do not hold, by dotted names."""
    attributes: dict[str, Any] = {}
    for key, value in record.items():
        inner = (*path, key)
        kind = record_schema.fields.get(inner)
        if kind is None and isinstance(value, dict) and inner in record_schema.objects:
            attributes |= _without_columns(value, inner, record_schema)
        elif value is not None and (kind is None or (kind != TEXT and kind not in _readable_as(value))):
            attributes[".".join(inner)] = value
    return attributes


def _readable_as(value: Any) -> set[str]:
    """Return the types of column that hold a value as it is."""
    types = json_types(value)
    return types | {NUMBER} if INTEGER in types else types
