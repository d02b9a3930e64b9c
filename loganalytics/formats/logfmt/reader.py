"""logfmt (key=value key="quoted value" …) to events: keys and their order come from a sample.

There are two ways. A line whose keys come in the sample's order is read by one expression that asks for the keys
that each line has. Any other line is taken apart pair by pair.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import polars as pl

from loganalytics.formats.fields.events import finish, to_columns
from loganalytics.formats.fields.late_fields import MovedFields, with_late_fields, without_moved
from loganalytics.formats.fields.record_schema import RecordSchema, infer_schema
from loganalytics.formats.fields.remainders import lines_with_other_types, with_remainders
from loganalytics.formats.hints import NO_HINTS, Hints
from loganalytics.formats.logfmt.pairs import (
    late_records,
    pairs_of,
    record_of,
    surplus_pairs,
    take_apart,
    take_remainder,
    to_records,
)  # fmt: skip
from loganalytics.formats.logfmt.quotes import with_double_quotes
from loganalytics.formats.logfmt.recognition import is_logfmt
from loganalytics.formats.timestamps import Clock

# In so many lines it pays to look which keys each of them has.
_MIN_FITTED_LINES = 5_000
_SAMPLE_LINES = 200


@dataclass(frozen=True)
class Logfmt:
    """The keys of a sample of logfmt lines, in the order in which lines write them."""

    record_schema: RecordSchema
    keys: tuple[str, ...]
    name: str = "logfmt"
    kind: ClassVar[Literal["logfmt"]] = "logfmt"


def infer(lines: Iterable[str], hints: Hints = NO_HINTS) -> Logfmt | None:
    """Return the keys of a sample of logfmt lines; None when none tells of an event, so that it is some other text."""
    records = list(map(record_of, lines))
    record_schema = infer_schema([record for record in records if record], hints)
    if record_schema is None or not _tells_of_events(record_schema):
        return None
    names = {path[0] for path in record_schema.fields}
    return Logfmt(record_schema, tuple(key for key in _merge_orders(map(list, records)) if key in names))


def _tells_of_events(record_schema: RecordSchema) -> bool:
    """Whether a key is the time, the level or the message, or all are of a request, as Rails' lograge writes them."""
    return bool(
        {"timestamp", "level", "message"} & set(record_schema.core) or record_schema.semantics.requests.message_paths
    )


def sample_times(lines: Iterable[str], form: Logfmt) -> pl.Series:
    """Return the texts of the sample's timestamps."""
    records = [dict(reversed(pairs_of(line))) for line in lines]
    return pl.Series("timestamp", map(form.record_schema.time_of, records), dtype=pl.String)


def read(lines: pl.DataFrame, form: Logfmt, clock: Clock) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split lines (n, line) into the events that are logfmt and the lines that are not."""
    written, lines = lines, lines.with_columns(with_double_quotes(lines["line"]))
    records, others = _read_ordered(lines, form.keys)
    if others.is_empty():
        events = to_columns(records, form.record_schema, clock)
        return _finish(events, records, lines, form, left=others["n"], moved=()), others
    is_pairs = is_logfmt(others["line"])
    pair_lines, unread = others.filter(is_pairs), others.filter(~is_pairs)
    pairs = take_apart(pair_lines)
    records = pl.concat([records, to_records(pairs, form.keys)]).sort("n") if pair_lines.height else records
    record_lines = lines if unread.is_empty() else lines.filter(pl.col("n").is_in(records["n"].implode()))
    events = to_columns(records, form.record_schema, clock)
    late = late_records(pairs, pair_lines, form.keys, form.record_schema)
    events, moved = with_late_fields(events, late, form.record_schema, clock)
    surplus = without_moved(surplus_pairs(pairs, form.keys), moved, form.record_schema)
    return _finish(events, records, record_lines, form, left=surplus["n"], moved=moved), _as_written(unread, written)


def _finish(
    events: pl.DataFrame,
    records: pl.DataFrame,
    lines: pl.DataFrame,
    form: Logfmt,
    *,
    left: pl.Series,
    moved: Sequence[MovedFields],
) -> pl.DataFrame:
    """Return events with what their columns do not hold of lines; `left` are the numbers of some that have more."""
    misfits = lines_with_other_types(records, events, form.record_schema, form.record_schema.fields)
    numbers = pl.concat([left, misfits])
    left_lines = lines.filter(pl.col("n").is_in(numbers.implode())) if numbers.len() else lines.clear()
    return with_remainders(finish(events, lines), left_lines, moved, take_remainder(form.record_schema))


def _as_written(unread: pl.DataFrame, written: pl.DataFrame) -> pl.DataFrame:
    return unread if unread.is_empty() else written.filter(pl.col("n").is_in(unread["n"].implode()))


def _merge_orders(key_lists: Iterable[list[str]]) -> list[str]:
    """Merge the lines' orders of keys: each new key goes behind the one that stood before it."""
    order: list[str] = []
    for keys in key_lists:
        index = 0
        for key in keys:
            if key not in order:
                order.insert(index, key)
            index = order.index(key) + 1
    return order


def _ordered_pattern(keys: tuple[str, ...], required: Container[str] = (), absent: Container[str] = ()) -> str:
    """Return the expression for lines with any of these keys, in this order, and nothing else; `kN` is the Nth.

    Lines must have the `required` keys and must not have the `absent` ones, which is read twice as fast.
    """
    value = r""""[^"\\]*"|[^"' \\][^" \\]*|"""
    pairs = [
        f"(?:{' +' if index else ''}{re.escape(key)}=(?P<k{index}>{value})){'' if key in required else '?'}"
        for index, key in enumerate(keys)
        if key not in absent
    ]
    return "^" + "".join(pairs) + "$"


def _fitted_pattern(lines: pl.Series, keys: tuple[str, ...]) -> str:
    """Return the expression for lines of these keys that a sample of the lines fits; for a few lines, that for any."""
    pattern = _ordered_pattern(keys)
    if lines.len() < _MIN_FITTED_LINES:
        return pattern
    sample = lines.gather_every(max(1, lines.len() // _SAMPLE_LINES))
    groups = sample.filter(sample.str.contains(pattern) & (sample != "")).str.extract_groups(pattern).struct.unnest()
    missing = [groups[f"k{index}"].null_count() for index in range(len(keys))]
    required = {key for key, count in zip(keys, missing, strict=True) if count == 0}
    absent = {key for key, count in zip(keys, missing, strict=True) if count == groups.height}
    return _ordered_pattern(keys, required, absent) if groups.height and required else pattern


def _read_ordered(lines: pl.DataFrame, keys: tuple[str, ...]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split lines into those with these keys in this order, and all others.

    The first become (n, record: a struct of the keys).
    """
    stripped = lines["line"].str.strip_chars_end()
    groups = stripped.str.extract_groups(_fitted_pattern(stripped, keys)).struct.unnest()
    matched = groups.select(pl.any_horizontal(pl.all().is_not_null())).to_series()
    quoted = groups.select(pl.all().str.starts_with('"').any()).row(0, named=True)
    record = pl.struct(_group_value(f"k{index}", quoted).alias(key) for index, key in enumerate(keys))
    rows = groups.select(lines["n"], record.alias("record"))
    if matched.all():
        return rows, lines.clear()
    return rows.filter(matched), lines.filter(~matched)


def _group_value(group: str, quoted: Mapping[str, bool]) -> pl.Expr:
    """Return the expression for a group's values; few keys ever have one in quotation marks."""
    if group not in quoted:
        return pl.lit(None, dtype=pl.String)
    return pl.col(group).str.strip_chars('"') if quoted[group] else pl.col(group)
