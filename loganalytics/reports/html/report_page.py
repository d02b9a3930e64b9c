"""The report as one HTML page: Vega inlined once, specs as JSON data, everything from the log escaped.

The page may load nothing and run nothing but its own two scripts: its content security policy names them by
hash. Vega gets its own expression interpreter, so that even eval stays forbidden.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from loganalytics import charts
from loganalytics.charts.lazy_altair import alt
from loganalytics.humanize import count, localize, moment, percent, span, time_range
from loganalytics.reports.changes import sum_levels
from loganalytics.reports.finding_links import link_findings
from loganalytics.reports.html.finding_bands import with_finding_bands
from loganalytics.reports.html.vega import vega_script
from loganalytics.reports.table_rows import anomaly_rows, change_rows, slow_trace_rows
from loganalytics.sanitize import printable
from loganalytics.sources.load_report import remarks
from loganalytics.version import __version__

if TYPE_CHECKING:
    from loganalytics.reports.model import Report

_MAX_FINDINGS, _MAX_ERRORS, _MAX_SERVICES, _MAX_GROUPS, _MAX_PATTERNS, _MAX_INPUTS = 40, 30, 50, 30, 30, 100
FONT = "system-ui, -apple-system, Segoe UI, Roboto, sans-serif"
_MAX_LABEL, _MAX_EXAMPLE, _MAX_TRACE = 240, 2_000, 6_000  # characters

BOOT = """
for (const box of document.querySelectorAll(".chart")) {
  const spec = JSON.parse(document.getElementById(box.dataset.spec).textContent);
  const options = {actions: false, renderer: "svg", ast: true, tooltip: {theme: "custom"}};
  vegaEmbed(box, spec, options).catch(() => { box.textContent = "The chart could not be drawn."; });
}
"""


def render_report(report: Report) -> str:
    """Return the report as HTML."""
    zone = report.parameters["timezone"]
    drawn = _specs(report)
    legend = _legend(drawn["trend"]) if "trend" in drawn else []
    links, windows = link_findings(report, max_problems=_MAX_ERRORS, max_patterns=_MAX_PATTERNS)
    if "trend" in drawn:
        drawn["trend"] = with_finding_bands(drawn["trend"], report.findings)
    specs = {name: to_embedded_json(spec) for name, spec in drawn.items()}
    return render_template(
        "report.html.j2",
        specs,
        tz=zone,
        zone=zone,
        report=report,
        legend=legend,
        tiles=_tiles(report),
        findings=list(zip(report.findings, links, strict=True))[:_MAX_FINDINGS],
        more_findings=max(0, len(report.findings) - _MAX_FINDINGS),
        changes=change_rows(report.tables["changes"], tz=zone),
        slow_traces=slow_trace_rows(report.tables["slow_traces"], tz=zone),
        anomalies=anomaly_rows(windows, tz=zone),
        more_anomalies=report.tables["anomalies"]["is_anomaly"].sum() - len(windows),
        errors=_errors(report.tables["errors"], zone),
        services=_services(report.tables["coverage"], zone),
        latency=_latency(report.tables["latency"]),
        patterns=_patterns(report.tables["patterns"]),
        inputs=_inputs(report.tables["inputs"], zone),
    )


def render_template(template: str, specs: dict[str, str], *, tz: str = "UTC", **values: Any) -> str:
    """Return a page of a template: the charts, the scripts that draw them, and the policy that lets no other run."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(Path(__file__).parent)
    env = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    scripts = {"vega": vega_script(), "boot": BOOT} if specs else {"vega": "", "boot": ""}
    return env.get_template(template).render(
        version=__version__,
        policy=content_security_policy(scripts),
        scripts=scripts,
        specs=specs,
        when=partial(time_range, tz=tz),
        plain=printable,
        **values,
    )


def content_security_policy(scripts: dict[str, str]) -> str:
    """Return a content security policy under which only these scripts run, and nothing is fetched."""
    hashes = [
        base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts.values() if script
    ]
    allowed = " ".join(f"'sha256-{digest}'" for digest in hashes) or "'none'"
    return f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def _specs(report: Report) -> dict[str, dict[str, Any]]:
    """Return the charts that have something to show, as Vega-Lite as wide as the page."""
    tables = report.tables
    active = tables["coverage"].filter(pl.col("first_seen").is_not_null())
    drawn: list[tuple[str, Callable[[pl.DataFrame], Any], pl.DataFrame]] = [
        ("trend", charts.chart_trend, tables["trend"]),
        (
            "changes",
            partial(charts.chart_change_points, trend=sum_levels(tables["trend"])),
            tables["changes"].filter(pl.col("of") == "events"),
        ),
        ("anomalies", charts.chart_anomalies, tables["anomalies"]),
        ("sequences", charts.chart_anomalous_sequences, tables["sequences"].filter("is_anomaly")),
        ("coverage", charts.chart_coverage, active),
        ("latency", charts.chart_latency, tables["latency"]),
    ]
    with alt.data_transformers.enable("default", max_rows=None):
        specs = {name: chart(table).to_dict() for name, chart, table in drawn if not table.is_empty()}
    for spec in specs.values():
        spec["width"] = "container"
        spec["config"]["font"] = FONT
    return specs


def _legend(spec: dict[str, Any]) -> list[tuple[str, str]]:
    """Take the legend out of a spec and return its names and colours: the page's own wraps on a phone."""
    colour = spec["encoding"]["color"]
    colour["legend"] = None
    return list(zip(colour["scale"]["domain"], colour["scale"]["range"], strict=True))


