"""Which formats a file is in, decided on a sample of its lines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import cast

import polars as pl

from loganalytics.formats import delimited, envelopes, logfmt
from loganalytics.formats.definitions import AUDIT, RAW, TIME_FIRST, Format
from loganalytics.formats.delimited import Delimited
from loganalytics.formats.envelopes import Wrapper
from loganalytics.formats.json import reader
from loganalytics.formats.json.reader import JsonLines
from loganalytics.formats.logfmt import Logfmt
from loganalytics.formats.regex.prefilter import candidate_formats, format_with_level_position
from loganalytics.formats.timestamps import Clock, fit, strptime, to_utc

# A format must take this share of the lines that are left, or it was an accident.
_MIN_SHARE = 0.02


@dataclass(frozen=True)
class Reader:
    """A format and how it tells the time in this file."""

    form: Format | JsonLines | Logfmt | Delimited
    clock: Clock
    lines: int
    """How many lines of the sample it matched."""
    first: dt.datetime | None = None
    """The first time that it read in the sample."""


@dataclass(frozen=True)
class Detection:
    """What a file's sample showed: its readers in the order in which they are tried on a line."""

    readers: tuple[Reader, ...]
    sampled: int
    wrapper: Wrapper | None = None

    @property
    def name(self) -> str:
        """The formats' names, the commonest first, and what wraps them."""
        names = " + ".join(reader.form.name for reader in self.readers) or RAW.name
        return f"{names} in {self.wrapper.name}" if self.wrapper else names

    @property
    def headers(self) -> str | None:
        """The expression for lines that name columns and are no events."""
        return next((reader.form.headers for reader in self.readers if isinstance(reader.form, Delimited)), None)

    def with_year(self, year: int) -> Detection:
        """Return the detection with the year of the first line, for files that do not tell it."""
        if self.bears_year:
            return self
        readers = tuple(replace(r, clock=replace(r.clock, year=year)) for r in self.readers)
        return replace(self, readers=readers)

    @property
    def bears_year(self) -> bool:
        """Whether a format that tells the time writes the year: then the others have it from there."""
        timed = [reader.clock for reader in self.readers if reader.clock.formats]
        return not timed or any(clock.bears_year for clock in timed)


def detect(lines: Sequence[str], *, tz: str = "UTC", formats: Sequence[Format] = ()) -> Detection:
    """Return the formats of a sample of lines; `formats` are tried before those of the table."""
    left = pl.Series("line", [line for line in lines if line.strip()], dtype=pl.String)
    wrapper = envelopes.find(left)
    if wrapper:
        numbered = left.to_frame().with_row_index("n").cast({"n": pl.UInt64})
        left = envelopes.unwrap(numbered, wrapper)["line"]
    sampled = left.len()
    readers: list[Reader] = []
    for find in (_first(formats), _delimited, _json, _first(AUDIT), _logfmt):
        reader, matched = find(left, tz)
        if reader:
            readers.append(reader)
            left = left.filter(~matched)
    found, left = _of_table(left, sampled, tz)
    readers += found
    if left.len() >= max(1, _MIN_SHARE * sampled):
        readers += [reader for reader in _general(left, tz) if reader]
    readers = sorted(_lend_year(readers), key=lambda reader: -reader.lines)
    return Detection(tuple(readers), sampled, wrapper)


def _lend_year(readers: list[Reader]) -> list[Reader]:
    """Let formats that write no year have it from one of the same file that does."""
    years = [reader.first.year for reader in readers if reader.first and reader.clock.bears_year]
    if not years:
        return readers
    return [r if r.clock.bears_year else replace(r, clock=replace(r.clock, year=years[0])) for r in readers]


def _reader(form: Format | JsonLines | Logfmt | Delimited, clock: Clock, texts: pl.Series, lines: int) -> Reader:
    times = to_utc(texts.head(50), clock).drop_nulls()
    return Reader(form, clock, lines, cast(dt.datetime, times[0]) if times.len() else None)


