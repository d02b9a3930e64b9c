"""The verbs that follow something through the logs: trace, traces, context, steps, sessions."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

import loganalytics
from loganalytics.cli.arguments import INCOMPLETE, OK, add_output, add_selection, add_verb
from loganalytics.cli.loading import is_incomplete, load, view_of
from loganalytics.cli.results import write_result

if TYPE_CHECKING:
    import polars as pl

    from loganalytics.cli.arguments import Verbs


def add_verbs(verbs: Verbs) -> None:
    """Add trace, traces, context, steps and sessions."""
    parser = add_verb(verbs, "trace", "follow one request across services, with the gaps")
    add_selection(parser)
    parser.add_argument("id", metavar="ID", help="the request's id")
    _add_analysis(parser, _trace)
    parser = add_verb(verbs, "traces", "list the requests, the failed and the longest first")
    add_selection(parser)
    parser.add_argument("--by", metavar="COLUMN", default="trace_id", help="what names a request (default: trace_id)")
    _add_analysis(parser, lambda logs, a: loganalytics.traces(logs, by=a.by).drop("critical_path"))
    parser = add_verb(verbs, "context", "show the events around one")
    add_selection(parser)
    parser.add_argument("--at", nargs=2, metavar=("FILE", "OFFSET"), required=True, help="its source and place there")
    parser.add_argument("--before", "-B", type=int, default=20, metavar="N")
    parser.add_argument("--after", "-A", type=int, default=20, metavar="N")
    parser.add_argument("--across", action="store_true", help="around it in time, in all sources")
    _add_analysis(parser, _context)
    parser = add_verb(verbs, "steps", "list the steps of a job's runs against what is usual")
    add_selection(parser)
    parser.add_argument("--by", metavar="COLUMN", default="job_run_id", help="what names a run (default: job_run_id)")
    parser.add_argument("--step", metavar="COLUMN", help="what names a step (default: step, stage, task, ...)")
    _add_analysis(parser, lambda logs, a: loganalytics.steps(logs, by=a.by, step=a.step))
    parser = add_verb(verbs, "sessions", "cut what users did into sessions")
    add_selection(parser)
    parser.add_argument("--by", metavar="COLUMN", default="user_id", help="whose sessions (default: user_id)")
    parser.add_argument("--gap", metavar="30m", default="30m", help="the pause that ends one (default: 30m)")
    _add_analysis(parser, lambda logs, a: loganalytics.sessions(logs, by=a.by, gap=a.gap))


def _add_analysis(parser: argparse.ArgumentParser, analysis: object) -> None:
    add_output(parser)
    parser.set_defaults(run=_run, analysis=analysis)


def _run(arguments: argparse.Namespace) -> int:

    logs = load(view_of(arguments))
    table = arguments.analysis(logs, arguments)
    write_result(table, arguments)
    return INCOMPLETE if is_incomplete(logs) else OK


def _trace(logs: pl.DataFrame, arguments: argparse.Namespace) -> pl.DataFrame:
    table = loganalytics.trace(logs, arguments.id)
    if table.is_empty():
        print(f"No event has the trace id {arguments.id!r}. Hint: `loganalytics traces` lists them.", file=sys.stderr)
    columns = [
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
    return table.select(columns) if arguments.format == "table" else table


def _context(logs: pl.DataFrame, arguments: argparse.Namespace) -> pl.DataFrame:
    source, offset = arguments.at
    table = loganalytics.context(
        logs, source=source, offset=offset, before=arguments.before, after=arguments.after, across=arguments.across
    )  # fmt: skip
    columns = [
        "distance",
        "timestamp",
        "level",
        "service",
        "message",
        *(["source"] if arguments.across else []),
        "offset",
    ]
    return table.select(columns) if arguments.format == "table" else table
