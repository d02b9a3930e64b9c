"""How often `incident` names the planted cause among its first three findings, by kind of incident.

    python benchmarks/incidents.py [--seeds 1]

The logs are those of anomalies_planted.py: thirty incidents of eight kinds in fourteen days; each is looked into from
its first to its last minute, against the time just before and against the same time of the day before.
"""

from __future__ import annotations

import argparse
import re
import sys
from datetime import timedelta
from typing import Any

import polars as pl
from anomalies_planted import NEW, SERVICES, START, Incident, generate, word

import loganalytics as la

BASELINES = ("previous", "previous_day")


def is_cause(incident: Incident, finding: dict[str, Any]) -> bool:
    """Return whether a finding names what was planted: its kind of trouble and its service, text or host."""
    error = next((message for message, level, *_ in SERVICES[incident.service][1] if level == "ERROR"), "")
    title = {
        "error burst": f"error .{word(error)}",
        "new error": f"{incident.service}: new error .({'|'.join(word(new).replace('.*', '.*?') for new in NEW)})",
        "silence": f"^{incident.service} silent",
        "latency step": rf"^{incident.service}(\.main)? slower",
        "latency creep": rf"^{incident.service}(\.main)? slower",
        "brute force": "failed login of user",
        "retry storm": f"{incident.service}: .retrying call",
    }
    if incident.kind == "bad host":
        return str(incident.host) in f"{finding['title']} {finding['detail']}"
    return re.search(title[incident.kind], finding["title"]) is not None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    rows = []
    for seed in arguments.seeds:
        logs, incidents = generate(seed)
        for incident in incidents:
            start, end = (START + timedelta(minutes=minute) for minute in (incident.begin, incident.end))
            for baseline in BASELINES:
                findings = la.incident(logs, start, end, baseline=baseline).findings.head(3).to_dicts()
                right = [is_cause(incident, finding) for finding in findings]
                rows.append((incident.kind, baseline, right[:1] == [True], any(right)))
                if arguments.verbose and right[:1] != [True]:
                    print(seed, incident, baseline, *[f["title"] for f in findings], sep="\n    ", file=sys.stderr)
    table = pl.DataFrame(rows, schema=["kind", "baseline", "first", "among three"], orient="row")
    sums = [pl.len().alias("incidents"), pl.col("first", "among three").sum()]
    with pl.Config(tbl_rows=-1, tbl_hide_column_data_types=True):
        print(table.group_by("baseline", "kind").agg(sums).sort("baseline", "kind"))
        print(table.group_by("baseline").agg(sums).sort("baseline"))


if __name__ == "__main__":
    main()
