"""`incident`: what happened between two times, and why; `compare`: all that differs between two time ranges."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

import loganalytics
from loganalytics.analyses.compare.ranges import BASELINE_SHIFTS, baseline_range, parse_time_range
from loganalytics.cli.arguments import INCOMPLETE, OK, add_output, add_selection, add_verb
from loganalytics.cli.loading import is_incomplete, load, view_of
from loganalytics.output import cell, write
from loganalytics.sanitize import printable

if TYPE_CHECKING:
    from loganalytics.cli.arguments import Verbs
    from loganalytics.reports.model import Incident


def add_verbs(verbs: Verbs) -> None:
    """Add incident and compare."""
    parser = add_verb(verbs, "incident", "say what happened between two times, and the likely causes")
    add_selection(parser)
    _add_range(parser)
    parser.add_argument("-o", "--output", metavar="FILE", help="also write a page: .html, .md or .json")
    parser.add_argument("--format", choices=("table", "json", "md"), default="table", help="of standard output")
    parser.set_defaults(run=_run_incident)
    parser = add_verb(verbs, "compare", "list what is different between two times against a baseline, surest first")
    add_selection(parser)
    _add_range(parser)
    add_output(parser)
    parser.set_defaults(run=_run_compare)


def _add_range(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", dest="start", metavar="TIME", required=True, help="when it began")
    parser.add_argument("--to", dest="end", metavar="TIME", required=True, help="when it was over")
    parser.add_argument(
        "--baseline", nargs="+", metavar="NAME", default=["previous"],
        help=f"previous (the time just before), {', '.join(BASELINE_SHIFTS)}, or two times (default: previous)",
    )  # fmt: skip


def _baseline(arguments: argparse.Namespace) -> str | tuple[str, str]:
    """Return the baseline as it was named; more than two times are refused where the pair is read."""
    names_or_times = arguments.baseline
    return names_or_times[0] if len(names_or_times) == 1 else tuple(names_or_times)


def _run_incident(arguments: argparse.Namespace) -> int:
    logs = load(view_of(arguments))
    incident = loganalytics.incident(
        logs, arguments.start, arguments.end, baseline=_baseline(arguments), tz=arguments.tz
    )  # fmt: skip
    if arguments.format == "table":
        _print_incident(incident)
    else:
        sys.stdout.write(incident.to_json() if arguments.format == "json" else incident.to_markdown())
    if arguments.output:
        incident.save(arguments.output)
        print(f"Incident: {printable(arguments.output, None)}", file=sys.stderr)
    return INCOMPLETE if is_incomplete(logs) else OK


def _print_incident(incident: Incident) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    for sentence in incident.verdict:
        console.print(Text(cell(sentence), style="bold"))
    for row in incident.findings.to_dicts():
        style = {"cause": "bold yellow", "consequence": "dim"}[row["role"]]
        console.print(Text(f"{row['rank']}. {cell(row['title'])}", style=style))
        if row["role"] == "cause":
            console.print(Text(f"   {cell(row['detail'])}"))


def _run_compare(arguments: argparse.Namespace) -> int:

    incident = parse_time_range((arguments.start, arguments.end), "incident", tz=arguments.tz)
    baseline = baseline_range(_baseline(arguments), incident, tz=arguments.tz)
    logs = load(view_of(arguments))
    table = loganalytics.compare(
        logs, baseline=(baseline.start, baseline.end), incident=(incident.start, incident.end)
    )  # fmt: skip
    columns = ("kind", "subject", "baseline_rate", "incident_rate", "ratio", "p_value", "example")
    write(table.select(columns) if arguments.format == "table" else table, form=arguments.format, path=arguments.output)
    return INCOMPLETE if is_incomplete(logs) else OK
