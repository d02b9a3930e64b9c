"""`sql`: a query over the logs, which are the table `logs`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import loganalytics
from loganalytics.cli.arguments import INCOMPLETE, OK, add_output, add_selection, add_verb
from loganalytics.cli.loading import is_incomplete, load, view_of
from loganalytics.output import write

if TYPE_CHECKING:
    from loganalytics.cli.arguments import Verbs


def add_verbs(verbs: Verbs) -> None:
    """Add sql."""
    parser = add_verb(
        verbs, "sql", "run one SELECT over the table logs (DuckDB's SQL; nothing but the logs can be read)"
    )
    add_selection(parser)
    parser.add_argument("statement", metavar="QUERY", help="such as 'select level, count(*) from logs group by 1'")
    add_output(parser)
    parser.set_defaults(run=_run_sql)


def _run_sql(arguments: argparse.Namespace) -> int:

    logs = load(view_of(arguments))
    write(loganalytics.sql(arguments.statement, logs=logs), form=arguments.format, path=arguments.output)
    return INCOMPLETE if is_incomplete(logs) else OK
