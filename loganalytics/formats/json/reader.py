"""JSON lines to events: the fields come from a sample, and nothing is lost on the way.

There are two ways. Polars' own reader takes a block of lines that are as the sample promised, and refuses all of it for
one that is not; then DuckDB reads each line for itself, every field as text that is typed afterwards. A value that does
not fit its column's dtype, and a key that the sample did not have, go to `attributes`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import polars as pl

from loganalytics.formats.fields.events import to_events
from loganalytics.formats.fields.record_schema import (  # fmt: skip
    FieldTree,
    RecordSchema,
    column_name,
    field_tree,
    infer_schema,
)
from loganalytics.formats.hints import NO_HINTS, Hints
from loganalytics.formats.json import polars_block
from loganalytics.formats.json.attributes import (
    lines_with_new_keys,
    lines_with_other_types,
    lines_without_objects,
    parse_object,
    sql_literal,
    with_attributes,
)  # fmt: skip
from loganalytics.formats.json.duckdb_session import cursor
from loganalytics.formats.timestamps import Clock

# So many lines that no reader took are tried by Python's json, rather than that DuckDB is loaded for them.
_MAX_PYTHON_LINES = 500


@dataclass(frozen=True)
class JsonLines:
    """What a sample of JSON lines holds."""

    record_schema: RecordSchema
    name: str = "JSON lines"


def infer(lines: Iterable[str], hints: Hints = NO_HINTS) -> JsonLines | None:
    """Return the fields of a sample of lines, or None when none is a JSON object with a field to read."""
    record_schema = infer_schema([record for record in map(parse_object, lines) if record], hints)
    return JsonLines(record_schema) if record_schema else None


def sample_times(lines: Iterable[str], form: JsonLines) -> pl.Series:
    """Return the texts of the sample's timestamps."""
    records = [record for record in map(parse_object, lines) if record]
    return pl.Series("timestamp", map(form.record_schema.time_of, records), dtype=pl.String)


def read(
    lines: pl.DataFrame, form: JsonLines, clock: Clock, utf8: bytes | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split lines (n, line) into the events that are JSON objects and the lines that are not.

    `utf8` is what the lines are cut from, where that is at hand. Where a few broken lines are all that is amiss with a
    block, these are events too; `parsed` is false for them.
    """
    utf8 = polars_block.to_bytes(lines["line"]) if utf8 is None else utf8
    good = polars_block.decodable(lines, utf8)
    # Polars writes the character of "\u001f" into a list's text as it is, which is not JSON.
    if not good.any() or (form.record_schema.nested and b"\\u00" in utf8):
        return _read_each(lines, form.record_schema, clock)
    bad_lines = lines.filter(~good)
    is_broken = bad_lines.height <= _MAX_PYTHON_LINES and not any(map(parse_object, bad_lines["line"]))
    keep_bad = is_broken and good[0] and _look_like_objects(bad_lines)
    keep_bad = keep_bad and not form.record_schema.semantics.default_level
    block = polars_block.decode(lines, good, form.record_schema, utf8, keep_bad=keep_bad)
    if block is None:
        return _read_each(lines, form.record_schema, clock)
    block_lines = lines if keep_bad else lines.filter(good)
    events = _to_events(block, block_lines, form.record_schema, clock)
    if keep_bad:
        return events.with_columns(good.alias("parsed")), lines.clear()
    if is_broken:
        return events, bad_lines
    more_events, unread = _read_each(bad_lines, form.record_schema, clock)
    return pl.concat([events, more_events], how="diagonal_relaxed").sort("n"), unread


def _look_like_objects(lines: pl.DataFrame) -> bool:
    return bool(lines["line"].str.starts_with("{").all())


def _read_each(lines: pl.DataFrame, record_schema: RecordSchema, clock: Clock) -> tuple[pl.DataFrame, pl.DataFrame]:
    is_object = pl.col("line").str.starts_with("{")
    candidates = lines.filter(is_object)
    records = _parse(candidates, record_schema)
    good = records["record"].is_not_null()
    unread = pl.concat([lines.filter(~is_object), candidates.filter(~good)]).sort("n") if candidates.height else lines
    if not good.all():
        records, candidates = records.filter(good), candidates.filter(good)
    text_fields = frozenset(record_schema.fields)
    block = polars_block.DecodedBlock(records=records, text_fields=text_fields, is_complete=False)
    events = _to_events(block, candidates, record_schema, clock)
    nested = {column_name(path) for path in record_schema.nested}.intersection(events.columns)
    return events.with_columns(_with_spaces(events[name]) for name in sorted(nested)), unread


def _to_events(
    block: polars_block.DecodedBlock, lines: pl.DataFrame, record_schema: RecordSchema, clock: Clock
) -> pl.DataFrame:
    records = block.records
    suspects = lines_with_other_types(records, record_schema, block.text_fields)
    if not block.is_complete:
        new_keys = lines_with_new_keys(records, lines, record_schema)
        without_objects = lines_without_objects(records, lines, record_schema)
        suspects = pl.concat([suspects, new_keys, without_objects]).unique()
    events = to_events(records, lines, record_schema, clock, text_fields=block.text_fields)
    return with_attributes(events, lines, suspects, record_schema)


def _parse(lines: pl.DataFrame, record_schema: RecordSchema) -> pl.DataFrame:
    """Return (n, record), a struct of texts, null where the line is not JSON."""
    import duckdb

    structure = json.dumps(_text_types(field_tree(record_schema.fields)))
    record = f"from_json(line, {sql_literal(structure)})"
    with cursor() as connection:
        connection.register("lines", lines.select("line").to_arrow())
        try:
            records = connection.sql(f"select {record} as record from lines").pl()
        except duckdb.InvalidInputException:  # a broken line, which the test for validity finds at a third more cost
            valid = f"select case when json_valid(line) then {record} end as record from lines"
            records = connection.sql(valid).pl()
    return lines.select("n").hstack(records)


def _with_spaces(values: pl.Series) -> pl.Series:
    """Return lists and objects, in JSON, with the blanks that Polars puts into them when it reads a block."""
    indices = values.str.contains(r"^[\[{]").fill_null(value=False).arg_true()
    objects = pl.select(pl.concat_str(pl.lit('{"v":'), values.gather(indices), pl.lit("}"))).to_series()
    try:
        spaced = pl.read_ndjson(polars_block.to_bytes(objects), schema={"v": pl.String}).to_series()
    except pl.exceptions.PolarsError:
        return values
    return values.scatter(indices, spaced) if indices.len() else values


def _text_types(tree: FieldTree) -> dict[str, Any]:
    return {name: _text_types(inner) if isinstance(inner, dict) else "VARCHAR" for name, inner in tree.items()}
