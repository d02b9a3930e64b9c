"""One Altair chart for each analysis: chart_<name>(frame) draws what <name>(logs) returned.

A chart is a few hundred marks at most, whatever the log: windows are put together, long lists cut to the top.
"""

from __future__ import annotations

from loganalytics.charts.anomalies import chart_anomalies
from loganalytics.charts.change_points import chart_change_points
from loganalytics.charts.clusters import chart_errors, chart_patterns
from loganalytics.charts.compare import chart_compare
from loganalytics.charts.coverage import chart_coverage
from loganalytics.charts.latency import chart_latency
from loganalytics.charts.levels import LEVEL_COLOURS
from loganalytics.charts.sequences import chart_anomalous_sequences
from loganalytics.charts.sessions import chart_sessions
from loganalytics.charts.steps import chart_steps
from loganalytics.charts.traces import chart_trace, chart_traces
from loganalytics.charts.trends import chart_trend

__all__ = [
    "LEVEL_COLOURS",
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
]
