"""Intervals in which a count is higher or lower than in the rest of the log: Kulldorff's scan statistic.

Each interval of any length is compared with the rest of the log (Kulldorff 1997, doi:10.1080/03610929708831995), once
by time and once by what else was logged, and with the same hours of other days: it is as improbable as by the least of
these.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loganalytics.analyses.scans.grid import DAYS_A_WEEK, Flags, Floats, Grid, Positions, interval_sums, other_days
from loganalytics.analyses.scans.improbability import mean_nats, share_nats
from loganalytics.analyses.scans.peeling import Interval, segment_maxima, usual_range

# So much of the exposure is taken to be even: a window in which nothing else was logged is no proof.
EVEN_SHARE, EVEN_SHARE_FEWER = 0.25, 0.02
MAX_BURSTINESS = 3.0  # of the log, that a series is weighed down by, if it does not come in bursts itself
UNKNOWN_DISPERSION, UNKNOWN_WINDOWS = 4.0, 5.0  # assumed of a series, with the weight of so many windows with events
MIN_ABRUPT_SHARE = 0.6  # of a fall (in logarithms) that must happen at the beginning of the interval
STEADY_EVENTS, MIN_STEADY_SHARE = 6.0, 0.5  # of times in which so many events are usual, this share has any
ABRUPT_LENGTH = 0.25  # of an interval: so much of it, and of the time before, shows whether it began abruptly
OTHER_DAYS_NATS = 3.0  # improbable by the same hours of other days: up to here it is explained, from twice on it is not
OTHER_DAYS_WEIGHT = 4.0  # times as improbable as by other days, at most, is an interval
OTHER_DAYS_RATIO = 1.4  # of a count to that of other days, below which it is as on other days
PAUSE_NATS, PAUSE_DISPERSION = 5.0, 2.0  # of a pause: its chance in an interval is e^-5, of events in twos
TENTH, TINY = 0.1, 1e-9


@dataclass(frozen=True, kw_only=True)
class CountScan:
    """A count by window, with what else was logged in each (None where there is nothing else).

    `above` says whether intervals with more of it are looked for, or those with fewer; `positions` are the times of the
    events, in windows from the start. `burstiness` is that of all counts of the kind: see `burstiness`;
    `keeps_edges` says whether an interval may be kept with the edges it was found with.
    """

    grid: Grid
    counts: Floats
    exposure: Floats | None
    above: bool
    positions: Floats | None = None
    burstiness: float = 1.0
    keeps_edges: bool = True

    def nats(self, free: Flags, length: int) -> Floats:
        """Return how improbable each interval of a length is, by its first window.

        Fewer events for a day and more say nothing in logs of less than two weeks, nor where all services have fewer:
        quiet days may be a weekend or a holiday.
        """
        counts = self.counts * free
        sums, total = interval_sums(counts, length), counts.sum()
        time, all_time = interval_sums(free * self.grid.time, length), max(float((free * self.grid.time).sum()), 1.0)
        nats = share_nats(sums, total, time / all_time, above=self.above)
        if self.exposure is not None:
            exposure = self.exposure * free
            even_share = EVEN_SHARE if self.above else EVEN_SHARE_FEWER
            even = even_share * exposure.sum() / all_time
            shares = (interval_sums(exposure, length) + even * time) / ((1 + even_share) * max(exposure.sum(), 1.0))
            nats = np.minimum(nats, share_nats(sums, total, shares, above=self.above))
        usual = other_days(interval_sums(self.counts, length), self.grid, length, highest=self.above)
        if usual is not None:
            nats = np.where(np.isnan(usual), nats, self._beyond(nats, sums, np.nan_to_num(usual)))
        if not self.above and self.grid.windows_a_day and length >= self.grid.windows_a_day:
            is_week_known = self.grid.count >= 2 * DAYS_A_WEEK * self.grid.windows_a_day
            if usual is None or self.exposure is None or not is_week_known:
                return np.zeros(len(sums))
            nats = np.where(np.isnan(usual), 0.0, nats)
        if self.above or not total:
            return nats
        return np.where(self._is_abrupt(counts, free, total / all_time, length), nats, 0.0)

    def pieces(self, first: int, stop: int) -> list[tuple[int, int]]:
        """Return the parts of an interval between pauses that are too long for chance; itself, where it has none."""
        if not self.above:
            return [(first, stop)]
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
        edges, time = np.append(0.0, np.cumsum(self.counts * free)), np.append(0.0, np.cumsum(free * self.grid.time))
        sums = edges[stops][None, :] - edges[starts][:, None]
        share = (time[stops][None, :] - time[starts][:, None]) / max(time[-1], 1)
        return share_nats(np.maximum(sums, 0), edges[-1], share, above=self.above)

    def _beyond(self, nats: Floats, sums: Floats, usual: Floats) -> Floats:
        """Return how improbable sums are, less where they are near what other days had at the same hours."""
        beyond = mean_nats(sums, usual, above=self.above)
        is_far = sums >= OTHER_DAYS_RATIO * usual if self.above else sums * OTHER_DAYS_RATIO <= usual
        share = np.clip((beyond - OTHER_DAYS_NATS) / OTHER_DAYS_NATS, 0, 1)
        return np.where(is_far, np.minimum(nats, OTHER_DAYS_WEIGHT * beyond) * share, 0.0)

    def _is_abrupt(self, counts: Floats, free: Flags, rate: float, length: int) -> Flags:
        """Return whether a fall happens at the beginning of the interval, and not with that of the log.

        Traffic that ebbs away does not fall at once; a series that comes now and then has no rate to fall from.
        """
        steady = max(1, round(STEADY_EVENTS / rate))
        blocks = counts[: steady * (len(counts) // steady)].reshape(-1, steady).sum(axis=1)
        is_free = free[: len(blocks) * steady].reshape(-1, steady).all(axis=1)
        positions = len(counts) - length + 1
        if not is_free.any() or (blocks[is_free] > 0).mean() < MIN_STEADY_SHARE:
            return np.zeros(positions, bool)
        beside = min(max(1, round(length * ABRUPT_LENGTH), 2 * steady), max(1, self.grid.count // 16), length)
        before = interval_sums(np.concatenate([np.zeros(beside), counts]), beside)[:positions]
        after = interval_sums(counts, beside)[:positions]
        floor = TENTH * rate
        fall = np.log((interval_sums(counts, length) / length + floor) / (rate + floor))
        step = np.log((after / beside + floor) / (before / beside + floor))
        return np.asarray((step <= MIN_ABRUPT_SHARE * fall) & (np.arange(positions) >= beside))

    def least_dispersion(self, outside: Flags, inside: Flags) -> float:
        """Return the counts' variance by their mean, within and without, and what is assumed of rare events.

        Rare events come in bursts more often than not: a few within a second are one occasion.
        """
        variance, weight = UNKNOWN_DISPERSION * UNKNOWN_WINDOWS, UNKNOWN_WINDOWS
        within = self.counts[inside] if self.positions is None else _fine_counts(self.positions, inside)
        for windows in (self.counts[outside], within):
            holding = int((windows > 0).sum())
            if holding > 1:
                sums = np.array(
                    [block.sum() for block in np.array_split(windows, min(len(windows), max(2, holding // 2)))]
                )
                variance += min(float(sums.var(ddof=1) / sums.mean()), UNKNOWN_DISPERSION) * holding
                weight += holding
        return max(variance / weight, min(self.burstiness, MAX_BURSTINESS))

    def _by_exposure(self, first: int, stop: int, outside: Flags) -> float:
        """Return how many are expected by what else was logged; by time, where that is nothing."""
        values = self.grid.time if self.exposure is None else self.exposure
        elsewhere = float(values[outside].sum())
        inside = float(values[first:stop].sum())
        if not elsewhere:
            values = self.grid.time
            elsewhere, inside = float(values[outside].sum()), float(values[first:stop].sum())
        return float(self.counts[outside].sum()) * inside / max(elsewhere, TINY)

    def describe(self, first: int, stop: int, outside: Flags, nats: float) -> Interval:
        """Return the interval with what is usual in such a time by the outside."""
        length = stop - first
        sums = interval_sums(self.counts * outside, length)
        is_whole = interval_sums(outside.astype(float), length) == length
        expected = self.counts[outside].sum() / max(outside.sum(), 1) * self.grid.time[first:stop].sum()
        observed = float(self.counts[first:stop].sum())
        usual = sums[is_whole] if is_whole.any() else np.array([expected])
        return Interval(
            first=first,
            stop=stop,
            observed=observed,
            expected=float(expected),
            ratio=observed / max(self._by_exposure(first, stop, outside), expected, TINY)
            if self.above
            else observed / max(min(self._by_exposure(first, stop, outside), expected), TINY),
            **usual_range(usual),
            nats=nats,
        )


def _fine_counts(positions: Floats, inside: Flags) -> Floats:
    """Return the counts of events within an interval by equal parts, as many as there are events."""
    first, stop = np.flatnonzero(inside)[[0, -1]] + [0, 1]
    within = positions[(positions >= first) & (positions < stop)]
    return np.histogram(within, max(2, len(within)), (within.min(), within.max() + 1e-9))[0].astype(float)


def burstiness(counts: Floats, grid: Grid) -> float:
    """Return by how much bursts are the nature of a log: 1 where at most half of its eighths have one."""
    maxima = segment_maxima(CountScan(grid=grid, counts=counts, exposure=None, above=True), np.ones(grid.count, bool))
    return max(float(np.median(maxima)), 1.0)


def highest_by_time(counts: Floats, grid: Grid) -> Floats:
    """Return how improbable the most improbable interval of each series (columns) is by time: no scan finds more."""
    total, best = counts.sum(axis=0), np.zeros(counts.shape[1])
    for length in grid.lengths():
        nats = share_nats(interval_sums(counts, length), total, length / grid.count, above=True)
        best = np.maximum(best, nats.max(axis=0))
    return best
