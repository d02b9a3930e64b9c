"""Which gaps between events are longer than a source's own habits explain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

HOUR, DAY = 3600.0, 86400.0
CHANCE = 1e-4  # that habits kept make a silence, once in the whole log
FEWEST = 20  # gaps; from fewer nobody can tell a habit
SHORTEST = 60.0  # seconds; a shorter pause is no silence, however busy the source
MOST = 20  # silences; beyond, they are the habit
LARGEST_SHARE = 0.25  # of the time: silences that ended and take up more of it are the habit


@dataclass(frozen=True)
class Silences:
    """The unusual gaps of one source, in seconds since 1970."""

    starts: list[float]
    ends: list[float]
    is_silent: bool
    expected: float | None  # the longest gap that is not unusual, in seconds


def find_silences(times: Array, end: float) -> Silences:
    """Return the unusual gaps between sorted, distinct times, and whether the time from the last to `end` is one."""
    import numpy as np

    edges = np.append(times, end)
    gaps = np.diff(edges)
    unusual: Array = np.zeros(len(gaps), bool)
    if len(times) > FEWEST:
        # The second time with the silences left out of the daily rhythm.
        for _ in range(2):
            unusual = _unusual(_own_time(edges, unusual), edges)
    usual = gaps[:-1][~unusual[:-1]]
    ended = np.flatnonzero(unusual[:-1])
    return Silences(
        starts=edges[ended].tolist(),
        ends=edges[ended + 1].tolist(),
        is_silent=bool(unusual[-1]),
        expected=float(usual.max()) if len(usual) else None,
    )


def _own_time(edges: Array, silent: Array) -> Array:
    """Return the times on a clock that runs as fast as the source logs at that hour of the day."""
    import numpy as np

    if edges[-1] - edges[0] < 2 * DAY - HOUR:
        return edges
    hours = np.arange(np.floor(edges[0] / HOUR), np.ceil(edges[-1] / HOUR) + 1) * HOUR
    lived = np.append(0, np.cumsum(np.where(silent, 0, np.diff(edges))))
    exposure = np.diff(np.interp(hours, edges, lived))
    events = np.histogram(edges[:-1], hours)[0]
    of_day = (hours[:-1] / HOUR).astype(int) % 24
    rate = _smooth(np.bincount(of_day, events, 24)) / np.maximum(_smooth(np.bincount(of_day, exposure, 24)), 1)
    clock = np.append(0, np.cumsum(rate[of_day] * HOUR))
    return np.asarray(np.interp(edges, hours, clock))


def _smooth(daily: Array) -> Array:
    """Return the 24 values, each with a share of its neighbours: habits do not end on the hour."""
    import numpy as np

    return np.asarray((np.roll(daily, 1) + 2 * daily + np.roll(daily, -1)) / 4)


def _unusual(own: Array, edges: Array) -> Array:
    """Return which gaps are unusual: the largest k that are so by what the rest say is usual."""
    import numpy as np

    gaps, seconds = np.diff(own), np.diff(edges)
    order = np.argsort(-gaps, kind="stable")
    unusual = np.zeros(len(gaps), bool)
    for k in range(1, min(MOST, len(gaps) - FEWEST) + 1):
        top = order[:k]
        if not _may_be_left_out(top, seconds):
            break
        if gaps[top[-1]] > _limit(np.delete(gaps, top)):
            unusual[:] = False
            unusual[top] = True
    return unusual & (seconds >= SHORTEST)


def _may_be_left_out(top: Array, seconds: Array) -> bool:
    last = len(seconds) - 1
    ended = seconds[top[top != last]].sum()
    before = seconds[:-1].sum()
    watched = last not in top or before >= min(seconds[-1], 2 * DAY)
    return bool(watched and ended <= LARGEST_SHARE * before)


def _limit(usual: Array) -> float:
    """Return the length beyond which a gap is unusual among these."""
    import numpy as np

    scale = float((usual**2).sum() / max(usual.sum(), 1e-12))
    occasions = max(float(usual.sum()) / max(scale, 1e-12), 1.0)
    limit = scale * float(np.log(occasions / CHANCE))
    longest = float(usual.max())
    if longest < 2 * scale and occasions >= FEWEST:
        # For exponential gaps the longest exceeds the second by this factor with the chance given;
        # for regular ones far more seldom.
        limit = min(limit, longest * (1 + float(np.log(1 / CHANCE) / np.log(occasions))))
    return limit