Found = tuple[Reader | None, pl.Series]


def _first(formats: Sequence[Format]) -> Callable[[pl.Series, str], Found]:
    def find(lines: pl.Series, tz: str) -> Found:
        return _most(lines, formats, 1, tz) if formats and lines.len() else (None, lines.is_null())

    return find


def _delimited(lines: pl.Series, tz: str) -> Found:
    form = delimited.learn(lines.to_list())
    if form is None:
        return None, lines.is_null()
    times = delimited.sample_times(lines.to_list(), form)
    return _reader(form, Clock(fit(times), tz), times, lines.len()), lines.is_not_null()


def _json(lines: pl.Series, tz: str) -> Found:
    form = reader.learn(lines.to_list())
    matched = lines.str.starts_with("{")
    if form is None:
        return None, lines.is_null()
    objects = lines.filter(matched).to_list()
    times = reader.sample_times(objects, form)
    return _reader(form, Clock(fit(times), tz), times, len(objects)), matched


def _logfmt(lines: pl.Series, tz: str) -> Found:
    matched = logfmt.matches(lines)
    pairs = lines.filter(matched).to_list()
    form = logfmt.learn(pairs) if pairs else None
    if form is None:
        return None, lines.is_null()
    times = logfmt.sample_times(pairs, form)
    return _reader(form, Clock(fit(times), tz), times, len(pairs)), matched


def _of_table(lines: pl.Series, sampled: int, tz: str) -> tuple[list[Reader], pl.Series]:
    """Return the formats of the table that the lines are in, and the lines that are in none."""
    masks = [(form, lines.str.contains(form.regex)) for form in candidate_formats(lines)]
    left = lines.is_not_null()
    readers: list[Reader] = []
    below = False  # whether lines without a time belong to those above them
    while masks:
        counts = [int((mask & left).sum()) for _, mask in masks]
        # The table goes from the particular to the general, which may match more lines but say less of them.
        likely = [n for n, count in enumerate(counts) if count and count >= max(counts) / 2]
        if not likely:
            break
        form, mask = masks.pop(likely[0])
        if counts[likely[0]] < max(_MIN_SHARE, form.min_share) * sampled or (not form.has_time and below):
            continue
        reader, _ = _most(lines.filter(mask & left), (form,), 1, tz)
        if reader:
            readers.append(reader)
            left &= ~mask
            below = below or form.body_pattern is not None
    return readers, lines.filter(left)


def _general(lines: pl.Series, tz: str) -> tuple[Reader | None, Reader | None]:
    """Return the readers of lines that begin with a time and are in no format of the table."""
    timed = lines.filter(lines.str.contains(TIME_FIRST.regex))
    if timed.is_empty():
        return None, None
    form = format_with_level_position(timed)
    reader, matched = _most(timed, (form,), 1, tz)
    rest = timed.filter(~matched)
    return reader, _most(rest, (TIME_FIRST,), 1, tz)[0] if rest.len() and form is not TIME_FIRST else None


def _most(lines: pl.Series, table: Sequence[Format], least: float, tz: str) -> Found:
    """Return the format of a table that matches most lines, if these are enough and tell the time."""
    masks = [(form, lines.str.contains(form.regex)) for form in table]
    form, matched = max(masks, key=lambda pair: int(pair[1].sum()))
    count = int(matched.sum())
    if count < least:
        return None, lines.is_null()
    groups = lines.filter(matched).str.extract_groups(form.regex).struct
    if "timestamp" not in groups.fields or groups.field("timestamp").null_count() == count:
        return Reader(form, Clock((), tz), count), matched
    texts = groups.field("timestamp")
    formats = (strptime(form.time),) if form.time else fit(texts)
    return (_reader(form, Clock(formats, tz), texts, count), matched) if formats else (None, lines.is_null())
