"""Which formats a file is in, decided on a sample of its lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from loganalytics.formats import json_lines
from loganalytics.formats.catalogue import FORMATS, RAW, TIMED, Format
from loganalytics.formats.json_lines import JsonLines
from loganalytics.formats.timestamps import Clock, fit

# A format must take this share of the lines that are left, or it was an accident.
_MIN_SHARE = 0.02


@dataclass(frozen=True)
class Reader:
    """A format and how it tells the time in this file."""

    form: Format | JsonLines
    clock: Clock
    lines: int
    """How many lines of the sample it matched."""


@dataclass(frozen=True)
class Detection:
    """What a file's sample showed: its readers in the order in which they are tried on a line."""

    readers: tuple[Reader, ...]
    sampled: int

    @property
    def name(self) -> str:
        """The formats' names, the commonest first."""
        return " + ".join(reader.form.name for reader in self.readers) or RAW.name

    def with_year(self, year: int) -> Detection:
        """Return the detection with the year of the first line, for formats that do not write it."""
        readers = tuple(replace(r, clock=replace(r.clock, year=year)) for r in self.readers)
        return replace(self, readers=readers)

    @property
    def bears_year(self) -> bool:
        """Whether the commonest format writes the year."""
        return not self.readers or self.readers[0].clock.bears_year


def detect(lines: Sequence[str], *, tz: str = "UTC") -> Detection:
    """Return the formats of a sample of lines."""
    sample = pl.Series("line", [line for line in lines if line.strip()], dtype=pl.String)
    readers: list[Reader] = []
    left = sample
    layout = json_lines.learn(left.to_list())
    if layout:
        objects = left.filter(left.str.starts_with("{"))
        times = json_lines.sample_times(objects.to_list(), layout)
        readers.append(Reader(layout, Clock(fit(times), tz), objects.len()))
        left = left.filter(~left.str.starts_with("{"))
    while left.len():
        reader, matched = _best(left, sample.len(), tz)
        if reader is None:
            break
        readers.append(reader)
        left = left.filter(~matched)
    readers.sort(key=lambda reader: -reader.lines)
    return Detection(tuple(readers), sample.len())


def _best(lines: pl.Series, sampled: int, tz: str) -> tuple[Reader | None, pl.Series]:
    """Return the format that matches most of the lines; the general one only where no particular one does."""
    for table in (FORMATS, (TIMED,)):
        masks = [(form, lines.str.contains(form.regex)) for form in table]
        form, matched = max(masks, key=lambda pair: int(pair[1].sum()))
        count = int(matched.sum())
        if count >= max(1, _MIN_SHARE * sampled):
            texts = lines.filter(matched).str.extract_groups(form.regex).struct.field("timestamp")
            formats = fit(texts)
            if formats:
                return Reader(form, Clock(formats, tz), count), matched
    return None, lines.is_null()
