"""How surprising an observed count is, given the range that is expected.

Surprisal is -log10 of (a bound on) the chance that an ordinary window is at least so far out: 3 is one in a thousand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MIN_EXPECTED_EVENTS = 0.3  # a window, so that a first event is not too surprising
LN10 = 2.302585092994046
BLOCK_WINDOWS = 36  # the maximum surprisal of so many windows, ...
ORDINARY_BLOCKS = 0.75  # ... in this share of the blocks, is that of chance


@dataclass(frozen=True, kw_only=True)
class ExpectedRange:
    """What is expected, window by window: the middle, and the range of middles around it."""

    low: NDArray[np.float64]
    middle: NDArray[np.float64]
    high: NDArray[np.float64]

    @classmethod
    def up_to(cls, high: NDArray[np.float64]) -> ExpectedRange:
        """Return the range of counts that are expected to be so high, and never too low."""
        return cls(low=0 * high, middle=high, high=high)


def count_surprisal(observed: NDArray[np.float64], expected: ExpectedRange) -> NDArray[np.float64]:
    """Return the surprisal of counts outside the expected range: Chernoff's bound for a Poisson count."""
    mean = np.where(observed > expected.high, expected.high, expected.low)
    outside = (observed > expected.high) | (observed < expected.low)
    ratio = np.divide(observed, mean, out=np.ones_like(observed), where=(observed > 0) & (mean > 0))
    nats = observed * np.log(ratio) - observed + mean
    return np.where(outside, nats / LN10, 0.0)


def surprising_beyond(expected: ExpectedRange, factors: NDArray[np.float64]) -> ExpectedRange:
    """Return the range outside of which counts have a surprisal of 1 and more once scaled by these factors.

    Chernoff's bound lies outside of two standard deviations above, and of one on the scale of square roots below.
    """
    low = np.maximum(np.sqrt(expected.low) - np.sqrt(1 / factors), 0) ** 2
    high = expected.high + 2 * np.sqrt(np.maximum(expected.high, MIN_EXPECTED_EVENTS) / factors)
    return ExpectedRange(low=low, middle=expected.middle, high=high)


def overdispersion_factors(
    surprisal: NDArray[np.float64], ordinary_share: float = ORDINARY_BLOCKS
) -> NDArray[np.float64]:
    """Return the factors (at most 1, one a column) by which to scale features that are surprising often.

    The maximum surprisal of 36 ordinary windows exceeds 2.2 (one in 144) once in four times. Where the blocks of a
    log do so more often, the feature comes in bursts by nature, or its counts vary more than Poisson's.
    `ordinary_share` is the share of the blocks that is taken for ordinary.
    """
    size = max(1, min(BLOCK_WINDOWS, len(surprisal) // 8))
    maxima = np.maximum.reduceat(surprisal, np.arange(0, len(surprisal), size), axis=0)
    rank = int(ordinary_share * (len(maxima) - 1))
    observed = np.partition(maxima, rank, axis=0)[rank]
    by_chance = np.log10(size / (1 - ordinary_share))
    return np.asarray(by_chance / np.maximum(observed, by_chance))
