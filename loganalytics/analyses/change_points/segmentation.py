"""Lasting changes of a series: levels that stay, and slopes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loganalytics.analyses.change_points.seasonality import Series
from loganalytics.analyses.change_points.spikes import MIN_CHANGE, Change, median_around

MIN_COUNT_NOISE = 0.5  # on the even scale, where that of a Poisson count is 1
MIN_LEVEL_WINDOWS = 5
MAX_PELT_WINDOWS = 4_000  # windows that levels are looked for in; longer series are averaged first
MIN_KNOWN_CYCLES = 5  # periods, from which a season is known well enough to be trusted alone
PENALTY = 4.0  # times ln(n) and the variance, for one more level
WANDERING_WINDOWS = 8  # whose means are compared
MAX_RAMP_GRID = 40  # begins and ends of a slope that are tried
MAX_AUTOCORRELATION = 0.95
MIN_EFFECTIVE_WINDOWS = 1.5


@dataclass(frozen=True, kw_only=True)
class Segmentation:
    """A series cut into levels, its spikes taken out.

    Attributes:
        series: the series.
        deseasonalized: on the even scale, without the season.
        seasonal: on the even scale, with the season.
        edges: where levels begin; 0 and the length at the ends.
        noise: standard deviation on the even scale.
    """

    series: Series
    deseasonalized: NDArray[np.float64]
    seasonal: NDArray[np.float64]
    edges: list[int]
    noise: float


def find_steps(series: Series, spikes: list[Change], max_p: float) -> list[Change]:
    """Return the levels that begin and stay, and the slopes, of the series with its spikes taken out."""
    deseasonalized = _without_spikes(series.deseasonalized, spikes)
    noise = _noise(deseasonalized, is_count=series.is_count)
    segmentation = Segmentation(
        series=series,
        deseasonalized=deseasonalized,
        seasonal=_without_spikes(series.stabilized, spikes),
        edges=_level_edges(deseasonalized / noise),
        noise=noise,
    )
    changes = [
        _slope(segmentation, edges[0], edges[-1]) if len(edges) > 2 else _step(segmentation, edges[0])
        for edges in _group_edges(segmentation)
    ]
    return [change for change in changes if change.p < max_p and _is_large(series, change)]


def _without_spikes(values: NDArray[np.float64], spikes: list[Change]) -> NDArray[np.float64]:
    """Return the series with its spikes replaced by the median of what is around them."""
    medians = median_around(values)
    replaced = values.copy()
    for spike in spikes:
        replaced[spike.start : spike.end] = medians[spike.start : spike.end]
    return replaced


def _noise(values: NDArray[np.float64], *, is_count: bool) -> float:
    """Return the standard deviation of the noise, from differences of neighbours: levels do not matter to these."""
    differences = np.diff(values)
    robust = 1.4826 * float(np.median(np.abs(differences - np.median(differences)))) / 2**0.5
    wide = float(np.quantile(np.abs(differences), 0.95)) / 1.96 / 2**0.5
    # Without a floor sparse series would be all levels, and finding them would take for ever.
    return max(robust, wide, MIN_COUNT_NOISE if is_count else float(values.std()) / 10, 1e-12)


def _level_edges(values: NDArray[np.float64]) -> list[int]:
    """Return where levels begin, as PELT finds them with the least squared error; 0 and the length at the ends."""
    import ruptures

    n = len(values)
    width = -(-n // MAX_PELT_WINDOWS)
    averaged = values[: n // width * width].reshape(-1, width).mean(axis=1) * width**0.5
    variance = max(1.0, _wandering(averaged))
    algorithm = ruptures.KernelCPD(kernel="linear", min_size=min(MIN_LEVEL_WINDOWS, max(2, len(averaged) // 4)))
    penalty = PENALTY * variance * float(np.log(len(averaged)))
    edges = algorithm.fit(averaged.reshape(-1, 1)).predict(pen=penalty)
    return [0, *[width * int(edge) for edge in edges[:-1]], n]


def _wandering(values: NDArray[np.float64]) -> float:
    """Return how much more the means of 8 windows vary from one to the next than with independent noise."""
    width = WANDERING_WINDOWS
    if len(values) < 6 * width:
        return 1.0
    means = values[: len(values) // width * width].reshape(-1, width).mean(axis=1)
    differences = np.diff(means)
    return float((1.4826 * np.median(np.abs(differences))) ** 2 / 2 * width)


def _group_edges(segmentation: Segmentation) -> list[list[int]]:
    """Return the inner edges in groups: a group of more than two is a stair that a straight slope fits better.

    Of such a group the first and the last are where the slope begins and ends.
    """
    edges = segmentation.edges
    levels = [float(segmentation.deseasonalized[begin:end].mean()) for begin, end in pairwise(edges)]
    signs = np.sign(np.diff(levels)).tolist()
    groups: list[list[int]] = []
    i = 0
    while i < len(signs):
        j = i
        while j + 1 < len(signs) and signs[j + 1] == signs[i]:
            j += 1
        stair = edges[i + 1 : j + 2]
        if j > i and (ramp := _fit_ramp(segmentation, edges[i], stair, edges[j + 2])):
            inner = stair[1:-1] if len(stair) > 2 else [ramp[0]]
            groups.append([ramp[0], *inner, ramp[1]])
        else:
            groups += [[edge] for edge in stair]
        i = j + 1
    return groups


def _fit_ramp(segmentation: Segmentation, begin: int, stair: list[int], end: int) -> tuple[int, int] | None:
    """Return where a slope begins and ends if level, slope, level fit better than the stair; None if not."""
    values = segmentation.deseasonalized[begin:end]
    edges = [0, *[edge - begin for edge in stair], len(values)]
    stair_error = sum(float(((values[a:b] - values[a:b].mean()) ** 2).sum()) for a, b in pairwise(edges))
    grid = np.unique(np.linspace(0, len(values) - 1, min(len(values), MAX_RAMP_GRID)).astype(int)).tolist()
    min_length = max(3, (stair[-1] - stair[0]) // 2)
    ramps = ((a, b) for a in grid for b in grid if b - a >= min_length)
    error, first, last = min(((_ramp_error(values, a, b), a, b) for a, b in ramps), default=(np.inf, 0, 0))
    saved_parameters = (2 * (len(stair) + 1) - 1 - 4) * float(np.log(len(values))) * segmentation.noise**2
    if error > stair_error + max(saved_parameters, 0.0):
        return None
    return begin + first, begin + last


def _ramp_error(values: NDArray[np.float64], begin: int, end: int) -> float:
    """Return the squared error of the best level, slope, level whose slope begins and ends here."""
    ramp = np.clip((np.arange(len(values)) - begin) / (end - begin), 0, 1)
    design = np.column_stack([np.ones(len(values)), ramp])
    return float(((values - design @ np.linalg.lstsq(design, values, rcond=None)[0]) ** 2).sum())


def _step(segmentation: Segmentation, edge: int) -> Change:
    """Return the step at an edge, tested between the edges beside it."""
    series, edges, levels = segmentation.series, segmentation.edges, segmentation.deseasonalized
    index = edges.index(edge)
    first, last = edges[index - 1], edges[index + 1]
    p = _difference_p(levels[first:edge], levels[edge:last], segmentation.noise)
    if 2 <= series.cycles < MIN_KNOWN_CYCLES:
        p = max(p, _seasonal_p(segmentation, first, edge, last))
    before, after = (float(series.values[a:b].mean()) for a, b in ((first, edge), (edge, last)))
    return Change(start=edge, kind="step", p=p, before=before, after=after, end=last)


def _seasonal_p(segmentation: Segmentation, first: int, edge: int, last: int) -> float:
    """Return how improbable a step is in the series with its season; 1 when it goes the other way there.

    From few periods a season takes over a part of each step, which then shows the other way in the other periods.
    Next to the edge, an hour of a day on either side, the season itself moves little.
    """
    levels, seasonal = segmentation.deseasonalized, segmentation.seasonal
    width = max(2, min(edge - first, last - edge, segmentation.series.period // 24))
    before, after = seasonal[max(0, edge - width) : edge], seasonal[edge : edge + width]
    is_up = levels[edge:last].mean() > levels[first:edge].mean()
    is_seasonal_up = after.mean() > before.mean()
    return _difference_p(before, after, segmentation.noise) if is_up == is_seasonal_up else 1.0


def _difference_p(before: NDArray[Any], after: NDArray[Any], noise: float) -> float:
    """Return how probable so great a difference of the means is, by Welch's test with the effective number of values.

    The effective number is smaller where neighbours are alike: n (1 - r) / (1 + r), r the autocorrelation at lag 1.
    """
    from scipy.stats import t

    (n1, variance1), (n2, variance2) = (_effective_size(side, noise) for side in (before, after))
    squared1, squared2 = variance1 / n1, variance2 / n2
    error = squared1 + squared2
    freedom = error**2 / (squared1**2 / max(n1 - 1, 0.5) + squared2**2 / max(n2 - 1, 0.5))
    return float(2 * t.sf(abs(after.mean() - before.mean()) / np.sqrt(error), max(freedom, 2.0)))


def _effective_size(values: NDArray[Any], noise: float) -> tuple[float, float]:
    """Return the effective number of values, and their variance."""
    residual = values - values.mean()
    squares = float((residual**2).sum())
    variance = max(squares / max(len(values) - 1, 1), noise**2 / 4, 1e-18)
    correlation = float((residual[1:] * residual[:-1]).sum()) / max(squares, 1e-18) if len(values) > 3 else 0.0
    r = min(max(correlation, 0.0), MAX_AUTOCORRELATION)
    return max(len(values) * (1 - r) / (1 + r), MIN_EFFECTIVE_WINDOWS), variance


def _slope(segmentation: Segmentation, begin: int, end: int) -> Change:
    """Return the slope between two windows, tested by linear regression."""
    from scipy.stats import linregress

    end = max(end, begin + 3)
    series, values = segmentation.series, segmentation.deseasonalized[begin : end + 1]
    position = np.arange(len(values))
    fit = linregress(position, values)
    p = float(fit.pvalue) if np.isfinite(fit.pvalue) else 1.0
    if series.cycles == 2:
        seasonal_fit = linregress(position, segmentation.seasonal[begin : end + 1])
        p = p if np.sign(seasonal_fit.slope) == np.sign(fit.slope) else 1.0
    width = max(1, min(MIN_LEVEL_WINDOWS, len(values) // 4))
    before = float(series.values[max(0, begin - width + 1) : begin + 1].mean())
    after = float(series.values[end - width + 1 : end + 1].mean())
    return Change(start=begin, kind="trend", p=p, before=before, after=after, end=end)


def _is_large(series: Series, change: Change) -> bool:
    """Return whether a change of counts is large enough to be believed; of other measures any is."""
    if not series.is_count:
        return True
    return abs(change.after - change.before) >= MIN_CHANGE * max(change.before, change.after)
