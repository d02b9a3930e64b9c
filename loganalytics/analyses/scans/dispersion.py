"""By how much a series varies more than independent events would."""

from __future__ import annotations

from collections.abc import Iterable

from loganalytics.analyses.scans.grid import Floats, block_sums

MAX_BURSTINESS = 3.0  # of the log, that a series is weighed down by, if it does not come in bursts itself
UNKNOWN_DISPERSION, UNKNOWN_WINDOWS = 4.0, 5.0  # assumed of a series, with the weight of so many windows with events


def dispersion(parts: Iterable[tuple[Floats, float]], burstiness: float) -> float:
    """Return the counts' variance by their mean over parts of a series, and what is assumed of one that is not known.

    Each part has the most that its variance is known to be. `burstiness` is that of the log.
    """
    variance, weight = UNKNOWN_DISPERSION * UNKNOWN_WINDOWS, UNKNOWN_WINDOWS
    for windows, most in parts:
        holding = int((windows > 0).sum())
        if holding > 1:
            sums = block_sums(windows, holding // 2)
            variance += min(float(sums.var(ddof=1) / sums.mean()), most, UNKNOWN_DISPERSION) * holding
            weight += holding
    return max(variance / weight, min(burstiness, MAX_BURSTINESS))
