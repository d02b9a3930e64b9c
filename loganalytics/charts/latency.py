"""Quantiles of durations."""

from __future__ import annotations

import polars as pl

from loganalytics import schema
from loganalytics.charts import data, descriptions
from loganalytics.charts.lazy_altair import alt
from loganalytics.charts.theme import ACCENT_COLOUR, ALARM_COLOUR, finish, names_axis, tips


def chart_latency(latency: schema.Frame, *, title: str | None = None) -> alt.LayerChart:
    """Draw p50 to p99 of each of the 12 slowest groups, p95 between, in milliseconds on a logarithmic scale.

    Needs p50, p95 and p99, as `latency` returns them; the first column besides names the groups.
    """
    frame = data.collect(latency, "p50", "p95", "p99")
    table = data.quantiles(frame, 12)
    base = alt.Chart(table).encode(
        y=names_axis(table["group"]),
        tooltip=tips(group=frame.columns[0], events="events", p50_text="p50", p95_text="p95", p99_text="p99"),
    )
    axis = alt.Axis(tickCount=5, format="~s", grid=False, title="milliseconds: p50 to p99, tick at p95")
    low, high = table.select(pl.col("p50").min(), pl.col("p99").max()).row(0)
    domain = [low / 1.1, high * 1.1] if table.height else alt.Undefined
    scale = alt.Scale(type="log", nice=False, domain=domain)
    x = alt.X("p50:Q", scale=scale, axis=axis)
    layers = (
        base.mark_bar(height=8, cornerRadius=4, color=ACCENT_COLOUR, opacity=0.35).encode(x=x, x2="p99:Q"),
        base.mark_point(filled=True, size=70, opacity=1, color=ACCENT_COLOUR).encode(x="p50:Q"),
        base.mark_tick(thickness=3, size=16, color=ACCENT_COLOUR).encode(x="p95:Q"),
        base.mark_point(filled=True, size=70, opacity=1, color=ALARM_COLOUR).encode(x="p99:Q"),
    )
    return finish(
        alt.LayerChart(layer=list(layers)), title, 30 * max(table.height, 1), descriptions.of_quantiles(table)
    )
