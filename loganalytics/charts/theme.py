"""How charts look: colours, axes, legends, tooltips, and the frame that every chart is finished with.

Colours are mid-tones that read on white and on black; text and lines are grey on nothing. Times are UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import polars as pl

from loganalytics.charts.lazy_altair import alt
from loganalytics.sanitize import printable

AnyChart = TypeVar("AnyChart", alt.Chart, alt.LayerChart)

ACCENT_COLOUR = "#4c7fd9"
ALARM_COLOUR = "#dc4b3e"
MUTED_COLOUR = "#98a3b3"
INK_COLOUR = "#7d8896"
WIDTH = 720
_TITLE = 28  # characters of a tooltip's title

PALETTE = [ACCENT_COLOUR, "#4fa08b", "#e3a23b", "#8565c4", "#3fa3bd", "#c7778f", "#7aa653"]

_WORDS = {"labelColor": INK_COLOUR, "titleColor": INK_COLOUR, "labelFontSize": 11, "titleFontSize": 11}
_LINES = {
    "domainColor": INK_COLOUR,
    "tickColor": INK_COLOUR,
    "gridColor": INK_COLOUR,
    "domainOpacity": 0.4,
    "tickOpacity": 0.4,
}
_LOOK: dict[str, Any] = {
    "axis": {**_WORDS, **_LINES, "titleFontWeight": "normal", "gridOpacity": 0.18},
    "legend": {**_WORDS, "orient": "top", "symbolType": "square", "symbolSize": 80},
    "title": {"color": INK_COLOUR, "fontSize": 14, "fontWeight": 600, "anchor": "start", "offset": 10},
    "view": {"stroke": None},
    "mark": {"aria": False},  # a screen reader would read out every bar, its times as numbers
}


def bars(table: pl.DataFrame, colour: str, title: str | None) -> alt.LayerChart:
    """Draw one bar a row with its text above it, and at the end of that its course in time and its number."""
    base = alt.Chart(table).encode(
        y=alt.Y("rank:O", axis=None, scale=alt.Scale(paddingInner=0)),
        tooltip=tips(text="text", shown="events", services="services", first="first seen", last="last seen"),
    )
    x = alt.X("events:Q", axis=None, scale=alt.Scale(zero=True, nice=False))
    has_trend = (table["spark"] != "").any()
    limit = alt.ExprRef("width - 330" if has_trend else "width - 110")
    track = base.mark_bar(height=7, yOffset=9, cornerRadius=3, color=INK_COLOUR, opacity=0.15).encode(
        x=alt.value(0), x2=alt.value("width")
    )
    bar = base.mark_bar(height=7, yOffset=9, cornerRadius=3, color=colour).encode(x=x)
    label = base.mark_text(align="left", dy=-6, limit=limit, fontSize=12, color=INK_COLOUR).encode(
        x=alt.value(0), text="name:N"
    )
    number = base.mark_text(align="right", dy=-6, fontSize=12, color=INK_COLOUR).encode(
        x=alt.value("width"), text="shown:N"
    )
    layers = [track, bar, label, number]
    if has_trend:
        spark = base.mark_text(align="right", dy=-6, fontSize=11, font="monospace", color=colour)
        layers.append(spark.encode(x=alt.value(alt.ExprRef("width - 130")), text="spark:N"))
    return finish(alt.LayerChart(layer=layers), title, 36 * max(table.height, 1))


def time_axis(first: datetime | None, last: datetime | None) -> alt.X:
    """Return the time axis: UTC, 24 hours, and under it the day or days."""
    if first is None or last is None:
        return alt.X("start:T", title=None, bin="binned")
    days = [f"{day.astimezone(UTC):%Y-%m-%d}" for day in (first, last - timedelta(microseconds=1))]
    hours = (last - first).total_seconds() / 3600
    form = (
        "%H:%M:%S"
        if hours < 0.1
        else "%H:%M"
        if hours < 30
        else "%d %b %H:%M"
        if hours < 120
        else "%d %b"
        if hours < 7200
        else "%b %Y"
    )
    label = f"utcFormat(datum.value, '{form}')"  # a binned axis would take `format` for one of numbers
    # As an expression: Vega-Lite would write datetime(...), which Vega's own interpreter (in a report) misreads.
    ends = ", ".join(f"{moment.timestamp() * 1000:.0f}" for moment in (first, last))
    scale = alt.Scale(type="utc", nice=False, domain=alt.ExprRef(f"[{ends}]"))
    count = alt.ExprRef("max(2, width / 95)")
    axis = alt.Axis(labelExpr=label, grid=False, labelOverlap="greedy", labelSeparation=10, tickCount=count)
    return alt.X("start:T", title=" – ".join(dict.fromkeys(days)) + " UTC", bin="binned", scale=scale, axis=axis)


def legend(names: list[str]) -> alt.Legend:
    """Return a legend above the chart in as many columns as the names leave room for."""
    longest = 7 * max(map(len, names), default=1) + 32
    return alt.Legend(columns=max(1, WIDTH // longest))


def names_axis(groups: pl.Series) -> alt.Y:
    """Return the axis of names, in the order of the frame; they are short already, so none is clipped."""
    axis = alt.Axis(labelLimit=0, ticks=False, domain=False, grid=False, labelPadding=8)
    return alt.Y("group:N", title=None, sort=groups.unique(maintain_order=True).to_list(), axis=axis)


def tips(**titles: str | None) -> list[alt.Tooltip]:
    """Return tooltips of columns as text, with their titles, which may be fields of a log; without one: left out."""
    kinds = {"score": "Q", "events": "Q"}
    forms = {"score": ".2f", "events": ","}
    return [
        alt.Tooltip(
            f"{name}:{kinds.get(name, 'N')}", title=printable(title, _TITLE), format=forms.get(name, alt.Undefined)
        )
        for name, title in titles.items()
        if title is not None
    ]


def finish(chart: AnyChart, title: str | None, height: float) -> AnyChart:
    """Return the chart with its size, title and look."""
    chart.width, chart.height, chart.background = WIDTH, height, "transparent"
    chart.title = title or alt.Undefined
    chart.config = alt.Config.from_dict(_LOOK)
    return chart
