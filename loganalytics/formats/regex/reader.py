"""Text lines to events, by the regular expression of a format."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import polars as pl

from loganalytics.formats.definitions import TIME_FIRST, TYPES, Format
from loganalytics.formats.definitions.access import STATUS
from loganalytics.formats.fields.status_levels import status_levels
from loganalytics.formats.internal_columns import column_of_group
from loganalytics.formats.regex.ascii import ascii_only
from loganalytics.formats.regex.extract import extract_fields
from loganalytics.formats.regex.pairs import with_pairs
from loganalytics.formats.regex.text_levels import level_words
from loganalytics.formats.regex.whole_lines import with_unread_times, with_whole_sentences
from loganalytics.formats.timestamps import Clock, to_utc
from loganalytics.schema import LEVELS, severities

_LEVEL_COLUMNS = ("level", "severity_number")
_QUOTED_REQUEST = ascii_only(
    r'"(?P<http.request.method>[A-Z]{3,10}) (?P<url.original>[^\s"]+) (?P<network.protocol>HTTP/[\d.]+)"'
    rf"[\s,:=|>-]+(?:status[=:] ?)?(?P<{STATUS}>[1-5]\d\d)\b"
)
_COMPLETED_REQUEST = ascii_only(  # Rails
    rf"\bCompleted (?P<{STATUS}>[1-5]\d\d) [^()]*? ?in (?P<duration_ms>\d+(?:\.\d+)?)ms\b"
)
# What each such message holds, and the expression for it.
_REQUESTS = {" HTTP/": _QUOTED_REQUEST, "Completed ": _COMPLETED_REQUEST}
_FIRST_LINE_WITH_WORDS = r"(?m)^[^\S\n]*([^\n]*\w[^\n]*?)\s*$"
_MS_PER_UNIT = {"duration_us": 1e-3, "duration_s": 1e3}


def read(lines: pl.DataFrame, form: Format, clock: Clock) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split lines (n, line) into the events that the format matches and the lines that it does not."""
    events, unmatched = extract_fields(lines, form, clock)
    typed = with_unread_times(_with_types(events, form, clock), lines, form)
    return (with_whole_sentences(typed, events["before"], lines) if form is TIME_FIRST else typed), unmatched


@cache
def matches_blank(regex: str) -> bool:
    """Whether an expression matches a line without text."""
    return bool(pl.Series(["", " ", "\t", " " * 9]).str.contains(regex).any())


def _with_types(events: pl.DataFrame, form: Format, clock: Clock) -> pl.DataFrame:
    """Read times, numbers and levels in the captured text, and join the message."""
    if events.schema.get("timestamp") == pl.String:
        events = events.with_columns(to_utc(events["timestamp"], clock))
    if "rest" in form.message:
        events = with_pairs(events, "rest")
    if form.message:
        events = events.with_columns(_joined(events, [*map(column_of_group, form.message)])).drop(
            "rest", "before", "after", strict=False
        )
    if form.status or form.dash_is_null:
        events = _without_dashes(events)
    if "trace_id" in events.columns:  # many formatters write a dash where there is no request
        events = events.with_columns(pl.col("trace_id").replace(["-", "", "None", "null"], None))
    filled = [pl.col(name).replace("", None) for name in ("logger", "service", "db.user") if name in events.columns]
    typed = [pl.col(name).cast(dtype, strict=False) for name, dtype in TYPES.items() if name in events.columns]
    events = _with_level(_with_duration(events.with_columns(filled)).with_columns(typed), form)
    return events if form.status else _with_request(events)


def _without_dashes(events: pl.DataFrame) -> pl.DataFrame:
    """Replace the dash that access logs write for a missing value by null."""
    events = events.with_columns(pl.col(r"^log\..*$").str.strip_chars())
    names = [name for name in events.columns if name not in ("n", "timestamp", "message")]
    shortest = events.select(pl.col(names).str.len_bytes().min()).row(0, named=True)
    return events.with_columns(
        pl.when(~pl.col(name).is_in(["-", ""])).then(name) for name in names if (shortest[name] or 0) < 2
    )


def _joined(events: pl.DataFrame, names: Sequence[str]) -> pl.Series:
    """Return the message made of the fields, joined by blanks; a field that is empty in all events is left out."""
    fields = events.select(pl.col(name).str.strip_chars() for name in names)
    sizes = fields.select(pl.all().str.len_bytes().fill_null(0))
    non_empty = [name for name in names if sizes[name].max()] or list(names)
    # Nulls, which are left out, make joining five times as slow.
    words = [
        pl.col(name) if sizes[name].min() else pl.when(pl.col(name).str.len_bytes() > 0).then(name)
        for name in non_empty
    ]
    return fields.select(pl.concat_str(words, separator=" ", ignore_nulls=True).alias("message")).to_series()


