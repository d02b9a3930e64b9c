"""Files that lie outside the time range asked for, seen without reading them whole."""

from __future__ import annotations

import datetime as dt
from typing import cast

import polars as pl

from loganalytics.schema import TIMESTAMP
from loganalytics.sources.files.blocks import lines_of
from loganalytics.sources.files.missing_year import TimeRange
from loganalytics.sources.files.sampling import FileSample, times_of

# Lines of several threads or workers are not quite in order; a request is logged when it ends.
_MAX_DISORDER = dt.timedelta(hours=1)
# Of a packed file only the date says where it ends; its events may be in the time of another zone.
_MAX_CLOCK_DIFFERENCE = dt.timedelta(days=1)
_HEAD_LINES = 200
_WINDOWS = 8
_WINDOW_BYTES = 32 * 1024
# No character of UTF-16 or UTF-32 is cut by a window that begins at a multiple of so many bytes.
_WIDEST = 4


def is_outside(sample: FileSample, *, since: dt.datetime | None, until: dt.datetime | None) -> bool:
    """Whether a file surely holds no event from `since` on and before `until`, so that it need not be read.

    A plain file shows its range at some places from its head to its end, where times must go up; a packed one by its
    first events and by when it was last changed. In doubt a file is not outside.
    """
    if (since is None and until is None) or not (sample.location.regular and sample.detection.has_year):
        return False
    head = _range_in_order(times_of(sample.lines[:_HEAD_LINES], sample.detection))
    if head is None:
        return False
    if sample.location.packed:
        return _packed_is_outside(head, sample.location.modified, since, until)
    if not _range_is_outside(head, since, until):
        return False
    times = _times_of_windows(sample)
    full_range = None if times is None else _range_in_order(times)
    return full_range is not None and _range_is_outside(full_range, since, until)


def _packed_is_outside(
    head: TimeRange, modified: dt.datetime, since: dt.datetime | None, until: dt.datetime | None
) -> bool:
    if until and head[0] >= until + _MAX_DISORDER:
        return True
    is_credible = head[1] <= modified + _MAX_CLOCK_DIFFERENCE
    return bool(since and is_credible and modified < since - _MAX_CLOCK_DIFFERENCE)


def _range_is_outside(times: TimeRange, since: dt.datetime | None, until: dt.datetime | None) -> bool:
    first, last = times
    return bool(until and first >= until + _MAX_DISORDER) or bool(since and last < since - _MAX_DISORDER)


def _range_in_order(times: pl.Series) -> TimeRange | None:
    """Return the first and the last time; None when there are none, or one is more than an hour behind another."""
    delay = cast("dt.timedelta | None", (times.cum_max() - times).max())
    if delay is None or delay > _MAX_DISORDER:
        return None
    return cast(dt.datetime, times.min()), cast(dt.datetime, times.max())


def _times_of_windows(sample: FileSample) -> pl.Series | None:
    """Return times from all over a plain file, or None where a window shows none; of a small one, all times."""
    path = sample.location.path
    assert path is not None
    windows: list[list[str]] = []
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            if size <= _WINDOW_BYTES * _WINDOWS:
                file.seek(0)
                windows = [lines_of(file.read(_WINDOW_BYTES * _WINDOWS), sample.encoding)]
            else:
                for number in range(1, _WINDOWS + 1):
                    file.seek((size - _WINDOW_BYTES) * number // _WINDOWS // _WIDEST * _WIDEST)
                    windows.append(lines_of(file.read(_WINDOW_BYTES), sample.encoding)[1:])
    except OSError:
        return None
    times = [times_of(lines, sample.detection).cast(TIMESTAMP) for lines in windows]
    return None if any(window.is_empty() for window in times) else pl.concat(times)
