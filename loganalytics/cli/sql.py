"""`sql`: a query over the logs, which are the table `logs`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import loganalytics
from loganalytics.cli.arguments import INCOMPLETE, OK, add_selection, incomplete, load, verb
from loganalytics.cli.tables import add_output

if TYPE_CHECKING:
    from loganalytics.cli.arguments import Verbs


def add_verbs(verbs: Verbs) -> None:
    """Add sql."""
    added = verb(verbs, "sql", "run one SELECT over the table logs (DuckDB's SQL; nothing but the logs can be read)")
    add_selection(added)
    added.add_argument("statement", metavar="QUERY", help="such as 'select level, count(*) from logs group by 1'")
    add_output(added)
    added.set_defaults(run=_run_sql)


def _run_sql(arguments: argparse.Namespace) -> int:
    from loganalytics.output import write

    logs = load(arguments)
    write(loganalytics.sql(arguments.statement, logs=logs), form=arguments.format, path=arguments.output)
    return INCOMPLETE if incomplete(logs) else OK
