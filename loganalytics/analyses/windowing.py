"""How long a window is, and which events and services a view over windows takes in."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from loganalytics.times import parse_every, usual_times

# From one to the next about two or three times longer, so that a log has some 200 to 600 windows.
_LADDER = ("1s", "2s", "5s", "15s", "30s", "1m", "2m", "5m", "15m", "30m", "1h", "2h", "6h", "12h", "1d", "7d", "28d")


_WINDOWS = 600


_SERVICES = 50


def choose_window(times: pl.Series) -> str:
    """Return the length of a window that cuts the time between first and last into at most 600 windows."""
    first, last = times.min(), times.max()
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        return "1m"
    return next((every for every in _LADDER if (last - first) / parse_every(every) <= _WINDOWS), _LADDER[-1])


def without_misdated(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame without events dated years away from the rest.

    They would stretch the windows until all else fell into one.
    """
    usual = usual_times(frame["timestamp"])
    if usual is None:
        return frame
    return frame.filter(pl.col("timestamp").is_between(*usual) | pl.col("timestamp").is_null())


def few_services(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with all but the 50 greatest services put together as one."""
    sizes = frame.group_by("service").len().sort("len", "service", descending=[True, False])
    if sizes.height <= _SERVICES:
        return frame
    kept = pl.col("service").is_in(sizes["service"].head(_SERVICES - 1).to_list(), nulls_equal=True)
    return frame.with_columns(pl.when(kept).then("service").otherwise(pl.lit("other services")).alias("service"))
