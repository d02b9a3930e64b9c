"""Error clusters and message templates."""

from __future__ import annotations

from typing import Any

from loganalytics import schema
from loganalytics.charts import data
from loganalytics.charts.lazy_altair import alt
from loganalytics.charts.theme import ACCENT_COLOUR, ALARM_COLOUR, bars
from loganalytics.humanize import count, percent


def chart_errors(clusters: schema.Frame, *, title: str | None = None) -> alt.LayerChart:
    """Draw the greatest 12 error clusters as bars, with their course in time; new ones are marked.

    Needs label and events, as `cluster_errors` returns them; uses trend and is_new, and the tooltip shows services,
    first and last seen.
    """
    frame = data.collect(clusters, "label", "events")

    def show(row: dict[str, Any]) -> str:
        return count(row["events"]) + (" · new" if row.get("is_new") else "")

    return bars(data.ranked(frame, "label", 12, show), ALARM_COLOUR, title)


def chart_patterns(patterns: schema.Frame, *, title: str | None = None) -> alt.LayerChart:
    """Draw the greatest 15 message templates as bars, with their share of all events and their course in time.

    Needs template and events, as `patterns` returns them; uses share, trend and is_known (False is marked new), and the
    tooltip shows services, first and last seen.
    """
    frame = data.collect(patterns, "template", "events")

    def show(row: dict[str, Any]) -> str:
        share = row.get("share")
        new = " · new" if row.get("is_known") is False else ""
        return count(row["events"]) + (f" · {percent(share)}" if share is not None else "") + new

    return bars(data.ranked(frame, "template", 15, show), ACCENT_COLOUR, title)
