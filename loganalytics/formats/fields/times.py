"""Which fields of records are the time: by their names, by what they hold, in two parts, or as the user says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

import polars as pl

from loganalytics.formats.fields.aliases import (
    FieldPath,
    fields_by_name,
    fold_name,
    fold_path,
    named_field,
    value_at,
)
from loganalytics.formats.fields.zones import ZoneField, zone_field
from loganalytics.formats.hints import NO_HINTS, Hints
from loganalytics.formats.timestamps import clock_of, has_time_shape, is_written_time, to_utc

# The time of records that have none of the names in FIELD_ALIASES, the likelier first.
_FURTHER_NAMES = (
    "record.time.repr", "record.time.timestamp", "log_time", "logged_at", "log_timestamp", "time_logged",
    "logtime", "log_date", "logdate", "time_stamp", "datetime_utc", "date_time", "timestamp_utc", "utc_time",
    "utctime", "time_utc", "timestamp_iso", "iso_timestamp", "timestamp_ms", "timestampms", "timestamp_us",
    "timestamp_ns", "time_ms", "time_us", "time_ns", "ts_ms", "ts_us", "ts_ns", "epoch", "epoch_ms",
    "epoch_millis", "epochtime", "unix_time", "unixtime", "unix_timestamp", "unix_ts", "unix", "time_unix",
    "timestamp_unix", "event_timestamp", "event_ts", "event_date", "event_datetime", "event.created",
    "event.start", "event.time", "event.timestamp", "eventdate", "TimeGenerated", "TimeCreated", "timeWritten",
    "SystemTime", "EventReceivedTime", "EventCreatedTime", "query_timestamp", "query_time_start",
    "request_timestamp", "request_time_utc", "access_time", "request_start", "start_time", "starttime",
    "start_timestamp", "started_at", "start", "begin", "begin_time", "received_at", "received_time", "received",
    "receive_time", "occurred_at", "occurred_on", "occurredon", "occurrence_time", "created_at", "createdat",
    "creation_time", "creationdate", "created_on", "created_time", "createdtime", "created_date", "datecreated",
    "inserted_at", "emitted_at", "recorded_at", "published_at", "generated_at", "generated_time",
    "observed_timestamp", "observed_at", "ingestion_time", "ingest_time", "ingested_at", "ingest_timestamp",
    "ingestiontimestamp", "syslog_timestamp", "_SOURCE_REALTIME_TIMESTAMP", "reported_time", "server_time",
    "local_time", "localtime", "wall_time", "clock", "moment", "when", "datum", "fecha", "zeit", "@fields.time",
    "@fields.timestamp", "@fields.@timestamp", "fields.timestamp", "fields.time", "meta.timestamp", "meta.time",
    "meta.time_logged", "metadata.timestamp", "metadata.time", "header.timestamp", "context.timestamp",
    "attributes.timestamp", "attributes.time", "data.timestamp", "data.time", "record.timestamp", "record.created",
    "jsonPayload.timestamp", "jsonPayload.time", "time.local", "time.utc", "time.iso", "time.epoch", "date.$date",
    "stageTimestamp", "lastTimestamp", "isodate", "iso_date", "iso8601", "calendarTime", "published",
    "isotimestamp", "request_time", "reqTimeSec", "firstTimestamp", "metadata.creationTimestamp", "end_time",
    "endtime", "ended_at", "finished_at", "completed_at", "closed_at", "end", "时间", "日期", "时间戳", "日志时间",
    "時間", "日時",
)  # fmt: skip
BRACKETS = "[] /Date()"
"""What may be around a time: brackets, or Microsoft's /Date(1710074096789)/."""
MIDNIGHT = " 00:00:00"
"""What completes the text of a day."""
_MAX_TEXTS = 20
_YEAR = re.compile(r"\d{4}")
_MIN_RISING = 3
_MIN_EPOCH, _MAX_EPOCH = 6.3e8, 4.2e9  # 1990 to 2103, in seconds
_UNITS = (1, 1e3, 1e6, 1e9)

