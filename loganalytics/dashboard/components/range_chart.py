"""A chart of events over time on which ranges are shaded, and a new range can be drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import polars as pl
import streamlit as st

import loganalytics as la
from loganalytics.charts.bands import Band
from loganalytics.charts.lazy_altair import alt
from loganalytics.dashboard.components import charts
from loganalytics.dashboard.components.histogram import BRUSH, brushed_range

_HEIGHT = 130  # pixels


def draw(
    trend: pl.DataFrame, bands: Sequence[Band], *, key: str, on_draw: Callable[[datetime, datetime], None]
) -> None:
    """Draw a trend with its shaded ranges; `on_draw` is called with a range that is drawn."""
    chart = la.chart_trend(trend).add_params(alt.selection_interval(name=BRUSH, encodings=["x"]))
    chart.height = _HEIGHT

    def handle_selection() -> None:
        drawn = brushed_range(key)
        if drawn:
            on_draw(*drawn)

    with st.container(key="range-chart"):  # as high as the chart before it is drawn; see page.css
        charts.show(chart, bands=bands, key=key, on_select=handle_selection, selection_mode=[BRUSH])
