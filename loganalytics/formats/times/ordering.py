"""Which of three numbers is the day, the month and the year, decided on all dates of a sample."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import cast

import polars as pl

from loganalytics.formats.time_formats import TimeFormat
from loganalytics.formats.times.reading import read_parts
from loganalytics.formats.year_turns import LEAP_YEAR

_WORDS = {"d": "day", "m": "month", "y": "year"}
# So far ahead a clock may be, or a zone: a log is not of later times.
_AHEAD = dt.timedelta(days=2)


@dataclass(frozen=True, order=True, kw_only=True)
class _Reading:
    """How well an order fits the sample: the least is the best."""

    unread: int
    steps_back: int
    """How often the times go backwards."""
    is_future: bool
    days: int
    """How many days the sample spans: the parts that vary are those of the day and the month."""
    years_ago: int
    """Two-digit years: the later one is the likelier."""
    rank: int
    """What is usual where nothing else decides."""


def with_order(time_format: TimeFormat, texts: pl.Series, dayfirst: bool | None) -> TimeFormat:
    """Return the format with the order of its numbers that fits the texts best, and what was guessed of it."""
    orders = _orders(time_format, texts)
    if dayfirst is not None:
        preferred = [order for order in orders if order.startswith("d") == dayfirst]
        orders = preferred if _best(time_format, texts, preferred) else orders
    readings = {order: _reading(time_format, texts, order, rank) for rank, order in enumerate(orders)}
    best = min(orders, key=lambda order: readings[order])
    rivals = [order for order in orders if order != best and readings[order].unread == readings[best].unread]
    guess = _sentence(texts, best, rivals) if rivals and dayfirst is None else ""
    return replace(time_format, order=best, guess=guess)


def _best(time_format: TimeFormat, texts: pl.Series, orders: list[str]) -> bool:
    return any(_reading(time_format, texts, order, 0).unread < texts.len() for order in orders)


def _orders(time_format: TimeFormat, texts: pl.Series) -> list[str]:
    """Return the possible orders of the numbers, the usual one first."""
    if time_format.name.startswith("compact"):
        return ["ymd", "dmy", "mdy"]
    is_dotted = bool(texts.str.contains(r"^[^0-9]*[0-9]{1,2}[.]").any())
    is_dashed = bool(texts.str.contains(r"^[^0-9]*[0-9]{1,2}-[0-9]{1,2}-").any())
    if not time_format.has_year:
        return ["dm", "md"] if texts.str.contains(r"^[^0-9]*[0-9]{1,2}[.][0-9]{1,2}[.]").any() else ["md", "dm"]
    is_suricata = bool(texts.str.contains(" -- ", literal=True).any())
    day_or_month = ["dmy", "mdy"] if is_dotted or is_dashed or is_suricata else ["mdy", "dmy"]
    has_century = bool(texts.str.contains(r"[-/.](?:19|20)[0-9]{2}(?:[^0-9]|$)").any())
    return day_or_month if has_century else ["ymd", *day_or_month]


def _reading(time_format: TimeFormat, texts: pl.Series, order: str, rank: int) -> _Reading:
    times = read_parts(texts, replace(time_format, order=order), LEAP_YEAR)[0]
    known = times.drop_nulls()
    if known.is_empty():
        return _Reading(unread=texts.len(), steps_back=0, is_future=False, days=0, years_ago=0, rank=rank)
    first, last = cast(dt.datetime, known.min()), cast(dt.datetime, known.max())
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    return _Reading(
        unread=times.null_count(),
        steps_back=int((known.diff() < dt.timedelta(0)).sum()),
        is_future=time_format.has_year and last > now + _AHEAD,
        days=(last - first).days,
        years_ago=now.year - last.year if time_format.has_year else 0,
        rank=rank,
    )


def _sentence(texts: pl.Series, best: str, rivals: list[str]) -> str:
    words = ", ".join(_WORDS[part] for part in best)
    others = " or ".join(", ".join(_WORDS[part] for part in order) for order in rivals)
    flag = not best.startswith("d")
    return (
        f"dates such as {texts[0]!r} are read as {words}: none of {texts.len()} rules out {others}. "
        f"Hint: dayfirst={flag}"
    )
