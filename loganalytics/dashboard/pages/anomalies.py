"""Anomalies: how unusual each window was, why, and how it compares with the time before."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl
import streamlit as st

import loganalytics as la
from loganalytics.dashboard import cached_analyses, found_lines, state, summaries, zone
from loganalytics.dashboard.components import charts, finding_list, guards, tables
from loganalytics.humanize import time_range
from loganalytics.sanitize import printable
from loganalytics.times import parse_every
from loganalytics.view import View

_CONTROLS_HEIGHT = 68  # pixels, also before they are there: the chart below does not move


def page() -> None:
    """Draw the scores over time, the anomalous windows with their reasons, and the open window."""
    logs = guards.events_or_explain()
    if logs is None:
        return
    view = state.view()
    services = summaries.metrics(logs).services
    with st.container(height=_CONTROLS_HEIGHT, border=False):
        heading, every, by = st.columns([4, 1, 1], vertical_alignment="bottom")
    heading.markdown("How unusual each window is: **0** is normal, **0.5** and above is anomalous.")
    lengths = ["automatic", "1m", "5m", "15m", "1h"]
    st.session_state["every"] = view.every if view.every in lengths else "automatic"
    every.selectbox("Window", lengths, key="every", on_change=_apply_every)
    column = None
    if services > 1 and by.selectbox("By", ["service", "all together"], key="by") == "service":
        column = "service"
    with st.spinner("Scoring the windows …"):
        scored = cached_analyses.anomalies(view, cached_analyses.window(view), column)
    charts.show(la.chart_anomalies(zone.localize(scored)))
    _windows(view, scored.filter("is_anomaly"), column)


def _windows(view: View, anomalies: pl.DataFrame, by: str | None) -> None:
    if anomalies.is_empty():
        _no_window(view)
        return
    reasons = pl.col("reasons").list.eval(pl.element().struct.field("text")).list.join(" · ").alias("reasons")
    table = anomalies.sort("score", descending=True).with_columns(reasons)
    names = ["window", *([by] if by else []), "score", "events", "errors", "reasons"]
    columns: dict[str, Any] = {
        "score": st.column_config.ProgressColumn("score", format="%.2f", min_value=0, max_value=1, width=110),
        "reasons": st.column_config.TextColumn("reasons", width="large"),
    }
    st.markdown(f"**{anomalies.height:,}** anomalous windows. Click on one to compare it with the time before.")
    key = f"anomalies-{hash(view)}-{by}"
    clicked = tables.draw(
        table.select(names), key, columns=columns, clickable=True, height=330, file_name="anomalies"
    )  # fmt: skip
    if clicked:
        _window(view, clicked, by)


def _no_window(view: View) -> None:
    """Say that no window is unusual, which is not that all is well: what was found otherwise stands below."""
    st.info("No window scores 0.5 or more. Windows are one of several ways to look.", icon=":material/info:")
    if not found_lines.are_ready(view):
        st.caption("Overview looks in all of them.")
        return
    with st.spinner("Looking for what is unusual …"):
        lines = found_lines.lines_of(view)
    if lines:
        st.caption("Found otherwise:")
        finding_list.draw(lines)


def _window(view: View, row: dict[str, Any], by: str | None) -> None:
    start: datetime = row["window"]
    end = start + parse_every(cached_analyses.window(view))
    with st.container(border=True, key="window"):
        st.text(time_range(start, end, tz=zone.current()) + (f" · {printable(row[by])}" if by else ""))
        st.code(printable(row["reasons"].replace(" · ", "\n"), 2000, lines=True), language=None, wrap_lines=True)
        with st.container(horizontal=True):
            if st.button("Show events", icon=":material/list:"):
                state.change(since=state.iso(start), until=state.iso(end))
                if by and row[by]:
                    state.change(services=(row[by],))
                state.switch_page("explore")
            if st.button("Compare with the time before", icon=":material/compare_arrows:", type="primary"):
                length = max(6 * (end - start), timedelta(hours=1))
                state.change(baseline=(state.iso(start - length), state.iso(start)))
                state.open_item("incident", f"{state.iso(start)}/{state.iso(end)}")
                state.switch_page("incident")


def _apply_every() -> None:
    length = st.session_state["every"]
    state.change(every=None if length == "automatic" else length)
