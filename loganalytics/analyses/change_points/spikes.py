"""Short changes of a series: windows that stand out from those around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from loganalytics.analyses.change_points.seasonality import JITTER, Series, restore

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[np.float64]]
    Places = np.ndarray[Any, np.dtype[np.intp]]
    Flags = np.ndarray[Any, np.dtype[np.bool_]]

AROUND = 25  # windows, of which a spike is fewer than half
APART = 4.0  # times the spread of the windows around, without which nothing is a spike
TAILS = 5  # degrees of freedom of the noise of measures that are no counts: they have heavy tails
CALM = 0.85  # of the variance of normal noise is in its calmest 98 %
LEAST_CHANGE = 0.2  # of the level, for counts that are so large that less is sure


@dataclass(frozen=True)
class Change:
    """One change: where it begins, what it is, how improbable it is by chance (not corrected), before and after."""

    start: int
    kind: str
    p: float
    before: float
    after: float
    end: int


def find_spikes(series: Series, sure: float) -> list[Change]:
    """Return the runs of windows that stand out from those around them, and from the same time of other periods."""
    import numpy as np

    # The season of two periods is their mean, half of which is the spike: there only what is around counts, and
    # whether it comes back.
    usual = around(series.y) if series.cycles == 2 else series.with_season(around(series.calm))
    found = []
    far = _stands_out(series, usual)
    for kind, sign in (("spike", 1), ("dip", -1)):
        # What stands out is a few windows, if any: only these are held against a distribution.
        at = np.flatnonzero(far & (sign * (series.y - usual) > 0))
        if not len(at):
            continue
        p = np.ones(len(series.x))
        p[at] = _tail(series, usual, sign, _overdispersion(series, usual, sign), at)
        if p.min() >= sure:
            continue
        p[_comes_back(series, sign)] = 1.0
        found += [_spike(series, usual, kind, sign, run, p) for run in _runs(p < sure)]
    return sorted((change for change in found if change), key=lambda change: change.start)


def around(y: Array) -> Array:
    """Return the median of the windows around each."""
    import numpy as np
    from scipy.ndimage import median_filter

    return np.asarray(median_filter(y, size=min(AROUND, len(y) // 2 * 2 - 1), mode="nearest"))


def _overdispersion(series: Series, usual: Array, sign: int) -> float:
    """Return for counts alpha of the variance mu + alpha mu^2, for others the standard deviation of the rest.

    Counts vary by their own measure up and down, as bursts are no dips. The calmest 98 % of the windows tell it, so
    that what is to be found does not hide itself; what that leaves out is made good as for normal noise.
    """
    import numpy as np

    rest = series.y - usual
    calm = np.abs(rest) <= np.quantile(np.abs(rest), 0.98)
    if not series.is_count:
        middle = 1.4826 * np.median(np.abs(rest))
        wide = [np.quantile(np.abs(rest), share) / z for share, z in ((0.95, 1.96), (0.98, 2.33))]
        scale = max(middle, *wide, 1e-9 * max(np.abs(series.y).max(), 1e-12))
        return float(scale)
    side = calm & (sign * rest >= 0)
    mu = _expected(series, usual)[side]
    over = (series.x[side] - mu) ** 2 / CALM - mu
    return float(max(over.sum() / max((mu**2).sum(), 1e-12), 0.0))


def _expected(series: Series, usual: Array) -> Array:
    """Return the expected counts: a median of 0 among sparse ones is not nothing."""
    import numpy as np

    mu = series.restore(usual)
    middle = np.sort(series.x)[: max(1, int(0.995 * len(series.x)))].mean()
    return np.where(mu < 1, np.maximum(mu, np.clip(middle / 2, 0.01, 1)), mu)


def _tail(series: Series, usual: Array, sign: int, spread: float, at: Places) -> Array:
    """Return how probable a value as far out as each of those `at` is, on the side of `sign`."""
    import numpy as np
    from scipy.stats import nbinom, t

    if not series.is_count:
        return np.asarray(t.sf(sign * (series.y - usual)[at] / spread, TAILS))
    mu, x = _expected(series, usual)[at], series.x[at]
    slight = np.abs(x - mu) < LEAST_CHANGE * mu
    # What is usual is itself known from a few windows and periods only: the variance of their medians is added.
    known = 1 / AROUND + (1 / series.cycles if series.cycles > 2 else 0.0)
    alpha = spread + np.pi / 2 * known / mu + 1e-6
    chance = 1 / (1 + alpha * mu)
    p = nbinom.sf(x - 1, 1 / alpha, chance) if sign > 0 else nbinom.cdf(x, 1 / alpha, chance)
    return np.where(slight, 1.0, p)


def _comes_back(series: Series, sign: int) -> Flags:
    """Return which windows are no farther out than about the same time is in the median of the other periods."""
    import numpy as np
    from scipy.ndimage import maximum_filter

    n = len(series.x)
    if series.cycles < 2:
        return np.zeros(n, bool)
    out = sign * (series.y - around(series.y))
    near = maximum_filter(out, size=2 * JITTER + 1, mode="nearest")
    others = np.full((series.cycles + 1, n), np.nan)
    for k in range(-series.cycles, series.cycles + 1):
        if k:
            at = np.arange(n) + k * series.period
            inside = (at >= 0) & (at < n)
            row = others[abs(k) - 1]
            row[inside] = np.fmax(row[inside], near[at[inside]]) if k < 0 else _either(row[inside], near[at[inside]])
    known = ~np.isnan(others).all(axis=0)
    typical = np.zeros(n)
    typical[known] = np.nanmedian(others[:, known], axis=0)
    return (out <= 1.5 * typical) & (typical > 1)


def _either(first: Array, second: Array) -> Array:
    import numpy as np

    return np.where(np.isnan(first), second, np.minimum(first, second))


def _stands_out(series: Series, usual: Array) -> Flags:
    """Return which windows are farther out than those around them vary, as they do on a slope."""
    import numpy as np

    out = np.abs(series.y - usual)
    return np.asarray(out > APART * 1.4826 * around(out))


def _runs(flags: Flags) -> list[tuple[int, int]]:
    """Return begin and end of each run of true flags."""
    import numpy as np

    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _spike(series: Series, usual: Array, kind: str, sign: int, run: tuple[int, int], p: Array) -> Change | None:
    import numpy as np

    begin, end = run
    if end - begin > AROUND // 2:
        return None
    peak = begin + int(np.argmax(sign * (series.y - usual)[begin:end]))
    before = max(restore(series, usual[peak]), 0.0) if series.is_count else float(usual[peak])
    return Change(begin, kind, float(p[begin:end].min()), before, float(series.x[peak]), end)
