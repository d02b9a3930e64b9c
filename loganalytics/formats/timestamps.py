"""Text to UTC time: which of the known ways to write it a file uses, chosen by a sample, and the conversion."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import cast
from zoneinfo import ZoneInfo

import polars as pl

from loganalytics.formats.hints import NO_HINTS, Hints
from loganalytics.formats.regex.literals import Searched, may_match
from loganalytics.formats.time_formats import TIME_FORMATS, TimeFormat
from loganalytics.formats.times.epoch import from_epoch, from_hex_epoch
from loganalytics.formats.times.grammar import CLOCK_ONLY, written_formats
from loganalytics.formats.times.ordering import with_order
from loganalytics.formats.times.reading import read_clock, read_parts
from loganalytics.formats.times.strptime import strptime_format
from loganalytics.formats.times.zone_names import AMBIGUOUS
from loganalytics.formats.times.zones import localize, uses_abbreviation, zone_offsets, zoned_to_utc
from loganalytics.formats.year_turns import LEAP_YEAR, turn_years
from loganalytics.schema import TIMESTAMP

_SHAPE_TEXTS = 20
_RETRY_TEXTS = 100
_LONGEST_TIME = 60
_CERTAIN = tuple(time_format for time_format in TIME_FORMATS if not time_format.is_uncertain)
CERTAIN_SHAPES = "|".join(time_format.shape for time_format in _CERTAIN if not time_format.is_epoch)
_YEAR_BEHIND_CLOCK = r":[0-9]{2}.* (?:19|20)[0-9]{2}\b"
_AMBIGUOUS_ZONE = rf"[0-9APM] ?\(?({'|'.join(AMBIGUOUS)})\b"


@dataclass(frozen=True)
class Clock:
    """How one file writes times: its formats, likeliest first, the zone of naive times, and the first year."""

    formats: tuple[TimeFormat, ...] = ()
    tz: str = "UTC"
    year: int | None = None
    before: dt.datetime | None = None
    """The naive time of the event before the first, where times write no year."""
    guesses: tuple[str, ...] = ()
    """What was decided of the times without being certain, as sentences."""
    dayfirst: bool | None = None
    """Whether 03/10/2024 is the 3rd of October; None where the times are to show it."""
    after: dt.datetime | None = None
    """The time of the last event before these."""
    date: dt.date | None = None
    """The day of times that write none."""

    @property
    def has_year(self) -> bool:
        """Whether the likeliest format writes the year."""
        return not self.formats or self.formats[0].has_year

    def following(self, time: dt.datetime) -> Clock:
        """Return the clock for what follows an event of that time."""
        local = time.astimezone(ZoneInfo(self.tz)).replace(tzinfo=None)
        return replace(self, year=local.year, before=local, after=time)


def clock_of(texts: pl.Series, hints: Hints = NO_HINTS, *, pattern: str | None = None) -> Clock:
    """Return how a sample of times is written; `pattern` is a strptime pattern that the user gave."""
    given = tuple(strptime_format(p) for p in dict.fromkeys((pattern, *hints.time_patterns)) if p)
    unread = texts
    for time_format in given:
        unread = unread.filter(~_reads(unread, time_format))
    formats = (*given, *detect_time_formats(unread, hints.dayfirst))
    if hints.date and not formats and texts.str.contains(CLOCK_ONLY.groups).any():
        formats = (CLOCK_ONLY,)
    guesses = _guesses(texts, formats, hints)
    return Clock(formats, hints.tz, guesses=guesses, dayfirst=hints.dayfirst, date=hints.date)


def _guesses(texts: pl.Series, formats: Sequence[TimeFormat], hints: Hints) -> tuple[str, ...]:
    guesses = [time_format.guess for time_format in formats if time_format.guess]
    if any(time_format.groups or time_format.has_zone_name for time_format in formats):
        names = texts.str.extract(_AMBIGUOUS_ZONE, 1).drop_nulls().unique().sort().to_list()
        guesses += [_zone_guess(name) for name in names if not uses_abbreviation(name, hints.tz)]
    return tuple(guesses)


def _zone_guess(name: str) -> str:
    taken, *others = AMBIGUOUS[name].split(", ")
    return f"the zone {name} is taken for that of {taken}. Hint: tz={others[0]!r} if it is that of {others[0]}"


def detect_time_formats(texts: pl.Series, dayfirst: bool | None = None) -> tuple[TimeFormat, ...]:
    """Return the formats that read the sample, the one that reads most of it first; empty when none does."""
    sample = texts.drop_nulls()
    formats: list[TimeFormat] = []
    while sample.len():
        best = _best_format(sample, _similar_formats(sample)) or _best_format(sample, _written(sample, dayfirst))
        best = best or (None if formats else _best_format(sample, _CERTAIN))
        if best is None:
            break
        time_format, reads = best
        formats.append(time_format)
        sample = sample.filter(~reads)
    exact = _exact_variant(texts.drop_nulls(), formats[0]) if formats else None
    return (exact, *formats) if exact else tuple(formats)


def _best_format(sample: pl.Series, candidates: Sequence[TimeFormat]) -> tuple[TimeFormat, pl.Series] | None:
    """Return the format that reads most of the sample, the earlier of two, and what it reads; None where none does."""
    masks = [_reads(sample, time_format) for time_format in candidates]
    counts = [int(mask.sum()) for mask in masks]
    best = counts.index(max(counts)) if any(counts) else None
    return None if best is None else (candidates[best], masks[best])


def _reads(texts: pl.Series, time_format: TimeFormat) -> pl.Series:
    """Tell which texts the format reads."""
    return _parse_one(texts, time_format, Clock(year=LEAP_YEAR)).is_not_null()


def _similar_formats(sample: pl.Series) -> list[TimeFormat]:
    """Return the formats of the table whose shape one of the first texts has."""
    # Times that differ in digits only are looked into once.
    searched = {by_digits: text for text in sample.head(_SHAPE_TEXTS) for by_digits in (Searched.of(text),)}
    return [
        candidate
        for candidate in _CERTAIN
        if any(_has_shape(text, candidate.shape, by_digits) for by_digits, text in searched.items())
    ]


def _written(sample: pl.Series, dayfirst: bool | None) -> list[TimeFormat]:
    """Return the formats of the grammar that one of the first texts is written in."""
    texts = sample.head(_SHAPE_TEXTS).str.strip_chars().to_list()
    similar = [candidate for candidate in written_formats() if any(map(_shape(candidate.groups).fullmatch, texts))]
    return [_settled(candidate, sample, dayfirst) for candidate in similar]


def _settled(time_format: TimeFormat, sample: pl.Series, dayfirst: bool | None) -> TimeFormat:
    """Return a format of the grammar with what the sample decides: the order of numbers, whether there is a year."""
    sample = sample.str.strip_chars()
    fitting = sample.filter(sample.str.contains(time_format.groups))
    if "<year_last>" in time_format.groups and fitting.str.contains(_YEAR_BEHIND_CLOCK).all():
        time_format = replace(time_format, has_year=True)
    return with_order(time_format, fitting, dayfirst) if "<first>" in time_format.groups else time_format


def has_time_shape(text: str) -> bool:
    """Tell whether a text is written as times are, from end to end."""
    searched = Searched.of(text)
    return any(_has_shape(text, candidate.shape, searched) for candidate in TIME_FORMATS if not candidate.is_epoch)


def is_written_time(text: str) -> bool:
    """Tell whether a text is a day and a time of it as the grammar reads them, from end to end."""
    return len(text) <= _LONGEST_TIME and any(_shape(f.groups).fullmatch(text.strip()) for f in written_formats())


def _has_shape(text: str, shape: str, searched: Searched) -> bool:
    """Tell whether a text has a shape of the table: most are told apart by their separators, without an expression."""
    return may_match(shape, searched) and _shape(shape).fullmatch(text) is not None


@cache
def _shape(shape: str) -> re.Pattern[str]:
    return re.compile(shape, re.ASCII)


def _exact_variant(sample: pl.Series, time_format: TimeFormat) -> TimeFormat | None:
    """Return the format for the sample's one way to write fractions and UTC, which reads three times as fast."""
    end = re.search(r"([.,]\d+)?(Z|[+-]00:?00)?$", sample[0])
    fraction, zone = end.groups(default="") if end else ("", "")
    if time_format.groups:
        return None
    is_fixed = "%.f" not in time_format.pattern and "%z" not in time_format.pattern
    needs_conversion = time_format.has_zone_name or time_format.has_colon_millis
    if is_fixed or needs_conversion or len(fraction) not in (0, 4, 7, 10) or (time_format.has_offset and not zone):
        return None
    digits = f"{fraction[0]}%{len(fraction) - 1}f" if fraction else ""
    pattern = time_format.pattern.replace("%.f", digits).replace("%#z", zone).replace("%z", zone)
    lengths = sample.str.len_bytes().unique()
    width = int(lengths[0]) if lengths.len() == 1 else 0
    exact = replace(time_format, name=f"{time_format.name} exact", pattern=pattern, is_exact=True, width=width)
    clock = Clock(year=LEAP_YEAR)
    same = _parse_one(sample, exact, clock).eq_missing(_parse_one(sample, time_format, clock))
    return exact if same.all() else None


