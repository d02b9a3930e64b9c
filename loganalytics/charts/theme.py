"""How charts look: colours, axes, legends, tooltips, and the frame that every chart is finished with.

Colours are mid-tones that read on white and on black; text and lines are grey on nothing. Times are those
of the clock in the zone that the frame's times have.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import polars as pl

from loganalytics.charts.clock import shown_time, tick_times
from loganalytics.charts.descriptions import of_bars
from loganalytics.charts.lazy_altair import alt
from loganalytics.humanize import moment
from loganalytics.sanitize import printable

AnyChart = TypeVar("AnyChart", alt.Chart, alt.LayerChart)

ACCENT_COLOUR = "#4c7fd9"
ALARM_COLOUR = "#dc4b3e"
MUTED_COLOUR = "#98a3b3"
INK_COLOUR = "#7d8896"
"""Of text where the page may be light or dark: it can be read on both."""
LIGHT_PAGE_INK, DARK_PAGE_INK = "#5b6878", "#9aa7b8"
"""Of text on a page that is known to be light, or dark: 4.5:1 and more."""
WIDTH = 720
_TITLE, _DESCRIPTION = 28, 400  # characters of a tooltip's title, and of what describes a chart
# Up to how many hours an axis shows times in which form.
_TIME_FORMS = [(0.1, "%H:%M:%S"), (30, "%H:%M"), (120, "%d %b %H:%M"), (7200, "%d %b"), (float("inf"), "%b %Y")]

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
    return finish(alt.LayerChart(layer=layers), title, 36 * max(table.height, 1), of_bars(table))


def time_axis(first: datetime | None, last: datetime | None, tz: str = "UTC") -> alt.X:
    """Return the time axis: the clock in that zone, 24 hours, and under it the day or days."""
    if first is None or last is None:
        return alt.X("start:T", title=None, bin="binned")
    first, last = first.astimezone(UTC), last.astimezone(UTC)  # Python subtracts times of one zone by their clocks
    days = [moment(day, zone=False, tz=tz)[:10] for day in (first, last - timedelta(microseconds=1))]
    # As an expression: Vega-Lite would write datetime(...), which Vega's own interpreter (in a report) misreads.
    scale = alt.Scale(type="utc", nice=False, domain=_times((first, last)))
    title = " – ".join(dict.fromkeys(days)) + f" {tz}"
    return alt.X("start:T", title=title, bin="binned", scale=scale, axis=_clock_axis(first, last, tz))


def _clock_axis(first: datetime, last: datetime, tz: str) -> alt.Axis:
    form = next(form for hours, form in _TIME_FORMS if (last - first) / timedelta(hours=1) < hours)
    axis = alt.Axis(grid=False, labelSeparation=10)
    if tz == "UTC":
        # As an expression: a binned axis would take `format` for one of numbers.
        axis["labelExpr"] = f"utcFormat(datum.value, '{form}')"
        axis["labelOverlap"], axis["tickCount"] = "greedy", alt.ExprRef("max(2, width / 95)")
    else:
        axis["labelExpr"] = f"utcFormat({shown_time(first, last, tz)}, '{form}')"
        axis["labelOverlap"], axis["values"] = "parity", _times(tick_times(first, last, tz))
    return axis


def _times(moments: Iterable[datetime]) -> alt.ExprRef:
    return alt.ExprRef(f"[{', '.join(f'{moment.timestamp() * 1000:.0f}' for moment in moments)}]")


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


def with_ink(chart: AnyChart, colour: str) -> AnyChart:
    """Return the chart with its words in another colour: of axes, legend and title, and those of its layers."""
    look = json.loads(json.dumps(_LOOK).replace(INK_COLOUR, colour))
    chart.config = alt.Config.from_dict(look)
    for layer in chart.layer if isinstance(chart, alt.LayerChart) else [chart]:
        mark = layer.mark
        if isinstance(mark, alt.MarkDef) and mark.type == "text" and mark.color in (INK_COLOUR, MUTED_COLOUR):
            mark.color = colour
    return chart


def finish(chart: AnyChart, title: str | None, height: float, description: str) -> AnyChart:
    """Return the chart with its size, title and look, and with a sentence for those who cannot see it."""
    chart.width, chart.height, chart.background = WIDTH, height, "transparent"
    chart.title = title or alt.Undefined
    chart.description = printable(description, _DESCRIPTION)
    chart.config = alt.Config.from_dict(_LOOK)
    return chart
