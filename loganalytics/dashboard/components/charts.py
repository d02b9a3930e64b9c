"""Charts on a page: as wide as their place, and with room for axes and legend."""

from __future__ import annotations

from typing import Any

import streamlit as st

_AROUND = 62
"""Pixels for axis, its title and a legend: Streamlit fits these into the height that the chart names for its marks."""


def show(chart: Any, **selection: Any) -> None:
    """Show a chart of this package in its own look."""
    chart.height += _AROUND
    st.altair_chart(chart, theme=None, width="stretch", **selection)
