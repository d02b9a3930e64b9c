"""Error clusters and message templates."""

from __future__ import annotations

from typing import Any

from loganalytics import schema
from loganalytics.charts import data
from loganalytics.charts.look import ACCENT, ALARM, bars
from loganalytics.quick_altair import alt
from loganalytics.wording import count, percent


def chart_errors(clusters: schema.Frame, *, title: str | None = None) -> alt.LayerChart:
    """Draw the greatest 12 error clusters as bars.

    Needs label and events, as `cluster_errors` returns them; the tooltip tells services, first and last seen.
    """
    frame = data.collect(clusters, "label", "events")
    return bars(data.ranked(frame, "label", 12, lambda row: count(row["events"])), ALARM, title)


def chart_patterns(patterns: schema.Frame, *, title: str | None = None) -> alt.LayerChart:
    """Draw the greatest 15 message templates as bars, with their share of all events.

    Needs template and events, as `patterns` returns them; the tooltip tells services, first and last seen.
    """
    frame = data.collect(patterns, "template", "events")

    def show(row: dict[str, Any]) -> str:
        share = row.get("share")
        return count(row["events"]) + (f" · {percent(share)}" if share is not None else "")

    return bars(data.ranked(frame, "template", 15, show), ACCENT, title)
