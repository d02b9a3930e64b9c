"""An isolation forest over windows that are each summed up by how odd their features are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from loganalytics.analyses.anomalies.explanations import LEAST

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[np.float64]]

FEWEST_ODD = 40  # windows; a forest that ranks fewer has no tail to speak of
FEWEST = 12  # windows of a value
MOST_ROWS = 20_000
MOST_SURPRISE = 6.0
TREES = 100


@dataclass(frozen=True)
class WindowForest:
    """What a forest has learnt from: with the seed, these rows grow the same forest again."""

    sample: Array  # windows x what `anomalies.summed_up` says of them
    seed: int
    scores: tuple[float, float]  # of the forest, at two ranks of the tail
    surprises: tuple[float, float]  # at the same

    @classmethod
    def fit(cls, summaries: list[Array], seed: int) -> WindowForest | None:
        """Grow a forest on the windows of all values; None where too few are odd."""
        import numpy as np

        rows = np.vstack(summaries)
        odd = rows[_odd(rows)]
        if len(odd) < FEWEST_ODD or len(summaries[0]) < FEWEST:
            return None
        young = cls(rows[:: max(1, len(rows) // MOST_ROWS)], seed, (0.0, 0.0), (0.0, 0.0))
        # Ranks, drawn on beyond the highest hundredth as a straight line.
        ordered = np.sort(-young._trees.score_samples(odd))[::-1]
        ranks = np.array([max(5, len(rows) // 100), max(20, len(rows) // 20)])
        ranks = np.minimum(ranks, [len(ordered) // 4, len(ordered) - 1])
        surprises = np.log10(len(rows) / np.maximum(ranks, 1))
        grown = cls(young.sample, seed, tuple(ordered[ranks].tolist()), tuple(surprises.tolist()))
        grown.__dict__["_trees"] = young._trees  # the same, and growing them is what costs
        return grown

    @cached_property
    def _trees(self) -> Any:
        from sklearn.ensemble import IsolationForest

        return IsolationForest(random_state=self.seed, n_estimators=TREES).fit(self.sample)

    def surprise(self, rows: Array) -> Array:
        """Return the surprise of windows; 0 for those without an odd feature, which have no reasons either."""
        import numpy as np

        surprise = np.zeros(len(rows))
        odd = _odd(rows)
        (high, low), (at_high, at_low) = self.scores, self.surprises
        if high <= low or not odd.any():
            return surprise
        scores = -self._trees.score_samples(rows[odd])
        surprise[odd] = np.clip(at_low + (scores - low) / (high - low) * (at_high - at_low), 0, MOST_SURPRISE)
        return surprise


def _odd(rows: Array) -> np.ndarray[Any, np.dtype[np.bool_]]:
    import numpy as np

    return np.asarray(rows[:, :-2].max(axis=1) >= LEAST)
