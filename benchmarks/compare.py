"""How long compare, incident, traces and change_points take on a million events, and how long reading their part does.

    python benchmarks/compare.py [--events 1000000]

Events over 24 hours in daily rhythm: 12 services on 40 hosts, 60 templates with variables, requests of about 8 events,
durations. In the hour of the incident one host fails and one operation takes five times as long.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

import loganalytics as la

START = datetime(2026, 3, 10, tzinfo=UTC)
INCIDENT = START + timedelta(hours=15), START + timedelta(hours=16)
BASELINE = START + timedelta(hours=14), START + timedelta(hours=15)


def generate(events: int) -> pl.DataFrame:
    rng = np.random.default_rng(7)
    day = np.sort(rng.beta(2, 2, events)) * 86_400
    service, host, kind = rng.integers(0, 12, events), rng.integers(0, 40, events), rng.zipf(1.4, events) % 60
    during = (day >= 15 * 3600) & (day < 16 * 3600)
    failed = np.where(during & (host == 17), rng.random(events) < 0.5, rng.random(events) < 0.005)
    took = rng.lognormal(3, 0.6, events) * np.where(during & (service == 3), 5, 1)
    frame = pl.DataFrame({"s": day, "service": service, "host": host, "kind": kind, "failed": failed, "took": took})
    word = pl.col("kind").cast(pl.String)
    number = pl.Series("n", rng.integers(0, 1_000_000, events)).cast(pl.String)
    calm = pl.concat_str(
        pl.lit("step"), word, pl.lit(" of request "), number, pl.lit(" done in "), pl.col("took").round(1), pl.lit("ms")
    )
    return frame.select(
        timestamp=pl.lit(START) + pl.duration(microseconds=(pl.col("s") * 1e6).cast(pl.Int64)),
        severity_number=pl.when("failed").then(17).otherwise(9).cast(pl.UInt8),
        level=pl.when("failed").then(pl.lit("ERROR")).otherwise(pl.lit("INFO")),
        service=pl.concat_str(pl.lit("service-"), "service"),
        logger=pl.concat_str(pl.lit("app.module"), "service"),
        message=pl.when("failed").then(pl.concat_str(pl.lit("disk write failed for block "), number)).otherwise(calm),
        exception=pl.lit(None, pl.String),
        trace_id=pl.concat_str(pl.lit("req_"), pl.int_range(pl.len()) // 8),
        source=pl.lit("app.log"),
        offset=pl.int_range(1, pl.len() + 1).cast(pl.String),
        **{"host.name": pl.concat_str(pl.lit("host-"), "host")},
    )  # fmt: skip


def measure(name: str, run: Callable[[], object], repeats: int = 5) -> None:
    walls, cpus = [], []
    for _ in range(repeats):
        before, start = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
        run()
        after = resource.getrusage(resource.RUSAGE_SELF)
        walls.append(time.perf_counter() - start)
        cpus.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    print(f"{name:44} wall {statistics.median(walls):6.2f} s  CPU {statistics.median(cpus):6.2f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    logs = generate(parser.parse_args().events)
    both = pl.col("timestamp").is_between(BASELINE[0], INCIDENT[1], closed="left")
    print(f"{logs.height:,} events, {logs.filter(both).height:,} of them in the two hours")
    measure("filter the two hours", lambda: logs.filter(both))
    measure("with_templates of the two hours", lambda: la.with_templates(logs.filter(both)))
    measure("compare, two hours", lambda: la.compare(logs, baseline=BASELINE, incident=INCIDENT))
    measure("incident, one hour", lambda: la.incident(logs, *INCIDENT), 3)
    measure("traces, all", lambda: la.traces(logs), 3)
    measure("trace, one", lambda: la.trace(logs, "req_1000"))
    measure("context, across", lambda: la.context(logs, source="app.log", offset=500_000, across=True))
    measure("sessions by host, all", lambda: la.sessions(logs, by="host.name"), 3)
    trend = la.trend(logs, every="1m", by="service")
    measure(f"change_points, {trend.height:,} windows", lambda: la.change_points(trend), 3)
    query = "select service, level, count(*) from logs group by all"
    measure("sql, one group by", lambda: la.sql(query, logs=logs), 3)
    print(la.compare(logs, baseline=BASELINE, incident=INCIDENT).select("kind", "subject", "ratio", "p_value").head(6))
    print(la.incident(logs, *INCIDENT).findings["title"].head(4).to_list())


if __name__ == "__main__":
    main()
