"""`report`: the findings on the terminal, the whole on a page; `demo`: the same on the sample platform."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import loganalytics
from loganalytics.cli.arguments import FINDINGS, INCOMPLETE, OK, add_selection, incomplete, load, verb
from loganalytics.sanitize import printable

if TYPE_CHECKING:
    from loganalytics.cli.arguments import Verbs
    from loganalytics.reports.model import Report

_SEVERITIES = ("info", "warning", "critical")


def add_verbs(verbs: Verbs) -> None:
    """Add report and demo."""
    added = verb(verbs, "report", "analyse logs: print the findings and write a report")
    add_selection(added)
    added.add_argument("-o", "--output", metavar="FILE", default="report.html", help="by suffix: .html, .md or .json")
    added.add_argument("--title", default=None)
    added.add_argument("--every", metavar="5m", help="the window's length (default: by the time range)")
    added.add_argument("--fail-on", choices=_SEVERITIES, help="exit with 1 when a finding is at least this severe")
    added.set_defaults(run=_run_report)
    demo = verb(verbs, "demo", "analyse the sample platform's logs and write report.html")
    demo.add_argument("-o", "--output", metavar="FILE", default="report.html")
    demo.set_defaults(run=_run_demo)


def _run_report(arguments: argparse.Namespace) -> int:
    logs = load(arguments)
    title = arguments.title or "Log report: " + ", ".join(Path(name).name or name for name in arguments.source[:3])
    made = loganalytics.report(logs, title=title, every=arguments.every)
    _print_findings(made)
    made.save(arguments.output)
    print(f"\nReport: {printable(arguments.output, None)}")
    if arguments.fail_on:
        least = _SEVERITIES.index(arguments.fail_on)
        if any(_SEVERITIES.index(finding.severity) >= least for finding in made.findings):
            return FINDINGS
    return INCOMPLETE if incomplete(logs) else OK


def _print_findings(made: Report) -> None:
    from rich.console import Console
    from rich.text import Text

    from loganalytics.output import cell

    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    colours = {"info": "cyan", "warning": "yellow", "critical": "bold red"}
    if not made.findings:
        console.print("Nothing unusual was found.")
    for number, finding in enumerate(made.findings, 1):
        console.print(Text(f"{number}. {cell(finding.title)}", style=colours[finding.severity]))
        when = " to ".join(cell(time) for time in (finding.start, finding.end) if time)
        console.print(Text(f"   {when} UTC" if when else "   (no time)", style="dim"))
        for line in (finding.detail, *finding.evidence):
            console.print(Text(f"   {cell(line)}"))


def _run_demo(arguments: argparse.Namespace) -> int:
    from loganalytics.cli.main import main
    from loganalytics.sources.files.discovery import sample_data

    return main(["report", sample_data(), "--title", "Sample platform", "--output", arguments.output])
