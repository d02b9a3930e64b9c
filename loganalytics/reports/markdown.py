"""Reports and incidents as Markdown, for a ticket or a chat: log text cannot become markup."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import polars as pl

from loganalytics.humanize import count, listing, moment, percent, time_range
from loganalytics.reports.finding_links import FindingLinks, link_findings
from loganalytics.reports.table_rows import anomaly_rows, change_rows, failed_trace_rows, slow_trace_rows
from loganalytics.sanitize import printable
from loganalytics.sources.load_report import remarks
from loganalytics.version import __version__

if TYPE_CHECKING:
    from loganalytics.reports.model import Incident, Report

# What means something within a line to CommonMark, its tables and mathematics, and what becomes a link or a call
# by itself on the usual hosts: addresses, @name, #12. HTML becomes entities. No log text begins a line.
_MARKUP = re.compile(r"([\\`*_{}\[\]|~$#@]|:(?=//)|(?<=www)\.)")
_MAX_ROWS = 20


def render_report(report: Report) -> str:
    """Return verdict, numbers, findings, errors and inputs as Markdown."""
    facts, zone = report.facts, report.parameters["timezone"]
    errors = facts["errors"] + facts["unleveled_failures"]  # as the table of errors counts
    links, windows = link_findings(report, max_problems=_MAX_ROWS, max_patterns=0)
    sections = [
        f"# {escaped(report.title)}",
        f"**{escaped(report.verdict, 400)}**",
        table_of(
            ["events", "errors", "error rate", "services", f"time ({zone})"],
            [[count(facts["events"]), count(errors), percent(errors / max(facts["events"], 1)),
              count(facts["services"]), time_range(facts["first_seen"], facts["last_seen"], tz=zone)]],
        ),
        "## Findings",
        *(_findings(report, links) or [escaped(report.verdict, 400)]),
        "## Errors",
        _errors(report),
        *_anomalies(windows, zone),
        *_changes(report),
        *_slow_traces(report),
        "## Where this comes from",
        _inputs(report),
        f"loganalytics {escaped(__version__)}, windows of {escaped(report.parameters['every'])}. "
        f"All times are {escaped(zone)}.",
    ]  # fmt: skip
    return "\n\n".join(sections) + "\n"


def render_incident(incident: Incident) -> str:
    """Return verdict, numbers, findings, differences and failed requests as Markdown."""
    facts, zone = incident.facts, incident.facts["timezone"]
    rows: list[list[object]] = [
        [
            name,
            time_range(facts[f"{side}start"], facts[f"{side}end"], tz=zone),
            facts[f"{side}events"],
            facts[f"{side}errors"],
        ]
        for name, side in (("incident", ""), ("baseline", "baseline_"))
    ]
    sections = [
        f"# Incident {escaped(time_range(facts['start'], facts['end'], tz=zone))}",
        f"**{escaped(incident.verdict[0], 500)}**",
        *[escaped(sentence, 500) for sentence in incident.verdict[1:]],
        table_of(["", "time", "events", "errors"], rows),
    ]
    for role, title in (("cause", "Likely causes"), ("consequence", "What else changed")):
        sections += [f"## {title}", _numbered(incident.findings.filter(pl.col("role") == role)) or "None."]
    traces = failed_trace_rows(incident.traces, tz=zone)["rows"]
    if traces:
        names = ("id", "start", "took", "services", "error")
        failed: list[list[object]] = [[row[name] for name in names] for row in traces]
        sections += [
            "## Failed requests",
            table_of(["request", f"began ({zone})", "took", "services", "first error"], failed),
        ]
    sections.append(f"loganalytics {escaped(__version__)}. Times are those of {escaped(zone)}.")
    return "\n\n".join(sections) + "\n"


def escaped(value: object, limit: int = 200) -> str:
    """Return text of a log with its Markdown escaped: it is shown as it is."""
    printed = printable(value, limit).replace("&", "&amp;").replace("<", "&lt;")
    return _MARKUP.sub(r"\\\1", printed)


def _findings(report: Report, links: list[FindingLinks]) -> list[str]:
    paragraphs = []
    for number, (finding, rows) in enumerate(zip(report.findings, links, strict=True), start=1):
        evidence = "".join(f"\n   - {escaped(line, 400)}" for line in finding.evidence)
        paragraphs.append(
            f"{number}. **{finding.severity}: {escaped(finding.title, 400)}**  \n"
            f"   {escaped(finding.detail, 800)}{_see(rows)}{evidence}"
        )
    return paragraphs


def _see(links: FindingLinks) -> str:
    """Return links to the tables below, with the numbers of their rows; what shows Markdown names headings so."""
    tables = (("error", "errors", links.problems), ("anomalous window", "anomalies", links.anomalies))
    named = [
        f"[{noun}{'s' if len(numbers) > 1 else ''} {listing([str(n) for n in numbers])}](#{heading})"
        for noun, heading, numbers in tables
        if numbers
    ]
    return f" See {' and '.join(named)}." if named else ""


def _anomalies(windows: list[dict[str, Any]], zone: str) -> list[str]:
    rows: list[list[object]] = [
        [number, row["when"], row["service"], row["score"], row["reasons"]]
        for number, row in enumerate(anomaly_rows(windows, tz=zone), 1)
    ]
    return ["## Anomalies", table_of(["", f"from ({zone})", "service", "score", "reasons"], rows)] if rows else []


def _errors(report: Report) -> str:
    table, zone = report.tables["errors"], report.parameters["timezone"]
    rows: list[list[object]] = [
        [
            number,
            count(row["events"]),
            row["label"] + (" (new)" if row["is_new"] else ""),
            ", ".join(row["services"] or []),
            moment(row["first_seen"], tz=zone),
            moment(row["last_seen"], tz=zone),
        ]
        for number, row in enumerate(table.head(_MAX_ROWS).to_dicts(), 1)
    ]
    if not rows:
        return "None."
    table_lines = table_of(["", "events", "problem", "services", "first seen", "last seen"], rows)
    unleveled_failures = report.facts["unleveled_failures"]
    if not unleveled_failures:
        return table_lines
    counted = count(unleveled_failures, "event")
    return f"Includes {counted} without a severity whose message reports a failure.\n\n{table_lines}"


def _changes(report: Report) -> list[str]:
    zone = report.parameters["timezone"]
    changes = change_rows(report.tables["changes"], tz=zone)["rows"]
    rows: list[list[object]] = [[row["when"], row["what"], row["before"], row["after"]] for row in changes]
    return ["## Changes", table_of([f"from ({zone})", "what", "before", "after"], rows)] if rows else []


def _slow_traces(report: Report) -> list[str]:
    zone = report.parameters["timezone"]
    slow_traces = slow_trace_rows(report.tables["slow_traces"], tz=zone)
    names = ("took", "id", "when", "events", "services", "error")
    rows: list[list[object]] = [[row[name] for name in names] for row in slow_traces]
    heads = ["took", "trace", f"began ({zone})", "events", "services", "first error"]
    return ["## Slowest requests", table_of(heads, rows)] if rows else []


def _inputs(report: Report) -> str:
    table = report.tables["inputs"]
    rows = [
        [row["source"], row["format"], row["lines"], row["events"], row["unparsed"], row["no_timestamp"], remarks(row)]
        for row in table.head(_MAX_ROWS).to_dicts()
    ]
    return table_of(["source", "format", "lines", "events", "unparsed", "no time", "note"], rows) if rows else "None."


def table_of(heads: list[str], rows: list[list[object]]) -> str:
    """Return a table whose cells may be text of a log."""
    lines = [heads, ["---"] * len(heads), *[[escaped(cell) for cell in row] for row in rows]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _numbered(findings: pl.DataFrame) -> str:
    return "\n".join(
        f"{row['rank']}. **{escaped(row['title'], 300)}**  \n   {escaped(row['detail'], 600)}"
        for row in findings.to_dicts()
    )