# Expressions of Python are compiled when a file needs them: most files do not.
_TIME_WORDS = (
    r"(?i)time|date|stamp|zeit|datum|fecha|hora|时间|日期|日付|時|날짜|시간|дата|время|heure|when|clock|epoch|instant|moment|(?:^|[._-])(?:ts|at|on|t)$"
    r"|(?-i:[a-z](?:At|On|Ts|TS)$)"
)
# Names of times that are not when the event happened.
_OTHER_TIMES = (
    r"(?i)expir|birth|dob$|until|valid|next|due|deadline|not_?(?:before|after)|modif|updat|last|prev|end|finish|complet"
    r"|boot|build|release|session|scheduled|eta$|renew|delet|joined|signup|registered|login"
)
_IDENTIFIER = r"(?i)(?:^|[._-])u?id$|[a-z]Id$|(?:phone|number|offset|count|bytes|size)"

_DAY = r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{8}|\d{1,2}[-/ ][A-Z][a-z]{2}[-/ ]\d{2,4}|[A-Z][a-z]{2} \d{1,2},? \d{4}"
_DAY_AND_CLOCK = r"(?=.*\d:\d\d(?!\d))(?=\D*(?:\d+\D+){3}\d)[\w .,()/:+-]*$"
_VERSION = r"\d{1,4}\.\d{1,4}\.\d{1,4}"
_TIME_OF_DAY = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,:]\d{1,9})?)?(?: ?[AaPp]\.?[Mm]\.?)?(?: ?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}))?"
# What .NET writes between /Date( and )/; lists of numbers, as Jackson's; days of the year, and of weeks.
_FURTHER_SHAPES = (
    r"\d{12,13}[+-]\d{4}|(?:19|20)\d\d(?:, ?\d{1,2}){4,5}(?:, ?\d{1,9})?"
    r"|(?:19|20)\d\d-(?:\d{3}|W\d\d-\d)[T ]\d\d:\d\d:.*"
)
_SECONDS = {"seconds", "second", "epochsecond", "epochseconds", "sec", "secs", "tvsec"}
_FRACTIONS = {"nanos": 9, "nano": 9, "nanoseconds": 9, "nanosecond": 9, "nanoofsecond": 9, "nsec": 9, "nsecs": 9,
              "tvnsec": 9, "micros": 6, "microseconds": 6, "usec": 6, "usecs": 6, "tvusec": 6, "millis": 3}  # fmt: skip


class SecondPart(NamedTuple):
    """What completes a time that is written in two fields."""

    path: FieldPath
    digits: int
    """How many digits a second's fraction has; 0 for the time of a day."""

    def join(self, first: pl.Expr, second: pl.Expr) -> pl.Expr:
        """Return the text of the whole time."""
        second = second.cast(pl.String)
        if not self.digits:
            return pl.concat_str(first, second, separator=" ", ignore_nulls=True)
        return pl.concat_str(first.str.replace(r"\.0$", ""), pl.lit("."), second.str.zfill(self.digits).fill_null("0"))

    def join_texts(self, first: str, second: object) -> str:
        """Return the text of the whole time of one record."""
        if not self.digits:
            return f"{first} {second}" if second is not None else first
        return f"{first.removesuffix('.0')}.{str(second or 0).zfill(self.digits)}"


@dataclass(frozen=True, kw_only=True)
class TimeFields:
    """The fields that are the time, the likelier first."""

    paths: tuple[FieldPath, ...] = ()
    parts: Mapping[FieldPath, SecondPart] = field(default_factory=dict)
    """Of each field that holds the first part of a time what completes it."""
    are_bracketed: bool = False
    """Whether there are brackets around them."""
    days: frozenset[FieldPath] = frozenset()
    """Those that hold a day without a time of day."""
    zone: ZoneField | None = None
    """The field that names the zone of times which write none."""
    guesses: tuple[str, ...] = ()


def time_fields(
    records: Sequence[Mapping[str, Any]],
    values: Mapping[FieldPath, Sequence[str]],
    aliased: Sequence[FieldPath],
    hints: Hints = NO_HINTS,
) -> TimeFields:
    """Return the fields that are the time, given sampled records and the values of all their fields as text.

    `aliased` are those with a name that loggers give the time.
    """
    names = fields_by_name(values)
    parts = _in_parts(values)
    reader = _TimeReader(values, parts, hints)
    hinted = _hinted(hints.time_field, names, parts)
    if hinted:
        return _times_in((hinted,), values, parts, hints)
    paths = _by_name(aliased, names, reader, records)
    guesses: tuple[str, ...] = ()
    if not any(map(reader.names_year, paths)):
        by_value = reader.by_value()
        if by_value and (not paths or reader.names_year(by_value[0])):
            paths, guesses = [by_value[0], *paths], _guess(by_value)
    paths = paths or reader.days([*aliased, *_further(names), *values])[:1] or list(aliased)
    return _times_in(paths, values, parts, hints, guesses)


