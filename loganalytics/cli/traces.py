"""The verbs that follow something through the logs: trace, traces, context, steps, sessions."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

import loganalytics
from loganalytics.cli.arguments import INCOMPLETE, OK, add_selection, incomplete, load, verb
from loganalytics.cli.tables import add_output

if TYPE_CHECKING:
    import polars as pl

    from loganalytics.cli.arguments import Verbs


def add_verbs(verbs: Verbs) -> None:
    """Add trace, traces, context, steps and sessions."""
    added = verb(verbs, "trace", "follow one request across services, with the gaps")
    add_selection(added)
    added.add_argument("id", metavar="ID", help="the request's id")
    _finish(added, _trace)
    added = verb(verbs, "traces", "list the requests, the failed and the longest first")
    add_selection(added)
    added.add_argument("--by", metavar="COLUMN", default="trace_id", help="what names a request (default: trace_id)")
    _finish(added, lambda logs, a: loganalytics.traces(logs, by=a.by).drop("critical_path"))
    added = verb(verbs, "context", "show the events around one")
    add_selection(added)
    added.add_argument("--at", nargs=2, metavar=("FILE", "OFFSET"), required=True, help="its source and place there")
    added.add_argument("--before", "-B", type=int, default=20, metavar="N")
    added.add_argument("--after", "-A", type=int, default=20, metavar="N")
    added.add_argument("--across", action="store_true", help="around it in time, in all sources")
    _finish(added, _context)
    added = verb(verbs, "steps", "list the steps of a job's runs against what is usual")
    add_selection(added)
    added.add_argument("--by", metavar="COLUMN", default="job_run_id", help="what names a run (default: job_run_id)")
    added.add_argument("--step", metavar="COLUMN", help="what names a step (default: step, stage, task, ...)")
    _finish(added, lambda logs, a: loganalytics.steps(logs, by=a.by, step=a.step))
    added = verb(verbs, "sessions", "cut what users did into sessions")
    add_selection(added)
    added.add_argument("--by", metavar="COLUMN", default="user_id", help="whose sessions (default: user_id)")
    added.add_argument("--gap", metavar="30m", default="30m", help="the pause that ends one (default: 30m)")
    _finish(added, lambda logs, a: loganalytics.sessions(logs, by=a.by, gap=a.gap))


def _finish(added: argparse.ArgumentParser, analysis: object) -> None:
    add_output(added)
    added.set_defaults(run=_run, analysis=analysis)


def _run(arguments: argparse.Namespace) -> int:
    from loganalytics.output import write

    logs = load(arguments)
    table = arguments.analysis(logs, arguments)
    write(table, form=arguments.format, path=arguments.output)
    return INCOMPLETE if incomplete(logs) else OK


def _trace(logs: pl.DataFrame, arguments: argparse.Namespace) -> pl.DataFrame:
    table = loganalytics.trace(logs, arguments.id)
    if table.is_empty():
        print(f"No event has the trace id {arguments.id!r}. Hint: `loganalytics traces` lists them.", file=sys.stderr)
    shown = [
        "timestamp",
        "offset_ms",
        "gap_ms",
        "duration_ms",
        "depth",
        "service",
        "level",
        "message",
        "source",
        "offset",
    ]
    return table.select(shown) if arguments.format == "table" else table


def _context(logs: pl.DataFrame, arguments: argparse.Namespace) -> pl.DataFrame:
    source, offset = arguments.at
    table = loganalytics.context(
        logs, source=source, offset=offset, before=arguments.before, after=arguments.after, across=arguments.across
    )  # fmt: skip
    shown = [
        "distance",
        "timestamp",
        "level",
        "service",
        "message",
        *(["source"] if arguments.across else []),
        "offset",
    ]
    return table.select(shown) if arguments.format == "table" else table
