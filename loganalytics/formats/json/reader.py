"""JSON lines to events: the fields come from a sample, and nothing is lost on the way.

Two roads. Polars' own reader takes a block of lines that are as the sample promised, and refuses all of it for one that
is not; then DuckDB reads each line for itself, every field as text that is typed afterwards. A value that does not fit
its column's dtype, and a key that the sample did not have, are kept in `attributes`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import polars as pl

from loganalytics.formats.fields import schema as layouts
from loganalytics.formats.fields.aliases import Path
from loganalytics.formats.fields.events import to_events
from loganalytics.formats.fields.schema import RecordSchema
from loganalytics.formats.json import polars_block
from loganalytics.formats.json.attributes import drifted, flattened, late, quote, to_object, with_attributes
from loganalytics.formats.json.duckdb_session import cursor
from loganalytics.formats.timestamps import Clock

# So many lines that no reader took are tried by Python's json, rather than that DuckDB is loaded for them.
_FEW = 500


@dataclass(frozen=True)
class JsonLines:
    """What a sample of JSON lines holds."""

    layout: RecordSchema
    name: str = "JSON lines"


def learn(lines: Iterable[str]) -> JsonLines | None:
    """Return the fields of a sample of lines, or None when none is a JSON object with a field to read."""
    found = layouts.learn([record for record in map(to_object, lines) if record])
    return JsonLines(found) if found else None


def sample_times(lines: Iterable[str], form: JsonLines) -> pl.Series:
    """Return the texts of the sample's timestamps."""
    records = [record for record in map(to_object, lines) if record]
    paths = form.layout.core.get("timestamp", ())
    texts = [next((str(t) for p in paths if (t := layouts.lookup(r, p)) is not None), None) for r in records]
    return pl.Series("timestamp", texts, dtype=pl.String)


def read(
    lines: pl.DataFrame, form: JsonLines, clock: Clock, utf8: bytes | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split lines (n, line) into the events that are JSON objects and the lines that are not.

    `utf8` is what the lines are cut from, where that is at hand. Where all that is amiss with a block are a few broken
    lines, these are events too; `parsed` tells them from the others.
    """
    utf8 = polars_block.join(lines["line"]) if utf8 is None else utf8
    good = polars_block.promising(lines, utf8)
    # Polars writes what "\u001f" stands for into a list's text as it is, which is no JSON.
    if not good.any() or (form.layout.nested and b"\\u00" in utf8):
        return _read_each(lines, form.layout, clock)
    others = lines.filter(~good)
    broken = others.height <= _FEW and not any(map(to_object, others["line"]))
    keep = broken and good[0] and not form.layout.dialect.absent_level and _look_like_objects(others)
    block = polars_block.decode(lines, good, form.layout, utf8, keep=keep)
    if block is None:
        return _read_each(lines, form.layout, clock)
    mine = lines if keep else lines.filter(good)
    events = _to_events(block.records, mine, form.layout, clock, block.texts, exact=block.complete)
    if keep:
        return events.with_columns(good.alias("parsed")), lines.clear()
    if broken:
        return events, others
    more, rest = _read_each(others, form.layout, clock)
    return pl.concat([events, more], how="diagonal_relaxed").sort("n"), rest


def _look_like_objects(lines: pl.DataFrame) -> bool:
    return bool(lines["line"].str.starts_with("{").all())


def _read_each(lines: pl.DataFrame, layout: RecordSchema, clock: Clock) -> tuple[pl.DataFrame, pl.DataFrame]:
    looks = pl.col("line").str.starts_with("{")
    candidates = lines.filter(looks)
    records = _parse(candidates, layout)
    good = records["r"].is_not_null()
    rest = lines if candidates.is_empty() else pl.concat([lines.filter(~looks), candidates.filter(~good)]).sort("n")
    if not good.all():
        records, candidates = records.filter(good), candidates.filter(good)
    events = _to_events(records, candidates, layout, clock, frozenset(layout.fields))
    nested = {layouts.column_name(path) for path in layout.nested}.intersection(events.columns)
    return events.with_columns(_respaced(events[name]) for name in sorted(nested)), rest


def _to_events(
    records: pl.DataFrame, lines: pl.DataFrame, layout: RecordSchema, clock: Clock, texts: frozenset[Path],
    *, exact: bool = False,
) -> pl.DataFrame:  # fmt: skip
    """Return the events of records; `exact` ones hold every value of their lines."""
    suspects = drifted(records, layout, texts)
    if not exact:
        others = late(records, lines, layout), flattened(records, lines, layout)
        suspects = pl.concat([suspects, *others]).unique()
    events = to_events(records, lines, layout, clock, texts=texts)
    return with_attributes(events, lines, suspects, layout)


def _parse(lines: pl.DataFrame, layout: RecordSchema) -> pl.DataFrame:
    """Return (n, r) with r the record as a struct of texts, null where the line is not JSON."""
    import duckdb

    spec = json.dumps(_texts(layouts.tree(layout.fields)))
    record = f"from_json(line, {quote(spec)})"
    with cursor() as connection:
        connection.register("lines", lines.select("line").to_arrow())
        try:
            records = connection.sql(f"select {record} as r from lines").pl()
        except duckdb.InvalidInputException:  # a broken line, which the test for validity finds at a third more cost
            valid = f"select case when json_valid(line) then {record} end as r from lines"
            records = connection.sql(valid).pl()
    return lines.select("n").hstack(records)


def _respaced(text: pl.Series) -> pl.Series:
    """Return lists and objects, in JSON, with the blanks that Polars puts into them on the other road."""
    places = text.str.contains(r"^[\[{]").fill_null(value=False).arg_true()
    values = pl.select(pl.concat_str(pl.lit('{"v":'), text.gather(places), pl.lit("}"))).to_series()
    try:
        spaced = pl.read_ndjson(polars_block.join(values), schema={"v": pl.String}).to_series()
    except pl.exceptions.PolarsError:
        return text
    return text.scatter(places, spaced) if places.len() else text


def _texts(tree: dict[str, Any]) -> dict[str, Any]:
    return {name: _texts(inner) if isinstance(inner, dict) else "VARCHAR" for name, inner in tree.items()}
