"""How unusual each feature of each window is, and the window as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganalytics.analyses.anomalies.surprisal import MIN_EXPECTED_EVENTS, ExpectedRange, count_surprisal

_ERROR_FEATURES = ("errors", "level:ERROR", "level:CRITICAL", "level:WARNING", "level:SECURITY")
_OVERALL_FEATURES = ("events", "errors", "error_share", "unseen_templates", "duration_p50", "duration_p95")
_TOP_FEATURES = 3  # named features whose surprisal the forest sees


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Features with what is expected of them; all arrays are windows by names.

    Attributes:
        names: of the features.
        observed: what was counted or measured.
        expected: what is expected.
        low: the least that is not surprising.
        high: the most that is not surprising.
        surprisal: -log10 of the chance of such a value in an ordinary window.
        run: how many windows are counted together; 1 is the window alone.
    """

    names: list[str]
    observed: NDArray[np.float64]
    expected: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    surprisal: NDArray[np.float64]
    run: NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class WindowScores:
    """What the features of one value of `by` say about its windows.

    Attributes:
        value: the value.
        totals: windows x (events, errors).
        surprisal: of each window.
        summary: windows x what the forest sees.
        explanations: what may be a reason.
    """

    value: object
    totals: NDArray[np.float64]
    surprisal: NDArray[np.float64]
    summary: NDArray[np.float64]
    explanations: pl.DataFrame


def concat_scores(tables: list[Scores]) -> Scores:
    """Return the features of all tables side by side."""
    return Scores(
        names=[name for table in tables for name in table.names],
        observed=np.hstack([table.observed for table in tables]),
        expected=np.hstack([table.expected for table in tables]),
        low=np.hstack([table.low for table in tables]),
        high=np.hstack([table.high for table in tables]),
        surprisal=np.hstack([table.surprisal for table in tables]),
        run=np.hstack([table.run for table in tables]),
    )


def maximum_surprisal(scores: Scores) -> NDArray[np.float64]:
    """Return the surprisal of each window by its most surprising feature, corrected for how many were tried."""
    return np.asarray(np.maximum(scores.surprisal.max(axis=1) - np.log10(len(scores.names)), 0))


def is_error_feature(name: str) -> bool:
    """Return whether fewer of this than usual is not an anomaly."""
    return name in _ERROR_FEATURES


def ignore_fewer_errors(
    surprisal: NDArray[np.float64], counts: NDArray[np.float64], expected: ExpectedRange, names: list[str]
) -> None:
    """Set the surprisal to 0 where there are fewer errors than expected."""
    surprisal[(counts < expected.low) & np.array([is_error_feature(name) for name in names])] = 0


def score_error_share(counts: NDArray[np.float64], expected: ExpectedRange) -> Scores:
    """Score the number of errors by how many are expected among so many events."""
    events, errors = counts[:, [0]], counts[:, [1]]
    divisor = np.maximum(events, 1)
    expected_share = np.minimum(expected.high[:, [1]] / np.maximum(expected.high[:, [0]], 1), 1)
    expected_errors = np.maximum(events * expected_share, MIN_EXPECTED_EVENTS)
    surprisal = count_surprisal(errors, ExpectedRange.up_to(expected_errors))
    middle = expected.middle[:, [1]] / np.maximum(expected.middle[:, [0]], 1)
    high = np.minimum((expected_errors + 2 * np.sqrt(expected_errors)) / divisor, 1)
    return Scores(
        names=["error_share"], observed=errors / divisor, expected=np.minimum(middle, high), low=0 * high, high=high,
        surprisal=surprisal, run=np.ones(surprisal.shape),
    )  # fmt: skip


def score_unseen_templates(unseen: NDArray[np.float64], expected_unseen: NDArray[np.float64]) -> Scores:
    """Score the number of templates never seen before by the number expected, both by window."""
    observed, middle = unseen[:, None], expected_unseen[:, None]
    expected = np.maximum(2 * middle, MIN_EXPECTED_EVENTS)
    surprisal = count_surprisal(observed, ExpectedRange.up_to(expected))
    high = expected + 2 * np.sqrt(expected)
    return Scores(
        names=["unseen_templates"], observed=observed, expected=middle, low=0 * high, high=high,
        surprisal=surprisal, run=np.ones(surprisal.shape),
    )  # fmt: skip


def summarize_for_forest(scores: Scores) -> NDArray[np.float64]:
    """Return a few columns that mean the same for every value of `by`, for one forest to learn from all."""
    is_named = np.array([":" in name for name in scores.names])
    padded = np.pad(scores.surprisal[:, is_named], ((0, 0), (0, _TOP_FEATURES)))
    top = -np.sort(-padded, axis=1)[:, :_TOP_FEATURES]
    overall = [scores.surprisal[:, [scores.names.index(name)]] for name in _OVERALL_FEATURES]
    total, surprising = scores.surprisal, scores.surprisal > 1
    return np.hstack([*overall, top, total.sum(axis=1, keepdims=True), surprising.sum(axis=1, keepdims=True)])
