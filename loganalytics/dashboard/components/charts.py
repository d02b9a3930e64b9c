"""Charts on a page: as wide as their column, and with room for axes and legend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from loganalytics.charts.bands import Band, with_bands
from loganalytics.charts.theme import DARK_PAGE_INK, LIGHT_PAGE_INK, with_ink
from loganalytics.dashboard import zone

_AXES_PIXELS = 62
"""Axis, its title and a legend: Streamlit fits these into the height that the chart sets for its marks."""


def show(chart: Any, *, bands: Sequence[Band] = (), **selection: Any) -> None:
    """Show a chart of this package in the package's theme, with ranges of time shaded behind it.

    Its place is as high before it is drawn, so that nothing below moves; its description is what a screen reader says.
    """
    chart.height += _AXES_PIXELS
    chart.padding = {"left": 5, "top": 5, "right": 5, "bottom": 5}  # Streamlit would leave 20 pixels below
    is_dark = st.context.theme.type == "dark"
    chart = with_ink(chart, DARK_PAGE_INK if is_dark else LIGHT_PAGE_INK)
    drawn = with_bands(chart, list(bands), zone.current()) if bands else chart
    st.altair_chart(drawn, theme=None, width="stretch", height=int(drawn.height), **selection)
