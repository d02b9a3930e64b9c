"""Intervals in which something took longer than in the rest of the log."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loganalytics.analyses.scans.grid import Flags, Floats, Grid, Positions, interval_sums
from loganalytics.analyses.scans.peeling import Interval, usual_range
from loganalytics.analyses.scans.same_hours import highest_of_days

MAX_DEVIATION = 3.0  # standard deviations: one very slow call is no slow time
MIN_MEASURED = 10  # durations in an interval
TRIMMED = 0.05  # of the excess, that the ends of an interval may hold and not belong to it
MAX_EXPLAINED = 0.5  # of the excess, that other days had at the same hours: then it is usual
MIN_SPREAD = 0.1  # of the logarithm: ten per cent up or down is no news
SOME_WINDOWS = 8  # with two durations or more, to see how much the windows differ
UNKNOWN_DISPERSION, MAX_DISPERSION = 2.0, 4.0
TINY = 1e-9


@dataclass(frozen=True, kw_only=True)
class DurationScan:
    """The durations of an operation: the number and window of each, with its deviation from the median.

    Attributes:
        grid: the windows.
        window: of each duration.
        milliseconds: the durations.
        measured: how many by window.
        keeps_edges: whether an interval may be kept with the edges it was found with.
        deviations: by window, the sum of (log duration - its median) / standard deviation, clipped.
    """

    grid: Grid
    window: np.ndarray
    milliseconds: Floats
    measured: Floats
    deviations: Floats
    keeps_edges: bool = False

    @classmethod
    def of(cls, grid: Grid, window: np.ndarray, milliseconds: Floats) -> DurationScan:
        """Return the scan of durations, each in a window."""
        logs = np.log(np.maximum(milliseconds, 1e-3))
        median = np.median(logs)
        # By the lower half: a slow time does not widen what is usual.
        below = median - np.quantile(logs, 0.16)
        deviation = np.clip((logs - median) / max(below, MIN_SPREAD), -MAX_DEVIATION, MAX_DEVIATION)
        return cls(
            grid=grid, window=window, milliseconds=milliseconds,
            measured=np.bincount(window, minlength=grid.count).astype(float),
            deviations=np.bincount(window, deviation, minlength=grid.count).astype(float),
        )  # fmt: skip

    def nats(self, free: Flags, length: int) -> Floats:
        """Return how improbable each interval of a length is, by its first window."""
        measured = interval_sums(self.measured * free, length)
        deviations = interval_sums(self.deviations * free, length)
        usual_mean = self._usual(free)
        nats = _mean_nats(deviations, measured, usual_mean)
        mean = _means(deviations, measured)
        # Of all windows: what was found on another day is what is usual at these hours.
        all_means = _means(interval_sums(self.deviations, length), interval_sums(self.measured, length))
        usual = highest_of_days(all_means, self.grid, length)
        # How much of the excess other days had at the same hours: half explains it, a quarter does not.
        with np.errstate(invalid="ignore", divide="ignore"):
            explained = np.nan_to_num((usual - usual_mean) / (mean - usual_mean), nan=0.0, posinf=0.0, neginf=0.0)
        return np.asarray(nats * np.clip((MAX_EXPLAINED - explained) / (MAX_EXPLAINED / 2), 0, 1))

    def pieces(self, first: int, stop: int) -> list[tuple[int, int]]:
        """Return the interval without what comes before and after the slow time within it."""
        excess = np.cumsum(np.maximum(self.deviations[first:stop], 0.0))
        if not excess[-1]:
            return [(first, stop)]
        begin, end = (int(np.searchsorted(excess, share * excess[-1])) for share in (TRIMMED, 1 - TRIMMED))
        return [(first + begin, first + max(end, begin) + 1)]

    def edge_nats(self, free: Flags, starts: Positions, stops: Positions) -> Floats:
        """Return how improbable intervals are: starts x stops."""
        measured, deviations = (np.append(0.0, np.cumsum(values * free)) for values in (self.measured, self.deviations))
        inside = [edges[stops][None, :] - edges[starts][:, None] for edges in (deviations, measured)]
        return _mean_nats(inside[0], inside[1], self._usual(free))

    def _usual(self, free: Flags) -> float:
        return float((self.deviations * free).sum() / max((self.measured * free).sum(), 1.0))

    def least_dispersion(self, outside: Flags, inside: Flags) -> float:
        """Return by how much window means vary more than independent durations would; at most 4."""
        enough = outside & (self.measured >= 2)
        if enough.sum() < SOME_WINDOWS:
            return UNKNOWN_DISPERSION
        means = self.deviations[enough] / self.measured[enough]
        variation = float(((means - means.mean()) ** 2 * self.measured[enough]).mean())
        return float(np.clip(variation, 1.0, MAX_DISPERSION))

    def beyond_bound(self, first: int, stop: int) -> float:
        """Return 0: durations are not so normal that the bound could be made exact."""
        return 0.0

    def describe(self, first: int, stop: int, outside: Flags, nats: float) -> Interval:
        """Return the interval with its median and what is usual: the middle four fifths of the rest's durations."""
        inside = (self.window >= first) & (self.window < stop)
        elsewhere = self.milliseconds[outside[self.window]]
        usual = elsewhere if len(elsewhere) else self.milliseconds
        return Interval(
            first=first,
            stop=stop,
            observed=float(np.median(self.milliseconds[inside])),
            expected=float(np.median(usual)),
            ratio=float(np.median(self.milliseconds[inside]) / max(np.median(usual), TINY)),
            **usual_range(usual),
            nats=nats,
        )


def _means(deviations: Floats, measured: Floats) -> Floats:
    return np.divide(deviations, measured, out=np.full_like(measured, -np.inf), where=measured >= MIN_MEASURED)


def _mean_nats(deviations: Floats, measured: Floats, usual: Floats | float) -> Floats:
    """Return how improbable so high a mean is: the bound for a normal one of so many independent deviations."""
    above = np.divide(deviations, measured, out=np.zeros_like(measured), where=measured >= MIN_MEASURED) - usual
    return np.where(measured >= MIN_MEASURED, measured * np.maximum(above, 0.0) ** 2 / 2, 0.0)
