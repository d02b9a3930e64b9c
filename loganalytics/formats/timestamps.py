"""Text to UTC time: which of the known ways to write it a file uses, chosen by a sample, and the conversion."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from zoneinfo import ZoneInfo

import polars as pl

from loganalytics.formats.hints import NO_HINTS, Hints
from loganalytics.formats.time_formats import TIME_FORMATS, TimeFormat
from loganalytics.formats.year_turns import LEAP_YEAR, turn_years
from loganalytics.schema import TIMESTAMP

_SHAPE_TEXTS = 20
_RETRY_TEXTS = 100
_ANY_YEAR = 2000  # a leap year
_HOUR = dt.timedelta(hours=1)

# RFC 2822 section 4.3 and the usual European and Asian names; ambiguous ones (IST, CST) as most logs mean them.
_ZONES = {
    "UTC": "+0000", "GMT": "+0000", "WET": "+0000", "BST": "+0100", "WEST": "+0100", "CET": "+0100",
    "CEST": "+0200", "EET": "+0200", "EEST": "+0300", "MSK": "+0300", "IST": "+0530", "JST": "+0900",
    "KST": "+0900", "AEST": "+1000", "AEDT": "+1100", "NZST": "+1200", "NZDT": "+1300", "EST": "-0500",
    "EDT": "-0400", "CST": "-0600", "CDT": "-0500", "MST": "-0700", "MDT": "-0600", "PST": "-0800", "PDT": "-0700",
}  # fmt: skip


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

    @property
    def has_year(self) -> bool:
        """Whether the likeliest format writes the year."""
        return not self.formats or self.formats[0].has_year

    def following(self, time: dt.datetime) -> Clock:
        """Return the clock for what follows an event of that time."""
        local = time.astimezone(ZoneInfo(self.tz)).replace(tzinfo=None)
        return replace(self, year=local.year, before=local)


def strptime_format(pattern: str) -> TimeFormat:
    """Return the format of a strptime pattern that a user gave."""
    has_year = any(directive in pattern for directive in ("%Y", "%y", "%F", "%s"))
    has_offset = any(directive in pattern for directive in ("%z", "%#z", "%s"))
    return TimeFormat(pattern, "", pattern, has_year=has_year, has_offset=has_offset)


def clock_of(texts: pl.Series, hints: Hints = NO_HINTS, *, pattern: str | None = None) -> Clock:
    """Return how a sample of times is written; `pattern` is a strptime pattern that the user gave."""
    pattern = pattern or hints.time_pattern
    formats = (strptime_format(pattern),) if pattern else detect_time_formats(texts)
    return Clock(formats, hints.tz)


def detect_time_formats(texts: pl.Series) -> tuple[TimeFormat, ...]:
    """Return the formats that read the sample, the one that reads most of it first; empty when none does."""
    sample = texts.drop_nulls()
    formats: list[TimeFormat] = []
    while sample.len():
        candidates = _similar_formats(sample) or range(len(TIME_FORMATS))
        scores = [(_reads(sample, TIME_FORMATS[index]).sum(), -index) for index in candidates]
        score, negative_index = max(scores)
        if not score:
            break
        formats.append(TIME_FORMATS[-negative_index])
        sample = sample.filter(~_reads(sample, formats[-1]))
    exact = _exact_variant(texts.drop_nulls(), formats[0]) if formats else None
    return (exact, *formats) if exact else tuple(formats)


def _reads(texts: pl.Series, time_format: TimeFormat) -> pl.Series:
    """Tell which texts the format reads."""
    return _parse_one(texts, time_format, Clock(year=_ANY_YEAR)).is_not_null()


def _similar_formats(sample: pl.Series) -> list[int]:
    """Return the indices in the table of the formats whose shape one of the first texts has."""
    texts = sample.head(_SHAPE_TEXTS).to_list()
    return [index for index, candidate in enumerate(TIME_FORMATS) if any(map(_shape(candidate.shape).fullmatch, texts))]


@cache
def _shape(shape: str) -> re.Pattern[str]:
    return re.compile(shape, re.ASCII)


def _exact_variant(sample: pl.Series, time_format: TimeFormat) -> TimeFormat | None:
    """Return the format for the sample's one way to write fractions and UTC, which reads three times as fast."""
    end = re.search(r"([.,]\d+)?(Z|[+-]00:?00)?$", sample[0])
    fraction, zone = end.groups(default="") if end else ("", "")
    is_fixed = "%.f" not in time_format.pattern and "%z" not in time_format.pattern
    needs_conversion = time_format.has_zone_name or time_format.has_colon_millis
    if is_fixed or needs_conversion or len(fraction) not in (0, 4, 7, 10) or (time_format.has_offset and not zone):
        return None
    digits = f"{fraction[0]}%{len(fraction) - 1}f" if fraction else ""
    pattern = time_format.pattern.replace("%.f", digits).replace("%#z", zone).replace("%z", zone)
    lengths = sample.str.len_bytes().unique()
    width = int(lengths[0]) if lengths.len() == 1 else 0
    exact = replace(time_format, name=f"{time_format.name} exact", pattern=pattern, is_exact=True, width=width)
    clock = Clock(year=_ANY_YEAR)
    same = _parse_one(sample, exact, clock).eq_missing(_parse_one(sample, time_format, clock))
    return exact if same.all() else None


def to_utc(texts: pl.Series, clock: Clock) -> pl.Series:
    """Return the times as Datetime("us", "UTC"); null where the text is not a time.

    What the clock's formats cannot read is tried against the whole table, chosen by a sample of the unread texts.
    """
    times = _parse_all(texts, clock.formats, clock)
    unread = texts.filter(times.is_null() & texts.is_not_null())
    if unread.len():
        more_formats = tuple(f for f in detect_time_formats(unread.head(_RETRY_TEXTS)) if f not in clock.formats)
        times = times.fill_null(_parse_all(texts, more_formats, clock)) if more_formats else times
    return times.alias(texts.name)


