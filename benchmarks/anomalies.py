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
            found = la.detect_anomalies(logs, every="5m", by=by)
            spent = time.process_time() - begun
            rows.append({"rate": rate, "seed": seed, "cpu": round(spent, 1), **_judge(found, incidents, by, verbose)})
    return pl.DataFrame(rows)


def _judge(found: pl.DataFrame, incidents: list, by: str | None, verbose: bool) -> dict:  # type: ignore[type-arg]
    real = truth(incidents)
    where = pl.DataFrame({"incident": range(len(incidents)), "service": [one.service for one in incidents]})
    flagged = found.filter("is_anomaly").sort("score", descending=True)
    one_a_window = flagged.unique("window", keep="first", maintain_order=True)
    false = one_a_window.join(real, on="window", how="anti")
    counted = real.filter("counts").join(where, on="incident")
    own = flagged if by != "service" else flagged.join(counted, on=["window", "service"], how="semi")
    top = own.unique("window", keep="first", maintain_order=True)
    hit = counted.join(top.select("window", "reasons"), on="window", how="left").with_columns(
        hit=pl.col("reasons").is_not_null()
    )
    named, by_kind = [], {kind: [0, 0, 0] for kind in KINDS}
    for number, is_hit, reasons in hit.select("incident", "hit", "reasons").iter_rows():
        one = incidents[number]
        said = f"{reasons[0]['feature']} {reasons[0]['text']}" if is_hit and reasons else ""
        right = bool(re.search(one.cause, said, re.I))
        by_kind[one.kind][0] += 1
        by_kind[one.kind][1] += is_hit
        by_kind[one.kind][2] += right
        named += [right] if is_hit else []
        if verbose and is_hit and not right:
            print("   misnamed", one.kind, one.service, said[:150])
    if verbose:
        for window, reasons in false.sort("window").select("window", "reasons").iter_rows():
            print("   false", window, reasons[0]["text"][:120] if reasons else None, reasons[0]["contribution"] if reasons else None)
        for number in sorted(set(hit.filter(~pl.col("hit"))["incident"])):
            missed = hit.filter((pl.col("incident") == number) & ~pl.col("hit")).height
            print("   missed", missed, "of", hit.filter(pl.col("incident") == number).height, incidents[number])
    true = one_a_window.join(real, on="window", how="semi").height
    return {
        "recall": hit["hit"].mean(),
        "precision": true / max(true + false.height, 1),
        "named": sum(named) / max(len(named), 1),
        **{kind: f"{n[1]}/{n[0]} {n[2]}" for kind, n in by_kind.items()},
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--rates", type=float, nargs="+", default=[0.1, 0.8])
    parser.add_argument("--by", default=None)
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    with pl.Config(tbl_cols=-1, tbl_width_chars=250, tbl_rows=99):
        print(planted(arguments.seeds, arguments.rates, arguments.by, verbose=arguments.verbose))
