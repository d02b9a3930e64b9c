"""Reports and incidents as JSON: plain values, bounded tables."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from loganalytics.reports.finding_links import anomalous_windows, window_starts
from loganalytics.version import __version__

if TYPE_CHECKING:
    from loganalytics.reports.model import Incident, Report

SCHEMA_VERSION = 2
"""Of the JSON; it rises when a field changes its meaning or goes away."""

_MAX_ROWS, _MAX_CHARACTERS = 1_000, 2_000


def render_report(report: Report) -> str:
    """Return findings, facts, parameters and tables as JSON; of a finding, its problems and anomalous windows too."""
    windows = anomalous_windows(report)
    return _document(
        {
            "title": report.title,
            "verdict": report.verdict,
            "facts": report.facts,
            "parameters": report.parameters,
            "findings": [
                {**asdict(finding), "windows": window_starts(finding, windows, report)} for finding in report.findings
            ],
            "tables": {name: _bounded_table(name, table) for name, table in report.tables.items()},
        }
    )


def render_incident(incident: Incident) -> str:
    """Return verdict, facts, findings and tables as JSON."""
    tables = {
        name: getattr(incident, name) for name in ("compare", "change_points", "silent", "restarts", "traces", "trend")
    }
    return _document(
        {
            "verdict": incident.verdict,
            "notes": incident.notes,
            "facts": incident.facts,
            "findings": incident.findings.to_dicts(),
            "first_error": incident.first_error,
            "tables": {name: _bounded_table(name, table) for name, table in tables.items()},
        }
    )


def _document(content: dict[str, Any]) -> str:
    tool = {"name": "loganalytics", "version": __version__}
    document = {"schema_version": SCHEMA_VERSION, "tool": tool, **content}
    return json.dumps(_to_json_value(document), ensure_ascii=True, indent=1) + "\n"


def _bounded_table(name: str, table: pl.DataFrame) -> dict[str, Any]:
    """Return a table for the JSON: at most 1,000 rows, of the anomalies those that are; "total" counts all of them."""
    rows = table.filter(pl.col("is_anomaly")) if name in ("anomalies", "sequences") else table
    return {"total": rows.height, "rows": rows.head(_MAX_ROWS).to_dicts()}


def _to_json_value(value: Any) -> Any:
    """Return a value as JSON knows it; text of a log is cut at 2,000 characters."""
    if isinstance(value, str):
        return value if len(value) <= _MAX_CHARACTERS else f"{value[:_MAX_CHARACTERS]}…"
    if isinstance(value, dict):
        return {str(key): _to_json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple | pl.Series):
        return [_to_json_value(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):
        return None
    return value if isinstance(value, int | float | bool | None) else str(value)
