"""Short changes of a series: windows that stand out from those around them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loganalytics.analyses.change_points.seasonality import MAX_JITTER_WINDOWS, Series

NEIGHBOURHOOD_WINDOWS = 25  # of which a spike is fewer than half
MIN_PROMINENCE = 4.0  # times the spread of the windows around, without which nothing is a spike
NOISE_FREEDOM = 5  # degrees of freedom of the noise of measures other than counts, which has heavy tails
ORDINARY_SHARE = 0.98  # of the windows, the calmest, which show the noise
ORDINARY_VARIANCE = 0.85  # of the variance of normal noise that is in its calmest 98 %
MIN_CHANGE = 0.2  # of the level, for counts that are so large that less is certain


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change.

    Attributes:
        start: the window where it begins.
        kind: spike, dip, step or trend.
        p: how improbable it is by chance, not corrected.
        before: what was usual before.
        after: the peak, the level or the end of the slope after.
        end: the window after its last one.
    """

    start: int
    kind: str
    p: float
    before: float
    after: float
    end: int


def find_spikes(series: Series, max_p: float) -> list[Change]:
    """Return the runs of windows that stand out from those around them, and from the same time of other periods."""
    # The season of two periods is their mean, half of which is the spike: there only the neighbourhood counts, and
    # whether it comes back.
    if series.cycles == 2:
        expected = median_around(series.stabilized)
    else:
        expected = series.with_season(median_around(series.deseasonalized))
    changes: list[Change | None] = []
    prominent = _is_prominent(series, expected)
    for kind, sign in (("spike", 1), ("dip", -1)):
        # What stands out is a few windows, if any: only these are compared with a distribution.
        candidates = np.flatnonzero(prominent & (sign * (series.stabilized - expected) > 0))
        if not len(candidates):
            continue
        p = np.ones(len(series.values))
        p[candidates] = _tail(series, expected, sign, candidates)
        if p.min() >= max_p:
            continue
        p[_is_recurrent(series, sign)] = 1.0
        changes += [_spike(series, expected, kind, run, p) for run in _runs(p < max_p)]
    return sorted((change for change in changes if change), key=lambda change: change.start)


def median_around(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median of the windows around each."""
    from scipy.ndimage import median_filter

    size = min(NEIGHBOURHOOD_WINDOWS, len(values) // 2 * 2 - 1)
    return np.asarray(median_filter(values, size=size, mode="nearest"))


def overdispersion(series: Series, expected: NDArray[np.float64], sign: int) -> float:
    """Return alpha of the variance mu + alpha mu^2 of counts, above or below what is expected by `sign`.

    Bursts are not dips, so each side has its own. The calmest 98 % of the windows show it, so that what is to be found
    does not hide itself; what that leaves out of the variance is made good as for normal noise.
    """
    residual = series.stabilized - expected
    side = _is_ordinary(residual) & (sign * residual >= 0)
    mu = _expected_counts(series, expected)[side]
    excess = (series.values[side] - mu) ** 2 / ORDINARY_VARIANCE - mu
    return float(max(excess.sum() / max((mu**2).sum(), 1e-12), 0.0))


def _noise_scale(series: Series, expected: NDArray[np.float64]) -> float:
    """Return the standard deviation of the residuals of a measure other than counts."""
    deviation = np.abs(series.stabilized - expected)
    middle = 1.4826 * np.median(deviation)
    wide = [np.quantile(deviation, share) / z for share, z in ((0.95, 1.96), (0.98, 2.33))]
    return float(max(middle, *wide, 1e-9 * max(np.abs(series.stabilized).max(), 1e-12)))


def _is_ordinary(residual: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray(np.abs(residual) <= np.quantile(np.abs(residual), ORDINARY_SHARE))


def _expected_counts(series: Series, expected: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the expected counts: a median of 0 among sparse ones does not mean that none is expected."""
    mu = series.to_values(expected)
    mean = np.sort(series.values)[: max(1, int(0.995 * len(series.values)))].mean()
    return np.where(mu < 1, np.maximum(mu, np.clip(mean / 2, 0.01, 1)), mu)


def _tail(series: Series, expected: NDArray[np.float64], sign: int, windows: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return how probable a value as far out as each of these windows is, on the side of `sign`."""
    from scipy.stats import nbinom, t

    if not series.is_count:
        residual = sign * (series.stabilized - expected)[windows]
        return np.asarray(t.sf(residual / _noise_scale(series, expected), NOISE_FREEDOM))
    mu, counts = _expected_counts(series, expected)[windows], series.values[windows]
    is_slight = np.abs(counts - mu) < MIN_CHANGE * mu
    # What is expected is itself known from a few windows and periods only: the variance of their medians is added.
    of_medians = 1 / NEIGHBOURHOOD_WINDOWS + (1 / series.cycles if series.cycles > 2 else 0.0)
    alpha = overdispersion(series, expected, sign) + np.pi / 2 * of_medians / mu + 1e-6
    success = 1 / (1 + alpha * mu)
    p = nbinom.sf(counts - 1, 1 / alpha, success) if sign > 0 else nbinom.cdf(counts, 1 / alpha, success)
    return np.where(is_slight, 1.0, p)


def _is_recurrent(series: Series, sign: int) -> NDArray[np.bool_]:
    """Return which windows are no farther out than about the same time is in the median of the other periods."""
    from scipy.ndimage import maximum_filter

    n = len(series.values)
    if series.cycles < 2:
        return np.zeros(n, bool)
    deviation = sign * (series.stabilized - median_around(series.stabilized))
    nearby = maximum_filter(deviation, size=2 * MAX_JITTER_WINDOWS + 1, mode="nearest")
    other_periods = np.full((series.cycles + 1, n), np.nan)
    for cycle in range(-series.cycles, series.cycles + 1):
        if cycle:
            shifted = np.arange(n) + cycle * series.period
            inside = (shifted >= 0) & (shifted < n)
            row, neighbour = other_periods[abs(cycle) - 1], nearby[shifted[inside]]
            row[inside] = np.fmax(row[inside], neighbour) if cycle < 0 else np.fmin(row[inside], neighbour)
    has_other = ~np.isnan(other_periods).all(axis=0)
    typical = np.zeros(n)
    typical[has_other] = np.nanmedian(other_periods[:, has_other], axis=0)
    return (deviation <= 1.5 * typical) & (typical > 1)


def _is_prominent(series: Series, expected: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which windows are farther out than those around them vary, as they do on a slope."""
    deviation = np.abs(series.stabilized - expected)
    return np.asarray(deviation > MIN_PROMINENCE * 1.4826 * median_around(deviation))


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return begin and end of each run of true flags."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _spike(
    series: Series, expected: NDArray[np.float64], kind: str, run: tuple[int, int], p: NDArray[np.float64]
) -> Change | None:
    """Return the spike or dip of a run of windows; None for one that is too long."""
    begin, end = run
    if end - begin > NEIGHBOURHOOD_WINDOWS // 2:
        return None
    residual = (series.stabilized - expected)[begin:end] * (1 if kind == "spike" else -1)
    peak = begin + int(np.argmax(residual))
    before = float(series.to_values(expected[[peak]])[0])
    before = max(before, 0.0) if series.is_count else before
    after = float(series.values[peak])
    return Change(start=begin, kind=kind, p=float(p[begin:end].min()), before=before, after=after, end=end)
