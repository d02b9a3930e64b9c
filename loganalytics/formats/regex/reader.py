"""Text lines to events, by the regular expression of a format."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import polars as pl

from loganalytics.formats.definitions import SEVERITY_WORDS, TIMED, TYPES, Format
from loganalytics.formats.regex.ascii import ascii_only
from loganalytics.formats.regex.extract import extract_fields
from loganalytics.formats.timestamps import Clock, to_utc
from loganalytics.schema import LEVELS, severities

# Where a level may stand in free text: in brackets, after its name, or in capitals behind words that are no prose.
_IN_BRACKETS = Format("", rf"^.{{0,80}}?[\[<(|](?P<level>(?i:{SEVERITY_WORDS}))[\]>)|]").regex
_NAMED = Format("", rf"\b(?:level|lvl|severity|loglevel)[=:] ?\"?(?P<level>(?i:{SEVERITY_WORDS}))\b").regex
_BARE = Format("", r"^(?:(?:[^\sa-z]+|\S*[\d\[\]()<>|=/_:-]\S*)\s+){0,8}{LEVEL}(?:[:|,]|\s|$)").regex
_LEADING = Format("", rf"^[\[<(]?(?P<level>(?i:{SEVERITY_WORDS}))(?:[\]>)]:?|:)(?:\s|$)").regex
_CAPITALS = Format("", rf"^(?P<level>{SEVERITY_WORDS.upper()})(?:\s|$)").regex
_SYSLOG = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
_OF_STATUS = pl.DataFrame(
    [LEVELS[word] for word in ("info", "warning", "error")],
    schema={"level": pl.String(), "severity_number": pl.UInt8()},
    orient="row",
)
"""The levels of answers that went well, that were refused (4xx), and that failed (5xx)."""
_LEVEL = ("level", "severity_number")
_DURATIONS = {"duration_us": 1e-3, "duration_s": 1e3}


def read(lines: pl.DataFrame, form: Format, clock: Clock) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split lines (n, line) into the events that the format matches and the lines that it does not."""
    events, rest = extract_fields(lines, form, clock)
    return _columns(events, form, clock), rest


@cache
def takes_blank(regex: str) -> bool:
    """Whether an expression matches a line without text."""
    return bool(pl.Series(["", " ", "\t", " " * 9]).str.contains(regex).any())


def _columns(events: pl.DataFrame, form: Format, clock: Clock) -> pl.DataFrame:
    if events.schema.get("timestamp") == pl.String:
        events = events.with_columns(to_utc(events["timestamp"], clock))
    if form.message:
        events = events.with_columns(_joined(events, form.message)).drop("rest", "before", "after", strict=False)
    if form.status or form.dashes:  # access logs write a dash for what is not there
        texts = [name for name in events.columns if name not in ("n", "timestamp", "message")]
        shortest = events.select(pl.col(texts).str.len_bytes().min()).row(0, named=True)
        events = events.with_columns(
            pl.when(~pl.col(name).is_in(["-", ""])).then(name) for name in texts if (shortest[name] or 0) < 2
        )
    if "trace_id" in events.columns:  # many formatters write a dash where there is no request
        events = events.with_columns(pl.col("trace_id").replace(["-", "", "None", "null"], None))
    blank = [pl.col(name).replace("", None) for name in ("logger", "service", "db.user") if name in events.columns]
    events = events.with_columns(blank)
    typed = [pl.col(name).cast(kind, strict=False) for name, kind in TYPES.items() if name in events.columns]
    return _with_level(_with_duration(events).with_columns(typed), form)


def _joined(events: pl.DataFrame, names: Sequence[str]) -> pl.Series:
    """Return the message that the fields make, joined by blanks: what is empty in all events is left out at once."""
    fields = events.select(pl.col(name).str.strip_chars() for name in names)
    sizes = fields.select(pl.all().str.len_bytes().fill_null(0))
    told = [name for name in names if sizes[name].max()] or list(names)
    # Nulls, which are left out, make joining five times as dear.
    parts = [
        pl.col(name) if sizes[name].min() else pl.when(pl.col(name).str.len_bytes() > 0).then(name) for name in told
    ]
    return fields.select(pl.concat_str(parts, separator=" ", ignore_nulls=True).alias("message")).to_series()


def _with_duration(events: pl.DataFrame) -> pl.DataFrame:
    """Turn a duration in another unit into `duration_ms`."""
    units = [name for name in _DURATIONS if name in events.columns]
    if not units:
        return events
    known = [pl.col("duration_ms").cast(pl.Float64, strict=False)] if "duration_ms" in events.columns else []
    converted = [pl.col(name).cast(pl.Float64, strict=False) * _DURATIONS[name] for name in units]
    return events.with_columns(pl.coalesce(*known, *converted).round(6).alias("duration_ms")).drop(units)


def _with_level(events: pl.DataFrame, form: Format) -> pl.DataFrame:
    if form.status and form.status in events.columns:
        status = events[form.status]
        return events.with_columns(_OF_STATUS[(status >= 400).cast(pl.UInt32) + (status >= 500).cast(pl.UInt32)])
    if "level" in events.columns:
        word = pl.col("level").replace(form.levels) if form.levels else pl.col("level")
        return events.with_columns(severities(word))
    message = pl.col("message")
    words = [message.str.extract(_LEADING), message.str.extract(_CAPITALS)]
    if form is TIMED:
        words += [message.str.extract(shape) for shape in (_BARE, _IN_BRACKETS, _NAMED)]
    if "priority" in events.columns:  # facility * 8 + severity, RFC 5424 section 6.2.1
        number = pl.col("priority").cast(pl.Int32, strict=False) % 8
        words.insert(0, number.replace_strict(dict(enumerate(_SYSLOG)), default=None, return_dtype=pl.String))
    return events.with_columns(severities(pl.coalesce(words)))


def read_body(events: pl.DataFrame, form: Format, own: pl.Series) -> pl.DataFrame:
    """Fill in what the lines below its `own` events tell, by the format's `body`; the text itself stays as it is."""
    if form.body is None or "exception" not in events.columns:
        return events
    below = events.select(pl.when(own).then("exception")).to_series()
    found = below.str.extract_groups(ascii_only(form.body)).struct.unnest()
    found = _with_duration(found)
    found = found.with_columns(pl.col(n).cast(kind, strict=False) for n, kind in TYPES.items() if n in found.columns)
    filled = [
        pl.coalesce(found[name].cast(events.schema[name], strict=False), name).alias(name)
        if name in events.columns
        else found[name]
        for name in found.columns
    ]
    both = events.with_columns(filled)
    if not form.status and "level" not in found.columns:
        return both
    matched = found.select(pl.any_horizontal(pl.all().is_not_null())).to_series()
    before = [events[name] if name in events.columns else pl.lit(None) for name in _LEVEL]
    kept = [pl.when(matched).then(name).otherwise(old).alias(name) for name, old in zip(_LEVEL, before, strict=True)]
    return _with_level(both, form).with_columns(kept)
