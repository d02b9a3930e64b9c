"""How improbable a count, or a mean, is in an interval, given what came outside of it: bounds in nats.

All are upper bounds by Chernoff (1952, doi:10.1214/aoms/1177729330): the chance is at most exp(-nats).
"""

from __future__ import annotations

import numpy as np

from loganalytics.analyses.scans.grid import Floats

MIN_EXPECTED = 0.3  # events, so that a first one is not too improbable


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


def mean_nats(observed: Floats, usual: Floats | float, *, above: bool) -> Floats:
    """Return how improbable a count is where at most (or at least) so many are usual: Poisson."""
    expected = np.maximum(np.asarray(usual, float), MIN_EXPECTED)
    nats = _x_log(observed, expected) - observed + expected
    is_far = observed > expected if above else observed < expected
    return np.where(is_far, np.maximum(nats, 0.0), 0.0)


def _x_log(observed: Floats, expected: Floats) -> Floats:
    observed, expected = np.broadcast_arrays(observed, expected)
    ratio = np.divide(
        observed, expected, out=np.ones_like(expected, dtype=float), where=(observed > 0) & (expected > 0)
    )
    return np.asarray(observed * np.log(ratio))
