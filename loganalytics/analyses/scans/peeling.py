"""The most improbable intervals of a series, each weighed by how much the series varies otherwise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from loganalytics.analyses.scans.grid import Flags, Floats, Grid, Positions

MAX_INTERVALS, MAX_TRIES = 10, 16  # of one series
SEGMENTS, ORDINARY_SEGMENTS = 8, 0.5  # the maximum of this share of the segments is that of chance
TESTS_A_WINDOW = 4.0  # intervals that differ, for each window
TENTH = 0.1
MIN_OWN_SHARE = 0.5  # of an interval's windows that belong to none found before
EDGE_REACH = 0.35  # of an interval, within which its edges are moved


@dataclass(frozen=True, kw_only=True)
class Interval:
    """An interval of a series: windows from `first` up to before `stop`; what is in it, what is usual in such a time.

    Attributes:
        first: window.
        stop: window after the last.
        observed: the count in it, or the median.
        expected: what the rest of the log leads to expect.
        ratio: of the observed to what is expected, by time and by what else was logged: the one nearer to 1.
        low: the least that is usual: a tenth of such times have less.
        middle: half of such times have no more.
        high: the most that is usual: a tenth of such times have more.
        highest: the most that there is in such a time elsewhere.
        alike: how many such times elsewhere have half as much or more.
        dispersion: by how much the series varies more than chance would have it.
        is_by_days: whether what is usual is that of the same hours of other days.
        nats: -ln of the chance of it, corrected for the series' own variation, not for how many were looked at.
    """

    first: int
    stop: int
    observed: float
    expected: float
    ratio: float
    low: float
    middle: float
    high: float
    highest: float
    nats: float
    dispersion: float = 1.0
    is_by_days: bool = False
    alike: int = 0


class Scan(Protocol):
    """A series that intervals can be looked for in; `free` says which windows belong to no interval found before."""

    @property
    def grid(self) -> Grid:
        """The windows."""

    @property
    def keeps_edges(self) -> bool:
        """Whether an interval may be kept with the edges it was found with."""

    def nats(self, free: Flags, length: int) -> Floats:
        """Return how improbable each interval of a length is, by its first window."""

    def pieces(self, first: int, stop: int) -> list[tuple[int, int]]:
        """Return the parts of an interval between pauses that are too long for chance; itself, where it has none."""

    def edge_nats(self, free: Flags, starts: Positions, stops: Positions) -> Floats:
        """Return the same for any pairs of first window and end: starts x stops."""

    def least_dispersion(self, outside: Flags, inside: Flags) -> float:
        """Return what the improbabilities are divided by at least."""

    def beyond_bound(self, first: int, stop: int) -> float:
        """Return by how many nats an interval is less probable than its bound."""

    def describe(self, first: int, stop: int, outside: Flags, nats: float) -> Interval:
        """Return the interval with what is usual by the outside."""


def usual_range(usual: Floats) -> dict[str, Any]:
    """Return low, middle, high and highest of what there is in so long a time elsewhere."""
    low, middle, high = np.quantile(usual, [TENTH, 0.5, 1 - TENTH])
    return {"low": float(low), "middle": float(middle), "high": float(high), "highest": float(usual.max())}


def find_intervals(scan: Scan, least_nats: float) -> list[Interval]:
    """Return the intervals of a series that are this improbable, the most improbable first."""
    free = np.ones(scan.grid.count, bool)
    intervals: list[Interval] = []
    for _ in range(MAX_TRIES):
        first, stop, nats = _most_improbable(scan, free)
        if nats < least_nats or len(intervals) == MAX_INTERVALS:
            break
        taken = (first, stop)
        # What stops and comes again is judged by itself, each time.
        candidates = scan.pieces(*_with_best_edges(scan, free, first, stop))
        candidates += [taken] if len(scan.pieces(*taken)) == 1 and scan.keeps_edges else []
        first, stop = max(candidates, key=lambda ends: _nats_of(scan, free, *ends))
        nats = _nats_of(scan, free, first, stop)
        if nats < least_nats:
            free = free & ~_flags(scan, *taken)
            continue
        inside = _flags(scan, first, stop)
        outside = free & ~inside
        dispersion = max(_dispersion(scan, outside), scan.least_dispersion(outside, inside))
        nats = nats / dispersion + scan.beyond_bound(first, stop)
        if nats < least_nats:
            break
        intervals.append(replace(scan.describe(first, stop, outside, nats), dispersion=dispersion))
        free = outside
    return intervals


def _flags(scan: Scan, first: int, stop: int) -> Flags:
    inside = np.zeros(scan.grid.count, bool)
    inside[first:stop] = True
    return inside


def _nats_of(scan: Scan, free: Flags, first: int, stop: int) -> float:
    return float(_of_own(scan, free, stop - first)[first])


def _most_improbable(scan: Scan, free: Flags) -> tuple[int, int, float]:
    """Return the most improbable interval of the lengths that are tried."""
    best = (0, 1, 0.0)
    for length in scan.grid.lengths():
        nats = _of_own(scan, free, length)
        first = int(nats.argmax())
        if nats[first] > best[2]:
            best = (first, first + length, float(nats[first]))
    return best


def _with_best_edges(scan: Scan, free: Flags, first: int, stop: int) -> tuple[int, int]:
    """Return the interval with its edges moved to where it is most improbable."""
    reach = max(1, round((stop - first) * EDGE_REACH))
    starts = np.arange(max(0, first - reach), min(stop, first + reach + 1))
    stops = np.arange(max(first + 1, stop - reach), min(scan.grid.count, stop + reach) + 1)
    moved = np.where(stops[None, :] > starts[:, None], scan.edge_nats(free, starts, stops), -1.0)
    row, column = np.unravel_index(int(moved.argmax()), moved.shape)
    return int(starts[row]), int(stops[column])


def _of_own(scan: Scan, free: Flags, length: int) -> Floats:
    """Return how improbable each interval of a length is; 0 for those that are mostly of an interval found before."""
    free_windows = np.cumsum(np.append(0.0, free))
    return np.where(
        free_windows[length:] - free_windows[:-length] >= MIN_OWN_SHARE * length, scan.nats(free, length), 0.0
    )


def _dispersion(scan: Scan, outside: Flags) -> float:
    """Return by how much intervals of the rest are more improbable than chance makes them, segment by segment."""
    by_segment = segment_maxima(scan, outside)
    return max(float(np.quantile(by_segment, ORDINARY_SEGMENTS)), 1.0) if len(by_segment) else 1.0


def segment_maxima(scan: Scan, free: Flags) -> Floats:
    """Return the most improbable interval within each eighth of the log, by what chance gives there: 1 is ordinary.

    Without the eighths that belong for the most part to intervals found before.
    """
    count = scan.grid.count
    size = max(1, count // SEGMENTS)
    maxima = np.zeros(count)
    for length in scan.grid.lengths():
        if length <= size:
            nats = _of_own(scan, free, length)
            maxima[: len(nats)] = np.maximum(maxima[: len(nats)], nats)
    covered = size * (count // size)
    by_segment = maxima[:covered].reshape(-1, size).max(axis=1)
    is_left = free[:covered].reshape(-1, size).mean(axis=1) >= MIN_OWN_SHARE
    return np.asarray(by_segment[is_left] / (np.log(TESTS_A_WINDOW * size) + 1.0))
