"""`incident`: what happened between two times, and why; `compare`: all that differs between two time ranges."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import loganalytics
from loganalytics.analyses.compare.ranges import BASELINE_SHIFTS, baseline_range, parse_time_range
from loganalytics.cli.arguments import INCOMPLETE, OK, add_output, add_selection, add_verb
from loganalytics.cli.loading import is_incomplete, load, view_of
from loganalytics.cli.results import write_result
from loganalytics.findings.baseline import baseline_note, choose_baseline
from loganalytics.humanize import count, time_range
from loganalytics.output import cell
from loganalytics.reports.table_rows import event_lines
from loganalytics.sanitize import printable

if TYPE_CHECKING:
    from loganalytics.cli.arguments import Verbs
    from loganalytics.reports.model import Incident

_SHOWN_LINES = 2  # of the log, under each cause


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
    findings = incident.findings.to_dicts()
    has_cause = bool(findings) and findings[0]["role"] == "cause"
    for line, style in _finding_lines(incident, findings[0], "Likely cause: ") if has_cause else ():
        console.print(Text(line, style=style))
    for sentence in incident.notes:
        console.print(Text(cell(sentence), style="bold"))
    for row in findings[has_cause:]:
        for line, style in _finding_lines(incident, row, f"{row['rank']}. "):
            console.print(Text(line, style=style))
    console.print(Text(_totals(incident), style="dim"))


def _finding_lines(incident: Incident, row: dict[str, Any], lead: str) -> Iterator[tuple[str, str]]:
    """Yield the lines of a finding, each with its style: of a cause, also events that show it.

    When it was, and how often, is told of causes; of the others where there is no cause.
    """
    is_cause = row["role"] == "cause"
    yield f"{lead}{cell(row['title'])}", "bold yellow" if is_cause else "dim"
    if is_cause or incident.findings["role"][0] != "cause":
        yield f"   {cell(' '.join(filter(None, (_when(row, incident), row['detail']))))}", ""
    if is_cause:
        for line in event_lines(incident, row, _SHOWN_LINES):
            yield f"   | {line}", "dim"


def _totals(incident: Incident) -> str:
    """Return the time range with its zone, and how many events and errors it and the baseline have."""
    facts = incident.facts
    events, errors = (
        f"{count(facts[name], name[:-1])} ({facts[f'baseline_{name}']:,} in the baseline)"
        for name in ("events", "errors")
    )
    return f"{time_range(facts['start'], facts['end'], tz=facts['timezone'])}: {events}, {errors}"


def _when(row: dict[str, Any], incident: Incident) -> str | None:
    if row["kind"] == "silence" or row["start"] is None:
        return None
    return f"{time_range(row['start'], row['end'], zone=False, tz=incident.facts['timezone'])}."


def _run_compare(arguments: argparse.Namespace) -> int:

    incident = parse_time_range((arguments.start, arguments.end), "incident", tz=arguments.tz)
    baseline_range(_baseline(arguments), incident, tz=arguments.tz)  # a wrong one is told before the log is read
    logs = load(view_of(arguments))
    chosen = choose_baseline(logs, incident, _baseline(arguments), tz=arguments.tz)
    if note := baseline_note(chosen, arguments.tz):
        print(printable(note, None), file=sys.stderr)
    baseline = chosen.time_range
    table = loganalytics.compare(
        logs, baseline=(baseline.start, baseline.end), incident=(incident.start, incident.end)
    )  # fmt: skip
    columns = ("kind", "subject", "baseline_rate", "incident_rate", "ratio", "p_value", "example")
    write_result(table.select(columns) if arguments.format == "table" else table, arguments)
    return INCOMPLETE if is_incomplete(logs) else OK
