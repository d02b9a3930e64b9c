"""The events of a log, reduced to what windows are described by, and the windows that they fall into."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

import polars as pl

from loganalytics.analyses.requests.durations import duration_ms
from loganalytics.exceptions import InvalidArgumentError
from loganalytics.humanize import count
from loganalytics.schema import Frame, is_error, lazy
from loganalytics.templates.annotate import with_templates
from loganalytics.times import parse_every, usual_time_range, window_start

MAX_WINDOWS = 5_000_000  # times the values of `by`
HOST_COLUMNS = ("host", "host.name", "hostname", "host_name", "server", "node", "pod", "k8s.pod.name", "instance")

_REQUIRED_COLUMNS = ("timestamp", "severity_number", "level", "trace_id", "message")


@dataclass(frozen=True, kw_only=True)
class Windows:
    """The windows of a log: the start of the first, their length and how many there are."""

    start: datetime
    every: timedelta
    count: int


def read_events(logs: Frame, by: str | None) -> pl.DataFrame:
    """Return what the features are made of: by, timestamp, error, level, trace_id, template, ms, service, host.

    Of service and host, the one that `by` names is left out: it would say everything twice.
    """
    frame = lazy(logs, *_REQUIRED_COLUMNS)
    columns = frame.collect_schema().names()
    origins = _origin_columns(columns, by)
    optional = [name for name in ("template", "template_id", by, *origins.values()) if name in columns]
    dated = frame.filter(pl.col("timestamp").is_not_null())
    events = dated.select(*dict.fromkeys([*_REQUIRED_COLUMNS, *optional]), __ms=duration_ms(columns)).collect()
    if not {"template", "template_id"} <= set(columns):
        events = with_templates(events)
    return (
        lazy(events, *([] if by is None else [by]))
        .select(
            *("timestamp", "level", "trace_id", "template"),
            error=is_error().fill_null(value=False),
            ms="__ms",
            by=pl.lit(None, pl.String) if by is None else pl.col(by),
            **{origin: pl.col(column).cast(pl.String) for origin, column in origins.items()},
        )
        .collect()
    )


def _origin_columns(columns: list[str], by: str | None) -> dict[str, str]:
    """Return which columns hold service and host, without the one that is `by`."""
    host = next((name for name in HOST_COLUMNS if name in columns), None)
    origins = {"service": "service" if "service" in columns else None, "host": host}
    return {origin: column for origin, column in origins.items() if column and column != by}


def lay_windows(events: pl.DataFrame, every: str | timedelta) -> tuple[Windows, pl.DataFrame]:
    """Return the windows of a log that has events, and the events with the number of their `window`.

    Events dated years away from the others would stretch the windows without end: they are left out, with a warning.

    Raises InvalidArgumentError when there are too many to be compared.
    """
    length = parse_every(every)
    events = _without_misdated(events)
    starts = events.select(window_start(length))["window"]
    first, last = cast(datetime, starts.min()), cast(datetime, starts.max())
    windows = Windows(start=first, every=length, count=(last - first) // length + 1)
    values = events["by"].n_unique()
    if windows.count * values > MAX_WINDOWS:
        raise InvalidArgumentError(
            f"{windows.count:,} windows of {length} for {values:,} values are too many to compare. "
            "Hint: choose longer windows, a shorter time range, or a column with fewer values."
        )
    step = length // timedelta(microseconds=1)
    number = (starts.dt.epoch("us") - starts.dt.epoch("us").min()) // step
    return windows, events.with_columns(number.cast(pl.Int64).alias("window"))


def _without_misdated(events: pl.DataFrame) -> pl.DataFrame:
    usual = usual_time_range(events["timestamp"])
    if usual is None:
        return events
    retained = events.filter(pl.col("timestamp").is_between(*usual))
    misdated, dates = count(events.height - retained.height, "event"), f"{usual[0]:%Y-%m-%d} to {usual[1]:%Y-%m-%d}"
    warnings.warn(f"{misdated} dated years away left out; all others are of {dates}.", UserWarning, stacklevel=4)
    return retained
