"""`sql`: a query over the logs, which are the table `logs`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

import loganalytics
from loganalytics.cli.arguments import INCOMPLETE, OK, add_output, add_selection, add_verb
from loganalytics.cli.loading import is_incomplete, load, view_of
from loganalytics.output import write
from loganalytics.times import parse_every

if TYPE_CHECKING:
    from loganalytics.cli.arguments import Verbs


def add_verbs(verbs: Verbs) -> None:
    """Add sql."""
    parser = add_verb(
        verbs, "sql", "run one SELECT over the table logs (DuckDB's SQL; nothing but the logs can be read)"
    )
    add_selection(parser)
    parser.add_argument("statement", metavar="QUERY", help="such as 'select level, count(*) from logs group by 1'")
    parser.add_argument("--timeout", metavar="60s", help="how long the query may take (default: 60s)")
    parser.add_argument("--memory-limit", metavar="2GB", help="memory that it may need beside the logs (default: 2GB)")
    parser.add_argument("--max-rows", metavar="N", type=int, help="rows that its result may have (default: 1,000,000)")
    add_output(parser)
    parser.set_defaults(run=_run_sql)


def _run_sql(arguments: argparse.Namespace) -> int:

    logs = load(view_of(arguments))
    result = loganalytics.sql(arguments.statement, **_limits(arguments), logs=logs)
    write(result, form=arguments.format, path=arguments.output)
    return INCOMPLETE if is_incomplete(logs) else OK


def _limits(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the limits that are given; sql() has its own for the others."""
    limits = {"memory_limit": arguments.memory_limit, "max_rows": arguments.max_rows}
    if arguments.timeout is not None:
        limits["timeout"] = parse_every(arguments.timeout).total_seconds()
    return {name: limit for name, limit in limits.items() if limit is not None}
