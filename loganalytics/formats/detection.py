"""Which formats a file is in, decided on a sample of its lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import polars as pl

from loganalytics.formats import delimited, json_lines, logfmt, wrappers
from loganalytics.formats.catalogue import FORMATS, RAW, TIMED, Format
from loganalytics.formats.delimited import Delimited
from loganalytics.formats.json_lines import JsonLines
from loganalytics.formats.logfmt import Logfmt
from loganalytics.formats.timestamps import Clock, fit
from loganalytics.formats.wrappers import Wrapper

# A format must take this share of the lines that are left, or it was an accident.
_MIN_SHARE = 0.02


@dataclass(frozen=True)
class Reader:
    """A format and how it tells the time in this file."""

    form: Format | JsonLines | Logfmt | Delimited
    clock: Clock
    lines: int
    """How many lines of the sample it matched."""


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
        """Return the detection with the year of the first line, for formats that do not write it."""
        readers = tuple(replace(r, clock=replace(r.clock, year=year)) for r in self.readers)
        return replace(self, readers=readers)

    @property
    def bears_year(self) -> bool:
        """Whether the commonest format writes the year."""
        return not self.readers or self.readers[0].clock.bears_year


def detect(lines: Sequence[str], *, tz: str = "UTC", formats: Sequence[Format] = ()) -> Detection:
    """Return the formats of a sample of lines; `formats` are tried before those of the table."""
    left = pl.Series("line", [line for line in lines if line.strip()], dtype=pl.String)
    wrapper = wrappers.find(left)
    if wrapper:
        numbered = left.to_frame().with_row_index("n").cast({"n": pl.UInt64})
        left = wrappers.unwrap(numbered, wrapper)["line"]
    sampled = left.len()
    readers: list[Reader] = []
    for find in (_user_format(formats), _delimited, _json, _logfmt):
        reader, matched = find(left, tz)
        if reader:
            readers.append(reader)
            left = left.filter(~matched)
    while left.len():
        reader, matched = _best(left, sampled, tz)
        if reader is None:
            break
        readers.append(reader)
        left = left.filter(~matched)
    readers.sort(key=lambda reader: -reader.lines)
    return Detection(tuple(readers), sampled, wrapper)


Found = tuple[Reader | None, pl.Series]


def _user_format(formats: Sequence[Format]) -> Callable[[pl.Series, str], Found]:
    def find(lines: pl.Series, tz: str) -> Found:
        return _most(lines, formats, 1, tz) if formats and lines.len() else (None, lines.is_null())

    return find


def _delimited(lines: pl.Series, tz: str) -> Found:
    form = delimited.learn(lines.to_list())
    if form is None:
        return None, lines.is_null()
    times = delimited.sample_times(lines.to_list(), form)
    return Reader(form, Clock(fit(times), tz), lines.len()), lines.is_not_null()


def _json(lines: pl.Series, tz: str) -> Found:
    form = json_lines.learn(lines.to_list())
    matched = lines.str.starts_with("{")
    if form is None:
        return None, lines.is_null()
    objects = lines.filter(matched).to_list()
    return Reader(form, Clock(fit(json_lines.sample_times(objects, form)), tz), len(objects)), matched


def _logfmt(lines: pl.Series, tz: str) -> Found:
    matched = logfmt.matches(lines)
    pairs = lines.filter(matched).to_list()
    form = logfmt.learn(pairs) if pairs else None
    if form is None:
        return None, lines.is_null()
    return Reader(form, Clock(fit(logfmt.sample_times(pairs, form)), tz), len(pairs)), matched


def _best(lines: pl.Series, sampled: int, tz: str) -> Found:
    """Return the format that matches most of the lines; the general one only where no particular one does."""
    least = max(1, _MIN_SHARE * sampled)
    reader, matched = _most(lines, FORMATS, least, tz)
    return (reader, matched) if reader else _most(lines, (TIMED,), least, tz)


def _most(lines: pl.Series, table: Sequence[Format], least: float, tz: str) -> Found:
    """Return the format of a table that matches most lines, if these are enough and tell the time."""
    masks = [(form, lines.str.contains(form.regex)) for form in table]
    form, matched = max(masks, key=lambda pair: int(pair[1].sum()))
    count = int(matched.sum())
    if count < least:
        return None, lines.is_null()
    texts = lines.filter(matched).str.extract_groups(form.regex).struct.field("timestamp")
    formats = fit(texts)
    return (Reader(form, Clock(formats, tz), count), matched) if formats else (None, lines.is_null())
