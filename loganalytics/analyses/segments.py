"""Changes of a series without season: short ones that stand out, and levels and slopes that stay."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from loganalytics.analyses.season import JITTER, Series, restore

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[np.float64]]
    Flags = np.ndarray[Any, np.dtype[np.bool_]]

AROUND = 25  # windows, of which a spike is fewer than half
LEAST_NOISE = 0.5  # on the even scale, where a count's own is 1
LEAST_CHANGE = 0.2  # of the level, for counts that are so large that less is sure
SHORTEST = 5  # windows of a level
TAILS = 5  # degrees of freedom of the noise of measures that are no counts: they have heavy tails
APART = 4.0  # times the spread of the windows around, without which nothing is a spike
MOST = 4_000  # windows that levels are looked for in; longer series are put together first
MANY = 5  # periods, from which a season is known well enough to be trusted alone
CALM = 0.85  # of the variance of normal noise is in its calmest 98 %
PENALTY = 4.0  # times ln(n) and the variance, for one more level


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
    usual = _around(series.y) if series.cycles == 2 else series.with_season(_around(series.calm))
    found = []
    for kind, sign in (("spike", 1), ("dip", -1)):
        p = _tail(series, usual, sign, _overdispersion(series, usual, sign))
        p = np.where(_comes_back(series, sign) | ~_stands_out(series, usual), 1.0, p)
        found += [_spike(series, usual, kind, sign, run, p) for run in _runs(p < sure)]
    return sorted((change for change in found if change), key=lambda change: change.start)


def _around(y: Array) -> Array:
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


def _tail(series: Series, usual: Array, sign: int, spread: float) -> Array:
    """Return how probable a value as far out as each is, on the side of `sign`."""
    import numpy as np
    from scipy.stats import nbinom, t

    if not series.is_count:
        return np.asarray(t.sf(sign * (series.y - usual) / spread, TAILS))
    mu, x = _expected(series, usual), series.x
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
    out = sign * (series.y - _around(series.y))
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
    return np.asarray(out > APART * 1.4826 * _around(out))


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


def find_steps(series: Series, spikes: list[Change], sure: float) -> list[Change]:
    """Return the levels that begin and stay, and the slopes, of the series with its spikes levelled."""
    import numpy as np

    calm = _levelled(series.calm, spikes)
    raw = _levelled(series.y, spikes)
    noise = _noise(calm)
    edges = _edges(calm / noise)
    found = []
    for group in _slopes(calm, edges, noise):
        if len(group) > 2:
            change = _slope(series, calm, raw, group, noise)
        else:
            change = _step(series, calm, raw, edges, group[0], noise)
        if change.p < sure and _is_large(series, change):
            found.append(change)
    return [change for change in found if not np.isnan(change.p)]


def _levelled(y: Array, spikes: list[Change]) -> Array:
    """Return the series with its spikes replaced by what is around them."""
    usual = _around(y)
    out = y.copy()
    for spike in spikes:
        out[spike.start : spike.end] = usual[spike.start : spike.end]
    return out


def _noise(y: Array) -> float:
    """Return the standard deviation of the noise, from differences of neighbours: levels do not matter to these."""
    import numpy as np

    steps = np.diff(y)
    robust = 1.4826 * float(np.median(np.abs(steps - np.median(steps)))) / 2**0.5
    wide = float(np.quantile(np.abs(steps), 0.95)) / 1.96 / 2**0.5
    return max(robust, wide, 1e-9 * max(float(np.abs(y).max()), 1e-12))


def _edges(y: Array) -> list[int]:
    """Return where levels begin, as PELT finds them with the least squared error; 0 and the length at the ends."""
    import numpy as np
    import ruptures

    n = len(y)
    width = -(-n // MOST)
    short = y[: n // width * width].reshape(-1, width).mean(axis=1) * width**0.5
    variance = max(1.0, _wandering(short))
    algorithm = ruptures.KernelCPD(kernel="linear", min_size=min(SHORTEST, max(2, len(short) // 4)))
    found = algorithm.fit(short.reshape(-1, 1)).predict(pen=PENALTY * variance * float(np.log(len(short))))
    return [0, *[width * int(edge) for edge in found[:-1]], n]


def _wandering(y: Array) -> float:
    """Return how much more the means of 8 windows vary from one to the next than with independent noise."""
    import numpy as np

    width = 8
    if len(y) < 6 * width:
        return 1.0
    means = y[: len(y) // width * width].reshape(-1, width).mean(axis=1)
    steps = np.diff(means)
    return float((1.4826 * np.median(np.abs(steps))) ** 2 / 2 * width)


def _slopes(y: Array, edges: list[int], noise: float) -> list[list[int]]:
    """Return the inner edges in groups: a group of more than two is a stair that a straight slope fits better.

    Of such a group the first and the last are where the slope begins and ends.
    """
    import numpy as np

    levels = [float(y[a:b].mean()) for a, b in pairwise(edges)]
    signs = np.sign(np.diff(levels)).tolist()
    groups: list[list[int]] = []
    i = 0
    while i < len(signs):
        j = i
        while j + 1 < len(signs) and signs[j + 1] == signs[i]:
            j += 1
        stair = edges[i + 1 : j + 2]
        if j > i and (ends := _straight(y, edges[i], stair, edges[j + 2], noise)):
            groups.append([ends[0], *stair[1:-1], ends[1]] if len(stair) > 2 else [ends[0], ends[0], ends[1]])
        else:
            groups += [[edge] for edge in stair]
        i = j + 1
    return groups


def _straight(y: Array, begin: int, stair: list[int], end: int, noise: float) -> tuple[int, int] | None:
    """Return where a slope begins and ends if level, slope, level fit better than the stair; None if not."""
    import numpy as np

    part = y[begin:end]
    at = np.arange(len(part))
    cuts = [0, *[edge - begin for edge in stair], len(part)]
    stairs = sum(float(((part[a:b] - part[a:b].mean()) ** 2).sum()) for a, b in pairwise(cuts))
    best: tuple[float, int, int] | None = None
    grid = np.unique(np.linspace(0, len(part) - 1, min(len(part), 40)).astype(int)).tolist()
    for a in grid:
        for b in grid:
            if b - a < max(3, (stair[-1] - stair[0]) // 2):
                continue
            ramp = np.clip((at - a) / (b - a), 0, 1)
            design = np.column_stack([np.ones(len(part)), ramp])
            error = float(((part - design @ np.linalg.lstsq(design, part, rcond=None)[0]) ** 2).sum())
            if best is None or error < best[0]:
                best = (error, a, b)
    saved = (2 * (len(stair) + 1) - 1 - 4) * float(np.log(len(part))) * noise**2
    if best is None or best[0] > stairs + max(saved, 0.0):
        return None
    return begin + best[1], begin + best[2]


def _step(series: Series, calm: Array, raw: Array, edges: list[int], edge: int, noise: float) -> Change:
    """Return the step at an edge, tested between the edges beside it."""
    place = edges.index(edge)
    first, last = edges[place - 1], edges[place + 1]
    p = _differs(calm[first:edge], calm[edge:last], noise)
    if 2 <= series.cycles < MANY:
        p = max(p, _seen_itself(series, calm, raw, (first, edge, last), noise))
    before, after = (float(series.x[a:b].mean()) for a, b in ((first, edge), (edge, last)))
    return Change(edge, "step", p, before, after, last)


def _seen_itself(series: Series, calm: Array, raw: Array, edges: tuple[int, int, int], noise: float) -> float:
    """Return how sure a step is in the series itself, season included; 1 when it goes the other way there.

    From few periods a season takes over a part of each step, which then shows the other way in the other periods.
    Next to the edge, an hour of a day on either side, the season itself moves little.
    """
    first, edge, last = edges
    width = max(2, min(edge - first, last - edge, series.period // 24))
    before, after = raw[max(0, edge - width) : edge], raw[edge : edge + width]
    up, up_here = calm[edge:last].mean() > calm[first:edge].mean(), after.mean() > before.mean()
    return _differs(before, after, noise) if up == up_here else 1.0


def _differs(before: Array, after: Array, noise: float) -> float:
    """Return how probable so great a difference of the means is, by Welch's test with the effective number of values.

    The effective number is smaller where neighbours are alike: n (1 - r) / (1 + r), r the autocorrelation at lag 1.
    """
    import numpy as np
    from scipy.stats import t

    sides = []
    for side in (before, after):
        rest = side - side.mean()
        variance = max(float((rest**2).sum()) / max(len(side) - 1, 1), noise**2 / 4, 1e-18)
        alike = float((rest[1:] * rest[:-1]).sum()) / max(float((rest**2).sum()), 1e-18) if len(side) > 3 else 0.0
        r = min(max(alike, 0.0), 0.95)
        sides.append((max(len(side) * (1 - r) / (1 + r), 1.5), variance))
    (n1, v1), (n2, v2) = sides
    error = v1 / n1 + v2 / n2
    freedom = error**2 / ((v1 / n1) ** 2 / max(n1 - 1, 0.5) + (v2 / n2) ** 2 / max(n2 - 1, 0.5))
    return float(2 * t.sf(abs(after.mean() - before.mean()) / np.sqrt(error), max(freedom, 2.0)))


def _slope(series: Series, calm: Array, raw: Array, group: list[int], noise: float) -> Change:
    """Return the slope from the first to the last of a group."""
    import numpy as np
    from scipy.stats import linregress

    begin, end = group[0], max(group[-1], group[0] + 3)
    part = calm[begin : end + 1]
    fit = linregress(np.arange(len(part)), part)
    p = float(fit.pvalue) if np.isfinite(fit.pvalue) else 1.0
    if series.cycles == 2 and np.sign(linregress(np.arange(len(part)), raw[begin : end + 1]).slope) != np.sign(
        fit.slope
    ):
        p = 1.0
    width = max(1, min(SHORTEST, len(part) // 4))
    before = float(series.x[max(0, begin - width + 1) : begin + 1].mean())
    after = float(series.x[end - width + 1 : end + 1].mean())
    return Change(begin, "trend", p, before, after, end)


def _is_large(series: Series, change: Change) -> bool:
    if not series.is_count:
        return True
    return abs(change.after - change.before) >= LEAST_CHANGE * max(change.before, change.after)
