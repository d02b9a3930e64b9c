"""`report`: the findings on the terminal, all of it on a page."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import loganalytics
from loganalytics.cli.arguments import FINDINGS, INCOMPLETE, NOTHING_JUDGED, OK, add_selection, add_verb
from loganalytics.cli.loading import is_incomplete, load, view_of
from loganalytics.cli.report_stream import follows, read_stream
from loganalytics.findings.verdict import Status, looked_at
from loganalytics.humanize import moment, span, undated
from loganalytics.output import cell
from loganalytics.sanitize import printable
from loganalytics.times import parse_when

if TYPE_CHECKING:
    import polars as pl

    from loganalytics.cli.arguments import Verbs
    from loganalytics.reports.model import Report
    from loganalytics.view import View

_SEVERITIES = ("info", "warning", "critical")

# How long before now a log that was asked for up to now may end: the longest of these.
MIN_ENDED = timedelta(minutes=10)
MIN_ENDED_SHARE = 0.1  # of the time that was asked for
MIN_ENDED_GAPS = 3  # times the shortest of the services' longest usual pauses


def add_verbs(verbs: Verbs) -> None:
    """Add report."""
    parser = add_verb(verbs, "report", "analyse logs: print the findings and write a report")
    add_selection(parser)
    parser.add_argument("-o", "--output", metavar="FILE", default="report.html", help="by suffix: .html, .md or .json")
    parser.add_argument("--title", default=None)
    parser.add_argument(
        "--every", metavar="5m",
        help="the window's length (default: by the time range); of what comes through a pipe (kubectl logs -f web | "
        "loganalytics report -): print what changed, so often",
    )  # fmt: skip
    parser.add_argument("--fail-on", choices=_SEVERITIES, help="exit with 1 when a finding is at least this severe")
    parser.set_defaults(run=_run_report)


def _run_report(arguments: argparse.Namespace) -> int:
    view = view_of(arguments)
    title = arguments.title or "Log report: " + ", ".join(Path(name).name or name for name in view.public().source[:3])
    if not follows(view.source, arguments.every):
        return write_report(view, arguments.output, title=title, every=arguments.every, fail_on=arguments.fail_on)
    logs, stopped = read_stream(view, title=title, every=arguments.every, path=arguments.output)
    code = _conclude(logs, view, arguments.output, title=title, every=arguments.every, fail_on=arguments.fail_on)
    return code or stopped


def write_report(view: View, path: str, *, title: str, every: str | None = None, fail_on: str | None = None) -> int:
    """Print the findings on the events of a view, write the report to a file, and return the exit code."""
    return _conclude(load(view), view, path, title=title, every=every, fail_on=fail_on)


def _conclude(
    logs: pl.DataFrame, view: View, path: str, *, title: str, every: str | None, fail_on: str | None
) -> int:  # fmt: skip
    report = loganalytics.report(logs, title=title, every=every, display_tz=view.tz)
    _print_findings(report)
    report.save(path)
    print(f"\nReport: {printable(path, None)}")
    ended = _ended(report, view, datetime.now(UTC))
    if ended:
        print(ended)
    if fail_on:
        minimum = _SEVERITIES.index(fail_on)
        if any(_SEVERITIES.index(finding.severity) >= minimum for finding in report.findings):
            return FINDINGS
    if is_incomplete(logs):
        return INCOMPLETE
    is_undated = undated(report.facts["undated"], report.facts["events"]) is not None
    is_unjudged = ended or is_undated or report.status is Status.NOTHING_JUDGED
    return NOTHING_JUDGED if fail_on and is_unjudged else OK


def _ended(report: Report, view: View, now: datetime) -> str | None:
    """Return that a log that was asked for up to now ended some time ago; None where it did not.

    Some time is a tenth of what was asked for, ten minutes, and three times the longest pause that is usual.
    """
    last = report.facts["last_seen"]
    if view.since is None or view.until is not None or last is None:
        return None
    usual = min(report.tables["coverage"]["expected_gap"].drop_nulls().to_list(), default=timedelta(0))
    asked = now - parse_when(view.since, now=now, tz=view.tz)
    silent = now - last
    if silent <= max(MIN_ENDED, MIN_ENDED_SHARE * asked, MIN_ENDED_GAPS * usual):
        return None
    return f"The log ended {span(silent)} ago, at {moment(last, tz=view.tz)}: of the time since then nothing is known."


def _print_findings(report: Report) -> None:
    from rich.console import Console
    from rich.text import Text

    zone = report.parameters["timezone"]
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    colours = {"info": "cyan", "warning": "yellow", "critical": "bold red"}
    if not report.findings:
        console.print(Text(cell(report.verdict)))
    for number, finding in enumerate(report.findings, 1):
        console.print(Text(f"{number}. {cell(finding.title)}", style=colours[finding.severity]))
        for line in filter(None, (finding.detail, *finding.evidence)):
            console.print(Text(f"   {cell(line)}"))
    if report.findings:
        console.print(Text(cell(looked_at(report.facts, zone))))
