"""Text to UTC time: a table of the ways in which logs write times, and the choice among them by sample."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import polars as pl

from loganalytics.schema import TIMESTAMP

_FRACTION = r"(?:[.,]\d{1,9})?"
_OFFSET = r"(?:Z|[+-]\d{2}(?::?\d{2})?\b)"
_CLOCK = r"\d{1,2}:\d{2}:\d{2}"
_CLOCK_LOOSE = r"\d{1,2}:\d{1,2}:\d{1,2}"
ZONE_NAME = r"(?:UTC|GMT|MSK|(?:W|B|J|K|WE)ST|IST|WET|[CE]ES?T|AE[SD]T|NZ[SD]T|[ECMP][SD]T)\b"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_YMD = r"(?:19|20)\d{2}-\d{2}-\d{2}"


@dataclass(frozen=True)
class TimeFormat:
    """One way of writing a time: the shape to look for and the strptime pattern that reads it.

    A comma before the fraction is read as a dot. `year=False`: the text bears no year. `zone=True`: it bears an
    offset, or with `abbreviation=True` a name such as PDT. `colon_millis=True`: a count of milliseconds, not padded,
    follows a colon. `epoch=True`: a count since 1970, unit by magnitude.
    """

    name: str
    shape: str
    pattern: str = ""
    year: bool = True
    zone: bool = False
    abbreviation: bool = False
    colon_millis: bool = False
    epoch: bool = False
    exact: bool = False
    """Narrowed to one way to write fractions and UTC: see fit()."""
    width: int = 0
    """How many characters each time has, where that is fixed."""


TIME_FORMATS: tuple[TimeFormat, ...] = (
    TimeFormat("iso", rf"{_YMD}T{_CLOCK}{_FRACTION}{_OFFSET}", "%Y-%m-%dT%H:%M:%S%.f%#z", zone=True),
    TimeFormat("iso space zone", rf"{_YMD} {_CLOCK}{_FRACTION}{_OFFSET}", "%Y-%m-%d %H:%M:%S%.f%#z", zone=True),
    TimeFormat("iso space, spaced zone", rf"{_YMD} {_CLOCK}{_FRACTION} {_OFFSET}", "%Y-%m-%d %H:%M:%S%.f %#z",
               zone=True),
    TimeFormat("iso space named zone", rf"{_YMD} {_CLOCK}{_FRACTION} {ZONE_NAME}", "%Y-%m-%d %H:%M:%S%.f%#z",
               zone=True, abbreviation=True),
    TimeFormat("iso naive", rf"{_YMD}T{_CLOCK}{_FRACTION}", "%Y-%m-%dT%H:%M:%S%.f"),
    TimeFormat("iso space", rf"{_YMD}  ?{_CLOCK}{_FRACTION}", "%Y-%m-%d %H:%M:%S%.f"),
    TimeFormat("iso millis colon", rf"{_YMD} {_CLOCK}:\d{{1,3}}", "%Y-%m-%d %H:%M:%S%.f", colon_millis=True),
    TimeFormat("iso dots", rf"{_YMD}-\d{{2}}\.\d{{2}}\.\d{{2}}\.\d{{6}}", "%Y-%m-%d-%H.%M.%S.%6f"),
    TimeFormat("slash zone", rf"\d{{4}}/\d{{2}}/\d{{2}} {_CLOCK}{_FRACTION}{_OFFSET}", "%Y/%m/%d %H:%M:%S%.f%#z",
               zone=True),
    TimeFormat("slash", rf"\d{{4}}/\d{{2}}/\d{{2}} {_CLOCK}{_FRACTION}", "%Y/%m/%d %H:%M:%S%.f"),
    TimeFormat("common log", rf"\d{{1,2}}/{_MONTH}/\d{{4}}:{_CLOCK} [+-]\d{{4}}", "%d/%b/%Y:%H:%M:%S %z", zone=True),
    TimeFormat("common log naive", rf"\d{{1,2}}/{_MONTH}/\d{{4}}:{_CLOCK}{_FRACTION}", "%d/%b/%Y:%H:%M:%S%.f"),
    TimeFormat("common log blank", rf"\d{{1,2}}/{_MONTH}/\d{{4}} {_CLOCK}{_FRACTION}", "%d/%b/%Y %H:%M:%S%.f"),
    TimeFormat("ctime", rf"{_DAY} {_MONTH} [ \d]\d {_CLOCK}{_FRACTION} \d{{4}}", "%a %b %e %H:%M:%S%.f %Y"),
    TimeFormat("ctime zone", rf"{_DAY} {_MONTH} [ \d]\d {_CLOCK} {ZONE_NAME} \d{{4}}", "%a %b %e %H:%M:%S %#z %Y",
               zone=True, abbreviation=True),
    TimeFormat("rfc 2822", rf"{_DAY}, \d{{1,2}} {_MONTH} \d{{4}} {_CLOCK} [+-]\d{{4}}", "%a, %e %b %Y %H:%M:%S %z",
               zone=True),
    TimeFormat("day month year, joined", rf"\d{{2}}{_MONTH}\d{{4}} {_CLOCK}{_FRACTION}", "%d%b%Y %H:%M:%S%.f"),
    TimeFormat("day month year", rf"\d{{1,2}} {_MONTH} \d{{4}} {_CLOCK}{_FRACTION}", "%e %b %Y %H:%M:%S%.f"),
    TimeFormat("day month", rf"\d{{1,2}} {_MONTH} {_CLOCK}{_FRACTION}", "%e %b %H:%M:%S%.f", year=False),
    TimeFormat("day-month-year zone", rf"\d{{2}}-{_MONTH}-\d{{4}} {_CLOCK} {ZONE_NAME}", "%d-%b-%Y %H:%M:%S%#z",
               zone=True, abbreviation=True),
    TimeFormat("day-month-year", rf"\d{{2}}-{_MONTH}-\d{{4}} {_CLOCK}{_FRACTION}", "%d-%b-%Y %H:%M:%S%.f"),
    TimeFormat("syslog, year last", rf"{_MONTH}  ?\d{{1,2}} {_CLOCK}{_FRACTION} (?:19|20)\d{{2}}\b",
               "%b %e %H:%M:%S%.f %Y"),
    TimeFormat("syslog, year first", rf"{_MONTH}  ?\d{{1,2}} \d{{4}} {_CLOCK}{_FRACTION}", "%b %e %Y %H:%M:%S%.f"),
    TimeFormat("syslog", rf"{_MONTH}  ?\d{{1,2}} {_CLOCK}{_FRACTION}", "%b %e %H:%M:%S%.f", year=False),
    TimeFormat("month day, year, half day", rf"{_MONTH} \d{{1,2}}, \d{{4}} {_CLOCK} [AP]M", "%b %e, %Y %I:%M:%S %p"),
    TimeFormat("month/day/year, half day", rf"\d{{1,2}}/\d{{1,2}}/\d{{4}},? {_CLOCK} [AP]M", "%m/%d/%Y %I:%M:%S %p"),
    TimeFormat("month/day/year", rf"\d{{1,2}}/\d{{1,2}}/\d{{4}} {_CLOCK}{_FRACTION}", "%m/%d/%Y %H:%M:%S%.f"),
    TimeFormat("month/day/year, dash", rf"\d{{2}}/\d{{2}}/\d{{4}}-{_CLOCK}\.\d{{6}}", "%m/%d/%Y-%H:%M:%S%.f"),
    TimeFormat("month/day, dash", rf"\d{{2}}/\d{{2}}-{_CLOCK}\.\d{{6}}", "%m/%d-%H:%M:%S%.f", year=False),
    TimeFormat("day/month/year, dashes", rf"\d{{1,2}}/\d{{1,2}}/\d{{4}} -- {_CLOCK}", "%d/%m/%Y -- %H:%M:%S"),
    TimeFormat("two-digit year slash", rf"\d{{2}}/\d{{2}}/\d{{2}} {_CLOCK}{_FRACTION}", "%y/%m/%d %H:%M:%S%.f"),
    TimeFormat("compact dash", rf"20\d{{6}}-{_CLOCK_LOOSE}:\d{{1,3}}", "%Y%m%d-%H:%M:%S%.f", colon_millis=True),
    TimeFormat("compact", r"20\d{6} \d{6}", "%Y%m%d %H%M%S"),
    TimeFormat("compact iso", r"20\d{6}T\d{6}Z", "%Y%m%dT%H%M%S%#z", zone=True),
    TimeFormat("glog year", rf"20\d{{6}} {_CLOCK}(?:\.\d{{6}})?", "%Y%m%d %H:%M:%S%.f"),
    TimeFormat("year.month.day", rf"\d{{4}}\.\d{{2}}\.\d{{2}} {_CLOCK}{_FRACTION}", "%Y.%m.%d %H:%M:%S%.f"),
    TimeFormat("day.month.year", rf"\d{{2}}\.\d{{2}}\.\d{{4}} {_CLOCK}{_FRACTION}", "%d.%m.%Y %H:%M:%S%.f"),
    TimeFormat("glog", rf"\d{{4}} {_CLOCK}\.\d{{6}}", "%m%d %H:%M:%S%.f", year=False),
    TimeFormat("two-digit year compact, clock", rf"\d{{6}}  ?{_CLOCK}", "%y%m%d %H:%M:%S"),
    TimeFormat("two-digit year compact", r"\d{6} \d{6}", "%y%m%d %H%M%S"),
    TimeFormat("month-day", rf"\d{{2}}-\d{{2}} {_CLOCK}{_FRACTION}", "%m-%d %H:%M:%S%.f", year=False),
    TimeFormat("month.day", rf"\d{{2}}\.\d{{2}} {_CLOCK}{_FRACTION}", "%m.%d %H:%M:%S%.f", year=False),
    TimeFormat("epoch", r"1\d{9}(?:\d{3}|\d{6}|\d{9})?(?:\.\d{1,9})?", epoch=True),
)  # fmt: skip

ANY_TIME = "(?:" + "|".join(f.shape for f in TIME_FORMATS if not f.epoch) + ")"
"""A regular expression for a time in any of the shapes but a bare epoch, which looks like any number."""

# RFC 2822 section 4.3 and the usual European and Asian names; ambiguous ones (IST, CST) as most logs mean them.
_ZONES = {
    "UTC": "+0000", "GMT": "+0000", "WET": "+0000", "BST": "+0100", "WEST": "+0100", "CET": "+0100",
    "CEST": "+0200", "EET": "+0200", "EEST": "+0300", "MSK": "+0300", "IST": "+0530", "JST": "+0900",
    "KST": "+0900", "AEST": "+1000", "AEDT": "+1100", "NZST": "+1200", "NZDT": "+1300", "EST": "-0500",
    "EDT": "-0400", "CST": "-0600", "CDT": "-0500", "MST": "-0700", "MDT": "-0600", "PST": "-0800", "PDT": "-0700",
}  # fmt: skip


@dataclass(frozen=True)
class Clock:
    """How one file tells the time: its formats, likeliest first, the zone of naive times, and the first year."""

    formats: tuple[TimeFormat, ...] = ()
    tz: str = "UTC"
    year: int | None = None

    @property
    def bears_year(self) -> bool:
        """Whether the likeliest format writes the year."""
        return not self.formats or self.formats[0].year


def strptime(pattern: str) -> TimeFormat:
    """Return the format of a strptime pattern that a user gave."""
    year, zone = any(d in pattern for d in ("%Y", "%y", "%F", "%s")), any(d in pattern for d in ("%z", "%#z", "%s"))
    return TimeFormat(pattern, "", pattern, year=year, zone=zone)


def fit(texts: pl.Series) -> tuple[TimeFormat, ...]:
    """Return the formats that read the sample, the one that reads most of it first; empty when none does."""
    sample = texts.drop_nulls()
    chosen: list[TimeFormat] = []
    while sample.len():
        looks = _looks(sample)
        scores = [
            (_parse_one(sample, TIME_FORMATS[i], Clock(year=2000)).is_not_null().sum(), -i)
            for i in looks or range(len(TIME_FORMATS))
        ]
        score, place = max(scores)
        if not score:
            break
        chosen.append(TIME_FORMATS[-place])
        sample = sample.filter(_parse_one(sample, chosen[-1], Clock(year=2000)).is_null())
    exact = _exact(texts.drop_nulls(), chosen[0]) if chosen else None
    return (exact, *chosen) if exact else tuple(chosen)


def _looks(sample: pl.Series) -> list[int]:
    """Return the places in the table of the formats that the first texts look like."""
    texts = sample.head(20).to_list()
    return [n for n, form in enumerate(TIME_FORMATS) if any(map(_shape(form.shape).fullmatch, texts))]


@cache
def _shape(shape: str) -> re.Pattern[str]:
    return re.compile(shape, re.ASCII)


def _exact(sample: pl.Series, form: TimeFormat) -> TimeFormat | None:
    """Return the format narrowed to the sample's way to write fractions and UTC, which reads three times as fast."""
    tail = re.search(r"([.,]\d+)?(Z|[+-]00:?00)?$", sample[0])
    fraction, zone = tail.groups(default="") if tail else ("", "")
    fixed = "%.f" not in form.pattern and "%z" not in form.pattern
    if fixed or form.abbreviation or form.colon_millis or len(fraction) not in (0, 4, 7, 10):
        return None
    if form.zone and not zone:
        return None
    digits = f"{fraction[0]}%{len(fraction) - 1}f" if fraction else ""
    pattern = form.pattern.replace("%.f", digits).replace("%#z", zone).replace("%z", zone)
    lengths = sample.str.len_bytes().unique()
    width = int(lengths[0]) if lengths.len() == 1 else 0
    narrow = replace(form, name=f"{form.name} exact", pattern=pattern, exact=True, width=width)
    same = _parse_one(sample, narrow, Clock(year=2000)).eq_missing(_parse_one(sample, form, Clock(year=2000)))
    return narrow if same.all() else None


