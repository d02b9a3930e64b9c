"""Load logs from anywhere into Polars frames, find what is wrong and since when, and show it."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from loganalytics.analyses.anomalies import detect_anomalies
    from loganalytics.analyses.clusters import cluster_errors
    from loganalytics.analyses.coverage import coverage
    from loganalytics.analyses.latency import latency
    from loganalytics.analyses.patterns import pattern_values, patterns
    from loganalytics.analyses.trends import trend
    from loganalytics.charts import (
        chart_anomalies,
        chart_coverage,
        chart_errors,
        chart_latency,
        chart_patterns,
        chart_trend,
    )
    from loganalytics.reports import report
    from loganalytics.sources import Tail, describe, load, load_cursor, load_report, save_cursor, scan, tail
    from loganalytics.templates import TemplateCatalogue, with_templates

# Where each public name lives. Importing the package must stay cheap, so a name is loaded when it is first used.
_HOMES = {
    "Tail": "sources",
    "TemplateCatalogue": "templates",
    "chart_anomalies": "charts",
    "chart_coverage": "charts",
    "chart_errors": "charts",
    "chart_latency": "charts",
    "chart_patterns": "charts",
    "chart_trend": "charts",
    "cluster_errors": "analyses.clusters",
    "coverage": "analyses.coverage",
    "describe": "sources",
    "detect_anomalies": "analyses.anomalies",
    "latency": "analyses.latency",
    "load": "sources",
    "load_cursor": "sources",
    "load_report": "sources",
    "pattern_values": "analyses.patterns",
    "patterns": "analyses.patterns",
    "report": "reports",
    "save_cursor": "sources",
    "scan": "sources",
    "tail": "sources",
    "trend": "analyses.trends",
    "with_templates": "templates",
}

__version__ = "0.1.0"

__all__ = [
    "Tail",
    "TemplateCatalogue",
    "chart_anomalies",
    "chart_coverage",
    "chart_errors",
    "chart_latency",
    "chart_patterns",
    "chart_trend",
    "cluster_errors",
    "coverage",
    "describe",
    "detect_anomalies",
    "latency",
    "load",
    "load_cursor",
    "load_report",
    "pattern_values",
    "patterns",
    "report",
    "save_cursor",
    "scan",
    "tail",
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
