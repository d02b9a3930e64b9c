"""logfmt (key=value key="quoted value" …) to events: keys and their order come from a sample.

There are two ways. A line whose keys come in the sample's order is read by one expression that asks for the keys
that each line has. Any other line is taken apart pair by pair.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from loganalytics.formats.fields.events import to_events
from loganalytics.formats.fields.record_schema import RecordSchema, infer_schema, parse_number
from loganalytics.formats.hints import NO_HINTS, Hints
from loganalytics.formats.timestamps import Clock

_PAIR = r'([A-Za-z_@][\w.@/-]*)=("(?:[^"\\]|\\.)*"|[^\s"]*)'
# In so many lines it pays to look which keys each of them has.
_MIN_FITTED_LINES = 5_000
_SAMPLE_LINES = 200
_LINE = rf"^(?:{_PAIR}(?: +|$)){{2,}}$"


@dataclass(frozen=True)
class Logfmt:
    """The keys of a sample of logfmt lines, in the order in which lines write them."""

    record_schema: RecordSchema
    keys: tuple[str, ...]
    name: str = "logfmt"


def is_logfmt(lines: pl.Series) -> pl.Series:
    """Tell which lines are logfmt from end to end."""
    return lines.str.strip_chars_end().str.contains(_LINE)


def infer(lines: Iterable[str], hints: Hints = NO_HINTS) -> Logfmt | None:
    """Return the keys of a sample of logfmt lines; None when no key is a core column, so that it is some other text."""
    records = [{key: parse_number(value) for key, value in re.findall(_PAIR, line)} for line in lines]
    record_schema = infer_schema([record for record in records if record], hints)
    if record_schema is None or not {"timestamp", "level", "message"} & set(record_schema.core):
        return None
    names = {path[0] for path in record_schema.fields}
    return Logfmt(record_schema, tuple(key for key in _merge_orders(map(list, records)) if key in names))


def sample_times(lines: Iterable[str], form: Logfmt) -> pl.Series:
    """Return the texts of the sample's timestamps."""
    records = [{key: value.strip('"') for key, value in re.findall(_PAIR, line)} for line in lines]
    return pl.Series("timestamp", map(form.record_schema.time_of, records), dtype=pl.String)


def read(lines: pl.DataFrame, form: Logfmt, clock: Clock) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split lines (n, line) into the events that are logfmt and the lines that are not."""
    records, unread = _read_ordered(lines, form.keys)
    if unread.is_empty():
        return _to_events(records, lines, form, clock), unread
    is_pairs = is_logfmt(unread["line"])
    records = pl.concat([records, _read_pairs(unread.filter(is_pairs), form.keys)]).sort("n")
    record_lines = lines.filter(pl.col("n").is_in(records["n"].implode()))
    return _to_events(records, record_lines, form, clock), unread.filter(~is_pairs)


def _to_events(records: pl.DataFrame, lines: pl.DataFrame, form: Logfmt, clock: Clock) -> pl.DataFrame:
    events = to_events(records.select("n", "record"), lines, form.record_schema, clock)
    return events.with_columns(records["attributes"])


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
    value = r'"[^"\\]*"|[^" \\]*'
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

    The first become (n, record: a struct of the keys, attributes: null).
    """
    stripped = lines["line"].str.strip_chars_end()
    groups = stripped.str.extract_groups(_fitted_pattern(stripped, keys)).struct.unnest()
    matched = groups.select(pl.any_horizontal(pl.all().is_not_null())).to_series()
    quoted = groups.select(pl.all().str.starts_with('"').any()).row(0, named=True)
    record = pl.struct(_group_value(f"k{index}", quoted).alias(key) for index, key in enumerate(keys))
    rows = groups.select(lines["n"], record.alias("record"), pl.lit(None, dtype=pl.String).alias("attributes"))
    if matched.all():
        return rows, lines.clear()
    return rows.filter(matched), lines.filter(~matched)


def _group_value(group: str, quoted: Mapping[str, bool]) -> pl.Expr:
    """Return the expression for a group's values; few keys ever have one in quotation marks."""
    if group not in quoted:
        return pl.lit(None, dtype=pl.String)
    return pl.col(group).str.strip_chars('"') if quoted[group] else pl.col(group)


def _unquote(value: pl.Expr) -> pl.Expr:
    inner = value.str.strip_prefix('"').str.strip_suffix('"')
    return inner.str.replace_all("\\n", "\n", literal=True).str.replace_all('\\"', '"', literal=True)


def _read_pairs(lines: pl.DataFrame, keys: tuple[str, ...]) -> pl.DataFrame:
    """Return (n, record, attributes) of lines in any order; what is under other keys goes to `attributes`."""
    pairs = lines.select("n", pl.col("line").str.extract_all(_PAIR).alias("pair")).explode("pair")
    split = pl.col("pair").str.splitn("=", 2)
    long = pairs.select("n", key=split.struct.field("field_0"), value=_unquote(split.struct.field("field_1")))
    long = long.unique(["n", "key"], keep="last", maintain_order=True)
    values = [pl.col("value").filter(pl.col("key") == key).first().alias(key) for key in keys]
    is_new = pl.col("key").is_in(keys).not_()
    rows = long.group_by("n", maintain_order=True).agg(
        pl.struct(values).alias("record"), pl.col("key").filter(is_new), pl.col("value").filter(is_new)
    )  # fmt: skip
    attributes = [
        json.dumps(dict(zip(new_keys, new_values, strict=True))) if new_keys else None
        for new_keys, new_values in rows.select("key", "value").rows()
    ]
    dtypes: dict[str, pl.DataType] = {
        "n": pl.UInt64(),
        "record": pl.Struct(dict.fromkeys(keys, pl.String())),
        "attributes": pl.String(),
    }
    return rows.select("n", "record", pl.Series("attributes", attributes, dtype=pl.String)).cast(pl.Schema(dtypes))
