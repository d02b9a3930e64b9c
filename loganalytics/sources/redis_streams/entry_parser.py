"""Entries to events: a record as JSON in one field, fields that are the record themselves, or a line of text."""

from __future__ import annotations

import json
from dataclasses import dataclass

import polars as pl

from loganalytics import formats, schema
from loganalytics.formats import Detection
from loganalytics.formats.definitions import Format
from loganalytics.formats.fields.aliases import FIELD_ALIASES, core_paths, fold_name
from loganalytics.formats.hints import NO_HINTS, Hints
from loganalytics.formats.internal_columns import without_internal
from loganalytics.formats.json import reader
from loganalytics.formats.json.reader import JsonLines
from loganalytics.formats.timestamps import Clock, clock_of
from loganalytics.sources.redis_streams.flat_fields import FlatFieldsParser

_SAMPLE_LINES, _RELEARN_LINES, _PACKED_SAMPLE = 1000, 200, 200
# Learning anew costs as much as reading some thousand entries; after so many times what is new is in `attributes`.
_MAX_LESSONS = 10
_MAX_LATE_SHARE = 0.01
_OBJECT = r"^\s*\{"
# Names of a lone field that holds the event's text rather than one of its properties.
_TEXT_FIELDS = {fold_name(name) for name in FIELD_ALIASES["message"]} | {
    "data", "line", "raw", "payload", "record", "entry", "value",
}  # fmt: skip
_EARLIEST_MILLIS, _LATEST_MILLIS = 630_000_000_000, 4_200_000_000_000
"""The ids that are times of a log: 1989 to 2103."""


@dataclass(frozen=True, kw_only=True)
class _JsonField:
    """What a sample of the JSON records of a field shows."""

    sample: list[str]
    form: JsonLines | None
    clock: Clock
    lessons: int


