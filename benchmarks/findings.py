# ruff: noqa: E501  (tables read better in long lines)
"""How often the report raises a false alarm on clean logs, and names the trouble in others. See the README."""

from __future__ import annotations

import argparse
import re
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from findings_logs import CLEAN, TROUBLES, Plan, clean, events, troubled

import loganalytics as la

INJECTED = {"burst": 40, "flood": 80}  # events
SILENCE_SHARE = 0.1  # of the time


def _text(finding: la.Finding) -> str:
    return " ".join((finding.title, finding.detail, *finding.evidence, finding.service))


def _is_alarm(finding: la.Finding) -> bool:
    return finding.severity != "info"


def _rank(findings: list[la.Finding], clue: str, begin: datetime, end: datetime, slack: timedelta) -> int:
    """Return the rank of the first finding that mentions the clue and overlaps the time; 99 for none."""
    for rank, finding in enumerate(findings, 1):
        start, stop = finding.start or begin, finding.end or end
        if start < end + slack and stop > begin - slack and re.search(clue, _text(finding), re.I | re.S):
            return rank
    return 99


def _judge(kind: str, seed: int) -> dict[str, object]:
    warnings.simplefilter("ignore")
    is_clean = kind in CLEAN
    rng = np.random.default_rng([seed, [*CLEAN, *TROUBLES].index(kind)])
    plan: Plan = clean(kind, rng) if is_clean else troubled(kind, rng)
    logs = events(plan, rng)
    begun = time.process_time()
    report = la.report(logs)
    begin, end = (plan.start + timedelta(minutes=minute) for minute in (plan.begin, plan.end))
    slack = timedelta(minutes=plan.minutes) / 100
    rank = 0 if is_clean else _rank(report.findings, plan.clue, begin, end, slack)
    is_titled = not is_clean and rank < 99 and bool(re.search(plan.clue, report.findings[rank - 1].title, re.I))
    return {
        "kind": kind, "shape": plan.shape, "seed": seed, "events": logs.height, "alarms": sum(map(_is_alarm, report.findings)),
        "findings": len(report.findings), "rank": rank, "titled": is_titled, "cpu": time.process_time() - begun,
        "when": f"{begin:%m-%d %H:%M} to {end:%m-%d %H:%M}", "titles": [f"{f.severity} {f.title}" for f in report.findings[:3]],
    }  # fmt: skip


def _inject(path: Path, how: str, seed: int) -> dict[str, object]:
    """Inject a burst of errors, a flood or a silence into a real log, and look at which rank it is named."""
    warnings.simplefilter("ignore")
    logs = la.load(path).drop_nulls("timestamp")
    rng = np.random.default_rng([seed, len(how)])
    first, last = logs["timestamp"].min(), logs["timestamp"].max()
    span = last - first
    length = span * SILENCE_SHARE if how == "silence" else span / 200
    begin = first + (span - length) * float(rng.uniform(0.1, 0.9))
    end = begin + length
    if how == "silence":
        changed, clue = logs.filter(~pl.col("timestamp").is_between(begin, end)), "silen|no event"
    else:
        number = INJECTED[how]
        like = logs.filter(pl.col("timestamp") >= begin).head(1)
        text, level, severity = (
            ("replication link to peer lost", "ERROR", 17) if how == "burst" else ("queue is being drained", "INFO", 9)
        )
        extra = pl.concat([like] * number).with_columns(
            timestamp=pl.Series([begin + length * float(x) for x in np.sort(rng.random(number))]).cast(pl.Datetime("us", "UTC")),
            message=pl.lit(text), level=pl.lit(level), severity_number=pl.lit(severity, pl.UInt8), exception=pl.lit(None, pl.String),
            offset=pl.format("injected {}", pl.int_range(number)),
        )  # fmt: skip
        extra = extra.drop("template", "template_id", strict=False)
        changed, clue = pl.concat([logs, extra], how="diagonal_relaxed").sort("timestamp"), text
    report = la.report(changed)
    rank = _rank(report.findings, clue, begin, end, span / 100)
    titles = [f"{f.severity} {f.title}" for f in report.findings[:3]]
    return {
        "kind": how,
        "shape": path.stem,
        "seed": seed,
        "rank": rank,
        "findings": len(report.findings),
        "when": f"{begin:%m-%d %H:%M:%S}",
        "titles": titles,
    }


def _print(table: pl.DataFrame, verbose: bool) -> None:
    with pl.Config(tbl_rows=60, tbl_hide_dataframe_shape=True, float_precision=2):
        print(table.group_by("kind", maintain_order=True).agg(
            logs=pl.len(), first=(pl.col("rank") == 1).sum(), first_two=pl.col("rank").is_between(1, 2).sum(),
            found=pl.col("rank").is_between(1, 98).sum(), alarmed=(pl.col("alarms") > 0).sum() if "alarms" in table.columns else pl.lit(0),
            findings=pl.col("findings").mean(), titled=pl.col("titled").sum() if "titled" in table.columns else pl.lit(0),
            cpu=pl.col("cpu").mean() if "cpu" in table.columns else pl.lit(0.0),
        ))  # fmt: skip
    if not verbose:
        return
    for row in table.to_dicts():
        if row["rank"] > 1 or (row["rank"] == 0 and row["alarms"]):
            print(row["kind"], "|", row["shape"], row["seed"], "rank", row["rank"], row["when"])
            for title in row["titles"]:
                print("      ", title[:200])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clean", type=int, default=10, help="seeds of each shape of clean logs")
    parser.add_argument("--troubled", type=int, default=9, help="seeds of each kind of trouble")
    parser.add_argument("--seed", type=int, default=0, help="the first seed; those developed on are under 1000")
    parser.add_argument("--kind", nargs="*", help="only these")
    parser.add_argument("--real", type=Path, help="a folder of real logs: inject into them instead")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    with ProcessPoolExecutor(options.jobs) as pool:
        if options.real:
            paths = sorted(options.real.glob("*.log"))
            todo = [
                (path, how, options.seed + n)
                for how in ("burst", "silence", "flood")
                for path in paths
                for n in range(options.troubled)
            ]
            _print(pl.DataFrame(list(pool.map(_inject, *zip(*todo, strict=True)))), options.verbose)
            return
        todo = [(kind, options.seed + n) for kind in CLEAN for n in range(options.clean)]
        todo += [(kind, options.seed + n) for kind in TROUBLES for n in range(options.troubled)]
        todo = [(kind, seed) for kind, seed in todo if not options.kind or kind in options.kind]
        rows = pl.DataFrame(list(pool.map(_judge, *zip(*todo, strict=True))))
    _print(rows, options.verbose)
    is_clean = pl.col("kind").is_in(CLEAN)
    calm, hit = rows.filter(is_clean), rows.filter(~is_clean)
    if calm.height:
        print(f"clean logs with a warning or more: {calm.filter(pl.col('alarms') > 0).height} of {calm.height}")
    if hit.height:
        ranks = hit["rank"]
        print(
            f"named first {(ranks == 1).sum()}, among the first two {(ranks <= 2).sum()} of {hit.height}; in the title {hit['titled'].sum()}"
        )


if __name__ == "__main__":
    main()
