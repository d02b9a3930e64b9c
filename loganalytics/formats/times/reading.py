"""The parts of written times to times."""

from __future__ import annotations

import datetime as dt

import polars as pl

from loganalytics.formats.time_formats import TimeFormat
from loganalytics.formats.times.calendar_names import MONTH_NUMBERS

_PARTS = (
    "year", "month", "day", "name", "first", "second", "third", "hour", "minute", "sec", "fraction", "millis", "nanos",
    "half_before", "half", "zone", "zone_behind", "bias", "year_last", "day_of_year", "week", "weekday",
)  # fmt: skip
# Two-digit years from here on are of the last century.
_LAST_CENTURY = 70
_HALF_DAY = dt.timedelta(hours=12)
_AFTERNOON = ("pm", "下午", "午後", "오후")
_MORNING = ("am", "上午", "午前", "오전")


def read_parts(texts: pl.Series, time_format: TimeFormat, year: int) -> tuple[pl.Series, pl.Series]:
    """Return the times as written, without their zone, and the text of the zone; null where there is none.

    `year` is that of times which write none.
    """
    groups = texts.alias("t").to_frame().select(pl.col("t").str.extract_groups(time_format.groups)).to_series()
    parts = groups.struct.unnest()
    missing = [pl.lit(None, dtype=pl.String).alias(name) for name in _PARTS if name not in parts.columns]
    parts = parts.with_columns(missing)
    numbers = _date_numbers(time_format.order, has_name="<name>" in time_format.groups)
    date = parts.with_columns(**numbers).with_columns(_full_year(year))
    bias = pl.col("bias").cast(pl.Int64, strict=False)
    times = date.select(_date() + _clock() + pl.duration(minutes=bias.fill_null(0))).to_series()
    utc = pl.when(bias.is_not_null()).then(pl.lit("Z"))
    zones = parts.select(pl.coalesce("zone", "zone_behind", utc)).to_series()
    return times.alias(texts.name), zones


def read_clock(texts: pl.Series, time_format: TimeFormat, date: dt.date, before: dt.datetime | None) -> pl.Series:
    """Return the times of texts that write no day: the first is on `date`, and by half a day back is the next day.

    `before` is the time of the event before the first.
    """
    groups = texts.alias("t").to_frame().select(pl.col("t").str.extract_groups(time_format.groups)).to_series()
    nothing = pl.lit(None, dtype=pl.String)
    parts = groups.struct.unnest().with_columns(half_before=nothing, nanos=nothing)
    clocks = parts.select(_clock()).to_series()
    start = before - dt.datetime.combine(before.date(), dt.time()) if before else None
    steps = pl.concat([pl.Series([start], dtype=clocks.dtype), clocks]).fill_null(strategy="forward").diff()[1:]
    days = ((steps < -_HALF_DAY).cast(pl.Int64) - (steps > _HALF_DAY).cast(pl.Int64)).fill_null(0).cum_sum()
    midnight = pl.lit(dt.datetime.combine(before.date() if before else date, dt.time()))
    frame = pl.DataFrame({"clock": clocks, "days": days})
    return frame.select((midnight + pl.col("clock") + pl.duration(days="days")).alias(texts.name)).to_series()


def _date_numbers(order: str, *, has_name: bool) -> dict[str, pl.Expr]:
    """Return year, month and day as numbers; `order` says which of three numbers is which."""
    places = {part: pl.col(place) for part, place in zip(order, ("first", "second", "third"), strict=False)}
    nothing = pl.lit(None, dtype=pl.String)
    name = pl.col("name").str.to_lowercase().replace_strict(MONTH_NUMBERS, default=None, return_dtype=pl.Int32)
    month = pl.coalesce("month", places.get("m", nothing)).cast(pl.Int32, strict=False)
    return {
        "year": pl.coalesce("year", "year_last", places.get("y", nothing)).cast(pl.Int32, strict=False),
        "month": name if has_name else month,
        "day": pl.coalesce("day", places.get("d", nothing)).cast(pl.Int32, strict=False),
    }


def _full_year(missing: int) -> pl.Expr:
    year = pl.col("year").fill_null(missing)
    return (
        pl.when(year < _LAST_CENTURY).then(year + 2000).when(year < 100).then(year + 1900).otherwise(year).alias("year")
    )


def _date() -> pl.Expr:
    """Return midnight of the day; null where no calendar has it."""
    is_month = pl.col("month").is_between(1, 12)
    first = pl.date("year", pl.when(is_month).then("month").otherwise(1), 1)
    is_day = pl.col("day").is_between(1, first.dt.days_in_month())
    midnight = first.cast(pl.Datetime("us")) + pl.duration(days=pl.col("day") - 1)
    return (
        pl.when(is_month & is_day & (pl.col("year") >= 1971))
        .then(midnight)
        .when(pl.col("day_of_year").is_not_null() | pl.col("week").is_not_null())
        .then(_counted_day())
    )


def _counted_day() -> pl.Expr:
    """Return midnight of a day that is counted from the beginning of its year, or of a week from that of its year."""
    number = {name: pl.col(name).cast(pl.Int64, strict=False) for name in ("day_of_year", "week", "weekday")}
    new_year = pl.date("year", 1, 1).cast(pl.Datetime("us"))
    fourth = new_year + pl.duration(days=3)  # is in the first week
    monday = fourth - pl.duration(days=fourth.dt.weekday().cast(pl.Int64) - 1)
    of_week = monday + pl.duration(days=(number["week"] - 1) * 7 + number["weekday"] - 1)
    of_year = new_year + pl.duration(days=number["day_of_year"] - 1)
    is_of_year = of_year.dt.year() == pl.col("year")
    is_week = number["week"].is_between(1, 53)
    return pl.when(is_of_year).then(of_year).when(is_week).then(of_week)


def _clock() -> pl.Expr:
    """Return the time since midnight; 24:00:00 is the end of the day, a leap second the start of the next minute."""
    number = {name: pl.col(name).cast(pl.Int64, strict=False) for name in ("hour", "minute", "sec")}
    half = pl.coalesce("half_before", "half").str.to_lowercase().str.replace_all("[. \u00a0\u202f]", "")
    hour = number["hour"]
    hour = pl.when(half.is_in(_AFTERNOON) & (hour < 12)).then(hour + 12).otherwise(hour)
    hour = pl.when(half.is_in(_MORNING) & (hour == 12)).then(0).otherwise(hour)
    second = number["sec"].fill_null(0)
    fraction = pl.col("fraction").str.slice(0, 6).str.pad_end(6, "0").cast(pl.Int64, strict=False)
    millis, nanos = (pl.col(name).cast(pl.Int64, strict=False) for name in ("millis", "nanos"))
    micros = pl.coalesce(fraction, millis * 1000, nanos // 1000).fill_null(0)
    seconds = hour * 3600 + number["minute"] * 60 + second
    is_clock = (seconds <= 86400) & (number["minute"] < 60) & (second <= 60) & ((hour < 24) | (seconds == 86400))
    return pl.when(is_clock).then((seconds * 1_000_000 + micros).cast(pl.Duration("us")))
