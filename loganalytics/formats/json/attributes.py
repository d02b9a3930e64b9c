"""What the columns do not hold of a record, as JSON text in `attributes`.

These are the keys that the sample did not have (unless a core column took their values), the values that are of another
type than the sample's, and those of a key that stands in its object once more.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

import polars as pl

from loganalytics.formats.fields.aliases import FieldPath, value_at
from loganalytics.formats.fields.events import field_value
from loganalytics.formats.fields.record_schema import INTEGER, NUMBER, TEXT, RecordSchema, json_types
from loganalytics.formats.fields.remainders import Remainder, TakeRemainder
from loganalytics.formats.json.objects import RepeatingObject, parse_with_repeats, with_repeats


def surplus_keys(records: pl.DataFrame, lines: pl.DataFrame, record_schema: RecordSchema) -> pl.DataFrame:
    """Return the lines that may hold keys which the schema does not have: (n, line, surplus), how many.

    Where a line has as many keys with a value as there are values in the record, there are no others: counting is far
    cheaper than asking a JSON parser for the keys, which is left for the lines where the numbers differ.
    """
    values = [field_value(path).is_not_null().cast(pl.Int64) for path in record_schema.fields]
    for path in record_schema.objects[1:]:
        leaves = [field_value(leaf).is_not_null() for leaf in record_schema.leaves(path)]
        values.append(pl.any_horizontal(leaves).cast(pl.Int64))
    keys = lines["line"].str.count_matches(r'"\s*:').cast(pl.Int64)
    keys -= lines["line"].str.count_matches(r'"\s*:\s*null\b').cast(pl.Int64)
    surplus = (keys - records.select(pl.sum_horizontal(values)).to_series()).alias("surplus")
    return lines.select("n", "line").with_columns(surplus).filter(surplus != 0)


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


def lines_with_renderings(records: pl.DataFrame, record_schema: RecordSchema) -> pl.Series:
    """Return the numbers of the lines with a list or object where the sample had an exception's text, or a name.

    The column has a rendering of it, which says less.
    """
    paths = [path for path in record_schema.core.get("exception", ())[:1] if path not in record_schema.nested]
    paths += record_schema.named_objects
    is_rendered = [field_value(path).cast(pl.String).str.contains(r"^\s*[\[{]") for path in paths]
    return records.filter(pl.any_horizontal(is_rendered))["n"] if paths else records.clear()["n"]


def lines_with_twins(records: pl.DataFrame, record_schema: RecordSchema) -> pl.Series:
    """Return the numbers of the lines with two values for one column: of a dotted key and of an object."""
    differ = pl.repeat(False, records.height, eager=True)
    for path, earlier in record_schema.twins.items():
        first = pl.coalesce(field_value(twin).cast(pl.String) for twin in earlier)
        differ |= records.select((first != field_value(path).cast(pl.String)).fill_null(value=False)).to_series()
    return records["n"].filter(differ)


def take_remainder(record_schema: RecordSchema) -> TakeRemainder:
    """Return the function that adds to a remainder what the columns do not hold of a line."""

    def take(remainder: Remainder, line: str, moved: Collection[FieldPath]) -> None:
        record = parse_with_repeats(line) or {}
        _take(remainder, record, (), record_schema, moved)
        _take_twins(remainder, record, record_schema)

    return take


def _take(
    remainder: Remainder, record: Mapping[str, Any], path: FieldPath, record_schema: RecordSchema,
    moved: Collection[FieldPath],
) -> None:  # fmt: skip
    for key, value in record.items():
        inner = (*path, key)
        kind = record_schema.fields.get(inner)
        if kind is None and isinstance(value, dict) and inner in record_schema.objects:
            _take(remainder, value, inner, record_schema, moved)
        elif inner not in moved and not _has_column(inner, kind, value, record_schema):
            remainder.add(inner, with_repeats(_without_moved(value, inner, moved)))
    if isinstance(record, RepeatingObject):
        remainder.repeated_keys += len(record.repeats)
        for key, value in record.repeats:
            remainder.add((*path, key), with_repeats(value))


def _take_twins(remainder: Remainder, record: Mapping[str, Any], record_schema: RecordSchema) -> None:
    """Keep the values whose column has that of another field."""
    for path, earlier in record_schema.twins.items():
        value = value_at(record, path)
        first = next((twin for twin in (value_at(record, path) for path in earlier) if twin is not None), None)
        is_told_apart = value is not None and first is not None and value != first
        if is_told_apart and _has_column(path, record_schema.fields[path], value, record_schema):
            remainder.add(path, with_repeats(value))


def _without_moved(value: Any, path: FieldPath, moved: Collection[FieldPath]) -> Any:
    """Return an object without the fields that moved; null where nothing else was in it."""
    if not isinstance(value, dict) or not any(other[: len(path)] == path for other in moved):
        return value
    inner = {
        key: _without_moved(inner_value, (*path, key), moved)
        for key, inner_value in value.items()
        if (*path, key) not in moved
    }
    return {key: inner_value for key, inner_value in inner.items() if inner_value is not None} or None


def _has_column(path: FieldPath, kind: str | None, value: Any, record_schema: RecordSchema) -> bool:
    """Whether a value is in a column as it is."""
    if path in record_schema.named_objects:
        return not isinstance(value, dict)
    if path in record_schema.without_column:
        return not (isinstance(value, list | dict) and path in record_schema.core.get("exception", ()))
    return kind is not None and _holds(kind, value)


def _holds(kind: str, value: Any) -> bool:
    """Whether a column of this type holds a value as it is."""
    if kind == TEXT:
        return True
    types = json_types(value)
    return kind in types or (kind == NUMBER and INTEGER in types)
