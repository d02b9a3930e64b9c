"""An isolation forest over windows that are each summarized by how surprising their features are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loganalytics.analyses.anomalies.explanations import MIN_SURPRISAL

MIN_ODD_WINDOWS = 40  # a forest that ranks fewer has no tail to speak of
MIN_WINDOWS = 12  # of a value
MAX_SAMPLE_ROWS = 20_000
MAX_FOREST_SURPRISAL = 6.0
TREES = 100


@dataclass(frozen=True, kw_only=True)
class WindowForest:
    """What a forest has learnt from: with the seed, these rows grow the same forest again.

    Attributes:
        sample: windows x what `scores.summarize_for_forest` says of them.
        seed: of the random choices.
        scores: of the forest, at two ranks of the tail.
        surprisals: at the same two ranks.
    """

    sample: NDArray[np.float64]
    seed: int
    scores: tuple[float, float]
    surprisals: tuple[float, float]

    @classmethod
    def fit(cls, summaries: list[NDArray[np.float64]], seed: int) -> WindowForest | None:
        """Grow a forest on the windows of all values; None where too few are odd."""
        rows = np.vstack(summaries)
        odd = rows[_has_odd_feature(rows)]
        if len(odd) < MIN_ODD_WINDOWS or len(summaries[0]) < MIN_WINDOWS:
            return None
        sample = rows[:: max(1, len(rows) // MAX_SAMPLE_ROWS)]
        uncalibrated = cls(sample=sample, seed=seed, scores=(0.0, 0.0), surprisals=(0.0, 0.0))
        # Ranks, extrapolated beyond the highest hundredth as a straight line.
        ordered = np.sort(-uncalibrated._trees.score_samples(odd))[::-1]
        ranks = np.array([max(5, len(rows) // 100), max(20, len(rows) // 20)])
        ranks = np.minimum(ranks, [len(ordered) // 4, len(ordered) - 1])
        surprisals = np.log10(len(rows) / np.maximum(ranks, 1))
        scores = tuple(ordered[ranks].tolist())
        forest = cls(sample=sample, seed=seed, scores=scores, surprisals=tuple(surprisals.tolist()))
        forest.__dict__["_trees"] = uncalibrated._trees  # the same, and growing them is what costs
        return forest

    @cached_property
    def _trees(self) -> Any:
        from sklearn.ensemble import IsolationForest

        return IsolationForest(random_state=self.seed, n_estimators=TREES).fit(self.sample)

    def surprisal(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the surprisal of windows; 0 for those without an odd feature, which have no reasons either."""
        surprisal = np.zeros(len(rows))
        is_odd = _has_odd_feature(rows)
        (high, low), (at_high, at_low) = self.scores, self.surprisals
        if high <= low or not is_odd.any():
            return surprisal
        scores = -self._trees.score_samples(rows[is_odd])
        extrapolated = at_low + (scores - low) / (high - low) * (at_high - at_low)
        surprisal[is_odd] = np.clip(extrapolated, 0, MAX_FOREST_SURPRISAL)
        return surprisal


def _has_odd_feature(rows: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray(rows[:, :-2].max(axis=1) >= MIN_SURPRISAL)
