"""Which column of a table is the time, the level and the message, by what the sample's cells look like."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from loganalytics.formats.hints import NO_HINTS, Hints
from loganalytics.formats.timestamps import clock_of, to_utc
from loganalytics.schema import LETTERS, LEVELS

# The share of a column's cells that must be times, or levels.
_MIN_SHARE = 0.8
_MAX_CELLS = 50
_DATE = re.compile(
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|(?:19|20)\d{6}"
    r"|\d{1,2}[ -/][A-Za-z]{3}[ -/]\d{2,4}|\d{4}年\d{1,2}月\d{1,2}日)$"
)
_CLOCK = re.compile(
    r"\d{1,2}:\d{2}(?::\d{2}(?:[.,:]\d{1,9})?)?(?: ?[APap]\.?[Mm]\.?)?(?: ?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}))?$"
)
_MAYBE_TIME = re.compile(r".*\d{1,2}[:.時点h]\d{2}|1\d{9}|.*\d{4}[-/.年]?\d{1,2}", re.DOTALL)
_EPOCH = re.compile(r"1\d{9}(?:\d{3}|\d{6}|\d{9})?(?:\.\d+)?$")
_LEVEL_WORDS = LEVELS.keys() - {"detail", "hint", "context", "statement", "note"}
_CAPITALS = {letter.upper() for letter in LETTERS}


@dataclass(frozen=True)
class Roles:
    """The columns, by their positions; None where none is one."""

    time: int | None = None
    clock: int | None = None
    """The time of day, where `time` is only a date."""
    level: int | None = None
    message: int | None = None


def time_roles(columns: Sequence[Sequence[str]], likely: Sequence[int], hints: Hints = NO_HINTS) -> Roles:
    """Return where the time is: in one of the `likely` columns, in any other, or in two."""
    for position in dict.fromkeys((*likely, *range(len(columns)))):
        cells = columns[position]
        is_count = all(map(_EPOCH.match, cells))
        if (
            cells
            and (position in likely or not is_count)
            and not all(map(_DATE.match, cells))
            and are_times(cells, hints)
        ):
            return Roles(time=position)
    parts = _date_and_clock(columns, hints)
    if parts.time is not None:
        return parts
    counts = (
        n for n, cells in enumerate(columns) if cells and all(map(_EPOCH.match, cells)) and are_times(cells, hints)
    )
    dates = (n for n, cells in enumerate(columns) if cells and are_times(cells, hints))
    return Roles(time=next(counts, next(dates, None)))


def _date_and_clock(columns: Sequence[Sequence[str]], hints: Hints) -> Roles:
    dates = [number for number, cells in enumerate(columns) if _share(cells, _DATE) >= _MIN_SHARE]
    clocks = [number for number, cells in enumerate(columns) if _share(cells, _CLOCK) >= _MIN_SHARE]
    if not dates or not clocks:
        return Roles()
    joined = [f"{date} {clock}" for date, clock in zip(columns[dates[0]], columns[clocks[0]], strict=False)]
    return Roles(time=dates[0], clock=clocks[0]) if are_times(joined, hints) else Roles()


def _share(cells: Sequence[str], pattern: re.Pattern[str]) -> float:
    return sum(bool(pattern.match(cell)) for cell in cells) / len(cells) if cells else 0.0


def are_times(cells: Sequence[str], hints: Hints = NO_HINTS) -> bool:
    """Whether nearly all of the texts are times."""
    few = cells[:_MAX_CELLS]
    if _share(few, _MAYBE_TIME) < _MIN_SHARE and not hints.time_patterns:
        return False
    texts = pl.Series("time", few, dtype=pl.String)
    times = to_utc(texts, clock_of(texts, hints))
    return times.len() - times.null_count() >= _MIN_SHARE * times.len()


def are_levels(cells: Sequence[str]) -> bool:
    """Whether all of the texts are levels, as words or as single capitals."""
    distinct = {cell.strip(" []") for cell in cells}
    return bool(distinct) and (all(word.lower() in _LEVEL_WORDS for word in distinct) or distinct <= _CAPITALS)


def level_column(columns: Sequence[Sequence[str]]) -> int | None:
    """Return the first column all of whose cells are levels."""
    return next((number for number, cells in enumerate(columns) if are_levels(cells)), None)


def text_column(columns: Sequence[Sequence[str]], taken: Sequence[int | None]) -> int | None:
    """Return the column of the longest text that is more than names and numbers, and not always the same."""
    lengths = {
        number: sum(map(len, cells)) / len(cells)
        for number, cells in enumerate(columns)
        if cells
        and number not in taken
        and (len(set(cells)) > 1 or len(cells) == 1)
        and sum(" " in cell.strip() for cell in cells) * 2 >= len(cells)
    }
    return max(lengths, key=lambda number: lengths[number]) if lengths else None
