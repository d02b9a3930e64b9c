"""The report as Markdown, for a ticket or a chat: log text cannot become markup."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from loganalytics.humanize import count, moment, percent, time_range
from loganalytics.reports.changes import changes, slow_traces
from loganalytics.sanitize import printable
from loganalytics.version import __version__

if TYPE_CHECKING:
    from loganalytics.reports.model import Report

# What means something within a line to CommonMark, its tables and mathematics, and what becomes a link or a call
# by itself on the usual hosts: addresses, @name, #12. HTML becomes entities. No log text begins a line.
_MARKS = re.compile(r"([\\`*_{}\[\]|~$#@]|:(?=//)|(?<=www)\.)")
_ROWS = 20


def markdown(report: Report) -> str:
    """Return verdict, numbers, findings, errors and inputs as Markdown."""
    facts = report.facts
    parts = [
        f"# {text(report.title)}",
        f"**{text(report.verdict, 400)}**",
        table_of(
            ["events", "errors", "error rate", "services", "time (UTC)"],
            [[count(facts["events"]), count(facts["errors"]), percent(facts["error_rate"]), count(facts["services"]),
              time_range(facts["first_seen"], facts["last_seen"])]],
        ),
        "## Findings",
        *(_findings(report) or ["Nothing out of the ordinary."]),
        "## Errors",
        _errors(report),
        *_changes(report),
        *_slow_traces(report),
        "## Where this comes from",
        _inputs(report),
        f"loganalytics {text(__version__)}, windows of {text(report.parameters['every'])}. All times are UTC.",
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def text(value: object, limit: int = 200) -> str:
    """Return text of a log so that Markdown shows it as it is."""
    plain = printable(value, limit).replace("&", "&amp;").replace("<", "&lt;")
    return _MARKS.sub(r"\\\1", plain)


def _findings(report: Report) -> list[str]:
    found = []
    for number, finding in enumerate(report.findings, start=1):
        evidence = "".join(f"\n   - {text(line, 400)}" for line in finding.evidence[:10])
        found.append(
            f"{number}. **{finding.severity}: {text(finding.title, 400)}**  \n"
            f"   {text(time_range(finding.start, finding.end))}  \n   {text(finding.detail, 800)}{evidence}"
        )
    return found


def _errors(report: Report) -> str:
    table = report.tables["errors"]
    rows = [
        [
            count(row["events"]),
            row["label"] + (" (new)" if row["is_new"] else ""),
            ", ".join(row["services"] or []),
            moment(row["first_seen"]),
            moment(row["last_seen"]),
        ]
        for row in table.head(_ROWS).to_dicts()
    ]
    if not rows:
        return "None."
    told = count(report.facts["told_failures"], "event")
    note = f"{told} without a severity whose text tells of a failure counted too.\n\n"
    listed = table_of(["events", "problem", "services", "first seen", "last seen"], rows)
    return note + listed if report.facts["told_failures"] else listed


def _changes(report: Report) -> list[str]:
    found = changes(report.tables["changes"])["rows"]
    rows: list[list[object]] = [[row["when"], row["what"], row["before"], row["after"]] for row in found]
    return ["## Changes", table_of(["from (UTC)", "what", "before", "after"], rows)] if rows else []


def _slow_traces(report: Report) -> list[str]:
    found = slow_traces(report.tables["slow_traces"])
    names = ("took", "id", "when", "events", "services", "error")
    rows: list[list[object]] = [[row[name] for name in names] for row in found]
    heads = ["took", "trace", "began (UTC)", "events", "services", "first error"]
    return ["## Slowest requests", table_of(heads, rows)] if rows else []


def _inputs(report: Report) -> str:
    table = report.tables["inputs"]
    rows = [
        [row["source"], row["format"], row["lines"], row["events"], row["unparsed"], row["no_timestamp"], row["note"]]
        for row in table.head(_ROWS).to_dicts()
    ]
    return table_of(["source", "format", "lines", "events", "unparsed", "no time", "note"], rows) if rows else "None."


def table_of(heads: list[str], rows: list[list[object]]) -> str:
    """Return a table whose cells may be text of a log."""
    lines = [heads, ["---"] * len(heads), *[[text(cell) for cell in row] for row in rows]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
