"""Verbs that run one analysis: trend, anomalies, sequences, latency, change-points, coverage."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import loganalytics
from loganalytics.cli.arguments import INCOMPLETE, OK, add_output, add_selection, add_verb
from loganalytics.cli.loading import is_incomplete, load, view_of
from loganalytics.cli.results import write_result
from loganalytics.sanitize import printable

if TYPE_CHECKING:
    import polars as pl

    from loganalytics.cli.arguments import Verbs

_ROUTE_COLUMNS = ("http.route", "http.request.method")


@dataclass(frozen=True, kw_only=True)
class _Verb:
    """One analysis, and the options that it takes."""

    run: Callable[[pl.DataFrame, argparse.Namespace], pl.DataFrame]
    summary: str
    takes_every: bool = False
    takes_by: bool = False
    default_by: str | None = None


def add_verbs(verbs: Verbs) -> None:
    """Add a verb for each analysis."""
    for name, verb in _VERBS.items():
        parser = add_verb(verbs, name, verb.summary)
        add_selection(parser)
        if verb.takes_every:
            parser.add_argument("--every", default="5m", metavar="5m", help="the window's length (default: 5m)")
        if verb.takes_by:
            parser.add_argument(
                "--by",
                metavar="COLUMN",
                default=verb.default_by,
                help="one row a value of this column; http.route is the path of a request without its variables",
            )
        add_output(parser)
        parser.set_defaults(run=_run_analysis, analysis=verb.run)


def _run_analysis(arguments: argparse.Namespace) -> int:

    logs = load(view_of(arguments))
    if getattr(arguments, "by", None) in _ROUTE_COLUMNS and arguments.by not in logs.columns:
        logs = loganalytics.with_routes(logs)
    with warnings.catch_warnings(record=True) as raised_warnings:
        table = arguments.analysis(logs, arguments)
    for warning in raised_warnings:
        print(f"loganalytics: {printable(warning.message, None)}", file=sys.stderr)
    write_result(table, arguments)
    return INCOMPLETE if is_incomplete(logs) else OK


_VERBS = {
    "trend": _Verb(
        run=lambda logs, arguments: loganalytics.trend(
            logs, every=arguments.every, by=arguments.by, display_tz=arguments.tz
        ),
        summary="count events and errors by window",
        takes_every=True,
        takes_by=True,
    ),
    "anomalies": _Verb(
        run=lambda logs, arguments: _anomalous(
            loganalytics.detect_anomalies(logs, every=arguments.every, by=arguments.by)
        ),
        summary="list the anomalous windows with the reasons",
        takes_every=True,
        takes_by=True,
    ),
    "sequences": _Verb(
        run=lambda logs, arguments: _anomalous(loganalytics.detect_anomalous_sequences(logs, by=arguments.by)),
        summary="list the anomalous sequences (traces, sessions, job runs) with the reasons",
        takes_by=True,
        default_by="trace_id",
    ),
    "latency": _Verb(
        run=lambda logs, arguments: loganalytics.latency(logs, by=arguments.by),
        summary="list the durations found in the logs, slowest first",
        takes_by=True,
        default_by="operation",
    ),
    "change-points": _Verb(
        run=lambda logs, arguments: loganalytics.change_points(
            loganalytics.trend(logs, every=arguments.every, by=arguments.by, display_tz=arguments.tz)
        ),
        summary="list where the number of events changes: spikes, dips, steps, slopes",
        takes_every=True,
        takes_by=True,
    ),
    "coverage": _Verb(
        run=lambda logs, _: loganalytics.coverage(logs), summary="list the services and when they were silent"
    ),
}


def _anomalous(windows: pl.DataFrame) -> pl.DataFrame:
    return windows.filter(windows["is_anomaly"]).drop("is_anomaly")
