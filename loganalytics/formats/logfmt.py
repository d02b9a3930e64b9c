"""logfmt (key=value key="quoted value" …) to events: keys and their order come from a sample.

Two roads. A line whose keys come in the sample's order is captured by one expression, narrowed to the keys that each
line has. Any other line is taken apart pair by pair.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from loganalytics.formats.fields import schema as layouts
from loganalytics.formats.fields.events import to_events
from loganalytics.formats.fields.schema import RecordSchema, typed
from loganalytics.formats.timestamps import Clock

_PAIR = r'([A-Za-z_@][\w.@/-]*)=("(?:[^"\\]|\\.)*"|[^\s"]*)'
# In so many lines it pays to look which keys each of them has.
_MIN_FITTED_LINES = 5_000
_SAMPLE_LINES = 200
_LINE = rf"^(?:{_PAIR}(?: +|$)){{2,}}$"


@dataclass(frozen=True)
class Logfmt:
    """The keys of a sample of logfmt lines, in the order in which lines write them."""

    layout: RecordSchema
    keys: tuple[str, ...]
    name: str = "logfmt"


def matches(lines: pl.Series) -> pl.Series:
    """Tell which lines are logfmt from end to end."""
    return lines.str.strip_chars_end().str.contains(_LINE)


def learn(lines: Iterable[str]) -> Logfmt | None:
    """Return the keys of a sample of logfmt lines; None when no key is a core column, so that it is some other text."""
    records = [{key: typed(value) for key, value in re.findall(_PAIR, line)} for line in lines]
    layout = layouts.learn([record for record in records if record])
    if layout is None or not {"timestamp", "level", "message"} & set(layout.core):
        return None
    known = {path[0] for path in layout.fields}
    return Logfmt(layout, tuple(key for key in _in_order(list(map(list, records))) if key in known))


def sample_times(lines: Iterable[str], form: Logfmt) -> pl.Series:
    """Return the texts of the sample's timestamps."""
    keys = [path[0] for path in form.layout.core.get("timestamp", ())]
    records = [dict(re.findall(_PAIR, line)) for line in lines]
    texts = [next((record[key].strip('"') for key in keys if key in record), None) for record in records]
    return pl.Series("timestamp", texts, dtype=pl.String)


def read(lines: pl.DataFrame, form: Logfmt, clock: Clock) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split lines (n, line) into the events that are logfmt and the lines that are not."""
    ordered, others = _in_one_go(lines, form.keys)
    if others.is_empty():
        return _to_events(ordered, lines, form, clock), others
    is_pairs = matches(others["line"])
    parsed = pl.concat([ordered, _take_apart(others.filter(is_pairs), form.keys)]).sort("n")
    kept = lines.filter(pl.col("n").is_in(parsed["n"].implode()))
    return _to_events(parsed, kept, form, clock), others.filter(~is_pairs)


def _to_events(parsed: pl.DataFrame, lines: pl.DataFrame, form: Logfmt, clock: Clock) -> pl.DataFrame:
    events = to_events(parsed.select("n", "r"), lines, form.layout, clock)
    return events.with_columns(parsed["attributes"])


def _in_order(lists: list[list[str]]) -> list[str]:
    """Merge the lines' orders of keys: each new key goes behind the one that stood before it."""
    order: list[str] = []
    for keys in lists:
        place = 0
        for key in keys:
            if key not in order:
                order.insert(place, key)
            place = order.index(key) + 1
    return order


def _ordered(keys: tuple[str, ...], required: Container[str] = (), absent: Container[str] = ()) -> str:
    """Return the expression for lines with any of these keys, in this order, and nothing else; `kN` is the Nth.

    Lines must have the `required` keys and must not have the `absent` ones, which is read twice as fast.
    """
    value = r'"[^"\\]*"|[^" \\]*'
    pairs = [
        f"(?:{' +' if number else ''}{re.escape(key)}=(?P<k{number}>{value})){'' if key in required else '?'}"
        for number, key in enumerate(keys)
        if key not in absent
    ]
    return "^" + "".join(pairs) + "$"


def _fitted(lines: pl.Series, keys: tuple[str, ...]) -> str:
    """Return the expression for lines of these keys that a sample of the lines fits; for a few lines, that for any."""
    ordered = _ordered(keys)
    if lines.len() < _MIN_FITTED_LINES:
        return ordered
    sample = lines.gather_every(max(1, lines.len() // _SAMPLE_LINES))
    groups = sample.filter(sample.str.contains(ordered) & (sample != "")).str.extract_groups(ordered).struct.unnest()
    missing = [groups[f"k{number}"].null_count() for number in range(len(keys))]
    required = {key for key, count in zip(keys, missing, strict=True) if count == 0}
    absent = {key for key, count in zip(keys, missing, strict=True) if count == groups.height}
    return _ordered(keys, required, absent) if groups.height and required else ordered


def _in_one_go(lines: pl.DataFrame, keys: tuple[str, ...]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split lines into (n, r: a struct of the keys, attributes: null) and those that are not of these keys in order."""
    text = lines["line"].str.strip_chars_end()
    groups = text.str.extract_groups(_fitted(text, keys)).struct.unnest()
    found = groups.select(pl.any_horizontal(pl.all().is_not_null())).to_series()
    quoted = groups.select(pl.all().str.starts_with('"').any()).row(0, named=True)
    record = pl.struct(_value(f"k{place}", quoted).alias(key) for place, key in enumerate(keys))
    rows = groups.select(lines["n"], record.alias("r"), pl.lit(None, dtype=pl.String).alias("attributes"))
    if found.all():
        return rows, lines.clear()
    return rows.filter(found), lines.filter(~found)


def _value(group: str, quoted: Mapping[str, bool]) -> pl.Expr:
    """Return the expression for a group's values; few keys ever have one in quotation marks."""
    if group not in quoted:
        return pl.lit(None, dtype=pl.String)
    return pl.col(group).str.strip_chars('"') if quoted[group] else pl.col(group)


def _unquote(value: pl.Expr) -> pl.Expr:
    inner = value.str.strip_prefix('"').str.strip_suffix('"')
    return inner.str.replace_all("\\n", "\n", literal=True).str.replace_all('\\"', '"', literal=True)


def _take_apart(lines: pl.DataFrame, keys: tuple[str, ...]) -> pl.DataFrame:
    """Do the same for lines of any order, and keep the keys that are not among the known ones in `attributes`."""
    pairs = lines.select("n", pl.col("line").str.extract_all(_PAIR).alias("pair")).explode("pair")
    split = pl.col("pair").str.splitn("=", 2)
    long = pairs.select("n", key=split.struct.field("field_0"), value=_unquote(split.struct.field("field_1")))
    long = long.unique(["n", "key"], keep="last", maintain_order=True)
    values = [pl.col("value").filter(pl.col("key") == key).first().alias(key) for key in keys]
    others = pl.col("key").is_in(keys).not_()
    rows = long.group_by("n", maintain_order=True).agg(
        pl.struct(values).alias("r"), pl.col("key").filter(others), pl.col("value").filter(others)
    )  # fmt: skip
    late = [
        json.dumps(dict(zip(key, v, strict=True))) if key else None for key, v in rows.select("key", "value").rows()
    ]
    shape: dict[str, pl.DataType] = {
        "n": pl.UInt64(),
        "r": pl.Struct(dict.fromkeys(keys, pl.String())),
        "attributes": pl.String(),
    }
    return rows.select("n", "r", pl.Series("attributes", late, dtype=pl.String)).cast(pl.Schema(shape))
