"""What files hold, as their heads and ends show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import cast

import polars as pl

from loganalytics.sources.files.blocks import lines_of
from loganalytics.sources.files.plan import PlannedFile
from loganalytics.sources.files.sampling import FileSample, times_of
from loganalytics.sources.store import description_rows

_END_BYTES = 64 * 1024


def describe_files(files: Sequence[PlannedFile]) -> pl.DataFrame:
    """Return one row a text file, with the columns of DESCRIPTION_SCHEMA."""
    return description_rows(_describe_file(file) for file in files)


def _describe_file(file: PlannedFile) -> dict[str, object]:
    sample = file.sample
    events = sample.events()
    return {
        "source": sample.source,
        "kind": "file",
        "first_seen": events["timestamp"].min(),
        "last_seen": _last_time(sample) if sample.lines else None,
        "bytes": sample.location.size if sample.location.url is None else None,
        "services": events["service"].drop_nulls().unique().sort().to_list(),
        "note": file.skip.note if file.skip else "; ".join(filter(None, (sample.detection.name, sample.break_note))),
    }


def _last_time(sample: FileSample) -> dt.datetime | None:
    """Return the latest time near the end of a plain file."""
    path = sample.location.path
    if path is None or sample.location.packed:
        return None
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - _END_BYTES) // 4 * 4)  # no character of UTF-16 or UTF-32 is cut
            lines = lines_of(file.read(_END_BYTES), sample.encoding)
    except OSError:
        return None
    times = times_of(lines, sample.detection)
    return cast("dt.datetime | None", times.max() if times.len() else None)
