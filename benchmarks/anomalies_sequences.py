"""How well the own threshold of `detect_anomalous_sequences` divides the sequences of invented systems. See the README.

python benchmarks/anomalies_sequences.py [--seeds 10 11] [--sizes 300 3000] [--verbose]
"""

from __future__ import annotations

import argparse

import numpy as np
import polars as pl
from sequence_systems import SYSTEMS, generate
from sklearn.metrics import average_precision_score, f1_score, precision_recall_curve

import loganalytics as la

SHARES = [0.0, 0.005, 0.01, 0.03, 0.06, 0.1, 0.2, 0.4]


def measure(name: str, sequences: int, share: float, seed: int) -> dict[str, object]:
    """Return what was found of the troubled sequences of one system, and the same by the baseline alone."""
    steps, is_troubled = generate(name, sequences, share, seed)
    table = la.detect_anomalous_sequences(steps, by="session", seed=seed).sort("session")
    is_anomaly, score, baseline = (table[name].to_numpy() for name in ("is_anomaly", "score", "baseline_score"))
    row: dict[str, object] = {"system": name, "sequences": sequences, "share": share, "flagged": is_anomaly.mean()}
    if not is_troubled.any():
        return row
    return row | {
        "F1": f1_score(is_troubled, is_anomaly),
        "best F1": _best_f1(is_troubled, score),
        "AP": average_precision_score(is_troubled, score),
        "best F1, baseline": _best_f1(is_troubled, baseline),
        "AP, baseline": average_precision_score(is_troubled, baseline),
        "forest alone": (table["detector"] == "forest").sum() / max(int(is_anomaly.sum()), 1),
    }


def _best_f1(truth: np.ndarray, scores: np.ndarray) -> float:
    precision, recall, _ = precision_recall_curve(truth, scores)
    return float(np.max(2 * precision * recall / np.maximum(precision + recall, 1e-9)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[10, 11])
    parser.add_argument("--sizes", type=int, nargs="+", default=[300, 3000])
    parser.add_argument("--verbose", action="store_true", help="show each system too")
    arguments = parser.parse_args()
    cases = [(n, share, seed) for n in arguments.sizes for share in SHARES for seed in arguments.seeds]
    rows = pl.DataFrame([measure(name, *case) for name in SYSTEMS for case in cases], infer_schema_length=None)
    figures = pl.exclude("system", "sequences", "share").mean()
    with pl.Config(tbl_cols=-1, tbl_width_chars=200, tbl_rows=200, float_precision=3):
        print(rows.group_by("share").agg(figures).sort("share"))
        separable = rows.filter((pl.col("best F1") >= 0.95) & (pl.col("share") <= 0.1))
        print("where the score separates (best F1 0.95 and more, shares up to 0.1):", separable.height)
        print(separable.select(figures))
        if arguments.verbose:
            print(rows.group_by("system", "share").agg(figures).sort("system", "share"))
