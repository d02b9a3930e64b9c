"""How many events each service (or logger) has in each window, and where it has fewer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from loganalytics.analyses.scans.grid import Floats, Grid
from loganalytics.schema import is_error

NUMBER = "__window"
"""The column with the number of the window that an event falls in."""

MAX_SERVICES, MIN_SERVICE_EVENTS = 100, 50
MIN_OTHERS = 0.5  # events besides, for each event of a series: with fewer they are no measure of it


@dataclass(frozen=True, kw_only=True)
class EventCounts:
    """Counts by window (rows) and service (columns): of all events, and of those that are no errors."""

    names: list[str]
    all_events: Floats
    calm_events: Floats

    @classmethod
    def of(cls, events: pl.DataFrame, grid: Grid, by: str = "service") -> EventCounts:
        """Return the counts by service, or by logger."""
        named = events.select(NUMBER, pl.col(by).cast(pl.String).fill_null("").alias("name"), error=is_error())
        names = named["name"].unique().sort().to_list()
        all_events, calm_events = (
            count_matrix(rows.group_by("name", NUMBER).len(), "name", names, grid)
            for rows in (named, named.filter(~pl.col("error")))
        )
        return cls(names=names, all_events=all_events, calm_events=calm_events)

    def besides(self, services: list[str], counts: Floats, *, are_errors: bool) -> Floats | None:
        """Return what else the services logged; all others where that is little; None where there is nothing."""
        counted = self.calm_events if are_errors else self.all_events
        counted_too = 0 if are_errors else counts
        same = counted[:, self._columns(services)].sum(axis=1) - counted_too
        if same.sum() >= MIN_OTHERS * counts.sum():
            return np.asarray(same)
        every = counted.sum(axis=1) - counted_too
        return np.asarray(every) if every.sum() >= MIN_OTHERS * counts.sum() else None

    def together(self, services: list[str]) -> Floats:
        """Return what these services logged, by window; all events where none is named."""
        return np.asarray(self.all_events[:, self._columns(services)].sum(axis=1))

    def calm_of(self, name: str) -> Floats:
        """Return the events of one by window that are no errors."""
        return self.calm_events[:, self.names.index(name)]

    def large(self) -> list[str]:
        """Return those with the most events that are no errors."""
        sums = self.calm_events.sum(axis=0)
        order = np.argsort(-sums, kind="stable")[:MAX_SERVICES]
        return [self.names[i] for i in order if sums[i] >= MIN_SERVICE_EVENTS]

    def _columns(self, services: list[str]) -> list[int]:
        return [self.names.index(name) for name in services or [""] if name in self.names]


def count_matrix(counted: pl.DataFrame, key: str, keys: list[str], grid: Grid) -> Floats:
    """Return the counts of a table by window (rows) and key (columns)."""
    matrix = np.zeros((grid.count, len(keys)))
    columns = pl.DataFrame({key: pl.Series(keys, dtype=pl.String), "column": range(len(keys))})
    cells = counted.join(columns, on=key)
    matrix[cells[NUMBER].to_numpy(), cells["column"].to_numpy()] = cells["len"].to_numpy()
    return matrix
