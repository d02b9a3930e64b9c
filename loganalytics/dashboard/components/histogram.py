"""Events over time by level, on which a range is drawn to zoom in."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

import loganalytics as la
from loganalytics.charts.lazy_altair import alt
from loganalytics.dashboard import cached_analyses, cached_events, state, summaries
from loganalytics.dashboard.components import charts
from loganalytics.humanize import time_range
from loganalytics.times import parse_when

BRUSH = "brush"
"""The name of the selection on a chart of events over time."""


def draw(key: str, *, height: int = 170) -> None:
    """Draw the histogram of the session's view; a range drawn on it becomes the view's."""
    view = state.view()
    trend = cached_analyses.trend(view)
    if trend.is_empty():
        st.caption("These events bear no time.")
        return
    chart = la.chart_trend(trend)
    chart.height = height
    brush = alt.selection_interval(name=BRUSH, encodings=["x"])
    key = f"{key}-{hash(view)}"
    charts.show(chart.add_params(brush), key=key, on_select=lambda: _zoom(key), selection_mode=[BRUSH])
    _range_bar(key)


def brushed(key: str) -> tuple[datetime, datetime] | None:
    """Return the range drawn on the chart of that key."""
    ends = st.session_state[key].selection.get(BRUSH, {}).get("start")
    if not ends or len(ends) != 2 or ends[0] == ends[1]:
        return None
    first, last = sorted(ends)
    return datetime.fromtimestamp(first / 1000, UTC), datetime.fromtimestamp(last / 1000, UTC)


def _zoom(key: str) -> None:
    found = brushed(key)
    if found:
        start, end = (moment.replace(microsecond=0) for moment in found)
        if start < end:
            state.change(since=state.iso(start), until=state.iso(end))


def _range_bar(key: str) -> None:
    """Tell the range under the chart, with the ways out of it."""
    view = state.view()
    first, last = summaries.extent(cached_events.events(view)) or (None, None)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if not view.since and not view.until:
            st.caption(f"{time_range(first, last)} · draw a range on the chart to zoom in")
            return
        st.caption(time_range(first, last))
        st.button("Zoom out", key=f"out-{key}", on_click=_widen, icon=":material/zoom_out:", type="tertiary")
        st.button(
            "All of the log", key=f"all-{key}", on_click=state.change, kwargs={"since": None, "until": None},
            icon=":material/zoom_out_map:", type="tertiary",
        )  # fmt: skip


def _widen() -> None:
    view = state.view()
    found = summaries.extent(cached_events.whole(view))
    if found is None:
        return
    first, last = found
    since = parse_when(view.since, tz=view.tz) if view.since else first
    until = parse_when(view.until, tz=view.tz) if view.until else last
    start, end = summaries.widened(since, until)
    state.change(since=state.iso(start) if start > first else None, until=state.iso(end) if end < last else None)
