"""Zones of times: what is written behind a clock, and local times in UTC."""

from __future__ import annotations

import datetime as dt
import re
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

import polars as pl

from loganalytics.formats.times.zone_names import ABBREVIATIONS

_HOUR = dt.timedelta(hours=1)
# Lines are out of order by so much without a clock that was put back.
_JITTER = dt.timedelta(minutes=1)
_OFFSET = re.compile(r"^(?:GMT|UTC|UT)? ?([+-])(\d{1,2}):?(\d{2})?(?::?\d{2})?(?: |\(|\[|$)")
_MINUTES = re.compile(r"^([+-]\d{3})$")
# By more than an hour and so much other lines than those of the first hour are out of order.
_STRAGGLING = dt.timedelta(minutes=10)
_PROBED_YEARS = (2024, 2010)


@lru_cache(10_000)
def offset_or_zone(text: str, tz: str) -> int | str | None:
    """Return the offset in seconds, or the name of the zone, that the text behind a clock means; None for other text.

    An abbreviation that the zone `tz` has is that of `tz`; others are as most logs mean them.
    """
    text = text.strip(" ()[]")
    if "/" in text and not text.startswith(("+", "-", "GMT", "UTC")):
        return text if _is_zone(text) else None
    minutes = _MINUTES.match(text)
    if minutes:  # as DB2 writes it
        return int(minutes[1]) * 60
    offset = _OFFSET.match(text)
    if offset:
        seconds = int(offset[2]) * 3600 + int(offset[3] or 0) * 60
        return (-seconds if offset[1] == "-" else seconds) if seconds <= 15 * 3600 else None
    name = text.upper()
    return _offset_in(name, tz) if name in ABBREVIATIONS else None


@cache
def zone_offsets(tz: str) -> dict[str, str]:
    """Return the offset, as +0100, of each abbreviation where `tz` is the zone of the logs."""
    seconds = {name: _offset_in(name, tz) for name in ABBREVIATIONS}
    return {name: f"{'-' if s < 0 else '+'}{abs(s) // 3600:02}{abs(s) % 3600 // 60:02}" for name, s in seconds.items()}


@cache
def uses_abbreviation(name: str, tz: str) -> bool:
    """Whether clocks of the zone show this abbreviation."""
    return tz != "UTC" and any(local.tzname() == name for local in _probes(tz))


def _offset_in(name: str, tz: str) -> int:
    if uses_abbreviation(name, tz):
        offset = next(local.utcoffset() for local in _probes(tz) if local.tzname() == name)
        return int(offset.total_seconds()) if offset is not None else 0
    return ABBREVIATIONS[name]


def _probes(tz: str) -> list[dt.datetime]:
    return [dt.datetime(year, month, 1, tzinfo=ZoneInfo(tz)) for year in _PROBED_YEARS for month in (1, 7)]


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def zoned_to_utc(naive: pl.Series, zones: pl.Series, tz: str, after: dt.datetime | None = None) -> pl.Series:
    """Return times with the zones written behind them in UTC; those without one are in `tz`, unknown ones null."""
    meanings = {text: offset_or_zone(text, tz) for text in zones.drop_nulls().unique().to_list()}
    offsets = {text: meaning for text, meaning in meanings.items() if isinstance(meaning, int)}
    seconds = zones.replace_strict(offsets, default=None, return_dtype=pl.Int64)
    moved = (naive - (seconds * 1_000_000).cast(pl.Duration("us"))).dt.replace_time_zone("UTC")
    named = {text: meaning for text, meaning in meanings.items() if isinstance(meaning, str)}
    frame = pl.DataFrame({"time": moved, "zone": zones, "naive": naive})
    for text, zone in [*named.items(), *([(None, tz)] if zones.null_count() else [])]:
        local = pl.col("zone").eq_missing(pl.lit(text, dtype=pl.String))
        here = localize(frame.select(pl.when(local).then("naive")).to_series(), zone, after)
        frame = frame.with_columns(time=pl.coalesce("time", here))
    return frame["time"].alias(naive.name)


def localize(naive: pl.Series, tz: str, after: dt.datetime | None = None) -> pl.Series:
    """Return naive times of a zone in UTC; `after` is the time that the last one before them had.

    Of two hours of one name, when clocks are put back, the second begins where the times go backwards.
    """
    if tz == "UTC":
        return naive.dt.replace_time_zone("UTC")
    early = naive.dt.replace_time_zone(tz, ambiguous="earliest", non_existent="null")
    if early.null_count() > naive.null_count():
        # A clock that reads a time which daylight saving skipped is an hour off; keep the event where it said it was.
        skipped = (naive + _HOUR).dt.replace_time_zone(tz, ambiguous="earliest", non_existent="null")
        early = early.fill_null(skipped)
    early = early.dt.convert_time_zone("UTC")
    late = naive.dt.replace_time_zone(tz, ambiguous="latest", non_existent="null").dt.convert_time_zone("UTC")
    is_ambiguous = (late != early).fill_null(value=False)
    return _second_hours(early, late, is_ambiguous, after) if is_ambiguous.any() else early


def _second_hours(early: pl.Series, late: pl.Series, is_ambiguous: pl.Series, after: dt.datetime | None) -> pl.Series:
    """Return the later of two times for ambiguous ones from where, within their night, times went backwards."""
    frame = pl.DataFrame({"early": early, "late": late, "ambiguous": is_ambiguous})
    if after is not None:
        frame = pl.concat([pl.DataFrame({"early": [after]}, schema={"early": early.dtype}), frame], how="diagonal")
    highest = pl.col("early").cum_max().shift(1)
    behind = highest - pl.col("early")
    steps_back = pl.col("ambiguous") & (behind > _JITTER) & (behind < _HOUR + _STRAGGLING)
    night = pl.col("early").dt.truncate("1d")
    is_second = steps_back.cum_max().over(night) & pl.col("ambiguous")
    return (
        frame.select(pl.when(is_second).then("late").otherwise("early").alias(early.name)).tail(early.len()).to_series()
    )
