"""How well anomalies are found: planted incidents, labelled sequences, and what it costs. See the README."""

from __future__ import annotations

import argparse
import re
import time

import polars as pl
from anomalies_planted import KINDS, generate, truth

import loganalytics as la


def planted(seeds: list[int], rates: list[float], by: str | None, *, verbose: bool = False) -> pl.DataFrame:
    rows = []
    for rate in rates:
        for seed in seeds:
            logs, incidents = generate(seed, rate)
            begun = time.process_time()
            scored = la.detect_anomalies(logs, every="5m", by=by)
            spent = time.process_time() - begun
            rows.append(
                {
                    "rate": rate,
                    "seed": seed,
                    "cpu": round(spent, 1),
                    **_measure_findings(scored, incidents, by, verbose),
                }
            )
    return pl.DataFrame(rows)


def _measure_findings(scored: pl.DataFrame, incidents: list, by: str | None, verbose: bool) -> dict:  # type: ignore[type-arg]
    real = truth(incidents)
    where = pl.DataFrame({"incident": range(len(incidents)), "service": [incident.service for incident in incidents]})
    flagged = scored.filter("is_anomaly").sort("score", descending=True)
    one_a_window = flagged.unique("window", keep="first", maintain_order=True)
    false = one_a_window.join(real, on="window", how="anti")
    counted = real.filter("counts").join(where, on="incident")
    matching = flagged if by != "service" else flagged.join(counted, on=["window", "service"], how="semi")
    top = matching.unique("window", keep="first", maintain_order=True)
    hit = counted.join(top.select("window", "reasons"), on="window", how="left").with_columns(
        hit=pl.col("reasons").is_not_null()
    )
    is_named, by_kind = [], {kind: [0, 0, 0] for kind in KINDS}
    for number, is_hit, reasons in hit.select("incident", "hit", "reasons").iter_rows():
        incident = incidents[number]
        reason_text = f"{reasons[0]['feature']} {reasons[0]['text']}" if is_hit and reasons else ""
        right = bool(re.search(incident.cause, reason_text, re.I))
        by_kind[incident.kind][0] += 1
        by_kind[incident.kind][1] += is_hit
        by_kind[incident.kind][2] += right
        is_named += [right] if is_hit else []
        if verbose and is_hit and not right:
            print("   misnamed", incident.kind, incident.service, reason_text[:150])
    if verbose:
        for window, reasons in false.sort("window").select("window", "reasons").iter_rows():
            print(
                "   false",
                window,
                reasons[0]["text"][:120] if reasons else None,
                reasons[0]["contribution"] if reasons else None,
            )
        for number in sorted(set(hit.filter(~pl.col("hit"))["incident"])):
            missed = hit.filter((pl.col("incident") == number) & ~pl.col("hit")).height
            print("   missed", missed, "of", hit.filter(pl.col("incident") == number).height, incidents[number])
    true = one_a_window.join(real, on="window", how="semi").height
    return {
        "recall": hit["hit"].mean(),
        "precision": true / max(true + false.height, 1),
        "named": sum(is_named) / max(len(is_named), 1),
        **{kind: f"{n[1]}/{n[0]} {n[2]}" for kind, n in by_kind.items()},
    }


def labelled(path: str, seeds: list[int]) -> pl.DataFrame:
    """Compare the detectors on labelled sequences: session, events (template ids in order), anomalous."""
    import numpy as np
    from sklearn.ensemble import IsolationForest

    data = pl.read_parquet(path)
    steps = data.select("session", template_id=pl.col("events")).explode("template_id")
    truth = data.sort("session")["anomalous"].to_numpy()
    counts = steps.group_by("session", "template_id").len().pivot("template_id", index="session", values="len")
    matrix = counts.sort("session").drop("session").fill_null(0).to_numpy().astype(float)
    rarity = (-np.log((matrix > 0).mean(axis=0)) * (matrix > 0)).sum(axis=1)
    rows = [_measure("rarity (sum of -log df)", truth, rarity)]
    for seed in seeds:
        forest = IsolationForest(random_state=seed).fit(matrix)
        ours = la.detect_anomalous_sequences(steps, by="session", seed=seed).sort("session")
        rows += [
            _measure("plain isolation forest", truth, -forest.score_samples(matrix), forest.predict(matrix) < 0),
            _measure("count surprisal (baseline_score)", truth, ours["baseline_score"].to_numpy()),
            _measure("detect_anomalous_sequences", truth, ours["score"].to_numpy(), ours["is_anomaly"].to_numpy()),
        ]
    return pl.DataFrame(rows).group_by("detector", maintain_order=True).mean()


def _measure(name: str, truth, scores, flagged=None) -> dict:  # type: ignore[type-arg, no-untyped-def]
    import numpy as np
    from sklearn.metrics import (
        average_precision_score,
        f1_score,
        precision_recall_curve,
        precision_score,
        recall_score,
        roc_auc_score,
    )

    precision, recall, _ = precision_recall_curve(truth, scores)
    at = {}
    if flagged is not None:
        measures = {"precision": precision_score, "recall": recall_score, "F1": f1_score}
        at = {label: measure(truth, flagged) for label, measure in measures.items()}
    best = np.nanmax(2 * precision * recall / np.maximum(precision + recall, 1e-9))
    ranked = {"ROC-AUC": roc_auc_score(truth, scores), "AP": average_precision_score(truth, scores), "best F1": best}
    return {"detector": name, **ranked, **at}


def speed() -> pl.DataFrame:
    """Compare CPU seconds: the group-by that counts, and the anomalies; a million events, templates mined or not."""
    raw = generate(1, 0.8)[0]
    logs = la.with_templates(raw)
    keys = [pl.col("timestamp").dt.truncate("5m"), "level", "template_id"]
    tasks = {
        "group-by (window, level, template)": lambda: logs.group_by(keys).len(),
        "detect_anomalies": lambda: la.detect_anomalies(logs),
        "detect_anomalies, by service": lambda: la.detect_anomalies(logs, by="service"),
        "without templates: mining and group-by": lambda: la.with_templates(raw).group_by(keys).len(),
        "without templates: detect_anomalies": lambda: la.detect_anomalies(raw),
        "fit_anomalies": lambda: la.fit_anomalies(logs),
    }
    for task in tasks.values():
        task()
    spent: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(3):
        for name, task in tasks.items():
            begun = time.process_time()
            task()
            spent[name].append(time.process_time() - begun)
    return pl.DataFrame([{"task": name, "CPU s": sorted(each)[1]} for name, each in spent.items()])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--rates", type=float, nargs="+", default=[0.1, 0.8])
    parser.add_argument("--by", default=None)
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--labelled", metavar="FILE", help="labelled sequences (Parquet) instead")
    parser.add_argument("--speed", action="store_true", help="measure speed instead")
    arguments = parser.parse_args()
    with pl.Config(tbl_cols=-1, tbl_width_chars=250, tbl_rows=99):
        if arguments.labelled:
            print(labelled(arguments.labelled, [0, 1, 2]))
        elif arguments.speed:
            print(speed())
        else:
            print(planted(arguments.seeds, arguments.rates, arguments.by, verbose=arguments.verbose))
