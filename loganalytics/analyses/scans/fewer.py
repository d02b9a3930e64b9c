"""Intervals in which a service logs less than in the rest of the log, or than at the same hours of other days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loganalytics.analyses.scans.dispersion import dispersion
from loganalytics.analyses.scans.grid import (
    DAYS_A_WEEK,
    Flags,
    Floats,
    Grid,
    Positions,
    expected_by,
    interval_sums,
)
from loganalytics.analyses.scans.improbability import interval_nats, rate_of_extreme, share_nats, tail_nats, time_nats
from loganalytics.analyses.scans.peeling import Interval, usual_range
from loganalytics.analyses.scans.same_hours import (
    MANY_DAYS,
    OtherDays,
    lowest_of_days,
    mean_of_days,
)

EVEN_SHARE = 0.02  # of what the others logged, taken to be even: a window without them is no proof
MIN_ABRUPT_SHARE = 0.6  # of a fall (in logarithms) that must happen at the beginning of the interval
STEADY_EVENTS, MIN_STEADY_SHARE = 6.0, 0.5  # of times in which so many events are usual, this share has any
MIN_RUNNING_SHARE = 0.05  # of the log, that must come before: it may only be starting
ABRUPT_LENGTH = 0.25  # of an interval: so much of it, and of the time before, shows whether it began abruptly; ...
ABRUPT_EVENTS = 60.0  # ... up to half of it, so that so many are usual
OTHER_DAYS_RATIO = 1.4  # of what other days had to a count, below which it is as on other days
TENTH, TINY = 0.1, 1e-9


@dataclass(frozen=True, kw_only=True)
class FewerScan:
    """A count by window of which intervals with fewer are looked for.

    Attributes:
        grid: the windows.
        counts: by window.
        exposure: what else was logged by window; None where there is nothing else.
        burstiness: by how much bursts are the nature of the log: see `counts.burstiness`.
        keeps_edges: whether an interval may be kept with the edges it was found with.
    """

    grid: Grid
    counts: Floats
    exposure: Floats | None
    burstiness: float = 1.0
    keeps_edges: bool = True

    def nats(self, free: Flags, length: int) -> Floats:
        """Return how improbable each interval of a length is, by its first window.

        By the same hours of other days, where two are known: then neither the time of day nor what others do at it
        matters, only whether they too do less than they are used to. Fewer events for a day and more say nothing in
        logs of less than two weeks, nor where all services have fewer: quiet days may be a weekend or a holiday. Nor
        does the first weekend of a log.
        """
        total, day = float((self.counts * free).sum()), self.grid.windows_a_day
        if not total:
            return np.zeros(self.grid.count - length + 1)
        other = OtherDays.of(interval_sums(self.counts, length), self.grid, length)
        # The first and the last window may lie within the log in part.
        days = other.sums * self._share_of_others(length) * interval_sums(self.grid.time, length) / length
        by_days = self._by_other_days(days, length)
        by_time = interval_nats(self.counts, self.exposure, self.grid, free, length, even_share=EVEN_SHARE, above=False)
        known = np.isfinite(days).sum(axis=0)
        nats = np.where(known == 0, by_time, np.where(other.is_kind_known, by_days, np.minimum(by_time, by_days)))
        nats = np.where(other.is_first_weekend, 0.0, nats)
        if day and length >= day:
            if self.exposure is None or self.grid.count < 2 * DAYS_A_WEEK * day:
                return np.zeros(len(nats))
            nats = np.where(known > 0, np.minimum(by_time, nats), 0.0)
        rate = total / max(float((free * self.grid.time).sum()), 1.0)
        expected = np.where(other.is_kind_known, np.nan_to_num(lowest_of_days(days)) / length, rate)
        return np.where(self._is_abrupt(free, rate, expected, length), nats, 0.0)

    def _by_other_days(self, days: Floats, length: int) -> Floats:
        """Return how improbable intervals are by other days (rows), of which the lowest are telling."""
        sums, known = interval_sums(self.counts, length), np.maximum(np.isfinite(days).sum(axis=0), 1)
        usual = np.nan_to_num(lowest_of_days(days))
        rank = np.where(known >= MANY_DAYS, 2, 1)
        rate = np.minimum(rate_of_extreme(usual, known, rank=rank, highest=False), np.nan_to_num(mean_of_days(days)))
        nats = share_nats(sums, sums + known * rate, 1 / (known + 1), above=False)
        return np.where(sums * OTHER_DAYS_RATIO <= usual, nats, 0.0)

    def _share_of_others(self, length: int) -> Floats:
        """Return how much of what they are used to log at these hours the others do: at most 1."""
        if self.exposure is None:
            return np.ones(self.grid.count - length + 1)
        others = interval_sums(self.exposure, length)
        usual = lowest_of_days(OtherDays.of(others, self.grid, length).sums)
        return np.clip(np.where(usual > 0, others / np.maximum(usual, TINY), 1.0), 0.0, 1.0)

    def _is_abrupt(self, free: Flags, rate: float, expected: Floats, length: int) -> Flags:
        """Return whether a fall below what is expected of a window happens at once, and not with the log's beginning.

        Traffic that ebbs away does not fall at once; a series that comes now and then has no rate to fall from.
        """
        counts = self.counts * free
        steady = max(1, round(STEADY_EVENTS / rate))
        blocks = counts[: steady * (len(counts) // steady)].reshape(-1, steady).sum(axis=1)
        is_free = free[: len(blocks) * steady].reshape(-1, steady).all(axis=1)
        positions = len(counts) - length + 1
        if not is_free.any() or (blocks[is_free] > 0).mean() < MIN_STEADY_SHARE:
            return np.zeros(positions, bool)
        many = min(round(ABRUPT_EVENTS / rate), length // 2)
        beside = min(max(1, round(length * ABRUPT_LENGTH), 2 * steady, many), max(1, self.grid.count // 16), length)
        before = interval_sums(np.concatenate([np.zeros(beside), counts]), beside)[:positions]
        after = interval_sums(counts, beside)[:positions]
        floor = TENTH * rate
        fall = np.log((interval_sums(counts, length) / length + floor) / (expected + floor))
        step = (
            np.log((after / beside + floor) / (before / beside + floor)) - self._usual_fall(beside, floor)[:positions]
        )
        is_running = np.arange(positions) >= max(beside, MIN_RUNNING_SHARE * self.grid.count)
        return np.asarray((step <= MIN_ABRUPT_SHARE * fall) & is_running)

    def _usual_fall(self, beside: int, floor: float) -> Floats:
        """Return by how much counts fall at these hours on other days, as a logarithm; 0 where they rise."""
        sums = interval_sums(np.concatenate([self.counts, np.zeros(beside)]), beside)
        usual = self._mean_of_days(sums, beside)
        before = np.concatenate([np.full(beside, np.nan), usual[:-beside]])
        return np.nan_to_num(np.fmin(np.log((usual / beside + floor) / (before / beside + floor)), 0.0))

    def _mean_of_days(self, sums: Floats, length: int) -> Floats:
        return mean_of_days(OtherDays.of(sums, self.grid, length).sums)

    def pieces(self, first: int, stop: int) -> list[tuple[int, int]]:
        """Return the interval itself: pauses are part of it."""
        return [(first, stop)]

    def edge_nats(self, free: Flags, starts: Positions, stops: Positions) -> Floats:
        """Return how improbable intervals are by time alone: starts x stops."""
        return time_nats(self.counts, self.grid, free, starts, stops, above=False)

    def least_dispersion(self, outside: Flags, inside: Flags) -> float:
        """Return the counts' variance by their mean, within and without, and what is assumed of a series.

        Of a rate that rises and falls in the course of a day, about the mean of other days at the same hours.
        """
        usual = self._mean_of_days(self.counts, 1)
        parts = [
            (self.counts[flags], _scattered_about(self.counts[flags], usual[flags])) for flags in (outside, inside)
        ]
        return dispersion(parts, self.burstiness)

    def beyond_bound(self, first: int, stop: int) -> float:
        """Return by how many nats an interval is less probable than its bound."""
        return tail_nats(float(self.counts[first:stop].sum()))

    def describe(self, first: int, stop: int, outside: Flags, nats: float) -> Interval:
        """Return the interval with what is usual: at the same hours of other days, or in such a time elsewhere."""
        length = stop - first
        sums = interval_sums(self.counts, length)
        other = OtherDays.of(sums, self.grid, length)
        usual = other.sums[np.isfinite(other.sums[:, first]), first]
        is_by_days = bool(other.is_kind_known[first])
        if not is_by_days:
            usual = sums[interval_sums(outside.astype(float), length) == length]
        by_time = self.counts[outside].sum() / max(outside.sum(), 1) * length
        time_share = float(self.grid.time[first:stop].sum()) / length
        expected = float(usual.mean() if is_by_days else by_time) * time_share
        by_others = expected_by(self.exposure, self.counts, self.grid, (first, stop), outside)
        least = expected * self._share_of_others(length)[first] if is_by_days else min(by_others, expected)
        observed = float(self.counts[first:stop].sum())
        return Interval(
            first=first,
            stop=stop,
            observed=observed,
            expected=expected,
            ratio=observed / max(least, TINY),
            **usual_range(usual if len(usual) else np.array([expected])),
            nats=nats,
            is_by_days=is_by_days,
        )


def _scattered_about(windows: Floats, usual: Floats) -> float:
    """Return the squared differences to what is usual at the same hours, by what it is; infinite if nothing is."""
    is_known = np.nan_to_num(usual) > 0
    if not is_known.any():
        return float("inf")
    return float(((windows - usual)[is_known] ** 2).sum() / usual[is_known].sum())
