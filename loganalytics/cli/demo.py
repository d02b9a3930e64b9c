"""`demo`: the report on the sample platform's logs, which come with the package."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from loganalytics.cli.arguments import add_verb
from loganalytics.cli.report import write_report

if TYPE_CHECKING:
    from loganalytics.cli.arguments import Verbs


def add_verbs(verbs: Verbs) -> None:
    """Add demo."""
    parser = add_verb(verbs, "demo", "analyse the sample platform's logs and write report.html")
    parser.add_argument("-o", "--output", metavar="FILE", default="report.html")
    parser.set_defaults(run=_run_demo)


def _run_demo(arguments: argparse.Namespace) -> int:
    from loganalytics.sources.files.discovery import sample_data
    from loganalytics.view import View

    return write_report(View((sample_data(),)), arguments.output, title="Sample platform")
