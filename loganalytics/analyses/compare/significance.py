"""Whether differences between two samples are more than chance: G-test, Kolmogorov-Smirnov, many tests at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def g_test(before: Floats, after: Floats, share: Floats) -> Floats:
    """Return G for counts of which `share` (0..1) is expected to fall after, were nothing changed.

    G is twice the log-likelihood ratio, chi-squared with one degree of freedom (Sokal and Rohlf, Biometry, 17.2),
    with Williams' correction, without which small counts are significant too often.

    Example:
        >>> import numpy as np
        >>> g_test(np.array([10.0]), np.array([10.0]), np.array([0.5])).tolist()
        [0.0]
    """
    from scipy.special import xlogy

    total = before + after
    expected_after = np.maximum(total * share, 1e-300)
    expected_before = np.maximum(total * (1 - share), 1e-300)
    g = 2 * (xlogy(after, after / expected_after) + xlogy(before, before / expected_before))
    williams = 1 + (1 / share + 1 / (1 - share) - 1) / (6 * np.maximum(total, 1))
    return np.asarray(np.maximum(g, 0) / williams)


def benjamini_hochberg(p_values: Floats) -> Floats:
    """Return p-values corrected for their number: those under q hold at most a share q of false ones.

    Benjamini and Hochberg 1995, doi:10.1111/j.2517-6161.1995.tb02031.x. A test without a result (NaN) counts as one
    that shows nothing, and stays NaN.

    Example:
        >>> import numpy as np
        >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03])).tolist()
        [0.03, 0.04, 0.04]
    """
    from scipy.stats import false_discovery_control

    corrected = false_discovery_control(np.where(np.isnan(p_values), 1.0, p_values), method="bh")
    return np.asarray(np.where(np.isnan(p_values), np.nan, corrected))


def kolmogorov_smirnov(before: Floats, after: Floats) -> tuple[float, float]:
    """Return the largest distance between two distributions, signed (positive: later values are larger), and p."""
    from scipy.stats import ks_2samp

    result = ks_2samp(before, after, method="asymp")
    return float(result.statistic * result.statistic_sign), float(result.pvalue)
