"""Load logs from anywhere into Polars frames, find what is wrong and since when, and show it."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from loganalytics.analyses.anomalies import detect_anomalies
    from loganalytics.analyses.anomaly_models import AnomalyModel, fit_anomalies
    from loganalytics.analyses.change_points import change_points
    from loganalytics.analyses.clusters import cluster_errors
    from loganalytics.analyses.compare import compare
    from loganalytics.analyses.context import context
    from loganalytics.analyses.coverage import coverage
    from loganalytics.analyses.latency import latency
    from loganalytics.analyses.patterns import pattern_values, patterns
    from loganalytics.analyses.sequences import detect_anomalous_sequences
    from loganalytics.analyses.sessions import sessions
    from loganalytics.analyses.sql import sql
    from loganalytics.analyses.steps import steps
    from loganalytics.analyses.traces import trace, traces
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
    from loganalytics.reports import report
    from loganalytics.reports.incident import incident
    from loganalytics.sources import Tail, describe, load, load_cursor, load_report, save_cursor, scan, tail
    from loganalytics.templates import TemplateCatalogue, with_templates

# Where each public name lives. Importing the package must stay cheap, so a name is loaded when it is first used.
_HOMES = {
    "AnomalyModel": "analyses.anomaly_models",
    "Tail": "sources",
    "TemplateCatalogue": "templates",
    "change_points": "analyses.change_points",
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
    "cluster_errors": "analyses.clusters",
    "compare": "analyses.compare",
    "context": "analyses.context",
    "coverage": "analyses.coverage",
    "describe": "sources",
    "detect_anomalies": "analyses.anomalies",
    "detect_anomalous_sequences": "analyses.sequences",
    "fit_anomalies": "analyses.anomaly_models",
    "incident": "reports.incident",
    "latency": "analyses.latency",
    "load": "sources",
    "load_cursor": "sources",
    "load_report": "sources",
    "pattern_values": "analyses.patterns",
    "patterns": "analyses.patterns",
    "report": "reports",
    "save_cursor": "sources",
    "scan": "sources",
    "sessions": "analyses.sessions",
    "sql": "analyses.sql",
    "steps": "analyses.steps",
    "tail": "sources",
    "trace": "analyses.traces",
    "traces": "analyses.traces",
    "trend": "analyses.trends",
    "with_templates": "templates",
}

__version__ = "0.1.0"

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
