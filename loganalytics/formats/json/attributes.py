"""What the columns do not hold of a record, as JSON text in `attributes`.

These are the keys that the sample did not have (unless a core column took their values), the values that are of another
type than the sample's, and those of a key that stands in its object once more.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import polars as pl

from loganalytics.formats.fields.aliases import FieldPath
from loganalytics.formats.fields.events import field_value, parse_typed
from loganalytics.formats.fields.late_fields import MovedFields, moved_paths
from loganalytics.formats.fields.record_schema import INTEGER, NUMBER, TEXT, RecordSchema, json_types
from loganalytics.formats.internal_columns import REPEATED_KEYS
from loganalytics.formats.json.objects import RepeatingObject, parse_with_repeats, with_repeats

_NEW = "\0new"


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
    events: pl.DataFrame, lines: pl.DataFrame, moved: Iterable[MovedFields], record_schema: RecordSchema
) -> pl.DataFrame:
    """Add `attributes`, JSON text of what the columns do not hold of some lines (n, line), and REPEATED_KEYS."""
    if "attributes" not in events.columns:
        events = events.with_columns(pl.lit(None, dtype=pl.String).alias("attributes"))
    if lines.is_empty():
        return events
    paths = moved_paths(moved, lines["n"])
    rows = lines.join(events.select("n", "attributes"), on="n", how="left", maintain_order="left")
    remainders = [
        _Remainder(record_schema, paths.get(number, ()), text).read(line)
        for number, line, text in rows.select("n", "line", "attributes").iter_rows()
    ]
    additions = rows.select(
        "n",
        pl.Series(_NEW, [remainder.to_json() for remainder in remainders], dtype=pl.String),
        pl.Series(REPEATED_KEYS, [remainder.repeated_keys for remainder in remainders], dtype=pl.UInt32),
    )
    joined = events.join(additions, on="n", how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce(_NEW, "attributes").alias("attributes")).drop(_NEW)


class _Remainder:
    """What the columns do not hold of one record, by dotted names."""

    def __init__(self, record_schema: RecordSchema, moved: Collection[FieldPath], attributes: str | None) -> None:
        self._schema, self._moved = record_schema, moved
        begun: dict[str, Any] = json.loads(attributes) if attributes else {}
        self._values = {name: [value] for name, value in begun.items()}
        self.repeated_keys = 0

    def read(self, line: str) -> _Remainder:
        """Take what is left of the record of a line."""
        self._read(parse_with_repeats(line) or {}, ())
        return self

    def to_json(self) -> str | None:
        """Return it as JSON text; what has one name stands in a list."""
        if not self._values:
            return None
        attributes = {name: values if values[1:] else values[0] for name, values in self._values.items()}
        return json.dumps(attributes, ensure_ascii=False)

    def _read(self, record: Mapping[str, Any], path: FieldPath) -> None:
        for key, value in record.items():
            inner = (*path, key)
            kind = self._schema.fields.get(inner)
            if kind is None and isinstance(value, dict) and inner in self._schema.objects:
                self._read(value, inner)
            elif value is not None and inner not in self._moved and (kind is None or not _holds(kind, value)):
                self._add(inner, self._without_moved(value, inner))
        if isinstance(record, RepeatingObject):
            self.repeated_keys += len(record.repeats)
            for key, value in record.repeats:
                self._add((*path, key), value)

    def _add(self, path: FieldPath, value: Any) -> None:
        if value is not None:
            self._values.setdefault(".".join(path), []).append(with_repeats(value))

    def _without_moved(self, value: Any, path: FieldPath) -> Any:
        """Return an object without the fields that moved; null where nothing else was in it."""
        if not isinstance(value, dict) or not any(moved[: len(path)] == path for moved in self._moved):
            return value
        inner = {key: self._without_moved(inner, (*path, key)) for key, inner in value.items()
                 if (*path, key) not in self._moved}  # fmt: skip
        return {key: inner_value for key, inner_value in inner.items() if inner_value is not None} or None


def _holds(kind: str, value: Any) -> bool:
    """Whether a column of this type holds a value as it is."""
    if kind == TEXT:
        return True
    types = json_types(value)
    return kind in types or (kind == NUMBER and INTEGER in types)
