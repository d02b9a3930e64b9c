"""Runs of windows that are each a little odd and together very odd, and what to tell of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[np.float64]]

RUNS = (3, 12)  # windows; what is a little odd for so long is odd
EVEN = 0.6  # share of a run's surprise by window that a window must bear itself
LEAST_ODD = 0.2  # surprise of a window that takes part in a run


@dataclass(frozen=True)
class Runs:
    """The runs of windows by which cells are judged: their length, 1 where a window stands alone, and last window."""

    length: Array
    end: Array

    @classmethod
    def none(cls, shape: tuple[int, ...]) -> Runs:
        """Return that all windows stand alone."""
        import numpy as np

        return cls(np.ones(shape, np.int16), np.zeros(shape, np.int32))

    def longer(self, surprise: Array, run: Array, length: int) -> Array:
        """Return the surprise, or that of a run of such a length (given by its last window) where it is more.

        A window takes part if it is odd itself; and one window that is very odd does not make those around it so.
        """
        import numpy as np

        best = _most_ahead(run, length)
        taken = (best > surprise) & (surprise >= np.maximum(EVEN * best / length, LEAST_ODD))
        row, column = np.nonzero(taken)
        ends = np.minimum(row[:, None] + np.arange(length), len(run) - 1)
        self.length[row, column] = length
        self.end[row, column] = ends[np.arange(len(row)), run[ends, column[:, None]].argmax(axis=1)]
        return np.where(taken, best, surprise)

    def cells(self) -> tuple[Any, Any, Any, Any]:
        """Return row and column of the cells in runs, the rows of each run (cells x longest), and which are part."""
        import numpy as np

        row, column = np.nonzero(self.length > 1)
        back = np.arange(max(RUNS))
        rows = self.end[row, column][:, None] - back
        return row, column, np.maximum(rows, 0), (back < self.length[row, column][:, None]) & (rows >= 0)


def over_runs(values: Array, runs: Runs, how: Callable[..., Any]) -> Array:
    """Return the values, those of cells in runs summed up over the run: by `numpy.nansum` or `numpy.nanmean`."""
    import numpy as np

    row, column, rows, part = runs.cells()
    told = values.copy()
    if len(row):
        told[row, column] = how(np.where(part, values[rows, column[:, None]], np.nan), axis=1)
    return np.asarray(told)


def middle_of_three(values: Array) -> Array:
    """Return the median of each row and its neighbours."""
    import numpy as np

    padded = np.pad(values, ((1, 1), (0, 0)), mode="edge")
    before, after = padded[:-2], padded[2:]
    return np.asarray(np.maximum(np.minimum(before, values), np.minimum(np.maximum(before, values), after)))


def summed(values: Array, length: int) -> Array:
    """Return the sums of each row and those before it, so many together."""
    import numpy as np

    total = np.cumsum(np.vstack([np.zeros((length, values.shape[1])), values]), axis=0)
    return np.asarray(total[length:] - total[:-length])


def _most_ahead(values: Array, length: int) -> Array:
    """Return the most of each row and those after it, so many together."""
    import numpy as np

    most = values.copy()
    for step in range(1, length):
        most[:-step] = np.maximum(most[:-step], values[step:])
    return np.asarray(most)