def to_utc(texts: pl.Series, clock: Clock) -> pl.Series:
    """Return the times as Datetime("us", "UTC"); null where the text is not a time.

    What the clock's formats cannot read is tried against the whole table, chosen by a sample of the unread texts.
    """
    times = _parse_all(texts, clock.formats, clock)
    unread = texts.filter(times.is_null() & texts.is_not_null())
    if unread.len():
        more_formats = tuple(
            f for f in detect_time_formats(unread.head(_RETRY_TEXTS), clock.dayfirst) if f not in clock.formats
        )
        times = times.fill_null(_parse_all(texts, more_formats, clock)) if more_formats else times
    return times.alias(texts.name)


def read_exact(texts: pl.Series, clock: Clock) -> pl.Series:
    """Return the times that the clock's first format reads, null for all other text."""
    return _parse_one(texts, clock.formats[0], clock).alias(texts.name)


def _parse_all(texts: pl.Series, formats: Sequence[TimeFormat], clock: Clock) -> pl.Series:
    times = pl.Series(texts.name, [None], dtype=TIMESTAMP).new_from_index(0, texts.len())
    for number, time_format in enumerate(formats):
        if not time_format.has_year and clock.year is None:  # among times that write it, a few do not
            clock = replace(clock, year=_first_year(times))
        parsed = _parse_one(texts, time_format, clock)
        times = parsed if number == 0 else times.fill_null(parsed)
        if times.null_count() == texts.null_count():
            break
    return times


