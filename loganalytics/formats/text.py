"""Text lines to events, by the regular expression of a format."""

from __future__ import annotations

import polars as pl

from loganalytics.formats.catalogue import LEVEL, TIMED, TYPES, Format
from loganalytics.formats.timestamps import Clock, to_utc
from loganalytics.schema import severities

# Where a level word may stand in free text: in brackets, before a colon, in capitals between blanks, or first.
_FREE_LEVEL = (
    r"^.{0,80}?(?:[\[<(|]|\b)(?P<level>TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|CRIT(?:ICAL)?|ALERT|FATAL|EMERG"
    r"|SEVERE|SECURITY|AUDIT)(?:[\]>):|/]|\s|$)"
)
_LEADING_LEVEL = rf"^[\[<(]?{LEVEL}[\]>):]"


def read(lines: pl.DataFrame, form: Format, clock: Clock) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split lines (n, line) into the events that the format matches and the lines that it does not."""
    groups = lines.select("n", "line", pl.col("line").str.extract_groups(form.regex).alias("g"))
    matched = pl.col("g").struct.field("timestamp" if "timestamp" in _fields(groups) else "message").is_not_null()
    split = groups.with_columns(matched.alias("matched"))
    rest = split.filter(~pl.col("matched")).select("n", "line")
    events = split if rest.is_empty() else split.filter("matched")
    return _columns(events.drop("line", "matched").unnest("g"), form, clock), rest


def _fields(groups: pl.DataFrame) -> list[str]:
    kind = groups.schema["g"]
    return [field.name for field in kind.fields] if isinstance(kind, pl.Struct) else []


def _columns(events: pl.DataFrame, form: Format, clock: Clock) -> pl.DataFrame:
    if "timestamp" in events.columns:
        events = events.with_columns(to_utc(events["timestamp"], clock))
    if form.message:
        parts = [pl.col(name).str.strip_chars().replace("", None) for name in form.message]
        joined = pl.concat_str(parts, separator=" ", ignore_nulls=True).alias("message")
        events = events.with_columns(joined).drop("rest", "before", "after", strict=False)
    if form.status:  # access logs write a dash for what is not there
        events = events.with_columns(
            pl.when(~pl.col(name).is_in(["-", ""])).then(name)
            for name in events.columns
            if name not in ("n", "timestamp")
        )
    if "trace_id" in events.columns:  # many formatters write a dash where there is no request
        events = events.with_columns(pl.col("trace_id").replace(["-", "", "None", "null"], None))
    typed = [pl.col(name).cast(kind, strict=False) for name, kind in TYPES.items() if name in events.columns]
    return _with_level(events.with_columns(typed), form)


def _with_level(events: pl.DataFrame, form: Format) -> pl.DataFrame:
    if form.status:
        status = pl.col(form.status)
        text = pl.when(status >= 500).then(pl.lit("error")).when(status >= 400).then(pl.lit("warning"))
        return events.with_columns(severities(text.otherwise(pl.lit("info"))))
    if "level" in events.columns:
        word = pl.col("level").replace(form.levels) if form.levels else pl.col("level")
        return events.with_columns(severities(word))
    if form is TIMED:
        free = pl.coalesce(pl.col("message").str.extract(_LEADING_LEVEL), pl.col("message").str.extract(_FREE_LEVEL))
        return events.with_columns(severities(free))
    return events
