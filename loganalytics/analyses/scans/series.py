"""What is scanned for intervals: counts of errors, problems, templates and services, durations of operations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

import numpy as np
import polars as pl

from loganalytics.analyses.scans.counts import CountScan, burstiness, highest_by_time
from loganalytics.analyses.scans.durations import DurationScan
from loganalytics.analyses.scans.event_counts import (
    MAX_SERVICES,
    MIN_OTHERS,
    MIN_SERVICE_EVENTS,
    NUMBER,
    EventCounts,
    count_matrix,
)
from loganalytics.analyses.scans.fewer import FewerScan
from loganalytics.analyses.scans.grid import Floats, Grid
from loganalytics.analyses.scans.peeling import TESTS_A_WINDOW, Scan
from loganalytics.schema import is_error

MAX_TEMPLATES, MIN_TEMPLATE_EVENTS = 300, 25  # the most frequent ones
MAX_PROBLEMS, MIN_PROBLEM_EVENTS = 300, 5
MAX_OPERATIONS, MIN_OPERATION_EVENTS = 100, 40
WARNING = 13
ALARMING = r"(?i)fail|refus|denied|invalid|reject|retry|timed? ?out|attempt|lost|失败|重试|拒绝|超时|无效"

BURST_SHARE, BURST_RATIO = 0.95, 2.0  # above twice what this share of the windows has is a burst
MIN_DAYS = 2  # from which on the same hours of another day show what is usual


@dataclass(frozen=True, kw_only=True)
class Series:
    """One series, and how it is named in the result.

    Attributes:
        measure: errors, problem, template, events or duration.
        service: its only service; None where there are several, or none is named.
        services: all of them.
        subject: what is shown: label, template or operation.
        key: cluster_id, template_id or operation.
        scan: what intervals are looked for in.
        times: of its events; None where an interval is one of windows.
        first_window: of its first event.
        service_events: by window, all that its services logged.
        is_alarming: whether its events are warnings or speak of failure.
    """

    measure: str
    services: list[str]
    subject: str | None
    key: str | None
    scan: Scan
    times: pl.Series | None = field(repr=False)
    first_window: int | None
    service_events: Floats | None = field(default=None, repr=False)
    is_alarming: bool = False

    def is_first(self, window: int) -> bool:
        """Return whether nothing of the series came before the window."""
        return self.first_window is not None and self.first_window >= window

    def lasts_to(self, end: datetime, share: float) -> bool:
        """Return whether its last event is so near to a time, by a share of the time that it has lasted."""
        if self.times is None:
            return False
        first, last = cast(datetime, self.times.min()), cast(datetime, self.times.max())
        return end - last <= share * (last - first)

    def events_besides(self, first: int, stop: int) -> float:
        """Return how many events its services logged outside of an interval."""
        if self.service_events is None:
            return np.inf
        return float(self.service_events.sum() - self.service_events[first:stop].sum())

    def rise(self, first: int, stop: int) -> float:
        """Return how many times as much its services logged in an interval as in so long a time elsewhere."""
        if self.service_events is None:
            return np.inf
        outside = self.events_besides(first, stop) / max(len(self.service_events) - (stop - first), 1)
        inside = float(self.service_events[first:stop].sum()) / (stop - first)
        return inside / outside if outside else np.inf

    @property
    def is_comparable(self) -> bool:
        """Return whether there is something that shows how much is to be expected: other services, other days."""
        day = self.scan.grid.windows_a_day
        has_days = 0 < day <= self.scan.grid.count / MIN_DAYS
        return has_days or (isinstance(self.scan, FewerScan) and self.scan.exposure is not None)

    @property
    def service(self) -> str | None:
        """Return its only service."""
        return self.services[0] if len(self.services) == 1 else None


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Counts by window of the values of a key."""

    table: pl.DataFrame  # key, subject, services, first_window
    events: pl.DataFrame  # key and timestamp
    matrix: Floats  # windows x keys


def read_series(events: pl.DataFrame, errors: pl.DataFrame, grid: Grid) -> tuple[list[Series], dict[str, int]]:
    """Return the series in which something may be found, and how many there are of each measure."""
    services = EventCounts.of(events, grid)
    calm = events.filter(~is_error())
    failed = errors.with_columns(service_key=pl.col("service").fill_null(""))
    sources = [
        ("errors", failed, "service_key", "service", MAX_SERVICES, MIN_PROBLEM_EVENTS),
        ("problem", errors, "cluster_id", "label", MAX_PROBLEMS, MIN_PROBLEM_EVENTS),
        ("template", calm, "template_id", "template", MAX_TEMPLATES, MIN_TEMPLATE_EVENTS),
    ]
    promising: list[Series] = []
    numbers: dict[str, int] = {}
    for measure, table, key, subject, limit, minimum in sources:
        counts = _counts(table, key, subject, grid, limit, minimum)
        numbers[measure] = counts.table.height
        promising += _more(measure, counts, services, grid, burstiness(_by_window(table, grid), grid))
    fewer = list(_fewer(events, services, grid))
    timed = list(_durations(events, grid))
    return [*promising, *fewer, *timed], {**numbers, "events": len(fewer), "duration": len(timed)}


