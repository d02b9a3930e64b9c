"""How well cluster_errors finds the problems behind errors, on labelled traces of six languages.

    python benchmarks/clusters.py [--each 10] [--seeds 5] [--show]

error_traces.py writes the errors, seeded. The measures: adjusted Rand index (1 is perfect, 0 is chance;
https://doi.org/10.1007/BF01908075), how many problems were split into several rows, how many rows hold several
problems. `--show` prints what was split and what was merged.
"""

from __future__ import annotations

import argparse
import time

import polars as pl
from error_problems import PROBLEMS
from error_traces import labelled_errors

from loganalytics.analyses.errors.clusters import with_clusters

GOAL = 0.95


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=10, help="errors of each problem")
    parser.add_argument("--seeds", type=int, default=5, help="so many sets")
    parser.add_argument("--show", action="store_true", help="tell what was split or merged in the first set")
    options = parser.parse_args()
    languages = sorted({problem.language for problem in PROBLEMS})
    print(f"{len(PROBLEMS)} problems, {options.each} errors of each; {', '.join(languages)}\n")
    print(f"{'seed':>4} {'errors':>6} {'rows':>5} {'ARI':>6} {'split':>6} {'merged':>7} {'CPU s':>6}")
    for seed in range(options.seeds):
        logs = labelled_errors(options.each, seed=seed)
        start = time.process_time()
        predicted = clustered(logs)
        took = time.process_time() - start
        split, merged = mistakes(predicted)
        index = adjusted_rand(predicted)
        rows = predicted["cluster_id"].n_unique()
        print(f"{seed:4} {logs.height:6} {rows:5} {index:6.3f} {len(split):6} {len(merged):7} {took:6.2f}")
        if options.show and seed == 0:
            show(predicted, split, merged)
    print(f"\ngoal: ARI >= {GOAL}, none split, none merged")


def clustered(logs: pl.DataFrame) -> pl.DataFrame:
    """Return problem, cluster_id, message and exception of each error."""
    truth = logs.select("source", "offset", "problem")
    return with_clusters(logs).join(truth, on=["source", "offset"])


def adjusted_rand(predicted: pl.DataFrame) -> float:
    from sklearn.metrics import adjusted_rand_score

    return float(adjusted_rand_score(predicted["problem"].to_list(), predicted["cluster_id"].to_list()))


def mistakes(predicted: pl.DataFrame) -> tuple[list[str], list[str]]:
    """Return the problems in several clusters, and the clusters of several problems."""
    pairs = predicted.select("problem", "cluster_id").unique()
    split = pairs.group_by("problem").len().filter(pl.col("len") > 1)["problem"].sort().to_list()
    merged = pairs.group_by("cluster_id").len().filter(pl.col("len") > 1)["cluster_id"].sort().to_list()
    return split, merged


def show(predicted: pl.DataFrame, split: list[str], merged: list[str]) -> None:
    for problem in split:
        groups = predicted.filter(pl.col("problem") == problem).group_by("cluster_id").agg(
            pl.len(), pl.col("message").first(), pl.col("exception").first())  # fmt: skip
        print(f"\nsplit: {problem}")
        for _, size, message, exception in (
            groups.sort("len", "cluster_id", descending=[True, False]).head(3).iter_rows()
        ):
            print(f"--- {size} times: {message}\n{(exception or '')[:1500]}")
    for cluster in merged:
        rows = predicted.filter(pl.col("cluster_id") == cluster)
        print(f"\nmerged: {', '.join(rows['problem'].unique().sort())}")


if __name__ == "__main__":
    main()
