"""Entries to events: a record as JSON in one field, fields that are the record themselves, or a line of text."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from loganalytics import formats, schema
from loganalytics.formats import Detection
from loganalytics.formats.definitions import Format
from loganalytics.formats.fields.aliases import FIELD_ALIASES, core_paths, fold_name
from loganalytics.formats.json import reader
from loganalytics.formats.json.reader import JsonLines
from loganalytics.formats.timestamps import Clock, detect_time_formats
from loganalytics.sources.redis_streams.fields import Fields

_SAMPLE, _MORE = 1000, 200
# Learning anew costs as much as reading some thousand entries; after so many times what is new is in `attributes`.
_MOST_LESSONS = 10
_LATE = 0.01
_OBJECT = r"^\s*\{"
# Names of a lone field that holds the event's text rather than one of its properties.
_TEXTS = {fold_name(name) for name in FIELD_ALIASES["message"]} | {
    "data", "line", "raw", "payload", "record", "entry", "value",
}  # fmt: skip


@dataclass
class _Json:
    """What a sample of JSON records showed."""

    sample: list[str]
    layout: JsonLines | None
    clock: Clock
    lessons: int


class Records:
    """How the entries of one stream read: learned from the first ones, and again when others come."""

    def __init__(self, tz: str = "UTC", own_formats: tuple[Format, ...] = ()) -> None:
        self._tz, self._formats = tz, own_formats
        self._fields = Fields(tz)
        self._packed: dict[str, bool] = {}
        self._json: dict[str, _Json] = {}
        self._texts: dict[str, Detection] = {}
        self.unparsed = 0
        """Texts in no known format: they are events with the text as message."""

    @property
    def name(self) -> str:
        """What the entries were found to be."""
        kinds = ["JSON"] if any(known.layout for known in self._json.values()) else []
        kinds += [found.name for found in self._texts.values()]
        return " + ".join(dict.fromkeys([*kinds, *(["fields"] if self._fields.used else [])]))

    def events(self, ids: pl.Series, fields: pl.DataFrame, block: bytes | None = None) -> pl.DataFrame:
        """Return the log frame of entries, one row each, in their order.

        `offset` is the id, whose time stands for the record's where it has none. `block`: the values of a lone field
        as bytes, each ended by a newline, where they are at hand.
        """
        number = pl.int_range(fields.height, dtype=pl.UInt64, eager=True)
        parts = [events for events in self._parts(number, fields, block) if events.height]
        joined = parts[0] if len(parts) == 1 else pl.concat(parts, how="diagonal_relaxed").sort("n")
        joined = joined.drop("n", "parsed", "multiline", "continues", strict=False)
        joined = joined.with_columns(ids.alias("offset"))
        told = joined.schema.get("timestamp") == schema.TIMESTAMP
        if not told or joined["timestamp"].null_count():
            when = [pl.col("timestamp")] if told else []
            joined = joined.with_columns(pl.coalesce(*when, time_of(ids)).alias("timestamp"))
        return schema.conform(joined)

    def _parts(self, number: pl.Series, fields: pl.DataFrame, block: bytes | None) -> list[pl.DataFrame]:
        """Part the entries with one field, which may hold the record or a line of text, from those with several."""
        if fields.width == 1:
            return self._lone(number, fields.to_series(), block)
        if not any(fields.null_count().row(0)):
            return self._several(number, fields)
        lone = fields.select(pl.sum_horizontal(pl.all().is_not_null()) == 1).to_series()
        parts = [] if lone.all() else self._several(number.filter(~lone), fields.filter(~lone))
        for column in fields.filter(lone).iter_columns() if lone.any() else ():
            rows = column.is_not_null()
            if rows.any():
                parts += self._lone(number.filter(lone).filter(rows), column.filter(rows))
        return parts

    def _lone(self, number: pl.Series, text: pl.Series, block: bytes | None = None) -> list[pl.DataFrame]:
        events, rest = self._read_json(text.name, pl.DataFrame({"n": number, "line": text}), block)
        if rest.is_empty():
            return [events]
        if fold_name(text.name) in _TEXTS:
            return [events, self._read_text(text.name, rest)]
        return [events, self._fields.events(rest["n"], rest.select(pl.col("line").alias(text.name)))]

    def _several(self, number: pl.Series, fields: pl.DataFrame) -> list[pl.DataFrame]:
        packed = self._packed_of(fields)
        if not packed:
            return [self._fields.events(number, fields)]
        looks = fields.select(pl.any_horizontal(pl.col(packed).str.contains(_OBJECT).fill_null(value=False)))
        rows = looks.to_series()
        lines = fields.filter(rows).select(number.filter(rows).alias("n"), _splice(fields.columns, packed))
        events, rest = self._read_json("", lines)
        others = ~rows | number.is_in(rest["n"].implode())
        plain = [self._fields.events(number.filter(others), fields.filter(others))] if others.any() else []
        return [events, *plain]

    def _packed_of(self, fields: pl.DataFrame) -> list[str]:
        """Return the fields that hold JSON objects."""
        for column in fields.iter_columns():
            texts = column.drop_nulls().head(_MORE)
            if column.name not in self._packed and texts.len():
                self._packed[column.name] = 2 * int(texts.str.contains(_OBJECT).sum()) >= texts.len()
        return [name for name in fields.columns if self._packed.get(name)]

    def _read_json(
        self, key: str, lines: pl.DataFrame, block: bytes | None = None
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Split records (n, line) into the events that are JSON objects and the lines that are not."""
        if lines["line"].str.starts_with(" ").any() or lines["line"].str.starts_with("\n").any():
            lines, block = lines.with_columns(pl.col("line").str.strip_chars_start()), None
        known = self._json.get(key)
        if known is None or (known.layout is None and known.lessons < _MOST_LESSONS):
            known = self._learn(key, known, lines["line"], _SAMPLE)
        if known.layout is None:
            return lines.clear(), lines
        events, rest = _objects(lines, known.layout, known.clock, block)
        late = events["n"].filter(events["attributes"].is_not_null())
        if known.lessons < _MOST_LESSONS and late.len() > _LATE * events.height:
            more = lines["line"].filter(lines["n"].is_in(late.implode()))
            known = self._learn(key, known, more, _MORE)
            assert known.layout is not None
            events, rest = _objects(lines, known.layout, known.clock, block)
        return events, rest

    def _learn(self, key: str, before: _Json | None, lines: pl.Series, most: int) -> _Json:
        sample = (before.sample if before else []) + _spread(lines, most)
        layout = reader.infer(sample)
        times = reader.sample_times(sample, layout) if layout else pl.Series(dtype=pl.String)
        lessons = 1 + (before.lessons if before else 0)
        self._json[key] = _Json(sample if layout else [], layout, Clock(detect_time_formats(times), self._tz), lessons)
        return self._json[key]

    def _read_text(self, key: str, lines: pl.DataFrame) -> pl.DataFrame:
        if key not in self._texts:
            firsts = lines["line"].str.extract(r"^([^\r\n]*)")
            self._texts[key] = formats.detect(_spread(firsts, _SAMPLE), tz=self._tz, formats=self._formats)
        events = formats.parse_each(lines, self._texts[key])
        self.unparsed += int((~events["parsed"]).sum())
        return events


