"""JSON lines to events: the fields come from a sample, and nothing is lost on the way.

There are two ways. Polars' own reader takes a block of lines that are as the sample promised, and refuses all of it for
one that is not; then DuckDB reads each line for itself, every field as text that is typed afterwards. A value that does
not fit its column's dtype, and a key that the sample did not have, go to `attributes`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import polars as pl

from loganalytics.formats.fields.aliases import FieldPath, value_at
from loganalytics.formats.fields.events import finish, to_columns
from loganalytics.formats.fields.late_fields import MovedFields, with_late_fields, without_moved
from loganalytics.formats.fields.record_schema import RecordSchema, infer_schema
from loganalytics.formats.fields.remainders import lines_with_other_types, with_remainders
from loganalytics.formats.hints import NO_HINTS, Hints
from loganalytics.formats.json import polars_block
from loganalytics.formats.json.attributes import (
    lines_with_renderings,
    lines_with_twins,
    lines_without_objects,
    surplus_keys,
    take_remainder,
)
from loganalytics.formats.json.exact_text import read_spaced, with_exact_lists, without_wrong_escapes
from loganalytics.formats.json.late_keys import MAX_PYTHON_LINES, late_records, new_paths, spellings
from loganalytics.formats.json.objects import parse_object
from loganalytics.formats.timestamps import Clock


@dataclass(frozen=True)
class JsonLines:
    """What a sample of JSON lines holds."""

    record_schema: RecordSchema
    name: str = "JSON lines"
    kind: ClassVar[Literal["json"]] = "json"


def infer(lines: Iterable[str], hints: Hints = NO_HINTS) -> JsonLines | None:
    """Return the fields of a sample of lines, or None when none is a JSON object with a field to read."""
    record_schema = infer_schema([record for record in map(parse_object, lines) if record], hints)
    return JsonLines(record_schema) if record_schema else None


def sample_times(lines: Iterable[str], form: JsonLines) -> pl.Series:
    """Return the texts of the sample's timestamps."""
    records = [record for record in map(parse_object, lines) if record]
    return pl.Series("timestamp", map(form.record_schema.time_of, records), dtype=pl.String)


def sample_texts(lines: Iterable[str], form: JsonLines, column: str) -> pl.Series:
    """Return the sample's texts of a core column, of the level also numbers; null where a record has none."""
    kinds = (str, int) if column == "level" else str
    records = [record for record in map(parse_object, lines) if record]
    paths = form.record_schema.core.get(column, ())
    values = ([value_at(record, path) for path in paths] for record in records)
    texts = [next((str(v) for v in record_values if isinstance(v, kinds)), None) for record_values in values]
    return pl.Series(column, texts, dtype=pl.String)


def read(
    lines: pl.DataFrame, form: JsonLines, clock: Clock, utf8: bytes | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split lines (n, line) into the events that are JSON objects and the lines that are not.

    `utf8` is what the lines are cut from, where that is at hand. Where a few broken lines are all that is amiss with a
    block, these are events too; `parsed` is false for them.
    """
    utf8 = polars_block.to_bytes(lines["line"]) if utf8 is None else utf8
    spelled = without_wrong_escapes(lines["line"], utf8)
    if spelled is not None:
        lines, utf8 = lines.with_columns(spelled), polars_block.to_bytes(spelled)
    good = polars_block.decodable(lines, utf8)
    if not good.any():
        return _read_each(lines, form.record_schema, clock)
    bad_lines = lines.filter(~good)
    is_broken = bad_lines.height <= MAX_PYTHON_LINES and not any(map(parse_object, bad_lines["line"]))
    keep_bad = is_broken and good[0] and _look_like_objects(bad_lines)
    keep_bad = keep_bad and not form.record_schema.semantics.default_level
    block = polars_block.decode(lines, good, form.record_schema, utf8, keep_bad=keep_bad)
    if block is None:
        return _read_each(lines, form.record_schema, clock)
    block_lines = lines if keep_bad else lines.filter(good)
    events = _to_events(block, block_lines, form.record_schema, clock, has_escapes=b"\\" in utf8)
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
    records = read_spaced(candidates, record_schema)
    good = records["record"].is_not_null()
    unread = pl.concat([lines.filter(~is_object), candidates.filter(~good)]).sort("n") if candidates.height else lines
    if not good.all():
        records, candidates = records.filter(good), candidates.filter(good)
    text_fields = frozenset(record_schema.fields)
    block = polars_block.DecodedBlock(records=records, text_fields=text_fields, is_complete=False)
    events = _to_events(block, candidates, record_schema, clock)
    return events, unread


def _to_events(
    block: polars_block.DecodedBlock, lines: pl.DataFrame, record_schema: RecordSchema, clock: Clock,
    *, has_escapes: bool = True,
) -> pl.DataFrame:  # fmt: skip
    records = with_exact_lists(block.records, lines, record_schema) if has_escapes else block.records
    events = to_columns(records, record_schema, clock, text_fields=block.text_fields)
    suspects = [lines_with_other_types(records, events, record_schema, block.text_fields)]
    suspects += [lines_with_renderings(records, record_schema), lines_with_twins(records, record_schema)]
    moved: list[MovedFields] = []
    if not block.is_complete:
        surplus = surplus_keys(records, lines, record_schema)
        paths = new_paths(surplus, record_schema)
        groups = late_records(surplus, paths, record_schema)
        events, moved = with_late_fields(events, groups, record_schema, clock)
        suspects.append(_lines_left(surplus, paths, moved, record_schema))
        suspects.append(lines_without_objects(records, lines, record_schema))
    numbers = pl.concat(suspects).unique()
    left = lines.filter(pl.col("n").is_in(numbers.implode())) if numbers.len() else lines.clear()
    return with_remainders(finish(events, lines), left, moved, take_remainder(record_schema))


def _lines_left(
    surplus: pl.DataFrame, paths: Iterable[FieldPath], moved: Sequence[MovedFields], record_schema: RecordSchema
) -> pl.Series:
    """Return the numbers of the lines with surplus keys of which some did not move to a core column."""
    surplus = without_moved(surplus, moved, record_schema)
    if surplus.height <= MAX_PYTHON_LINES:
        return surplus["n"]
    names = spellings(path[-1] for path in paths)
    return surplus.filter(pl.col("line").str.contains_any(names))["n"] if names else surplus.clear()["n"]
