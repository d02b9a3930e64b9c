"""What a report is: findings first, then what they rest on."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import polars as pl

from loganalytics import __version__
from loganalytics.findings.ranking import Finding
from loganalytics.humanize import time_range
from loganalytics.reports.json import SCHEMA_VERSION, bounded_table, plain
from loganalytics.reports.save import save
from loganalytics.sanitize import printable


@dataclass(frozen=True, repr=False)
class Report:
    """What `report` returns: findings first, then what they rest on.

    Attributes:
        title: of the page.
        verdict: one sentence.
        findings: the gravest first.
        facts: events, errors (severity_number >= 17), told_failures (events without a severity that the table of
            errors counts besides), error_rate, services, first_seen, last_seen, undated (events without a time),
            misdated (events dated years away from the rest, left out of the analyses).
        parameters: what the analyses were called with.
        tables: trend, changes (of events and errors, `of` tells which), anomalies, sequences (by trace_id),
            slow_traces (the ten longest), errors, coverage, latency, patterns and inputs, as the analyses return them.
    """

    title: str
    verdict: str
    findings: list[Finding]
    facts: dict[str, Any]
    parameters: dict[str, Any]
    tables: dict[str, pl.DataFrame] = field(compare=False)

    def save(self, path: str | Path) -> Path:
        """Write the report as HTML, Markdown or JSON, by the suffix of the path, and return the path.

        Raises InvalidArgumentError for another suffix.

        Example: report(logs).save("report.html")
        """
        return save(self, path, "A report")

    def to_html(self) -> str:
        """Return the report as one HTML page that needs no network."""
        from loganalytics.reports.html.report_page import page

        return page(self)

    def to_markdown(self) -> str:
        """Return the report as Markdown."""
        from loganalytics.reports.markdown import markdown

        return markdown(self)

    def to_json(self) -> str:
        """Return the report as JSON: findings, facts, parameters and tables; times in ISO 8601, spans in seconds."""
        told = {
            "schema_version": SCHEMA_VERSION,
            "tool": {"name": "loganalytics", "version": __version__},
            "title": self.title,
            "verdict": self.verdict,
            "facts": self.facts,
            "parameters": self.parameters,
            "findings": [asdict(finding) for finding in self.findings],
            "tables": {name: bounded_table(name, table) for name, table in self.tables.items()},
        }
        return json.dumps(plain(told), ensure_ascii=True, indent=1) + "\n"

    def __repr__(self) -> str:
        """Return the title and the verdict."""
        return f"Report({printable(self.title)!r}: {printable(self.verdict, 400)})"

    def _repr_html_(self) -> str:
        """Return verdict and findings for a notebook; the whole page is what `save` writes."""
        rows = "".join(
            f"<tr><td>{escape(finding.severity)}</td><td>{escape(time_range(finding.start, finding.end))}</td>"
            f"<td style='text-align:left'>{escape(printable(finding.title, 400))}</td></tr>"
            for finding in self.findings[:20]
        )
        head = "<tr><th>severity</th><th>when</th><th style='text-align:left'>what</th></tr>"
        table = f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>" if rows else ""
        title, verdict = escape(printable(self.title)), escape(printable(self.verdict, 400))
        return f"<div><strong>{title}</strong><p>{verdict}</p>{table}</div>"