def _times_in(
    paths: Sequence[FieldPath], values: Mapping[FieldPath, Sequence[str]], parts: Mapping[FieldPath, SecondPart],
    hints: Hints, guesses: tuple[str, ...] = (),
) -> TimeFields:  # fmt: skip
    """Return the fields that are the time with what completes the times in them."""
    parts = {path: part for path, part in parts.items() if path in paths}
    days = [path for path in paths if path not in parts and values[path] and _all_match(_DAY, values[path])]
    clocks = [parts[path].path if path in parts else path for path in paths]
    zone = None if hints.tz != NO_HINTS.tz else zone_field(values, clocks)
    if days:
        guesses += (f"only the day is in {_quoted(days[0])}: its times are midnight. Hint: time= the field to use",)
    if zone:
        guesses += (f'times without a zone are in that of {_quoted(zone.path)}. Hint: tz="Etc/UTC" or their zone',)
    return TimeFields(
        paths=tuple(paths),
        parts=parts,
        are_bracketed=any(text.startswith(("[", "/Date(")) for path in paths for text in values[path][:_MAX_TEXTS]),
        days=frozenset(days),
        zone=zone,
        guesses=guesses,
    )


def _quoted(path: FieldPath) -> str:
    return f'"{".".join(path)}"'


def _further(names: Mapping[str, list[FieldPath]]) -> list[FieldPath]:
    return [path for name in _FURTHER_NAMES for path in names.get(fold_name(name), ())]


def _by_name(
    aliased: Sequence[FieldPath],
    names: Mapping[str, list[FieldPath]],
    reader: _TimeReader,
    records: Sequence[Mapping[str, Any]],
) -> list[FieldPath]:
    """Return the fields with a name of the time that hold times; of the lesser names those that add some."""
    paths = [path for path in aliased if reader.holds_times(path) and not reader.is_clock(path)]
    for path in (*reader.parts, *_further(names)):
        if path not in paths and (not paths or _adds_times(path, paths, records)):
            paths += [path] if reader.holds_times(path) else []
    return paths


def _hinted(
    hint: str | None, names: Mapping[str, list[FieldPath]], parts: Mapping[FieldPath, SecondPart]
) -> FieldPath | None:
    """Return the field that the user says is the time, or the first part within the object that is."""
    if not hint:
        return None
    within = (path for path in parts if fold_path(path[:-1]) == fold_name(hint))
    return named_field(hint, names) or next(within, None)


class _TimeReader:
    """Tells of fields whether they hold times."""

    def __init__(
        self, values: Mapping[FieldPath, Sequence[str]], parts: Mapping[FieldPath, SecondPart], hints: Hints
    ) -> None:
        self._values, self.parts, self._hints = values, parts, hints

    def is_clock(self, path: FieldPath) -> bool:
        """Whether a field is the time of day that completes a day in another field."""
        return path not in self.parts and any(path == part.path for part in self.parts.values() if not part.digits)

    def names_year(self, path: FieldPath) -> bool:
        """Whether a field's times say of which year they are, as far as can be seen."""
        texts = self._values[path][:1]
        return path in self.parts or not texts or _YEAR.search(texts[0]) is not None

    def holds_times(self, path: FieldPath, *, share: float = 0.5) -> bool:
        """Whether at least so many of a field's values are times; one without values may hold them."""
        texts = self._values[path][:_MAX_TEXTS]
        if path in self.parts:
            return True
        if self._hints.time_patterns and texts:
            times = to_utc(pl.Series("time", texts, dtype=pl.String), clock_of(pl.Series(texts), self._hints))
            return times.len() - times.null_count() >= share * len(texts)
        is_time = _is_any_time if re.search(_TIME_WORDS, path[-1]) else _is_time
        return sum(is_time(text.strip(BRACKETS)) for text in texts) >= share * len(texts)

    def days(self, paths: Iterable[FieldPath]) -> list[FieldPath]:
        """Return those of the fields that hold the day of an event, by their names."""
        return [
            path
            for path in paths
            if self._values[path]
            and re.search(_TIME_WORDS, path[-1])
            and not re.search(_OTHER_TIMES, ".".join(path))
            and _all_match(_DAY, self._values[path])
        ]

    def by_value(self) -> list[FieldPath]:
        """Return the fields whose values are all times, the likelier first."""
        candidates = [
            path
            for path, texts in self._values.items()
            if texts
            and self.holds_times(path, share=1)
            and (not _is_number(texts[0]) or _is_epoch(path, texts))
            and not (_all_match(_VERSION, texts) and not re.search(_TIME_WORDS, path[-1]))
        ]
        return sorted(candidates, key=self._unlikelihood)

    def _unlikelihood(self, path: FieldPath) -> tuple[bool, bool, bool, int]:
        is_other = re.search(_OTHER_TIMES, ".".join(path)) is not None
        return is_other, not re.search(_TIME_WORDS, path[-1]), not self.names_year(path), len(path)


