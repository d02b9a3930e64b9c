"""Server-sent events: `data: {...}`, with `id:` and `event:` before it, and a blank line behind."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from loganalytics.formats.framing import numbers

_DATA = re.compile(r"data: ?[{\[]")
_FIELD = re.compile(r"(?:data|event|id|retry)?:")
_FIELDS = r"^(?P<name>data|event|id|retry): ?(?P<value>.*)$"
_PEEKED_LINES = 20
_SCHEMA = {"n": pl.UInt64, "line": pl.String}


def is_event_stream(head: Sequence[str]) -> bool:
    """Whether these lines are server-sent events whose data are JSON."""
    peeked = head[:_PEEKED_LINES]
    return all(map(_FIELD.match, peeked)) and any(map(_DATA.match, peeked))


@dataclass(frozen=True)
class EventStream:
    """Server-sent events."""

    def __call__(self) -> EventStreamFramer:
        """Return the framer of one file."""
        return EventStreamFramer()


class EventStreamFramer:
    """Puts the fields of an event together."""

    def __init__(self) -> None:
        self._lines = pl.DataFrame(schema=_SCHEMA)

    def feed(self, lines: pl.DataFrame) -> pl.DataFrame:
        """Return the data of the events that end in these lines, each with the other fields in `sse`."""
        lines = pl.concat([self._lines, lines])
        blank = (lines["line"] == "").arg_true()
        ended = int(blank[-1]) + 1 if blank.len() else 0
        self._lines = lines.slice(ended)
        return _events(lines.head(ended))

    def finish(self) -> pl.DataFrame:
        """Return what no blank line ended."""
        lines, self._lines = self._lines, self._lines.clear()
        return _events(lines)

    def give_back(self) -> int:
        """Forget the lines of an unfinished event, and return how many they are."""
        count = self._lines.height
        self._lines = self._lines.clear()
        return count


def _events(lines: pl.DataFrame) -> pl.DataFrame:
    fields = lines.with_columns(
        pl.col("line").str.extract_groups(_FIELDS).struct.unnest(),
        (pl.col("line") == "").cum_sum().alias("event"),
    ).filter(pl.col("line") != "")
    others = fields.filter(pl.col("name").is_null()).select("n", "line")
    quoted = pl.col("value").str.replace_all("\\", "\\\\", literal=True).str.replace_all('"', '\\"', literal=True)
    member = pl.concat_str(pl.lit('"'), "name", pl.lit('":"'), quoted, pl.lit('"'))
    is_data = pl.col("name") == "data"
    events = (
        fields.filter(pl.col("name").is_not_null())
        .group_by("event", maintain_order=True)
        .agg(
            pl.col("n").first(),
            pl.col("line").str.join(" "),
            pl.col("value").filter(is_data).str.join(" ").alias("record"),
            member.filter(~is_data).str.join(",").alias("members"),
        )
    )
    record = pl.col("record").str.strip_chars()
    is_object = record.str.starts_with("{") & record.str.ends_with("}") & (record != "{}")
    plain = pl.when(record != "").then(record).otherwise("line")
    joined = pl.concat_str(record.str.strip_suffix("}"), pl.lit(',"sse":{'), "members", pl.lit("}}"))
    line = pl.when(pl.col("members") == "").then(plain).when(is_object).then(joined).otherwise("line")
    records = pl.concat([events.select("n", line.alias("line")), others]).sort("n")
    return records.select(numbers(pl.col("n")), "line")
