"""Intervals in which a count is higher than in the rest of the log: Kulldorff's scan statistic.

Each interval of any length is compared with the rest of the log (Kulldorff 1997, doi:10.1080/03610929708831995), once
by time and once by what else was logged, and with the same hours of other days: it is as improbable as by the least of
these.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loganalytics.analyses.scans.dispersion import dispersion
from loganalytics.analyses.scans.grid import Flags, Floats, Grid, Positions, block_sums, expected_by, interval_sums
from loganalytics.analyses.scans.improbability import (
    interval_nats,
    rate_nats,
    rate_of_extreme,
    share_nats,
    tail_nats,
    time_nats,
)
from loganalytics.analyses.scans.peeling import Interval, segment_maxima, usual_range
from loganalytics.analyses.scans.same_hours import highest_of_days, times_looked_at

EVEN_SHARE = 0.25  # of what else was logged, taken to be even: a window in which nothing else was logged is no proof
OTHER_DAYS_RATIO = 1.4  # of a count to that of other days, below which it is as on other days
PAUSE_NATS, PAUSE_DISPERSION = 5.0, 2.0  # of a pause: its chance in an interval is e^-5, of events in twos
TINY = 1e-9


@dataclass(frozen=True, kw_only=True)
class CountScan:
    """A count by window of which intervals with more are looked for.

    Attributes:
        grid: the windows.
        counts: by window.
        exposure: what else was logged by window; None where there is nothing else.
        positions: the times of the events, in windows from the start.
        burstiness: of all counts of the kind: see `burstiness`.
        keeps_edges: whether an interval may be kept with the edges it was found with.
    """

    grid: Grid
    counts: Floats
    exposure: Floats | None
    positions: Floats | None = None
    burstiness: float = 1.0
    keeps_edges: bool = True

    def nats(self, free: Flags, length: int) -> Floats:
        """Return how improbable each interval of a length is, by its first window."""
        nats = interval_nats(self.counts, self.exposure, self.grid, free, length, even_share=EVEN_SHARE, above=True)
        usual = highest_of_days(interval_sums(self.counts, length), self.grid, length)
        by_days = np.minimum(
            nats, self._by_other_days(interval_sums(self.counts * free, length), np.nan_to_num(usual), length)
        )
        return np.where(np.isnan(usual), nats, by_days)

    def _by_other_days(self, sums: Floats, usual: Floats, length: int) -> Floats:
        """Return how improbable sums are by what other days had at the same hours; 0 where they are near it."""
        rate = rate_of_extreme(usual, times_looked_at(self.grid, length), highest=True)
        return np.where(sums >= OTHER_DAYS_RATIO * usual, rate_nats(sums, rate), 0.0)

    def pieces(self, first: int, stop: int) -> list[tuple[int, int]]:
        """Return the parts of an interval between pauses that are too long for chance; itself, where it has none."""
        held = np.flatnonzero(self.counts[first:stop]) + first
        if len(held) < 2:
            return [(first, stop)]
        rate = self.counts[first:stop].sum() / (stop - first)
        longest = max((np.log(stop - first) + PAUSE_NATS) / rate * PAUSE_DISPERSION, 1.0)
        breaks = np.flatnonzero(np.diff(held) > longest)
        starts, ends = held[np.append(0, breaks + 1)], held[np.append(breaks, len(held) - 1)] + 1
        return list(zip(starts.tolist(), ends.tolist(), strict=True))

    def edge_nats(self, free: Flags, starts: Positions, stops: Positions) -> Floats:
        """Return how improbable intervals are by time alone: starts x stops."""
        return time_nats(self.counts, self.grid, free, starts, stops, above=True)

    def least_dispersion(self, outside: Flags, inside: Flags) -> float:
        """Return the counts' variance by their mean, within and without, and what is assumed of rare events.

        Rare events come in bursts more often than not: a few within a second are one occasion.
        """
        within = self.counts[inside] if self.positions is None else _fine_counts(self.positions, inside)
        return dispersion([(self.counts[outside], np.inf), (within, np.inf)], self.burstiness)

    def beyond_bound(self, first: int, stop: int) -> float:
        """Return by how many nats an interval is less probable than its bound."""
        return tail_nats(float(self.counts[first:stop].sum()))

    def describe(self, first: int, stop: int, outside: Flags, nats: float) -> Interval:
        """Return the interval with what is usual in such a time by the outside."""
        length = stop - first
        sums = interval_sums(self.counts * outside, length)
        is_whole = interval_sums(outside.astype(float), length) == length
        expected = float(self.counts[outside].sum() / max(outside.sum(), 1) * self.grid.time[first:stop].sum())
        observed = float(self.counts[first:stop].sum())
        usual = sums[is_whole] if is_whole.any() else np.array([expected])
        by_exposure = expected_by(self.exposure, self.counts, self.grid, (first, stop), outside)
        return Interval(
            first=first,
            stop=stop,
            observed=observed,
            expected=expected,
            ratio=observed / max(by_exposure, expected, TINY),
            **usual_range(usual),
            nats=nats,
            alike=int((block_sums(self.counts * outside, self.grid.count // length) >= observed / 2).sum()),
        )


def _fine_counts(positions: Floats, inside: Flags) -> Floats:
    """Return the counts of events within an interval by equal parts, as many as there are events."""
    first, stop = np.flatnonzero(inside)[[0, -1]] + [0, 1]
    within = positions[(positions >= first) & (positions < stop)]
    return np.histogram(within, max(2, len(within)), (within.min(), within.max() + 1e-9))[0].astype(float)


def burstiness(counts: Floats, grid: Grid) -> float:
    """Return by how much bursts are the nature of a log: 1 where at most half of its eighths have one."""
    maxima = segment_maxima(CountScan(grid=grid, counts=counts, exposure=None), np.ones(grid.count, bool))
    return max(float(np.median(maxima)), 1.0)


def highest_by_time(counts: Floats, grid: Grid) -> Floats:
    """Return how improbable the most improbable interval of each series (columns) is by time: no scan finds more."""
    total, best = counts.sum(axis=0), np.zeros(counts.shape[1])
    for length in grid.lengths():
        nats = share_nats(interval_sums(counts, length), total, length / grid.count, above=True)
        best = np.maximum(best, nats.max(axis=0))
    return best
