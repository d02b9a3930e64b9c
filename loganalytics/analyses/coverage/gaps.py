"""Which gaps between events are longer than a source's own habits explain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Positions = NDArray[np.integer[Any]]

HOUR, DAY = 3600.0, 86400.0  # seconds
FALSE_ALARM_CHANCE = 1e-4  # that a source which keeps its habits has an unusual gap, once in the whole log
MIN_GAPS = 20  # fewer show no habit
MIN_UNUSUAL_SECONDS = 60.0  # a shorter pause is not a silence, however busy the source
MAX_UNUSUAL_GAPS = 20  # of one source: the longest
MIN_WATCHED_SHARE = 0.2  # of a silence up to the end of the log, for so long the source must have been watched before
MIN_RUNNING_SHARE = 0.02  # of the time: a gap within is of a source that is only starting
MAX_UNUSUAL_SHARE = 0.25  # of the time: gaps that ended and take up more of it are the habit


@dataclass(frozen=True, kw_only=True)
class UnusualGaps:
    """The unusual gaps of one source, in seconds since 1970.

    Attributes:
        starts: of those that ended.
        ends: of the same.
        is_silent: whether the gap up to the end of the log is unusual too.
        expected: the longest gap that is not unusual, in seconds; None for a single event.
    """

    starts: list[float]
    ends: list[float]
    is_silent: bool
    expected: float | None


def find_gaps(times: Floats, end: float) -> UnusualGaps:
    """Return the unusual gaps between sorted, distinct times, and whether the time from the last to `end` is one."""
    edges = np.append(times, end)
    gaps = np.diff(edges)
    unusual = np.zeros(len(gaps), bool)
    if len(times) > MIN_GAPS:
        # The second pass leaves the unusual gaps out of the daily rhythm.
        for _ in range(2):
            unusual = _find_unusual(_to_own_clock(edges, unusual), edges)
    # What comes before it must show that the source was at work: it may only be starting.
    unusual[:-1] &= edges[:-2] - edges[0] >= MIN_RUNNING_SHARE * (end - edges[0])
    usual = gaps[:-1][~unusual[:-1]]
    ended = np.flatnonzero(unusual[:-1])
    return UnusualGaps(
        starts=edges[ended].tolist(),
        ends=edges[ended + 1].tolist(),
        is_silent=bool(unusual[-1]),
        expected=float(usual.max()) if len(usual) else None,
    )


def _to_own_clock(edges: Floats, silent: Flags) -> Floats:
    """Return the times on a clock that runs as fast as the source logs at that hour of the day."""
    if edges[-1] - edges[0] < 2 * DAY - HOUR:
        return edges
    hours = np.arange(np.floor(edges[0] / HOUR), np.ceil(edges[-1] / HOUR) + 1) * HOUR
    active_seconds = np.append(0, np.cumsum(np.where(silent, 0, np.diff(edges))))
    exposure = np.diff(np.interp(hours, edges, active_seconds))
    events = np.histogram(edges[:-1], hours)[0]
    hour_of_day = (hours[:-1] / HOUR).astype(int) % 24
    daily_events = _smooth(np.bincount(hour_of_day, events, 24))
    daily_seconds = np.maximum(_smooth(np.bincount(hour_of_day, exposure, 24)), 1)
    clock = np.append(0, np.cumsum((daily_events / daily_seconds)[hour_of_day] * HOUR))
    return np.asarray(np.interp(edges, hours, clock))


def _smooth(daily: NDArray[Any]) -> Floats:
    """Return the 24 values, each with a share of its neighbours: habits do not end on the hour."""
    return np.asarray((np.roll(daily, 1) + 2 * daily + np.roll(daily, -1)) / 4)


def _find_unusual(own_times: Floats, edges: Floats) -> Flags:
    """Return which gaps are unusual: the largest k that are so by what the others show to be usual."""
    gaps, seconds = np.diff(own_times), np.diff(edges)
    longest_first = np.argsort(-gaps, kind="stable")
    unusual = np.zeros(len(gaps), bool)
    for k in range(1, min(MAX_UNUSUAL_GAPS, len(gaps) - MIN_GAPS) + 1):
        longest = longest_first[:k]
        if not _may_be_unusual(longest, seconds):
            break
        if gaps[longest[-1]] > _longest_usual(np.delete(gaps, longest)):
            unusual[:] = False
            unusual[longest] = True
    return unusual & (seconds >= MIN_UNUSUAL_SECONDS)


def _may_be_unusual(longest: Positions, seconds: Floats) -> bool:
    """Return whether these gaps take up a small share of the time, and the source was watched long enough."""
    last = len(seconds) - 1
    ended = seconds[longest[longest != last]].sum()
    watched = seconds[:-1].sum()
    is_known = last not in longest or watched >= min(MIN_WATCHED_SHARE * seconds[-1], DAY / 2)
    return bool(is_known and ended <= MAX_UNUSUAL_SHARE * watched)


def _longest_usual(gaps: Floats) -> float:
    """Return the length beyond which a gap is unusual among these."""
    scale = float((gaps**2).sum() / max(gaps.sum(), 1e-12))
    occasions = max(float(gaps.sum()) / max(scale, 1e-12), 1.0)
    limit = scale * float(np.log(occasions / FALSE_ALARM_CHANCE))
    longest = float(gaps.max())
    if longest < 2 * scale and occasions >= MIN_GAPS:
        # For exponential gaps the longest exceeds the second by this factor with the given chance;
        # for regular ones far more seldom.
        limit = min(limit, longest * (1 + float(np.log(1 / FALSE_ALARM_CHANCE) / np.log(occasions))))
    return limit
