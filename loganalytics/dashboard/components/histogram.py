"""Events over time by level; a range drawn on the chart zooms in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st

import loganalytics as la
from loganalytics.charts.bands import Band
from loganalytics.charts.lazy_altair import alt
from loganalytics.dashboard import cached_analyses, cached_events, state, summaries, zone
from loganalytics.dashboard.components import charts
from loganalytics.humanize import time_range
from loganalytics.times import parse_when

BRUSH = "brush"
"""The name of the selection on a chart of events over time."""


def draw(key: str, *, height: int = 170, bands: Sequence[Band] = ()) -> None:
    """Draw the histogram of the session's view, over ranges that are shaded; a range drawn on it becomes the view's."""
    view = state.view()
    trend = cached_analyses.trend(view, cached_analyses.window(view), zone.current())
    if trend.is_empty():
        st.caption("These events have no timestamps.")
        return
    chart = la.chart_trend(trend)
    chart.height = height
    brush = alt.selection_interval(name=BRUSH, encodings=["x"])
    key = f"{key}-{hash(view)}"
    charts.show(chart.add_params(brush), bands=bands, key=key, on_select=lambda: _zoom_in(key), selection_mode=[BRUSH])
    _range_bar(key)


def brushed_range(key: str) -> tuple[datetime, datetime] | None:
    """Return the range drawn on the chart of that key, in seconds; None when it is shorter than one."""
    ends = st.session_state[key].selection.get(BRUSH, {}).get("start")
    if not ends or len(ends) != 2:
        return None
    first, last = (datetime.fromtimestamp(end / 1000, UTC).replace(microsecond=0) for end in sorted(ends))
    return (first, last) if first < last else None


def _zoom_in(key: str) -> None:
    drawn = brushed_range(key)
    if drawn:
        state.change(since=state.iso(drawn[0]), until=state.iso(drawn[1]))


def _range_bar(key: str) -> None:
    """Show the range under the chart, with buttons to leave it."""
    view = state.view()
    first, last = summaries.time_extent(cached_events.events(view)) or (None, None)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if not view.since and not view.until:
            st.caption(f"{time_range(first, last, tz=zone.current())} · draw a range on the chart to zoom in")
            return
        st.caption(time_range(first, last, tz=zone.current()))
        st.button("Zoom out", key=f"out-{key}", on_click=_zoom_out, icon=":material/zoom_out:", type="tertiary")
        st.button(
            "All of the log", key=f"all-{key}", on_click=state.change, kwargs={"since": None, "until": None},
            icon=":material/zoom_out_map:", type="tertiary",
        )  # fmt: skip


def _zoom_out() -> None:
    view = state.view()
    extent = summaries.time_extent(cached_events.source_events(view))
    if extent is None:
        return
    first, last = extent
    since = parse_when(view.since, tz=view.tz) if view.since else first
    until = parse_when(view.until, tz=view.tz) if view.until else last
    start, end = summaries.zoomed_out(since, until)
    state.change(since=state.iso(start) if start > first else None, until=state.iso(end) if end < last else None)
