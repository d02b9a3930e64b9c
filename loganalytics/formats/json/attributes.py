"""What the columns of a layout do not hold of a record, kept as JSON text in `attributes`.

These are the keys that the sample did not have, and the values that are of another type than the sample's.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

import polars as pl

from loganalytics.formats.fields.aliases import Path
from loganalytics.formats.fields.events import type_text, value
from loganalytics.formats.fields.schema import INTEGER, NUMBER, TEXT, RecordSchema, kind_of
from loganalytics.formats.json.duckdb_session import cursor

# So many lines are read again by Python at once; of more, DuckDB is asked for the keys first.
_FEW = 500


def late(records: pl.DataFrame, lines: pl.DataFrame, layout: RecordSchema) -> pl.Series:
    """Return the numbers of the lines that may hold keys which the layout does not have.

    Where a line has as many keys with a value as there are values in the record, there are no others: counting is far
    cheaper than asking a JSON parser for the keys, which is left for the lines where the numbers differ.
    """
    values = [value(path).is_not_null().cast(pl.UInt32) for path in layout.fields]
    for path in layout.objects[1:]:
        leaves = [value(leaf).is_not_null() for leaf in layout.leaves(path)]
        values.append(pl.any_horizontal(leaves).cast(pl.UInt32))
    keys = lines["line"].str.count_matches(r'"\s*:').cast(pl.Int64)
    keys -= lines["line"].str.count_matches(r'"\s*:\s*null\b').cast(pl.Int64)
    odd = lines.filter(records.select(pl.sum_horizontal(values)).to_series() != keys)
    if odd.height <= _FEW:
        return odd["n"]
    names = [json.dumps(path[-1])[1:-1] for path in _unknown(odd, layout)]
    return odd.filter(pl.col("line").str.contains_any(names))["n"] if names else lines.clear()["n"]


def drifted(records: pl.DataFrame, layout: RecordSchema, texts: Collection[Path]) -> pl.Series:
    """Return the numbers of the lines with a value of another type than the layout's.

    `texts` are the fields whose values came as text, whatever their type.
    """
    misfit = [
        value(path).is_not_null() & type_text(value(path), kind).is_null()
        for path, kind in layout.fields.items()
        if kind != TEXT and path in texts
    ]
    return records.filter(pl.any_horizontal(misfit))["n"] if misfit else records.clear()["n"]


def flattened(records: pl.DataFrame, lines: pl.DataFrame, layout: RecordSchema) -> pl.Series:
    """Return the numbers of the lines that may have another value where the sample had an object."""
    found = [lines.clear()["n"]]
    for path in layout.objects[1:]:
        leaves = [value(leaf).is_null() for leaf in layout.leaves(path)]
        without = records.filter(pl.all_horizontal(leaves)).select("n")
        if without.height:
            named = pl.col("line").str.contains(json.dumps(path[-1]), literal=True)
            found.append(lines.join(without, on="n", how="semi").filter(named)["n"])
    return pl.concat(found)


def with_attributes(
    events: pl.DataFrame, lines: pl.DataFrame, suspects: pl.Series, layout: RecordSchema
) -> pl.DataFrame:
    """Add `attributes`: JSON text of what the columns do not hold of the suspect lines."""
    rows = lines.filter(pl.col("n").is_in(suspects.implode())) if suspects.len() else lines.clear()
    kept = [(n, text) for n, line in rows.select("n", "line").iter_rows() if (text := _leftovers(line, layout))]
    if not kept:
        return events.with_columns(pl.lit(None, dtype=pl.String).alias("attributes"))
    extra = pl.DataFrame(kept, schema={"n": events.schema["n"], "attributes": pl.String}, orient="row")
    return events.join(extra, on="n", how="left", maintain_order="left")


def to_object(line: str) -> dict[str, Any] | None:
    """Return the JSON object that a line is, else None."""
    try:
        found = json.loads(line) if line.startswith("{") else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _unknown(lines: pl.DataFrame, layout: RecordSchema) -> set[Path]:
    """Return the paths of the keys in these lines that the layout does not have."""
    found: set[Path] = set()
    with cursor() as connection:
        connection.register("lines", lines.select("line").to_arrow())
        for path in layout.objects:
            pointer = "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path)
            keys = f"select distinct json_keys(line, {quote(pointer)}) from lines"
            found.update((*path, key) for (row,) in connection.sql(keys).fetchall() for key in row or ())
    return {path for path in found if path not in layout.fields and path not in layout.objects}


def quote(text: str) -> str:
    """Return the text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def _leftovers(line: str, layout: RecordSchema) -> str | None:
    record = to_object(line)
    left = _beyond(record, (), layout) if record else {}
    return json.dumps(left, ensure_ascii=False) if left else None


def _beyond(record: Mapping[str, Any], path: Path, layout: RecordSchema) -> dict[str, Any]:
    left: dict[str, Any] = {}
    for key, inside in record.items():
        inner = (*path, key)
        kind = layout.fields.get(inner)
        if kind is None and isinstance(inside, dict) and inner in layout.objects:
            left |= _beyond(inside, inner, layout)
        elif inside is not None and (kind is None or (kind != TEXT and kind not in _fits(inside))):
            left[".".join(inner)] = inside
    return left


def _fits(found: Any) -> set[str]:
    kind = kind_of(found)
    return kind | {NUMBER} if INTEGER in kind else kind