def read_exact(texts: pl.Series, clock: Clock) -> pl.Series:
    """Return the times that the clock's first format reads, null for all other text."""
    return _parse_one(texts, clock.formats[0], clock).alias(texts.name)


def _parse_all(texts: pl.Series, formats: Sequence[TimeFormat], clock: Clock) -> pl.Series:
    times = pl.Series(texts.name, [None], dtype=TIMESTAMP).new_from_index(0, texts.len())
    for number, time_format in enumerate(formats):
        parsed = _parse_one(texts, time_format, clock)
        times = parsed if number == 0 else times.fill_null(parsed)
        if times.null_count() == texts.null_count():
            break
    return times


def _parse_one(texts: pl.Series, time_format: TimeFormat, clock: Clock) -> pl.Series:
    if time_format.is_epoch:
        return _from_epoch(texts)
    if not time_format.has_year:
        return _localize(_parse_yearless(texts, time_format, clock), clock.tz)
    times = _strptime(texts, time_format)
    return times if time_format.has_offset else _localize(times, clock.tz)


def _parse_yearless(texts: pl.Series, time_format: TimeFormat, clock: Clock) -> pl.Series:
    """Return naive times of texts without a year, the first in the clock's year."""
    year = clock.year or 1970
    times = _strptime(texts, time_format, year)
    if times.null_count() > texts.null_count():  # perhaps a 29 February, of a later year than the first
        in_leap_year = _strptime(texts, time_format, LEAP_YEAR)
        times = in_leap_year if in_leap_year.null_count() < times.null_count() else times
    return turn_years(times, year, clock.before)


def _strptime(texts: pl.Series, time_format: TimeFormat, year: int | None = None) -> pl.Series:
    """Return times as the format's pattern reads them, in UTC where they write an offset; `year` is for all of them."""
    column, pattern = _to_pattern(pl.col("t"), time_format), time_format.pattern
    if year is not None:
        column, pattern = pl.concat_str(pl.lit(f"{year} "), column), "%Y " + pattern
    repeats = "f" not in pattern  # a memory of texts costs more than it saves where few are the same
    time = column.str.to_datetime(pattern, strict=False, time_unit="us", cache=repeats)
    if time_format.has_offset:
        time = time.dt.replace_time_zone("UTC") if time_format.is_exact else time.dt.convert_time_zone("UTC")
    since_1970 = time if time_format.is_exact else pl.when(time.dt.year() >= 1971).then(time)
    return texts.alias("t").to_frame().select(since_1970).to_series()


def _to_pattern(column: pl.Expr, time_format: TimeFormat) -> pl.Expr:
    """Return the text as the format's strptime pattern reads it."""
    if not time_format.is_exact and "," not in time_format.pattern:
        column = column.str.replace(",", ".", literal=True)
    if time_format.has_zone_name:
        column = _name_to_offset(column)
    return _pad_millis(column) if time_format.has_colon_millis else column


def _pad_millis(column: pl.Expr) -> pl.Expr:
    return pl.concat_str(
        column.str.extract(r"^(.*):\d{1,3}$", 1),
        pl.lit("."),
        column.str.extract(r":(\d{1,3})$", 1).str.zfill(3),
    )


def _name_to_offset(column: pl.Expr) -> pl.Expr:
    name = column.str.extract(r" ([A-Z]{3,4})(?: \d{4})?$", 1)
    offset = name.replace_strict(_ZONES, default=None, return_dtype=pl.String)
    return pl.concat_str(
        column.str.replace(r" ?[A-Z]{3,4}( \d{4})?$", ""),
        pl.when(column.str.contains(r" \d{4}$")).then(pl.lit(" ")).otherwise(pl.lit("")),
        offset,
        column.str.extract(r"[A-Z]( \d{4})$", 1).fill_null(""),
    )


def _localize(naive: pl.Series, tz: str) -> pl.Series:
    """Return naive times of a zone in UTC."""
    if tz == "UTC":
        return naive.dt.replace_time_zone("UTC")
    local = naive.dt.replace_time_zone(tz, ambiguous="earliest", non_existent="null")
    # A clock that reads a time which daylight saving skipped is an hour off; keep the event where it said it was.
    skipped = (naive + _HOUR).dt.replace_time_zone(tz, ambiguous="earliest", non_existent="null")
    return local.fill_null(skipped).dt.convert_time_zone("UTC")


def _from_epoch(texts: pl.Series) -> pl.Series:
    shape = r"^-?\d{1,19}(?:\.\d+)?$"
    floats = texts.alias("t").to_frame().select(
        pl.when(pl.col("t").str.contains(shape)).then(pl.col("t").cast(pl.Float64, strict=False))
    ).to_series()  # fmt: skip
    integers = texts.cast(pl.Int64, strict=False)  # a Float64 does not hold nanoseconds since 1970
    frame = pl.DataFrame({"float": floats, "integer": integers})
    micros = (
        pl.when(pl.col("float") < 1e11).then((pl.col("float") * 1e6).round())
        .when(pl.col("float") < 1e14).then((pl.col("float") * 1e3).round())
        .when(pl.col("float") < 1e17).then(pl.col("integer").cast(pl.Float64))
        .otherwise((pl.col("integer") // 1000).cast(pl.Float64))
    )  # fmt: skip
    # Before 1990 or after 2100 it is some other number.
    plausible = pl.when((micros >= 6.3e14) & (micros < 4.2e15)).then(micros)
    return frame.select(plausible.cast(pl.Int64).cast(TIMESTAMP)).to_series()