def _with_duration(events: pl.DataFrame) -> pl.DataFrame:
    """Turn a duration in another unit into `duration_ms`."""
    units = [name for name in _MS_PER_UNIT if name in events.columns]
    if not units:
        return events
    in_ms = [pl.col("duration_ms").cast(pl.Float64, strict=False)] if "duration_ms" in events.columns else []
    converted = [pl.col(name).cast(pl.Float64, strict=False) * _MS_PER_UNIT[name] for name in units]
    return events.with_columns(pl.coalesce(*in_ms, *converted).round(6).alias("duration_ms")).drop(units)


def _with_request(events: pl.DataFrame) -> pl.DataFrame:
    """Read the request that a message quotes, as an access log does; one that failed is at least a warning."""
    if STATUS in events.columns:
        return events
    message = events["message"]
    if not message.str.contains_any([*_REQUESTS]).any():
        return events
    for mark, regex in _REQUESTS.items():
        if message.str.contains(mark, literal=True).any():
            groups = message.str.extract_groups(regex).struct.unnest()
            if groups[STATUS].null_count() < groups.height:
                return _with_answer(events, groups)
    return events


def _with_answer(events: pl.DataFrame, groups: pl.DataFrame) -> pl.DataFrame:
    """Add the fields of a request, and the level of its answer."""
    status = groups[STATUS].cast(pl.Int64, strict=False)
    is_worse = (status >= 400).fill_null(value=False) & (events["severity_number"].fill_null(0) < LEVELS["warning"][1])
    levels = [pl.when(is_worse).then(level).otherwise(level.name).alias(level.name) for level in status_levels(status)]
    typed = [pl.col(name).cast(dtype, strict=False) for name, dtype in TYPES.items() if name in groups.columns]
    fields = groups.with_columns(typed).with_columns(status.alias(STATUS)).select(pl.exclude(*events.columns))
    return events.with_columns(*fields, *levels)


def _with_level(events: pl.DataFrame, form: Format) -> pl.DataFrame:
    """Add level and severity number, from the status, the level's word, the syslog priority or the message."""
    if form.status and form.status in events.columns:
        status = events[form.status]
        return events.with_columns(status_levels(status))
    if "level" in events.columns:
        word = pl.col("level").replace(form.levels) if form.levels else pl.col("level")
        return events.with_columns(severities(word))
    return events.with_columns(severities(pl.lit(level_words(events, behind_time=form.is_bare))))


def read_first_line_below(events: pl.DataFrame, of_text: pl.Series | None = None) -> pl.DataFrame:
    """Let the first line below an event be its message where its own line has none; the lines remain.

    `of_text` tells which events are of text, where some are records.
    """
    if "exception" not in events.columns:
        return events
    is_bare = (events["message"] == "") & events["exception"].is_not_null()
    is_bare = is_bare if of_text is None else is_bare & of_text
    if not is_bare.any():
        return events
    first_line = pl.col("exception").str.extract(_FIRST_LINE_WITH_WORDS)
    message = pl.when(is_bare).then(pl.coalesce(first_line, "message")).otherwise("message")
    return events.with_columns(message.alias("message"))


def read_body(events: pl.DataFrame, form: Format, is_of_format: pl.Series) -> pl.DataFrame:
    """Add the fields that the format's `body_pattern` captures from the lines below its events; the lines remain."""
    if form.body_pattern is None or "exception" not in events.columns:
        return events
    body = events.select(pl.when(is_of_format).then("exception")).to_series()
    fields = _with_duration(body.str.extract_groups(ascii_only(form.body_pattern)).struct.unnest())
    fields = fields.with_columns(
        pl.col(name).cast(dtype, strict=False) for name, dtype in TYPES.items() if name in fields.columns
    )
    filled = [
        pl.coalesce(fields[name].cast(events.schema[name], strict=False), name).alias(name)
        if name in events.columns
        else fields[name]
        for name in fields.columns
    ]
    with_fields = events.with_columns(filled)
    if not form.status and "level" not in fields.columns:
        return with_fields
    is_match = fields.select(pl.any_horizontal(pl.all().is_not_null())).to_series()
    previous = [events[name] if name in events.columns else pl.lit(None) for name in _LEVEL_COLUMNS]
    return _with_level(with_fields, form).with_columns(
        pl.when(is_match).then(name).otherwise(value).alias(name)
        for name, value in zip(_LEVEL_COLUMNS, previous, strict=True)
    )
