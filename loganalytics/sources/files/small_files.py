"""Many small files that are written alike, looked at and read together: each alone costs some milliseconds.

Nothing depends on the file beside it: files are put together only where each one's first line begins an event, so that
no line is taken for the continuation of another file's.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

import polars as pl

from loganalytics import formats
from loganalytics.formats import Detection
from loganalytics.formats.definitions import Format
from loganalytics.formats.hints import Hints
from loganalytics.formats.inferred_times import INFERRED
from loganalytics.formats.internal_columns import CRASHED

SMALL_BYTES = 16 * 1024
_SMALL_LINES = 50
_FILE_BITS = 32
"""A line's number has the file's number above so many bits."""
FILE = "\0file"
"""The column of which file an event is of."""
# A number beside one of these may be a day or a month: those above 12 show which.
_NUMBER = re.compile(r"(?<=[/.-])\d+|\d+(?=[/.-])|\d+")
_DATE_MARKS = "/.-"


class DetectionMemory:
    """Detects formats, once for all small samples that differ in their digits only."""

    def __init__(self, own_formats: Sequence[Format]) -> None:
        self._formats = own_formats
        self._known: dict[tuple[dt.date | None, str] | None, Detection] = {}

    def detect(self, lines: Sequence[str], hints: Hints) -> Detection:
        """Return the formats of a sample."""
        is_small = len(lines) <= _SMALL_LINES and sum(map(len, lines)) <= SMALL_BYTES
        key = (hints.date, shape_of("\n".join(lines))) if is_small else None
        if key in self._known:
            return self._known[key]
        detection = formats.detect(lines, hints=hints, formats=self._formats)
        # A year that one format lends another is this file's own.
        if key and all(clock.year is None for clock in detection.all_clocks):
            self._known[key] = detection
        return detection


def shape_of(text: str) -> str:
    """Return the text with its digits made equal, but for what shows whether a number can be a month.

    >>> shape_of("25/03/2026 12:30 id=77"), shape_of("03/03/2026 12:31 id=12")
    ('99/00/0000 00:00 id=00', '00/00/0000 00:00 id=00')
    """
    return _NUMBER.sub(_same_digits, text)


def _same_digits(match: re.Match[str]) -> str:
    number, text = match[0], match.string
    beside = text[max(0, match.start() - 1) : match.start()] + text[match.end() : match.end() + 1]
    is_day = len(number) == 2 and number > "12" and any(mark in beside for mark in _DATE_MARKS)
    return "99" if is_day else "0" * len(number)


def can_be_joined(detection: Detection) -> bool:
    """Whether lines of several files may be parsed as one: none has a state that goes from line to line."""
    has_streams = detection.wrappers or any(detected.within for detected in detection.formats)
    if has_streams or detection.framing:  # a table that has a header has a framing too
        return False
    return all(clock.has_year and clock.tz == "UTC" for clock in detection.all_clocks if clock.formats)


def parse_together(texts: Sequence[pl.Series], detection: Detection) -> tuple[pl.DataFrame, list[bool]]:
    """Return the events of the lines of several files, and for which of the files they hold.

    The events have the number of their file in the column FILE, and that of their line in their file in `n`.
    """
    numbers = [
        pl.int_range(start + 1, start + 1 + text.len(), dtype=pl.UInt64, eager=True)
        for start, text in ((index << _FILE_BITS, text) for index, text in enumerate(texts))
    ]
    lines = pl.DataFrame([pl.concat(numbers).alias("n"), pl.concat(texts).alias("line")])
    events = formats.parse(lines, detection).events
    firsts = pl.Series([(index << _FILE_BITS) + 1 for index in range(len(texts))], dtype=pl.UInt64)
    begins = firsts.is_in(events["n"].implode())
    is_begun = (begins & begins.shift(-1, fill_value=True)).to_list()  # the next one's first lines may be in its last
    for name in (INFERRED, CRASHED):  # what goes by the events before, which may be those of another file
        if name in events.columns:
            for index in (events.filter(pl.col(name))["n"] // 2**_FILE_BITS).unique():
                is_begun[index] = False
    n = pl.col("n")
    file = (n // 2**_FILE_BITS).cast(pl.UInt32).alias(FILE)
    return events.with_columns(file, (n % 2**_FILE_BITS).alias("n")), is_begun
