"""Files that lie outside the time range asked for, seen without reading them whole."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import polars as pl

from loganalytics.schema import TIMESTAMP
from loganalytics.sources.files.reader import LogFile, times_of

OUTSIDE = "outside the time range"
# Lines of several threads or workers are not quite in order; a request is logged when it ends.
_DISORDER = dt.timedelta(hours=1)
# A packed file tells its end by its date alone; its events may be in another zone's time.
_CLOCKS = dt.timedelta(days=1)
_SPOTS = 8
_SPOT = 32 * 1024


def mark_outside(files: Sequence[LogFile], since: dt.datetime | None, until: dt.datetime | None) -> None:
    """Note of each file that surely holds no event from `since` on and before `until`, so that it is not read.

    A plain file shows its range at some places from its head to its end, where times must go up; a packed one by its
    first events and by when it was last changed. In doubt a file is read.
    """
    if since is None and until is None:
        return
    for file in files:
        if not file.reading.note and file.place.regular and file.detection.has_year and _outside(file, since, until):
            file.reading.note = f"{OUTSIDE}: not read"


def _outside(file: LogFile, since: dt.datetime | None, until: dt.datetime | None) -> bool:
    head = times_of(file.sample[:200], file.detection)
    if head.is_empty() or not _in_order(head):
        return False
    first, last = cast(dt.datetime, head.min()), cast(dt.datetime, head.max())
    if file.place.packed:
        changed = file.place.modified
        credible = last <= changed + _CLOCKS
        return bool(until and first >= until + _DISORDER) or bool(since and credible and changed < since - _CLOCKS)
    if not (until and first >= until + _DISORDER) and not (since and last < since - _DISORDER):
        return False
    times = _spots(file)
    if times is None or not _in_order(times):
        return False
    first, last = cast(dt.datetime, times.min()), cast(dt.datetime, times.max())
    return bool(until and first >= until + _DISORDER) or bool(since and last < since - _DISORDER)


def _in_order(times: pl.Series) -> bool:
    late = (times.cum_max() - times).max()
    return late is None or cast(dt.timedelta, late) <= _DISORDER


def _spots(file: LogFile) -> pl.Series | None:
    """Return times from all over a plain file, or None where a place shows none; of a small one, all times."""
    found = []
    try:
        with cast(Path, file.place.disk).open("rb") as raw:
            size = raw.seek(0, 2)
            small = size <= _SPOT * _SPOTS
            for spot in range(1, 2 if small else _SPOTS + 1):
                raw.seek(0 if small else (size - _SPOT) * spot // _SPOTS)
                lines = raw.read(_SPOT * _SPOTS if small else _SPOT).decode("utf-8", errors="replace").splitlines()
                times = times_of(lines if small else lines[1:], file.detection)
                if times.is_empty():
                    return None
                found.append(times.cast(TIMESTAMP))
    except OSError:
        return None
    return pl.concat(found)
