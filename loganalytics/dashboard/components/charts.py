"""Charts on a page: as wide as their column, and with room for axes and legend."""

from __future__ import annotations

from typing import Any

import streamlit as st

_AXES_PIXELS = 62
"""Axis, its title and a legend: Streamlit fits these into the height that the chart sets for its marks."""


def show(chart: Any, **selection: Any) -> None:
    """Show a chart of this package in the package's theme."""
    chart.height += _AXES_PIXELS
    st.altair_chart(chart, theme=None, width="stretch", **selection)