def to_embedded_json(spec: dict[str, Any]) -> str:
    """Return JSON that cannot end its script element."""
    document = json.dumps(spec, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return document.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _tiles(report: Report) -> list[dict[str, Any]]:
    """Return the numbers of the first screen."""
    facts = report.facts
    first, last = facts["first_seen"], facts["last_seen"]
    zone = report.parameters["timezone"]
    ends = [localize(time, zone) for time in (first, last)] if first else []
    dates = [f"{ends[0]:%Y-%m-%d %H:%M} –", f"{ends[1]:%Y-%m-%d %H:%M} {zone}"] if ends else []
    notes = [count(facts["services"], "service") if facts["services"] else "no service named"]
    unleveled_failures = facts["unleveled_failures"]
    number = facts["errors"] + unleveled_failures
    errors = [f"{percent(number / max(facts['events'], 1))} of events"]
    errors += [f"{count(unleveled_failures)} of them failures without a severity"] if unleveled_failures else []
    notes += [f"{count(facts['undated'])} without a time"] if facts["undated"] else []
    notes += [f"{count(facts['misdated'])} dated years away, left out"] if facts["misdated"] else []
    return [
        {"name": "Events", "value": count(facts["events"]), "notes": [", ".join(notes)]},
        {"name": "Errors", "value": count(number), "notes": [", ".join(errors)]},
        {"name": "Findings", "value": count(len(report.findings)), "notes": [_severities(report)]},
        {"name": "Time covered", "value": span(last - first) if first else "–", "notes": dates},
    ]


def _severities(report: Report) -> str:
    names = [finding.severity for finding in report.findings]
    found = ", ".join(f"{names.count(name)} {name}" for name in dict.fromkeys(names))
    return found or ("nothing unusual" if report.is_all_clear else "nothing can be said")


def _errors(table: pl.DataFrame, tz: str) -> dict[str, Any]:
    highest = max(table["events"].to_list(), default=1)
    rows = [
        {
            "label": printable(row["label"], _MAX_LABEL) or "(no text)",
            "events": count(row["events"]),
            "width": round(100 * row["events"] / highest, 1),
            "services": printable(", ".join(row["services"] or []), _MAX_LABEL),
            "first": moment(row["first_seen"], zone=False, tz=tz),
            "last": moment(row["last_seen"], zone=False, tz=tz),
            "spark": _spark(row["trend"]),
            "is_new": row["is_new"],
            "example": printable(row["example"], _MAX_EXAMPLE, lines=True),
            "trace": printable(row.get("exception"), _MAX_TRACE, lines=True),
            "trace_ids": printable(", ".join(row["trace_ids"] or []), _MAX_LABEL),
        }
        for row in table.head(_MAX_ERRORS).to_dicts()
    ]
    return {"rows": rows, "more": max(0, table.height - _MAX_ERRORS)}


def _services(table: pl.DataFrame, tz: str) -> dict[str, Any]:
    rows = [
        {
            "service": printable(row["service"], 80) or "unknown",
            "events": count(row["events"]),
            "first": moment(row["first_seen"], zone=False, tz=tz),
            "last": moment(row["last_seen"], zone=False, tz=tz),
            "expected": span(row["expected_gap"]),
            "longest": span(row["longest_gap"]),
            "longest_start": moment(row["longest_gap_start"], tz=tz),
            "is_silent": row["is_silent"],
            "silent": span(row["silent_for"]) if row["is_silent"] else "–",
        }
        for row in table.head(_MAX_SERVICES).to_dicts()
    ]
    return {"rows": rows, "more": max(0, table.height - _MAX_SERVICES)}


def _latency(table: pl.DataFrame) -> dict[str, Any]:
    if table.is_empty():
        return {"rows": [], "more": 0, "by": ""}
    by = table.columns[0]
    rows = [
        {"group": printable(row[by], 80) or "unknown", "count": count(row["count"])}
        | {name: _milliseconds(row[name]) for name in ("p50", "p95", "p99", "max")}
        for row in table.head(_MAX_GROUPS).to_dicts()
    ]
    return {"rows": rows, "more": max(0, table.height - _MAX_GROUPS), "by": by}


def _milliseconds(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f} ms" if value >= 100 else f"{value:.3g} ms"


def _spark(trend: list[int]) -> str:
    """Return the outline of a sparkline's bars, 4 wide and at most 20 high, for the path of an SVG."""
    highest = max(trend, default=0)
    heights = [(number, max(2, round(20 * events / highest))) for number, events in enumerate(trend) if events]
    return "".join(f"M{4 * number} 20v-{height}h3v{height}z" for number, height in heights)


def _patterns(table: pl.DataFrame) -> dict[str, Any]:
    highest = max(table["events"].to_list(), default=1)
    rows = [
        {
            "template": printable(row["template"], _MAX_LABEL) or "(no text)",
            "events": count(row["events"]),
            "width": round(100 * row["events"] / highest, 1),
            "share": percent(row["share"]),
            "spark": _spark(row["trend"]),
            "errors": count(row["errors"]),
            "example": printable(row["example"], _MAX_EXAMPLE, lines=True),
        }
        for row in table.head(_MAX_PATTERNS).to_dicts()
    ]
    return {"rows": rows, "more": max(0, table.height - _MAX_PATTERNS)}


def _inputs(table: pl.DataFrame, tz: str) -> dict[str, Any]:
    rows = [
        {
            "source": printable(row["source"], 160) or "unknown",
            "format": printable(row["format"], 80),
            **{
                name: "–" if row[name] is None else count(row[name])
                for name in ("lines", "events", "unparsed", "no_timestamp")
            },
            "when": time_range(row["first_seen"], row["last_seen"], tz=tz),
            "note": printable(remarks(row), _MAX_LABEL),
        }
        for row in table.head(_MAX_INPUTS).to_dicts()
    ]
    return {"rows": rows, "more": max(0, table.height - _MAX_INPUTS)}
