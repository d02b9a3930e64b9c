"""Runs of windows that are each a little odd and together very odd, and what to report of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loganalytics.analyses.anomalies.surprisal import ExpectedRange, count_surprisal

RUN_LENGTHS = (3, 12)  # windows; what is a little odd for so long is odd
RUN_PENALTY = 0.3  # surprisal; because runs are tried too
MIN_OWN_SHARE = 0.6  # of a run's surprisal per window, that a window of the run has itself
MIN_OWN_SURPRISAL = 0.2  # of a window that is part of a run


@dataclass(frozen=True, kw_only=True)
class Runs:
    """The runs of windows by which cells are scored: their length, 1 where a window stands alone, and last window."""

    length: NDArray[np.int16]
    end: NDArray[np.int32]

    @classmethod
    def none(cls, shape: tuple[int, ...]) -> Runs:
        """Return that all windows stand alone."""
        return cls(length=np.ones(shape, np.int16), end=np.zeros(shape, np.int32))

    def extend(
        self, surprisal: NDArray[np.float64], run_surprisal: NDArray[np.float64], length: int
    ) -> NDArray[np.float64]:
        """Return the surprisal, or that of a run of this length (at its last window) where it is higher.

        A window is part of a run if it is odd itself; and one window that is very odd does not make those around it so.
        """
        best = _maximum_ahead(run_surprisal, length)
        is_part = (best > surprisal) & (surprisal >= np.maximum(MIN_OWN_SHARE * best / length, MIN_OWN_SURPRISAL))
        row, column = np.nonzero(is_part)
        ends = np.minimum(row[:, None] + np.arange(length), len(run_surprisal) - 1)
        self.length[row, column] = length
        self.end[row, column] = ends[np.arange(len(row)), run_surprisal[ends, column[:, None]].argmax(axis=1)]
        return np.where(is_part, best, surprisal)

    def members(self) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.int32], NDArray[np.bool_]]:
        """Return row and column of the cells in runs, the rows of each run (cells x longest), and which are in it."""
        row, column = np.nonzero(self.length > 1)
        back = np.arange(max(RUN_LENGTHS), dtype=np.int32)
        rows = self.end[row, column][:, None] - back
        return row, column, np.maximum(rows, 0), (back < self.length[row, column][:, None]) & (rows >= 0)


def score_runs(
    observed: NDArray[np.float64], expected: ExpectedRange, surprisal: NDArray[np.float64]
) -> tuple[NDArray[np.float64], Runs]:
    """Return the surprisal of counts, or of the runs of windows that they are part of where that is higher.

    A run is scored by its sum, each window at no more than what is a little odd: one that is very odd is not a run. In
    the shortest runs a window counts for as much as the middle one of it and its neighbours: two are a run.
    """
    little_odd = expected.high + np.sqrt(expected.high) + 1
    clipped = np.minimum(observed, little_odd)
    evened = np.minimum(observed, np.maximum(little_odd, median_of_three(observed)))
    runs = Runs.none(observed.shape)
    for values, length in ((clipped, RUN_LENGTHS[0]), (clipped, RUN_LENGTHS[1]), (evened, RUN_LENGTHS[0])):
        if len(observed) < 2 * length:
            continue
        total, low, high = (rolling_sums(rows, length) for rows in (values, expected.low, expected.high))
        # Too few are not clipped: one window of many makes up for those of few.
        total = np.where(total < low, np.minimum(rolling_sums(observed, length), low), total)
        run_surprisal = count_surprisal(total, ExpectedRange(low=low, middle=low, high=high))
        surprisal = runs.extend(surprisal, run_surprisal - np.log10(length) - RUN_PENALTY, length)
    return surprisal, runs


def aggregate_over_runs(values: NDArray[np.float64], runs: Runs, aggregate: Callable[..., Any]) -> NDArray[np.float64]:
    """Return the values, those of cells in runs aggregated over the run: by `numpy.nansum` or `numpy.nanmean`."""
    row, column, rows, is_member = runs.members()
    aggregated = values.copy()
    if len(row):
        aggregated[row, column] = aggregate(np.where(is_member, values[rows, column[:, None]], np.nan), axis=1)
    return np.asarray(aggregated)


def median_of_three(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median of each row and its neighbours."""
    padded = np.pad(values, ((1, 1), (0, 0)), mode="edge")
    before, after = padded[:-2], padded[2:]
    return np.asarray(np.maximum(np.minimum(before, values), np.minimum(np.maximum(before, values), after)))


def rolling_sums(values: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """Return the sums of each row and those before it, so many in all."""
    total = np.cumsum(np.vstack([np.zeros((length, values.shape[1])), values]), axis=0)
    return np.asarray(total[length:] - total[:-length])


def _maximum_ahead(values: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """Return the maximum of each row and those after it, so many in all."""
    maximum = values.copy()
    for step in range(1, length):
        maximum[:-step] = np.maximum(maximum[:-step], values[step:])
    return np.asarray(maximum)
