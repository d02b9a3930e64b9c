"""A chart of events over time on which ranges are shaded, and a new range can be drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import polars as pl

import loganalytics as la
from loganalytics.charts.lazy_altair import alt
from loganalytics.charts.theme import ACCENT_COLOUR, ALARM_COLOUR
from loganalytics.dashboard.components import charts
from loganalytics.dashboard.components.histogram import BRUSH, brushed_range

_COLOURS = {"incident": ALARM_COLOUR, "baseline": ACCENT_COLOUR}


def draw(
    trend: pl.DataFrame, shaded: Mapping[str, tuple[datetime, datetime] | None], *, key: str,
    on_draw: Callable[[datetime, datetime], None],
) -> None:  # fmt: skip
    """Draw a trend with its shaded ranges; `on_draw` is called with a range that is drawn."""
    brush = alt.selection_interval(name=BRUSH, encodings=["x"])
    chart = la.chart_trend(trend)
    config, chart.config = chart.config, alt.Undefined
    chart.height = chart.width = chart.background = alt.Undefined
    layers = [_shade(name, ends) for name, ends in shaded.items() if ends]
    layered = alt.layer(*layers, chart.add_params(brush)) if layers else chart.add_params(brush)
    layered.height, layered.config, layered.background = 160, config, "transparent"

    def handle_selection() -> None:
        drawn = brushed_range(key)
        if drawn:
            on_draw(*drawn)

    charts.show(layered, key=key, on_select=handle_selection, selection_mode=[BRUSH])


def _shade(name: str, ends: tuple[datetime, datetime]) -> alt.Chart:
    table = pl.DataFrame({"start": [ends[0]], "end": [ends[1]], "range": [name]})
    mark: alt.Chart = alt.Chart(table).mark_rect(color=_COLOURS[name], opacity=0.18)
    return mark.encode(x=alt.X("start:T"), x2="end:T", tooltip=alt.Tooltip("range:N"))
