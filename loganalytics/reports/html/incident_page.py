"""An incident as one HTML page; what comes from the log is escaped as in a report."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from loganalytics import charts
from loganalytics.charts.lazy_altair import alt
from loganalytics.humanize import count, moment, percent, span, time_range
from loganalytics.reports.html.report_page import FONT, render_template, to_embedded_json
from loganalytics.reports.table_rows import event_lines, failed_trace_rows
from loganalytics.sanitize import printable

if TYPE_CHECKING:
    from loganalytics.reports.model import Incident

_MAX_EVENTS, _MAX_DIFFERENCES = 12, 60
_MAX_CHARACTERS = 300
_SEVERITY = {"new_error": "critical", "silence": "critical", "more_errors": "critical", "failed_requests": "critical"}


def render_incident(incident: Incident) -> str:
    """Return the incident as HTML."""
    zone = incident.facts["timezone"]
    specs = {name: to_embedded_json(spec) for name, spec in _specs(incident).items()}
    return render_template(
        "incident.html.j2",
        specs,
        incident=incident,
        heading=time_range(incident.facts["start"], incident.facts["end"], tz=zone),
        baseline=time_range(incident.facts["baseline_start"], incident.facts["baseline_end"], tz=zone),
        zone=zone,
        tiles=_tiles(incident),
        findings={role: _findings(incident, role) for role in ("cause", "consequence")},
        differences=_differences(incident.compare),
        traces=failed_trace_rows(incident.traces, tz=zone),
    )


def _specs(incident: Incident) -> dict[str, dict[str, Any]]:
    """Return the charts that have something to show, as Vega-Lite as wide as the page."""
    within = incident.facts["start"], incident.facts["end"]
    columns = incident.change_points["of"].to_list()
    column = "errors" if columns.count("errors") > columns.count("events") else "events"
    changes = incident.change_points.filter(pl.col("of") == column).drop("of")
    drawn = {}
    with alt.data_transformers.enable("default", max_rows=None):
        if incident.trend.height > 1:
            drawn["around"] = charts.chart_change_points(
                changes, trend=incident.trend, column=column, within=within
            ).to_dict()
        if incident.compare.height:
            drawn["compare"] = charts.chart_compare(incident.compare).to_dict()
        if incident.traces.height:
            drawn["traces"] = charts.chart_traces(incident.traces).to_dict()
    for spec in drawn.values():
        spec["width"] = "container"
        spec["config"]["font"] = FONT
    return drawn


def _tiles(incident: Incident) -> list[dict[str, Any]]:
    """Return the numbers of the first screen."""
    facts = incident.facts
    length: timedelta = facts["end"] - facts["start"]
    shares = [facts[f"{side}errors"] / max(facts[f"{side}events"], 1) for side in ("", "baseline_")]
    causes = incident.findings.filter(pl.col("role") == "cause").height
    differences = count(incident.compare.height, "difference")
    tiles = [
        ("Lasted", span(length), moment(facts["start"], tz=facts["timezone"])),
        ("Events", count(facts["events"]), f"{count(facts['baseline_events'])} in the baseline"),
        ("Errors", count(facts["errors"]), f"{percent(shares[0])} of events, {percent(shares[1])} before"),
        ("Causes", count(causes), f"{differences} in all"),
    ]
    return [{"name": name, "value": value, "notes": [note]} for name, value, note in tiles]


def _findings(incident: Incident, role: str) -> list[dict[str, str]]:
    return [
        {
            "rank": row["rank"],
            "kind": row["kind"].replace("_", " "),
            "severity": _SEVERITY.get(row["kind"], "warning" if role == "cause" else "info"),
            "title": printable(row["title"], _MAX_CHARACTERS),
            "detail": printable(row["detail"], 2 * _MAX_CHARACTERS),
            "when": time_range(row["start"], row["end"], tz=incident.facts["timezone"]),
            "lines": "\n".join(event_lines(incident, row, _MAX_EVENTS)),
        }
        for row in incident.findings.filter(pl.col("role") == role).to_dicts()
    ]


def _differences(table: pl.DataFrame) -> dict[str, Any]:
    rows = [
        {
            "kind": row["kind"],
            "subject": printable(row["subject"], _MAX_CHARACTERS) or "(no text)",
            "example": printable(row["example"], 2_000, lines=True) if row["example"] != row["subject"] else "",
            "note": printable(row["note"], _MAX_CHARACTERS),
            "baseline": _side(row, "baseline"),
            "incident": _side(row, "incident"),
            "p": "–" if row["p_value"] is None else f"{row['p_value']:.1e}",
        }
        for row in table.head(_MAX_DIFFERENCES).to_dicts()
    ]
    return {"rows": rows, "more": max(0, table.height - _MAX_DIFFERENCES)}


def _side(row: dict[str, Any], side: str) -> str:
    if row[f"{side}_p50"] is not None:
        return f"{row[f'{side}_p50']:,.4g} (p95 {row[f'{side}_p95']:,.4g})"
    return f"{row[f'{side}_rate'] or 0:,.3g}"
