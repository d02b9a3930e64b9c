"""When each service was heard."""

from __future__ import annotations

import polars as pl

from loganalytics import schema
from loganalytics.charts import data, descriptions
from loganalytics.charts.lazy_altair import alt
from loganalytics.charts.theme import ACCENT_COLOUR, ALARM_COLOUR, finish, names_axis, time_axis, tips


def chart_coverage(coverage: schema.Frame, *, title: str | None = None) -> alt.LayerChart:
    """Draw when each service was heard: a bar from first to last seen, gaps and silence at the end in red.

    Needs service, first_seen and last_seen, as `coverage` returns them, and draws gaps and silent_for where
    they are there. At most 20 services, the silent ones and those with most events first, and 200 gaps.
    """
    frame = data.collect(coverage, "service", "first_seen", "last_seen")
    order = [name for name in ("is_silent", "events") if name in frame.columns]
    frame = frame.filter(pl.col("first_seen").is_not_null())
    frame = frame.sort(*order, "service", descending=[True] * len(order) + [False]).head(20)
    table = data.spans(frame)
    begin, end = table.select(pl.col("start").min(), pl.col("end").max()).row(0)
    base = alt.Chart(table).encode(
        x=time_axis(begin, end, data.zone(frame)),
        x2="end:T",
        y=names_axis(table["group"]),
        tooltip=tips(group="service", kind="what", when="from – to", lasting="lasting"),
    )
    heard = base.mark_bar(height={"band": 0.5}, color=ACCENT_COLOUR, cornerRadius=2)
    holes = base.mark_bar(height={"band": 0.72}, color=ALARM_COLOUR)
    layers = [heard.transform_filter("datum.kind == 'heard'")]
    if (table["kind"] != "heard").any():
        layers.append(holes.transform_filter("datum.kind != 'heard'"))
    return finish(alt.LayerChart(layer=layers), title, 28 * max(frame.height, 1), descriptions.of_spans(table))
