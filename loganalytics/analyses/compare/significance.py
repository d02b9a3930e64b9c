"""Whether differences between two samples are more than chance: G-test, Kolmogorov-Smirnov, many tests at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[np.float64]]


def g_test(before: Array, after: Array, share: Array) -> Array:
    """Return G for counts of which `share` (0..1) is expected to fall after, were nothing changed.

    G is twice the log-likelihood ratio, chi-squared with one degree of freedom (Sokal and Rohlf, Biometry, 17.2),
    with Williams' correction, without which small counts are significant too often.

    Example:
        >>> import numpy as np
        >>> g_test(np.array([10.0]), np.array([10.0]), np.array([0.5])).tolist()
        [0.0]
    """
    import numpy as np
    from scipy.special import xlogy

    total = before + after
    expected = np.maximum(total * share, 1e-300)
    rest = np.maximum(total * (1 - share), 1e-300)
    g = 2 * (xlogy(after, after / expected) + xlogy(before, before / rest))
    williams = 1 + (1 / share + 1 / (1 - share) - 1) / (6 * np.maximum(total, 1))
    return np.asarray(np.maximum(g, 0) / williams)


def benjamini_hochberg(p: Array) -> Array:
    """Return p-values corrected for their number: those under q hold at most a share q of false ones.

    Benjamini and Hochberg 1995, doi:10.1111/j.2517-6161.1995.tb02031.x.

    Example:
        >>> import numpy as np
        >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03])).tolist()
        [0.03, 0.04, 0.04]
    """
    import numpy as np

    order = np.argsort(-p, kind="stable")
    ranks = np.arange(len(p), 0, -1)
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(np.minimum.accumulate(p[order] * len(p) / ranks), 1.0)
    return corrected


def kolmogorov_smirnov(before: Array, after: Array) -> tuple[float, float]:
    """Return the largest distance between two distributions, signed (positive: later values are larger), and p."""
    from scipy.stats import ks_2samp

    found = ks_2samp(before, after, method="asymp")
    return float(found.statistic * found.statistic_sign), float(found.pvalue)