def _first_year(times: pl.Series) -> int | None:
    known = times.drop_nulls()
    return cast(dt.datetime, known[0]).year if known.len() else None


def _parse_one(texts: pl.Series, time_format: TimeFormat, clock: Clock) -> pl.Series:
    if time_format.is_epoch:
        return from_epoch(texts) if time_format.radix == 10 else from_hex_epoch(texts)
    if time_format.groups:
        return _read_written(texts.str.strip_chars(), time_format, clock)
    if not time_format.has_year:
        return localize(_parse_yearless(texts, time_format, clock), clock.tz, clock.after)
    times = _strptime(texts, time_format, clock)
    return times if time_format.has_offset else localize(times, clock.tz, clock.after)


def _parse_yearless(texts: pl.Series, time_format: TimeFormat, clock: Clock) -> pl.Series:
    """Return naive times of texts without a year, the first in the clock's year."""
    year = clock.year or 1970
    times = _strptime(texts, time_format, clock, year)
    if times.null_count() > texts.null_count():  # perhaps a 29 February, of a later year than the first
        in_leap_year = _strptime(texts, time_format, clock, LEAP_YEAR)
        times = in_leap_year if in_leap_year.null_count() < times.null_count() else times
    return turn_years(times, year, clock.before)


def _strptime(texts: pl.Series, time_format: TimeFormat, clock: Clock, year: int | None = None) -> pl.Series:
    """Return times as the format's pattern reads them, in UTC where they write an offset; `year` is for all of them."""
    column, pattern = _to_pattern(pl.col("t"), time_format, clock), time_format.pattern
    if year is not None:
        column, pattern = pl.concat_str(pl.lit(f"{year} "), column), "%Y " + pattern
    repeats = "f" not in pattern  # a memory of texts costs more than it saves where few are the same
    time = column.str.to_datetime(pattern, strict=False, time_unit="us", cache=repeats)
    if time_format.has_offset:
        time = time.dt.replace_time_zone("UTC") if time_format.is_exact else time.dt.convert_time_zone("UTC")
    since_1970 = time if time_format.is_exact else pl.when(time.dt.year() >= 1971).then(time)
    return texts.alias("t").to_frame().select(since_1970).to_series()


def _read_written(texts: pl.Series, time_format: TimeFormat, clock: Clock) -> pl.Series:
    if time_format.is_clock:
        times = read_clock(texts, time_format, clock.date or dt.date(1970, 1, 1), clock.before if clock.after else None)
        return localize(times, clock.tz, clock.after)
    year = clock.year or 1970
    naive, zones = read_parts(texts, time_format, year if time_format.has_year else LEAP_YEAR)
    naive = naive if time_format.has_year else turn_years(naive, year, clock.before)
    if zones.null_count() == zones.len():
        return localize(naive, clock.tz, clock.after)
    return zoned_to_utc(naive, zones, clock.tz, clock.after)


def _to_pattern(column: pl.Expr, time_format: TimeFormat, clock: Clock) -> pl.Expr:
    """Return the text as the format's strptime pattern reads it."""
    if not time_format.is_exact and "," not in time_format.pattern:
        column = column.str.replace(",", ".", literal=True)
    if time_format.has_zone_name:
        column = _name_to_offset(column, clock.tz)
    return _pad_millis(column) if time_format.has_colon_millis else column


def _pad_millis(column: pl.Expr) -> pl.Expr:
    return pl.concat_str(
        column.str.extract(r"^(.*):\d{1,3}$", 1),
        pl.lit("."),
        column.str.extract(r":(\d{1,3})$", 1).str.zfill(3),
    )


def _name_to_offset(column: pl.Expr, tz: str) -> pl.Expr:
    name = column.str.extract(r" ([A-Z]{3,4})(?: \d{4})?$", 1)
    offset = name.replace_strict(zone_offsets(tz), default=None, return_dtype=pl.String)
    return pl.concat_str(
        column.str.replace(r" ?[A-Z]{3,4}( \d{4})?$", ""),
        pl.when(column.str.contains(r" \d{4}$")).then(pl.lit(" ")).otherwise(pl.lit("")),
        offset,
        column.str.extract(r"[A-Z]( \d{4})$", 1).fill_null(""),
    )
