"""Load logs from anywhere into Polars frames, find what is wrong and since when, and show it."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from loganalytics.version import __version__ as __version__

if TYPE_CHECKING:
    from loganalytics.analyses.anomalies.model import AnomalyModel, fit_anomalies
    from loganalytics.analyses.anomalies.sequences import detect_anomalous_sequences
    from loganalytics.analyses.anomalies.windows import detect_anomalies
    from loganalytics.analyses.change_points.detect import change_points
    from loganalytics.analyses.compare.compare import compare
    from loganalytics.analyses.coverage.coverage import coverage
    from loganalytics.analyses.errors.clusters import cluster_errors
    from loganalytics.analyses.patterns import pattern_values, patterns
    from loganalytics.analyses.requests.context import context
    from loganalytics.analyses.requests.endpoints import with_routes
    from loganalytics.analyses.requests.latency import latency
    from loganalytics.analyses.requests.sessions import sessions
    from loganalytics.analyses.requests.steps import steps
    from loganalytics.analyses.requests.traces import trace, traces
    from loganalytics.analyses.sql import sql
    from loganalytics.analyses.trends import trend
    from loganalytics.charts import (
        chart_anomalies,
        chart_anomalous_sequences,
        chart_change_points,
        chart_compare,
        chart_coverage,
        chart_errors,
        chart_latency,
        chart_patterns,
        chart_sessions,
        chart_steps,
        chart_trace,
        chart_traces,
        chart_trend,
    )
    from loganalytics.pushdown import trend_of
    from loganalytics.reports.incident import incident
    from loganalytics.reports.report import report
    from loganalytics.sources.cursors import load_cursor, save_cursor
    from loganalytics.sources.load import describe, load, scan
    from loganalytics.sources.load_report import load_report
    from loganalytics.sources.tail import Tail, tail
    from loganalytics.templates import TemplateCatalogue
    from loganalytics.templates.annotate import with_templates

# Where each public name lives. Importing the package must stay cheap, so a name is loaded when it is first used.
_HOMES = {
    "AnomalyModel": "analyses.anomalies.model",
    "Tail": "sources.tail",
    "TemplateCatalogue": "templates",
    "change_points": "analyses.change_points.detect",
    "chart_anomalies": "charts",
    "chart_anomalous_sequences": "charts",
    "chart_change_points": "charts",
    "chart_compare": "charts",
    "chart_coverage": "charts",
    "chart_errors": "charts",
    "chart_latency": "charts",
    "chart_patterns": "charts",
    "chart_sessions": "charts",
    "chart_steps": "charts",
    "chart_trace": "charts",
    "chart_traces": "charts",
    "chart_trend": "charts",
    "cluster_errors": "analyses.errors.clusters",
    "compare": "analyses.compare.compare",
    "context": "analyses.requests.context",
    "coverage": "analyses.coverage.coverage",
    "describe": "sources.load",
    "detect_anomalies": "analyses.anomalies.windows",
    "detect_anomalous_sequences": "analyses.anomalies.sequences",
    "fit_anomalies": "analyses.anomalies.model",
    "incident": "reports.incident",
    "latency": "analyses.requests.latency",
    "load": "sources.load",
    "load_cursor": "sources.cursors",
    "load_report": "sources.load_report",
    "pattern_values": "analyses.patterns",
    "patterns": "analyses.patterns",
    "report": "reports.report",
    "save_cursor": "sources.cursors",
    "scan": "sources.load",
    "sessions": "analyses.requests.sessions",
    "sql": "analyses.sql",
    "steps": "analyses.requests.steps",
    "tail": "sources.tail",
    "trace": "analyses.requests.traces",
    "traces": "analyses.requests.traces",
    "trend": "analyses.trends",
    "trend_of": "pushdown",
    "with_routes": "analyses.requests.endpoints",
    "with_templates": "templates.annotate",
}

__all__ = [
    "AnomalyModel",
    "Tail",
    "TemplateCatalogue",
    "change_points",
    "chart_anomalies",
    "chart_anomalous_sequences",
    "chart_change_points",
    "chart_compare",
    "chart_coverage",
    "chart_errors",
    "chart_latency",
    "chart_patterns",
    "chart_sessions",
    "chart_steps",
    "chart_trace",
    "chart_traces",
    "chart_trend",
    "cluster_errors",
    "compare",
    "context",
    "coverage",
    "describe",
    "detect_anomalies",
    "detect_anomalous_sequences",
    "fit_anomalies",
    "incident",
    "latency",
    "load",
    "load_cursor",
    "load_report",
    "pattern_values",
    "patterns",
    "report",
    "save_cursor",
    "scan",
    "sessions",
    "sql",
    "steps",
    "tail",
    "trace",
    "traces",
    "trend",
    "trend_of",
    "with_routes",
    "with_templates",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