def _fewer(events: pl.DataFrame, services: EventCounts, grid: Grid) -> Iterator[Series]:
    """Return the series of which fewer may be found: services and all of them together; loggers of a single service.

    Errors apart: after a time of many errors there are fewer events, and nothing is wrong.
    """
    every = services.calm_events.sum(axis=1)
    if len(services.names) > 1 and every.sum() >= MIN_SERVICE_EVENTS:
        yield _fewer_of([], None, every, None, grid)
    for name in services.large():
        own = services.calm_of(name)
        yield _fewer_of([name] if name else [], name or None, own, every - own, grid)
    if len(services.names) > 1 or "logger" not in events.columns:
        return
    loggers = EventCounts.of(events, grid, by="logger")
    if len(loggers.names) > 1:
        for name in filter(None, loggers.large()):
            own = loggers.calm_of(name)
            yield _fewer_of([name for name in services.names if name], name, own, every - own, grid)


def _fewer_of(services: list[str], subject: str | None, own: Floats, others: Floats | None, grid: Grid) -> Series:
    """Return the series of events by window beside those of others."""
    exposure = others if others is not None and others.sum() >= MIN_OTHERS * own.sum() else None
    bursts = burstiness(own, grid) if exposure is None else 1.0
    # After a burst there is less than in it, and nothing is wrong.
    counts = np.where(own > BURST_RATIO * np.quantile(own, BURST_SHARE), np.median(own), own)
    scan = FewerScan(grid=grid, counts=counts, exposure=exposure, burstiness=bursts)
    return Series(
        measure="events", services=services, subject=subject, key=subject, scan=scan, times=None, first_window=None
    )


def _counts(table: pl.DataFrame, key: str, subject: str, grid: Grid, limit: int, minimum: int) -> Counts:
    groups = (
        table.group_by(key)
        .agg(
            events=pl.len(),
            subject=pl.col(subject).drop_nulls().min(),
            services=pl.col("service").drop_nulls().unique().sort(),
            first_window=pl.col(NUMBER).min(),
            is_alarming=((pl.col("severity_number") >= WARNING) | pl.col(subject).str.contains(ALARMING)).any(),
        )
        .filter(pl.col("events") >= minimum)
        .sort("events", key, descending=[True, False])
        .head(limit)
    )
    counted = table.group_by(key, NUMBER).len().with_columns(pl.col(key).cast(pl.String))
    return Counts(
        table=groups,
        events=table.select(pl.col(key).cast(pl.String), "timestamp"),
        matrix=count_matrix(counted, key, groups[key].to_list(), grid),
    )


def _more(measure: str, counts: Counts, services: EventCounts, grid: Grid, all_bursts: float) -> Iterator[Series]:
    """Return the series that may hold an interval: the others are ruled out all at once."""
    if not counts.table.height:
        return
    promising = highest_by_time(counts.matrix, grid) >= np.log(TESTS_A_WINDOW * grid.count)
    for column in np.flatnonzero(promising):
        row = counts.table.row(int(column), named=True)
        own, key = counts.matrix[:, column], counts.table.columns[0]
        times = counts.events.filter(pl.col(key) == row[key])["timestamp"]
        exposure = services.besides(row["services"], own, are_errors=measure != "template")
        yield Series(
            measure=measure, services=row["services"], subject=row["subject"], key=row[key],
            scan=CountScan(
                grid=grid, counts=own, exposure=exposure, positions=_positions(times, grid),
                burstiness=all_bursts,
            ),
            times=times,
            first_window=row["first_window"], service_events=services.together(row["services"]),
            is_alarming=bool(row["is_alarming"]),
        )  # fmt: skip


def _by_window(table: pl.DataFrame, grid: Grid) -> Floats:
    return np.bincount(table[NUMBER].to_numpy(), minlength=grid.count).astype(float)


def _positions(times: pl.Series, grid: Grid) -> Floats:
    return np.asarray(
        ((times - grid.start).dt.total_microseconds() / (grid.every / timedelta(microseconds=1))).to_numpy()
    )


def _durations(events: pl.DataFrame, grid: Grid) -> Iterator[Series]:
    timed = events.filter(pl.col("duration_ms") > 0).select(NUMBER, "service", "operation", "duration_ms", "timestamp")
    sizes = timed.group_by("operation").len().filter(pl.col("len") >= MIN_OPERATION_EVENTS)
    largest = sizes.sort("len", "operation", descending=[True, False]).head(MAX_OPERATIONS)
    for name in largest["operation"]:
        own = timed.filter(pl.col("operation").eq_missing(pl.lit(name, pl.String)))
        yield Series(
            measure="duration", services=own["service"].drop_nulls().unique().sort().to_list(), subject=name, key=name,
            scan=DurationScan.of(grid, own[NUMBER].to_numpy(), own["duration_ms"].to_numpy()), times=own["timestamp"],
            first_window=None,
        )  # fmt: skip
