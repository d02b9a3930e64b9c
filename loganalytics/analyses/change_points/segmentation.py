"""Lasting changes of a series: levels that stay, and slopes."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from loganalytics.analyses.change_points.seasonality import Series
from loganalytics.analyses.change_points.spikes import LEAST_CHANGE, Change, around

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[np.float64]]

LEAST_NOISE = 0.5  # on the even scale, where that of a Poisson count is 1
SHORTEST = 5  # windows of a level
MOST = 4_000  # windows that levels are looked for in; longer series are put together first
MANY = 5  # periods, from which a season is known well enough to be trusted alone
PENALTY = 4.0  # times ln(n) and the variance, for one more level


def find_steps(series: Series, spikes: list[Change], sure: float) -> list[Change]:
    """Return the levels that begin and stay, and the slopes, of the series with its spikes levelled."""
    import numpy as np

    calm = _levelled(series.calm, spikes)
    raw = _levelled(series.y, spikes)
    noise = _noise(calm, is_count=series.is_count)
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
    usual = around(y)
    out = y.copy()
    for spike in spikes:
        out[spike.start : spike.end] = usual[spike.start : spike.end]
    return out


def _noise(y: Array, *, is_count: bool) -> float:
    """Return the standard deviation of the noise, from differences of neighbours: levels do not matter to these."""
    import numpy as np

    steps = np.diff(y)
    robust = 1.4826 * float(np.median(np.abs(steps - np.median(steps)))) / 2**0.5
    wide = float(np.quantile(np.abs(steps), 0.95)) / 1.96 / 2**0.5
    # Without a floor sparse series would be all levels, and finding them would take for ever.
    return max(robust, wide, LEAST_NOISE if is_count else float(y.std()) / 10, 1e-12)


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
