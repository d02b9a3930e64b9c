"""Where the rest of a report shows what a finding rests on: rows of its errors, and of its anomalous windows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from loganalytics.findings.symptoms import NAME_LENGTH
from loganalytics.sanitize import printable
from loganalytics.times import parse_every

if TYPE_CHECKING:
    from loganalytics.findings.ranking import Finding
    from loganalytics.reports.model import Report

MAX_ANOMALIES = 40  # rows: those of findings first, then the oddest


@dataclass(frozen=True, kw_only=True)
class FindingLinks:
    """What a finding leads to, as numbers of rows from 1.

    Attributes:
        problems: rows of the table of errors.
        anomalies: rows of the table of anomalous windows.
        patterns: rows of the table of patterns.
    """

    problems: tuple[int, ...]
    anomalies: tuple[int, ...]
    patterns: tuple[int, ...]

    def __bool__(self) -> bool:
        """Whether there is a row to go to."""
        return bool(self.problems or self.anomalies or self.patterns)


def link_findings(
    report: Report, *, max_problems: int, max_patterns: int
) -> tuple[list[FindingLinks], list[dict[str, Any]]]:
    """Return the links of each finding, and the anomalous windows that are shown, in order of time.

    Of the errors the first `max_problems` are shown, of the patterns the first `max_patterns`.
    """
    shown_problems = report.tables["errors"]["cluster_id"].head(max_problems).to_list()
    shown_patterns = report.tables["patterns"]["template_id"].head(max_patterns).to_list()
    windows = anomalous_windows(report)
    behind = [windows_behind(finding, windows, report) for finding in report.findings]
    of_findings = {id(row) for rows in behind for row in rows}
    ranked = sorted(windows, key=lambda row: (id(row) not in of_findings, -row["score"]))
    kept = {id(row) for row in ranked[:MAX_ANOMALIES]}
    shown = [row for row in windows if id(row) in kept]
    numbers = {id(row): number for number, row in enumerate(shown, 1)}
    links = [
        FindingLinks(
            problems=_row_numbers(finding.cluster_ids, shown_problems),
            anomalies=tuple(numbers[id(row)] for row in rows if id(row) in numbers),
            patterns=_row_numbers(finding.template_ids, shown_patterns),
        )
        for finding, rows in zip(report.findings, behind, strict=True)
    ]
    return links, shown


def _row_numbers(keys: tuple[str, ...], shown: list[str]) -> tuple[int, ...]:
    return tuple(shown.index(key) + 1 for key in keys if key in shown)


def anomalous_windows(report: Report) -> list[dict[str, Any]]:
    """Return the anomalous windows in order of time."""
    anomalies = report.tables["anomalies"].filter("is_anomaly")
    by = ["service"] if "service" in anomalies.columns else []
    return anomalies.sort("window", *by, nulls_last=True).to_dicts()


def windows_behind(finding: Finding, windows: list[dict[str, Any]], report: Report) -> list[dict[str, Any]]:
    """Return the anomalous windows of the services of a finding that lie in its time."""
    if finding.start is None or finding.end is None or finding.kind == "clock":
        return []
    length, services = parse_every(report.parameters["every"]), set(finding.service.split(", ")) - {""}
    return [
        row for row in windows
        if row["window"] <= finding.end and row["window"] + length > finding.start
        and (not services or "service" not in row or printable(row["service"], NAME_LENGTH) in services)
    ]  # fmt: skip


def window_starts(finding: Finding, windows: list[dict[str, Any]], report: Report) -> list[datetime]:
    """Return when the anomalous windows behind a finding begin."""
    return list(dict.fromkeys(row["window"] for row in windows_behind(finding, windows, report)))