def _is_epoch(path: FieldPath, texts: Sequence[str]) -> bool:
    """Whether numbers count the time since 1970: by the field's name, or as they rise."""
    if re.search(_IDENTIFIER, path[-1]):
        return False
    numbers = [float(text) for text in texts if _is_number(text)]
    is_rising = len(set(numbers)) >= _MIN_RISING and all(before <= after for before, after in pairwise(numbers))
    return bool(re.search(_TIME_WORDS, path[-1])) or is_rising


def _guess(by_value: Sequence[FieldPath]) -> tuple[str, ...]:
    if not by_value:
        return ()
    names = [_quoted(path) for path in by_value]
    rivals = f", not from {' or '.join(names[1:3])}" if names[1:] else ""
    return (f"time taken from {names[0]}{rivals}. Hint: time={names[0]} or the field that holds it",)


def _adds_times(path: FieldPath, paths: Iterable[FieldPath], records: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a field has a value in records that have none in the others."""
    rows = (record for record in records if all(value_at(record, other) is None for other in paths))
    return any(value_at(record, path) is not None for record in rows)


def _is_time(text: str) -> bool:
    if _is_number(text):
        return any(_MIN_EPOCH <= float(text) / unit < _MAX_EPOCH for unit in _UNITS)
    return has_time_shape(text) or re.fullmatch(_FURTHER_SHAPES, text) is not None


def _is_any_time(text: str) -> bool:
    """Whether a text is a time in any writing; the grammar takes long to compile."""
    return _is_time(text) or (re.match(_DAY_AND_CLOCK, text) is not None and is_written_time(text))


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal() and text.isascii()


def _in_parts(values: Mapping[FieldPath, Sequence[str]]) -> dict[FieldPath, SecondPart]:
    """Return the fields that hold the first part of a time, and what completes each."""
    return dict((*_days_and_clocks(values), *_seconds_and_fractions(values)))


def _days_and_clocks(values: Mapping[FieldPath, Sequence[str]]) -> Iterator[tuple[FieldPath, SecondPart]]:
    """Yield each day beside a time of day in the same object."""
    timely = [path for path in values if re.search(_TIME_WORDS, path[-1])]
    days = [path for path in timely if values[path] and _all_match(_DAY, values[path])]
    for path in days:
        siblings = (other for other in timely if other[:-1] == path[:-1] and values[other])
        clock = next((other for other in siblings if _all_match(_TIME_OF_DAY, values[other])), None)
        if clock:
            yield path, SecondPart(clock, 0)


def _seconds_and_fractions(values: Mapping[FieldPath, Sequence[str]]) -> Iterator[tuple[FieldPath, SecondPart]]:
    """Yield each count of seconds since 1970 beside a count of parts of a second, in an object of their own."""
    for path in (path for path in values if fold_name(path[-1]) in _SECONDS):
        texts = values[path]
        if not texts or not all(map(_is_time, texts[:_MAX_TEXTS])):
            continue
        for other in values:
            digits = _FRACTIONS.get(fold_name(other[-1]))
            if digits and other[:-1] == path[:-1]:
                yield path, SecondPart(other, digits)
                break


def _all_match(pattern: str, texts: Sequence[str]) -> bool:
    return all(re.fullmatch(pattern, text) for text in texts[:_MAX_TEXTS])