def _objects(
    lines: pl.DataFrame, form: JsonLines, clock: Clock, block: bytes | None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split records (n, line) into the events that are JSON objects and the lines that are not, broken ones too."""
    events, rest = reader.read(lines, form, clock, block)
    if "parsed" not in events.columns:
        return events, rest
    broken = events["n"].filter(~events["parsed"])
    rest = pl.concat([rest, lines.filter(pl.col("n").is_in(broken.implode()))]).sort("n")
    return events.filter("parsed").drop("parsed"), rest


def time_of(ids: pl.Series) -> pl.Series:
    """Return the times in entry ids such as 1741608000000-0; null where the number is no time of a log.

    >>> time_of(pl.Series(["1741608000000-0", "7-1"])).to_list()
    [datetime.datetime(2025, 3, 10, 12, 0, tzinfo=zoneinfo.ZoneInfo(key='UTC')), None]
    """
    millis = ids.str.extract(r"^(\d+)-").cast(pl.Int64, strict=False)
    known = millis.to_frame("t").select(pl.when(pl.col("t").is_between(630_000_000_000, 4_200_000_000_000)).then("t"))
    return (known.to_series() * 1000).cast(schema.TIMESTAMP)


def _spread(lines: pl.Series, most: int) -> list[str]:
    return lines.gather_every(max(1, lines.len() // most)).head(most).to_list()


def _splice(names: list[str], packed: list[str]) -> pl.Expr:
    """Return the expression for one JSON object of fields, some of which hold JSON objects.

    Where the other fields have no message, the first of these is the record, and its keys stand beside the others'.
    """
    plain = [name for name in names if name not in packed]
    root = "" if "message" in core_paths({(name,): "text" for name in plain}) else packed[0]
    inside = pl.col(root).str.strip_chars().str.strip_prefix("{").str.strip_suffix("}").str.strip_chars()
    parts = [inside.replace("", None)] if root else []
    parts += [pl.concat_str(pl.lit(_key(name)), name) for name in packed if name != root]
    parts += [_quoted(name) for name in plain]
    return pl.concat_str(
        pl.lit("{"), pl.concat_str(parts, separator=",", ignore_nulls=True), pl.lit("}")
    ).alias("line")  # fmt: skip


def _key(name: str) -> str:
    import json

    return json.dumps(name, ensure_ascii=False) + ":"


def _quoted(name: str) -> pl.Expr:
    """Return the expression for "name":value in JSON, a number as a number; null where there is none."""
    value = pl.col(name)
    number = value.str.contains(r"^-?(?:0|[1-9]\d{0,17})(?:\.\d{1,15})?$")
    text = pl.struct(value.alias("v")).struct.json_encode().str.strip_prefix('{"v":').str.strip_suffix("}")
    shown = pl.when(value.is_not_null()).then(pl.when(number).then(value).otherwise(text))
    return pl.concat_str(pl.lit(_key(name)), shown)
