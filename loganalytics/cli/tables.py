"""The verbs that answer with a table: each calls the analysis of its name."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

import loganalytics
from loganalytics.cli.arguments import INCOMPLETE, OK, add_selection, incomplete, load, verb
from loganalytics.sanitize import printable

if TYPE_CHECKING:
    import polars as pl

    from loganalytics.cli.arguments import Verbs


def add_verbs(verbs: Verbs) -> None:
    """Add the verbs of the table below."""
    for name, (run, text, takes) in _TABLES.items():
        added = verb(verbs, name, text)
        add_selection(added)
        if "every" in takes:
            added.add_argument("--every", default="5m", metavar="5m", help="the window's length (default: 5m)")
        if "by" in takes:
            added.add_argument("--by", metavar="COLUMN", default=takes["by"], help="one row a value of this column")
        add_output(added)
        added.set_defaults(run=_run_table, analysis=run)


def add_output(added: argparse.ArgumentParser) -> None:
    """Add how a table is written, and where to."""
    added.add_argument("--format", choices=("table", "json", "ndjson", "csv", "parquet"), default="table")
    added.add_argument("-o", "--output", metavar="FILE", help="write there rather than to standard output")


def _run_table(arguments: argparse.Namespace) -> int:
    from loganalytics.output import write

    logs = load(arguments)
    with warnings.catch_warnings(record=True) as told:
        table = arguments.analysis(logs, arguments)
    for warning in told:
        print(f"loganalytics: {printable(warning.message, None)}", file=sys.stderr)
    write(table, form=arguments.format, path=arguments.output)
    return INCOMPLETE if incomplete(logs) else OK


_TABLES: dict[str, tuple[Callable[[pl.DataFrame, argparse.Namespace], pl.DataFrame], str, dict[str, str | None]]] = {
    "trend": (
        lambda logs, a: loganalytics.trend(logs, every=a.every, by=a.by),
        "count events and errors by window", {"every": None, "by": None},
    ),
    "anomalies": (
        lambda logs, a: _anomalous(loganalytics.detect_anomalies(logs, every=a.every, by=a.by)),
        "list the anomalous windows with the reasons", {"every": None, "by": None},
    ),
    "sequences": (
        lambda logs, a: _anomalous(loganalytics.detect_anomalous_sequences(logs, by=a.by)),
        "list the anomalous sequences (traces, sessions, job runs) with the reasons", {"by": "trace_id"},
    ),
    "latency": (
        lambda logs, a: loganalytics.latency(logs, by=a.by),
        "list the durations found in the logs, slowest first", {"by": "logger"},
    ),
    "change-points": (
        lambda logs, a: loganalytics.change_points(loganalytics.trend(logs, every=a.every, by=a.by)),
        "list where the number of events changes: spikes, dips, steps, slopes", {"every": None, "by": None},
    ),
    "coverage": (lambda logs, a: loganalytics.coverage(logs), "list the services and when they were silent", {}),
}  # fmt: skip


def _anomalous(windows: pl.DataFrame) -> pl.DataFrame:
    return windows.filter(windows["is_anomaly"]).drop("is_anomaly")
