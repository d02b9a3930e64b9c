"""What is scanned for intervals: counts of errors, problems, templates and services, durations of operations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
import polars as pl

from loganalytics.analyses.scans.counts import CountScan, burstiness, highest_by_time
from loganalytics.analyses.scans.durations import DurationScan
from loganalytics.analyses.scans.grid import Floats, Grid
from loganalytics.analyses.scans.peeling import TESTS_A_WINDOW, Scan
from loganalytics.schema import is_error

NUMBER = "__window"
"""The column with the number of the window that an event falls in."""

MAX_TEMPLATES, MIN_TEMPLATE_EVENTS = 300, 25  # the most frequent ones
MAX_PROBLEMS, MIN_PROBLEM_EVENTS = 300, 5
MAX_SERVICES, MIN_SERVICE_EVENTS = 100, 50
MAX_OPERATIONS, MIN_OPERATION_EVENTS = 100, 40
WARNING = 13
ALARMING = r"(?i)fail|refus|denied|invalid|reject|retry|timed? ?out|attempt|lost|失败|重试|拒绝|超时|无效"

MIN_DAYS = 2  # from which on the same hours of another day show what is usual
MIN_OTHERS = 0.5  # events besides, for each event of a series: with fewer they are no measure of it


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
        calm_events: by window, those that are no errors.
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
    calm_events: Floats | None = field(default=None, repr=False)
    is_alarming: bool = False

    def is_first(self, window: int) -> bool:
        """Return whether nothing of the series came before the window."""
        return self.first_window is not None and self.first_window >= window

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

    def calm_ratio(self, first: int, stop: int) -> float:
        """Return the ratio of its events that are no errors to what is expected; 0 where that is not known.

        After a time of many errors there are fewer events, and nothing is wrong.
        """
        if self.calm_events is None:
            return 0.0
        inside = float(self.calm_events[first:stop].sum()) / (stop - first)
        outside = float(self.calm_events.sum() - self.calm_events[first:stop].sum())
        return inside / (outside / (len(self.calm_events) - (stop - first))) if outside else 0.0

    @property
    def is_comparable(self) -> bool:
        """Return whether there is something that shows how much is to be expected: other services, other days."""
        day = self.scan.grid.windows_a_day
        has_days = 0 < day <= self.scan.grid.count / MIN_DAYS
        return has_days or (isinstance(self.scan, CountScan) and self.scan.exposure is not None)

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
    services = _Services.of(events, grid)
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
    fewer = services.large()
    promising += [services.fewer(name, grid) for name in fewer]
    timed = list(_durations(events, grid))
    return [*promising, *timed], {**numbers, "events": len(fewer), "duration": len(timed)}


@dataclass(frozen=True, kw_only=True)
class _Services:
    """How many events each service has in each window, errors apart."""

    names: list[str]
    all_events: Floats
    calm_events: Floats

    @classmethod
    def of(cls, events: pl.DataFrame, grid: Grid) -> _Services:
        by_service = events.select(NUMBER, pl.col("service").fill_null(""), error=is_error())
        names = by_service["service"].unique().sort().to_list()
        all_events, calm_events = (
            _matrix(rows.group_by("service", NUMBER).len(), "service", names, grid)
            for rows in (by_service, by_service.filter(~pl.col("error")))
        )
        return cls(names=names, all_events=all_events, calm_events=calm_events)

    def besides(self, services: list[str], counts: Floats, *, are_errors: bool) -> Floats | None:
        """Return what else the services logged; all others where that is little; None where there is nothing."""
        columns = self._columns(services)
        counted = self.calm_events if are_errors else self.all_events
        counted_too = 0 if are_errors else counts
        same = counted[:, columns].sum(axis=1) - counted_too
        if same.sum() >= MIN_OTHERS * counts.sum():
            return np.asarray(same)
        every = counted.sum(axis=1) - counted_too
        return np.asarray(every) if every.sum() >= MIN_OTHERS * counts.sum() else None

    def together(self, services: list[str]) -> Floats:
        """Return what these services logged, by window; all events where none is named."""
        return np.asarray(self.all_events[:, self._columns(services)].sum(axis=1))

    def _columns(self, services: list[str]) -> list[int]:
        return [self.names.index(name) for name in services or [""] if name in self.names]

    def large(self) -> list[str]:
        order = np.argsort(-self.all_events.sum(axis=0), kind="stable")[:MAX_SERVICES]
        return [self.names[i] for i in order if self.all_events[:, i].sum() >= MIN_SERVICE_EVENTS]

    def fewer(self, name: str, grid: Grid) -> Series:
        own = self.all_events[:, self.names.index(name)]
        other_events = self.all_events.sum(axis=1) - own
        exposure = other_events if other_events.sum() >= MIN_OTHERS * own.sum() else None
        bursts = burstiness(own, grid) if exposure is None else 1.0
        scan = CountScan(grid=grid, counts=own, exposure=exposure, above=False, burstiness=bursts)
        services = [name] if name else []
        return Series(
            measure="events", services=services, subject=name or None, key=name, scan=scan, times=None,
            first_window=None, calm_events=self.calm_events[:, self.names.index(name)],
        )  # fmt: skip


def _matrix(counted: pl.DataFrame, key: str, keys: list[str], grid: Grid) -> Floats:
    matrix = np.zeros((grid.count, len(keys)))
    columns = pl.DataFrame({key: pl.Series(keys, dtype=pl.String), "column": range(len(keys))})
    cells = counted.join(columns, on=key)
    matrix[cells[NUMBER].to_numpy(), cells["column"].to_numpy()] = cells["len"].to_numpy()
    return matrix


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
        matrix=_matrix(counted, key, groups[key].to_list(), grid),
    )


def _more(measure: str, counts: Counts, services: _Services, grid: Grid, all_bursts: float) -> Iterator[Series]:
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
                grid=grid, counts=own, exposure=exposure, above=True, positions=_positions(times, grid),
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
