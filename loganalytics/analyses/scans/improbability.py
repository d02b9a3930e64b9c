"""How improbable a count, or a mean, is in an interval, given what came outside of it: bounds in nats.

All are upper bounds by Chernoff (1952, doi:10.1214/aoms/1177729330): the chance is at most exp(-nats).
"""

from __future__ import annotations

import numpy as np

from loganalytics.analyses.scans.grid import Flags, Floats, Grid, Positions, interval_sums

TINY = 1e-9


def share_nats(inside: Floats, total: Floats | float, share: Floats | float, *, above: bool) -> Floats:
    """Return how improbable it is that so many of `total` fall into the interval, which takes this share by chance.

    0 where there are not more (or not fewer) than expected. Given the total, counts are binomial, whatever the rate.
    """
    share = np.clip(np.asarray(share, float), 1e-12, 1 - 1e-12)
    inside, total = np.broadcast_arrays(np.asarray(inside, float), np.asarray(total, float))
    outside = total - inside
    nats = _x_log(inside, total * share) + _x_log(outside, total * (1 - share))
    is_far = inside > total * share if above else inside < total * share
    return np.where(is_far, np.maximum(nats, 0.0), 0.0)


def interval_nats(
    counts: Floats, exposure: Floats | None, grid: Grid, free: Flags, length: int, *, even_share: float, above: bool
) -> Floats:
    """Return how improbable intervals of a length are by time, or by what else was logged, whichever is less.

    So much of what else was logged is taken to be even, beside it.
    """
    sums, total = interval_sums(counts * free, length), (counts * free).sum()
    time, all_time = interval_sums(free * grid.time, length), max(float((free * grid.time).sum()), 1.0)
    nats = share_nats(sums, total, time / all_time, above=above)
    if exposure is None:
        return nats
    others = exposure * free
    even = even_share * others.sum() / all_time
    shares = (interval_sums(others, length) + even * time) / ((1 + even_share) * max(others.sum(), 1.0))
    return np.minimum(nats, share_nats(sums, total, shares, above=above))


def time_nats(counts: Floats, grid: Grid, free: Flags, starts: Positions, stops: Positions, *, above: bool) -> Floats:
    """Return how improbable intervals of a count by window are by time alone: starts x stops."""
    edges, time = np.append(0.0, np.cumsum(counts * free)), np.append(0.0, np.cumsum(free * grid.time))
    sums = edges[stops][None, :] - edges[starts][:, None]
    share = (time[stops][None, :] - time[starts][:, None]) / max(time[-1], 1)
    return share_nats(np.maximum(sums, 0), edges[-1], share, above=above)


def tail_nats(count: float) -> float:
    """Return by how much a count is less probable than its bound: Bahadur and Rao 1960, doi:10.1214/aoms/1177705674."""
    return 0.5 * float(np.log(2 * np.pi * max(count, 1.0)))


def rate_nats(observed: Floats, rate: Floats) -> Floats:
    """Return how improbable so high a count is at this rate: Poisson."""
    nats = _x_log(observed, rate) - observed + rate
    return np.where(observed > rate, np.maximum(nats, 0.0), 0.0)


def rate_of_extreme(extreme: Floats, tries: Floats | float, *, rank: Floats | float = 1, highest: bool) -> Floats:
    """Return the rate of which a count is as often as not the highest (or lowest) of so many tries, or beyond it.

    The highest of several small counts is above their rate by chance alone. `rank` is 2 for the second highest. Median
    ranks: Benard and Bos-Levenbach 1953, doi:10.1111/j.1467-9574.1953.tb00821.x.
    """
    from scipy.special import gammainccinv, gammaincinv

    chance = (rank - 0.3) / (tries + 0.4)
    if not highest:
        return np.asarray(gammainccinv(extreme + 1, chance))
    return np.asarray(np.maximum(gammaincinv(np.maximum(extreme, TINY), chance), TINY))


def _x_log(observed: Floats, expected: Floats) -> Floats:
    observed, expected = np.broadcast_arrays(observed, expected)
    ratio = np.divide(
        observed, expected, out=np.ones_like(expected, dtype=float), where=(observed > 0) & (expected > 0)
    )
    return np.asarray(observed * np.log(ratio))