def to_utc(texts: pl.Series, clock: Clock) -> pl.Series:
    """Return the times as Datetime("us", "UTC"); null where the text is none.

    What the clock's formats cannot read is tried against the whole table, chosen by a sample of what is left.
    """
    times = _parse_all(texts, clock.formats, clock)
    left = texts.filter(times.is_null() & texts.is_not_null())
    if left.len():
        others = tuple(f for f in fit(left.head(100)) if f not in clock.formats)
        times = times.fill_null(_parse_all(texts, others, clock)) if others else times
    return times.alias(texts.name)


def read_exact(texts: pl.Series, clock: Clock) -> pl.Series:
    """Return the times that the clock's first format reads, null for all other text."""
    return _parse_one(texts, clock.formats[0], clock).alias(texts.name)


def _parse_all(texts: pl.Series, formats: Sequence[TimeFormat], clock: Clock) -> pl.Series:
    times = pl.Series(texts.name, [None], dtype=TIMESTAMP).new_from_index(0, texts.len())
    for number, form in enumerate(formats):
        parsed = _parse_one(texts, form, clock)
        times = parsed if number == 0 else times.fill_null(parsed)
        if times.null_count() == texts.null_count():
            break
    return times


def _parse_one(texts: pl.Series, form: TimeFormat, clock: Clock) -> pl.Series:
    if form.epoch:
        return _from_epoch(texts)
    commas = not form.exact and "," not in form.pattern
    column = pl.col("t").str.replace(",", ".", literal=True) if commas else pl.col("t")
    if form.abbreviation:
        column = _name_to_offset(column)
    if form.colon_millis:
        column = _pad_millis(column)
    pattern = form.pattern
    if not form.year:
        column, pattern = pl.concat_str(pl.lit(f"{clock.year or 1970} "), column), "%Y " + pattern
    repeats = "f" not in pattern  # a memory of texts costs more than it saves where few are the same
    parse = column.str.to_datetime(pattern, strict=False, time_unit="us", cache=repeats)
    if form.zone:
        parse = parse.dt.replace_time_zone("UTC") if form.exact else parse.dt.convert_time_zone("UTC")
    since_1970 = parse if form.exact else pl.when(parse.dt.year() >= 1970).then(parse)
    parsed = texts.alias("t").to_frame().select(since_1970).to_series()
    if form.zone:
        return parsed
    return _place_in_zone(parsed if form.year else _turn_years(parsed), clock.tz)


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


