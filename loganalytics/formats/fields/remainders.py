"""What the columns do not hold of a record, as JSON text in `attributes`."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable
from typing import Any

import polars as pl

from loganalytics.formats.fields.aliases import FieldPath
from loganalytics.formats.fields.events import field_value
from loganalytics.formats.fields.late_fields import MovedFields, moved_paths
from loganalytics.formats.fields.record_schema import TEXT, RecordSchema
from loganalytics.formats.internal_columns import REPEATED_KEYS, column_name

_NEW = "\0new"


class Remainder:
    """What the columns do not hold of one record, by dotted names."""

    def __init__(self, attributes: str | None) -> None:
        begun: dict[str, Any] = json.loads(attributes) if attributes else {}
        self._values = {name: [value] for name, value in begun.items()}
        self.repeated_keys = 0
        """How many keys stood in their object once more."""

    def add(self, path: FieldPath, value: Any) -> None:
        """Keep a value; several of one name are a list."""
        if value is not None:
            self._values.setdefault(".".join(path), []).append(value)

    def to_json(self) -> str | None:
        """Return it as JSON text, None where nothing is left."""
        attributes = {name: values if values[1:] else values[0] for name, values in self._values.items()}
        return json.dumps(attributes, ensure_ascii=False) if attributes else None


TakeRemainder = Callable[[Remainder, str, Collection[FieldPath]], None]
"""Adds to a remainder what the columns do not hold of a line, given the fields that moved to a core column."""


def with_remainders(
    events: pl.DataFrame, lines: pl.DataFrame, moved: Iterable[MovedFields], take: TakeRemainder
) -> pl.DataFrame:
    """Add `attributes` to events, and REPEATED_KEYS, by those of their lines (n, line) that have something left."""
    if "attributes" not in events.columns:
        events = events.with_columns(pl.lit(None, dtype=pl.String).alias("attributes"))
    if lines.is_empty():
        return events
    paths = moved_paths(moved, lines["n"])
    rows = lines.join(events.select("n", "attributes"), on="n", how="left", maintain_order="left")
    remainders: list[Remainder] = []
    for number, line, attributes in rows.select("n", "line", "attributes").iter_rows():
        remainders.append(Remainder(attributes))
        take(remainders[-1], line, paths.get(number, ()))
    additions = rows.select(
        "n",
        pl.Series(_NEW, [remainder.to_json() for remainder in remainders], dtype=pl.String),
        pl.Series(REPEATED_KEYS, [remainder.repeated_keys or None for remainder in remainders], dtype=pl.UInt32),
    )
    joined = events.join(additions, on="n", how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce(_NEW, "attributes").alias("attributes")).drop(_NEW)


def lines_with_other_types(
    records: pl.DataFrame, events: pl.DataFrame, record_schema: RecordSchema, text_fields: Collection[FieldPath]
) -> pl.Series:
    """Return the numbers of the lines with a value that its column does not hold: it is of another type.

    `events` are the columns of the records; `text_fields` the fields whose values came as text, whatever their type.
    """
    misfits = pl.repeat(False, records.height, eager=True)
    for path, kind in record_schema.fields.items():
        if kind != TEXT and path in text_fields and path not in record_schema.without_column:
            texts, column = records.select(field_value(path)).to_series(), events[column_name(path)]
            if column.null_count() > texts.null_count():
                misfits |= column.is_null() & (texts != "").fill_null(value=False)
    return records["n"].filter(misfits)
