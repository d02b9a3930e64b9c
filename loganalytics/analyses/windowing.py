"""How long a window is, and which events and services a view over windows shows."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from loganalytics.times import parse_every, usual_time_range

# From one to the next about two or three times longer, so that a log has some 200 to 600 windows.
_WINDOW_LENGTHS = (
    "1s", "2s", "5s", "15s", "30s", "1m", "2m", "5m", "15m", "30m", "1h", "2h", "6h", "12h", "1d", "7d", "28d",
)  # fmt: skip
_MAX_WINDOWS = 600
_MAX_SERVICES = 50
_OTHER_SERVICES = "other services"


def choose_window(times: pl.Series) -> str:
    """Return the length of a window that cuts the time between first and last into at most 600 windows.

    The longest window has 28 days, so that a log of more than 46 years has more of them.
    """
    first, last = times.min(), times.max()
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        return "1m"
    return next(
        (every for every in _WINDOW_LENGTHS if (last - first) / parse_every(every) <= _MAX_WINDOWS), _WINDOW_LENGTHS[-1]
    )


def without_misdated(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame without events dated years away from the others.

    They would stretch the windows until all others fell into one.
    """
    usual = usual_time_range(frame["timestamp"])
    if usual is None:
        return frame
    return frame.filter(pl.col("timestamp").is_between(*usual) | pl.col("timestamp").is_null())


def group_small_services(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with at most 50 services: all but the 49 with the most events are grouped as one."""
    sizes = frame.group_by("service").len().sort("len", "service", descending=[True, False])
    if sizes.height <= _MAX_SERVICES:
        return frame
    is_large = pl.col("service").is_in(sizes["service"].head(_MAX_SERVICES - 1).to_list(), nulls_equal=True)
    return frame.with_columns(pl.when(is_large).then("service").otherwise(pl.lit(_OTHER_SERVICES)).alias("service"))