def _place_in_zone(naive: pl.Series, tz: str) -> pl.Series:
    if tz == "UTC":
        return naive.dt.replace_time_zone("UTC")
    placed = naive.dt.replace_time_zone(tz, ambiguous="earliest", non_existent="null")
    # A clock that reads a time which daylight saving skipped is an hour off; keep the event where it said it was.
    skipped = (naive + dt.timedelta(hours=1)).dt.replace_time_zone(tz, ambiguous="earliest", non_existent="null")
    return placed.fill_null(skipped).dt.convert_time_zone("UTC")


def _turn_years(times: pl.Series) -> pl.Series:
    """Move the times after a December to January turn into the next year (and back again for stragglers)."""
    months = times.dt.month().fill_null(strategy="forward").cast(pl.Int32)
    steps = months.diff().fill_null(0)
    turns = ((steps <= -10).cast(pl.Int32) - (steps >= 10).cast(pl.Int32)).cum_sum()
    if turns.max() in (0, None) and turns.min() in (0, None):
        return times
    frame = pl.DataFrame({"t": times, "n": turns})
    return frame.select(pl.col("t").dt.offset_by(pl.concat_str(pl.col("n"), pl.lit("y")))).to_series()


def _from_epoch(texts: pl.Series) -> pl.Series:
    shape = r"^-?\d{1,19}(?:\.\d+)?$"
    number = texts.alias("t").to_frame().select(
        pl.when(pl.col("t").str.contains(shape)).then(pl.col("t").cast(pl.Float64, strict=False))
    ).to_series()  # fmt: skip
    exact = texts.cast(pl.Int64, strict=False)  # a Float64 does not hold nanoseconds since 1970
    frame = pl.DataFrame({"f": number, "i": exact})
    micros = (
        pl.when(pl.col("f") < 1e11).then((pl.col("f") * 1e6).round())
        .when(pl.col("f") < 1e14).then((pl.col("f") * 1e3).round())
        .when(pl.col("f") < 1e17).then(pl.col("i").cast(pl.Float64))
        .otherwise((pl.col("i") // 1000).cast(pl.Float64))
    )  # fmt: skip
    # Before 1990 or after 2100 it is some other number.
    plausible = pl.when((micros >= 6.3e14) & (micros < 4.2e15)).then(micros)
    return frame.select(plausible.cast(pl.Int64).cast(TIMESTAMP)).to_series()