class EntryParser:
    """How the entries of one stream read: learned from the first ones, and again when others come."""

    def __init__(self, hints: Hints = NO_HINTS, own_formats: tuple[Format, ...] = ()) -> None:
        self._hints, self._own_formats = hints, own_formats
        self._flat_fields = FlatFieldsParser(hints)
        self._is_packed: dict[str, bool] = {}
        """Of each field whether it holds JSON objects beside other fields."""
        self._json_fields: dict[str, _JsonField] = {}
        self._text_formats: dict[str, Detection] = {}
        self.unparsed = 0
        """Texts in no known format: they are events with the text as message."""

    @property
    def format_name(self) -> str:
        """What the entries turned out to be."""
        names = ["JSON"] if any(field.form for field in self._json_fields.values()) else []
        names += [detection.name for detection in self._text_formats.values()]
        return " + ".join(dict.fromkeys([*names, *(["fields"] if self._flat_fields.used else [])]))

    def events(self, ids: pl.Series, fields: pl.DataFrame, block: bytes | None = None) -> pl.DataFrame:
        """Return the log frame of entries, one row each, in their order.

        `offset` is the id, whose time stands for the record's where it has none. `block`: the values of a lone field
        as bytes, each ended by a newline, where they are at hand.
        """
        number = pl.int_range(fields.height, dtype=pl.UInt64, eager=True)
        frames = [events for events in self._parse(number, fields, block) if events.height]
        events = frames[0] if len(frames) == 1 else pl.concat(frames, how="diagonal_relaxed").sort("n")
        events = without_internal(events).with_columns(ids.alias("offset"))
        has_times = events.schema.get("timestamp") == schema.TIMESTAMP
        if not has_times or events["timestamp"].null_count():
            own_times = [pl.col("timestamp")] if has_times else []
            events = events.with_columns(pl.coalesce(*own_times, entry_times(ids)).alias("timestamp"))
        return schema.conform(events)

    def _parse(self, number: pl.Series, fields: pl.DataFrame, block: bytes | None) -> list[pl.DataFrame]:
        """Separate the entries with one field, the record or a line of text, from those with several."""
        if fields.width == 1:
            return self._parse_lone_field(number, fields.to_series(), block)
        if not any(fields.null_count().row(0)):
            return self._parse_several_fields(number, fields)
        lone = fields.select(pl.sum_horizontal(pl.all().is_not_null()) == 1).to_series()
        frames = [] if lone.all() else self._parse_several_fields(number.filter(~lone), fields.filter(~lone))
        for column in fields.filter(lone).iter_columns() if lone.any() else ():
            rows = column.is_not_null()
            if rows.any():
                frames += self._parse_lone_field(number.filter(lone).filter(rows), column.filter(rows))
        return frames

    def _parse_lone_field(self, number: pl.Series, values: pl.Series, block: bytes | None = None) -> list[pl.DataFrame]:
        events, not_json = self._parse_json(values.name, pl.DataFrame({"n": number, "line": values}), block)
        if not_json.is_empty():
            return [events]
        if fold_name(values.name) in _TEXT_FIELDS:
            return [events, self._parse_text(values.name, not_json)]
        return [events, self._flat_fields.events(not_json["n"], not_json.select(pl.col("line").alias(values.name)))]

    def _parse_several_fields(self, number: pl.Series, fields: pl.DataFrame) -> list[pl.DataFrame]:
        packed = self._packed_fields(fields)
        if not packed:
            return [self._flat_fields.events(number, fields)]
        is_object = pl.any_horizontal(pl.col(packed).str.contains(_OBJECT).fill_null(value=False))
        rows = fields.select(is_object).to_series()
        lines = fields.filter(rows).select(number.filter(rows).alias("n"), _spliced_object(fields.columns, packed))
        events, not_json = self._parse_json("", lines)
        flat = ~rows | number.is_in(not_json["n"].implode())
        if not flat.any():
            return [events]
        return [events, self._flat_fields.events(number.filter(flat), fields.filter(flat))]

    def _packed_fields(self, fields: pl.DataFrame) -> list[str]:
        """Return the fields that hold JSON objects."""
        for column in fields.iter_columns():
            sample = column.drop_nulls().head(_PACKED_SAMPLE)
            if column.name not in self._is_packed and sample.len():
                self._is_packed[column.name] = 2 * int(sample.str.contains(_OBJECT).sum()) >= sample.len()
        return [name for name in fields.columns if self._is_packed.get(name)]

    def _parse_json(
        self, key: str, lines: pl.DataFrame, block: bytes | None = None
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Split records (n, line) into the events that are JSON objects and the lines that are not."""
        if lines["line"].str.starts_with(" ").any() or lines["line"].str.starts_with("\n").any():
            lines, block = lines.with_columns(pl.col("line").str.strip_chars_start()), None
        field = self._json_fields.get(key)
        if field is None or (field.form is None and field.lessons < _MAX_LESSONS):
            field = self._learn(key, field, lines["line"], _SAMPLE_LINES)
        if field.form is None:
            return lines.clear(), lines
        events, not_json = _read_objects(lines, field.form, field.clock, block)
        late = events["n"].filter(events["attributes"].is_not_null())
        if field.lessons < _MAX_LESSONS and late.len() > _MAX_LATE_SHARE * events.height:
            unlike_sample = lines["line"].filter(lines["n"].is_in(late.implode()))
            field = self._learn(key, field, unlike_sample, _RELEARN_LINES)
            assert field.form is not None
            events, not_json = _read_objects(lines, field.form, field.clock, block)
        return events, not_json

    def _learn(self, key: str, before: _JsonField | None, lines: pl.Series, count: int) -> _JsonField:
        sample = (before.sample if before else []) + _spread_sample(lines, count)
        form = reader.infer(sample, self._hints)
        times = reader.sample_times(sample, form) if form else pl.Series(dtype=pl.String)
        self._json_fields[key] = _JsonField(
            sample=sample if form else [],
            form=form,
            clock=clock_of(times, self._hints),
            lessons=1 + (before.lessons if before else 0),
        )
        return self._json_fields[key]

    def _parse_text(self, key: str, lines: pl.DataFrame) -> pl.DataFrame:
        if key not in self._text_formats:
            first_lines = _spread_sample(lines["line"].str.extract(r"^([^\r\n]*)"), _SAMPLE_LINES)
            self._text_formats[key] = formats.detect(first_lines, hints=self._hints, formats=self._own_formats)
        events = formats.parse_each(lines, self._text_formats[key])
        self.unparsed += int((~events["parsed"]).sum())
        return events


def _read_objects(
    lines: pl.DataFrame, form: JsonLines, clock: Clock, block: bytes | None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split records (n, line) into the events that are JSON objects and the lines that are not, broken ones too."""
    events, not_json = reader.read(lines, form, clock, block)
    if "parsed" not in events.columns:
        return events, not_json
    broken = events["n"].filter(~events["parsed"])
    not_json = pl.concat([not_json, lines.filter(pl.col("n").is_in(broken.implode()))]).sort("n")
    return events.filter("parsed").drop("parsed"), not_json


def entry_times(ids: pl.Series) -> pl.Series:
    """Return the times in entry ids such as 1741608000000-0; null where the number is not a time of a log.

    >>> entry_times(pl.Series(["1741608000000-0", "7-1"])).to_list()
    [datetime.datetime(2025, 3, 10, 12, 0, tzinfo=zoneinfo.ZoneInfo(key='UTC')), None]
    """
    millis = pl.lit(ids).str.extract(r"^(\d+)-").cast(pl.Int64, strict=False)
    is_time = millis.is_between(_EARLIEST_MILLIS, _LATEST_MILLIS)
    return pl.select(pl.when(is_time).then(millis * 1000).cast(schema.TIMESTAMP)).to_series().alias(ids.name)


def _spread_sample(lines: pl.Series, count: int) -> list[str]:
    """Return so many lines, from all over."""
    return lines.gather_every(max(1, lines.len() // count)).head(count).to_list()


def _spliced_object(names: list[str], packed: list[str]) -> pl.Expr:
    """Return the expression for one JSON object of fields, some of which hold JSON objects.

    Where the other fields have no message, the first of these is the record, and its keys stand beside the others'.
    """
    flat = [name for name in names if name not in packed]
    root = "" if "message" in core_paths({(name,): "text" for name in flat}) else packed[0]
    members = [_members_of(root)] if root else []
    members += [pl.concat_str(pl.lit(_json_key(name)), name) for name in packed if name != root]
    members += [_json_member(name) for name in flat]
    joined = pl.concat_str(members, separator=",", ignore_nulls=True)
    return pl.concat_str(pl.lit("{"), joined, pl.lit("}")).alias("line")


def _members_of(name: str) -> pl.Expr:
    """Return the expression for what is between the braces of a JSON object; null for an empty one."""
    inside = pl.col(name).str.strip_chars().str.strip_prefix("{").str.strip_suffix("}").str.strip_chars()
    return inside.replace("", None)


def _json_key(name: str) -> str:
    return json.dumps(name, ensure_ascii=False) + ":"


def _json_member(name: str) -> pl.Expr:
    """Return the expression for "name":value in JSON, a number as a number; null where there is none."""
    value = pl.col(name)
    is_number = value.str.contains(r"^-?(?:0|[1-9]\d{0,17})(?:\.\d{1,15})?$")
    quoted = pl.struct(value.alias("v")).struct.json_encode().str.strip_prefix('{"v":').str.strip_suffix("}")
    literal = pl.when(value.is_not_null()).then(pl.when(is_number).then(value).otherwise(quoted))
    return pl.concat_str(pl.lit(_json_key(name)), literal)
