"""A chart of events over time on which ranges are shaded, and a new one can be drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import polars as pl

import loganalytics as la
from loganalytics.charts.lazy_altair import alt
from loganalytics.charts.theme import ACCENT, ALARM
from loganalytics.dashboard.components import charts
from loganalytics.dashboard.components.histogram import BRUSH, brushed

_COLOURS = {"incident": ALARM, "baseline": ACCENT}


def draw(
    trend: pl.DataFrame, shaded: Mapping[str, tuple[datetime, datetime] | None], *, key: str,
    on_draw: Callable[[datetime, datetime], None],
) -> None:  # fmt: skip
    """Draw a trend with its shaded ranges; `on_draw` is told of a range that is drawn."""
    brush = alt.selection_interval(name=BRUSH, encodings=["x"])
    chart = la.chart_trend(trend)
    config, chart.config = chart.config, alt.Undefined
    chart.height = chart.width = chart.background = alt.Undefined
    layers = [_shade(name, ends) for name, ends in shaded.items() if ends]
    whole = alt.layer(*layers, chart.add_params(brush)) if layers else chart.add_params(brush)
    whole.height, whole.config, whole.background = 160, config, "transparent"

    def take() -> None:
        ends = brushed(key)
        if ends:
            start, end = (moment.replace(microsecond=0) for moment in ends)
            if start < end:
                on_draw(start, end)

    charts.show(whole, key=key, on_select=take, selection_mode=[BRUSH])


def _shade(name: str, ends: tuple[datetime, datetime]) -> alt.Chart:
    table = pl.DataFrame({"start": [ends[0]], "end": [ends[1]], "what": [name]})
    mark: alt.Chart = alt.Chart(table).mark_rect(color=_COLOURS[name], opacity=0.18)
    return mark.encode(x=alt.X("start:T"), x2="end:T", tooltip=alt.Tooltip("what:N"))
