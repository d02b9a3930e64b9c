"""Where the usual sequences end and the odd ones begin, told from their scores alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

EXPECTED_THRESHOLD = 5.0  # steps: where anomalies begin as far as the scores do not say otherwise
DISTANCE_COST = 6.0  # nats for a threshold that is e times the expected one, or the e-th part of it
MIN_THRESHOLD, MAX_THRESHOLD = 2.0, 10.0  # steps; what scores less is usual, what scores more is not
BANDWIDTH = 0.2  # steps, of the kernel that the density of the scores is smoothed by
EMPTY_HAZARD = 0.01  # a gap that is emptier than this is not a clearer one
BELIEF = 0.5  # how much of what the scores say is believed: those of like sequences are no independent witnesses

_CANDIDATES = np.geomspace(MIN_THRESHOLD, MAX_THRESHOLD, 120)
_BINS = np.arange(0, MAX_THRESHOLD + 1, 0.02)


def find_threshold(scores: NDArray[np.float64]) -> float:
    """Return the score at which anomalies begin: the median of where they may, gaps being the likelier places.

    How empty a place is, is told by the hazard of survival analysis: the density of the scores over the share above,
    1 everywhere in an exponential tail, less in a gap before a group of anomalies however small. The emptiest gap
    alone would do on clear scores, but sequences come in clumps of like ones, with gaps between each two clumps: the
    emptiest one changes with the forest's seed, the median hardly.

    Args:
        scores: one a sequence, 0 and more, in steps of a tail that falls by a factor e each.
    """
    above = (len(scores) - np.searchsorted(np.sort(scores), _CANDIDATES, side="right")) / max(len(scores), 1)
    if not above.any():
        return EXPECTED_THRESHOLD
    hazard = np.divide(_density(scores), above, out=np.full(len(above), np.inf), where=above > 0)
    cost = np.log(hazard + EMPTY_HAZARD) + DISTANCE_COST * np.abs(np.log(_CANDIDATES / EXPECTED_THRESHOLD))
    belief = np.cumsum(np.exp(-BELIEF * (cost - cost.min())))
    return float(_CANDIDATES[np.searchsorted(belief, belief[-1] / 2)])


def _density(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the density of the scores at each candidate, smoothed by a Gaussian kernel."""
    counts, _ = np.histogram(scores, _BINS)
    occupied = np.flatnonzero(counts)
    distance = (_CANDIDATES[:, None] - (_BINS[occupied] + 0.01)) / BANDWIDTH
    smoothed = np.exp(-0.5 * distance**2) @ counts[occupied]
    return np.asarray(smoothed / (len(scores) * BANDWIDTH * np.sqrt(2 * np.pi)))
