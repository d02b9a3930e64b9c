"""`incident`: what happened between two times, and why; `compare`: all that differs between two time ranges."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

import loganalytics
from loganalytics.analyses.compare.ranges import BASELINE_SHIFTS
from loganalytics.cli.arguments import INCOMPLETE, OK, add_selection, incomplete, load, verb
from loganalytics.cli.tables import add_output
from loganalytics.sanitize import printable

if TYPE_CHECKING:
    from loganalytics.cli.arguments import Verbs
    from loganalytics.reports.incident import Incident


def add_verbs(verbs: Verbs) -> None:
    """Add incident and compare."""
    added = verb(verbs, "incident", "tell what happened between two times, and the likely causes")
    add_selection(added)
    _add_range(added)
    added.add_argument("-o", "--output", metavar="FILE", help="also write a page: .html, .md or .json")
    added.add_argument("--format", choices=("table", "json", "md"), default="table", help="of standard output")
    added.set_defaults(run=_run_incident)
    added = verb(verbs, "compare", "list what is different between two times against a baseline, surest first")
    add_selection(added)
    _add_range(added)
    add_output(added)
    added.set_defaults(run=_run_compare)


def _add_range(added: argparse.ArgumentParser) -> None:
    added.add_argument("--from", dest="start", metavar="TIME", required=True, help="when it began")
    added.add_argument("--to", dest="end", metavar="TIME", required=True, help="when it was over")
    added.add_argument(
        "--baseline", nargs="+", metavar="NAME", default=["previous"],
        help=f"previous (the time just before), {', '.join(BASELINE_SHIFTS)}, or two times (default: previous)",
    )  # fmt: skip


def _baseline(arguments: argparse.Namespace) -> str | tuple[str, str]:
    """Return the baseline as it was named; more than two times are told of where the pair is read."""
    given = arguments.baseline
    return given[0] if len(given) == 1 else tuple(given)


def _run_incident(arguments: argparse.Namespace) -> int:
    logs = load(arguments)
    found = loganalytics.incident(
        logs, arguments.start, arguments.end, baseline=_baseline(arguments), tz=arguments.tz
    )  # fmt: skip
    if arguments.format == "table":
        _print(found)
    else:
        sys.stdout.write(found.to_json() if arguments.format == "json" else found.to_markdown())
    if arguments.output:
        found.save(arguments.output)
        print(f"Incident: {printable(arguments.output, None)}", file=sys.stderr)
    return INCOMPLETE if incomplete(logs) else OK


def _print(found: Incident) -> None:
    from rich.console import Console
    from rich.text import Text

    from loganalytics.output import cell

    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    for sentence in found.verdict:
        console.print(Text(cell(sentence), style="bold"))
    for row in found.findings.to_dicts():
        style = {"cause": "bold yellow", "consequence": "dim"}[row["role"]]
        console.print(Text(f"{row['rank']}. {cell(row['title'])}", style=style))
        if row["role"] == "cause":
            console.print(Text(f"   {cell(row['detail'])}"))


def _run_compare(arguments: argparse.Namespace) -> int:
    from loganalytics.analyses.compare.ranges import baseline_range, parse_time_range
    from loganalytics.output import write

    incident = parse_time_range((arguments.start, arguments.end), "incident", tz=arguments.tz)
    baseline = baseline_range(_baseline(arguments), incident, tz=arguments.tz)
    logs = load(arguments)
    table = loganalytics.compare(
        logs, baseline=(baseline.start, baseline.end), incident=(incident.start, incident.end)
    )  # fmt: skip
    shown = ("kind", "subject", "baseline_rate", "incident_rate", "ratio", "p_value", "example")
    write(table.select(shown) if arguments.format == "table" else table, form=arguments.format, path=arguments.output)
    return INCOMPLETE if incomplete(logs) else OK
