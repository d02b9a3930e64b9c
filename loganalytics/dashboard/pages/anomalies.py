"""Anomalies: when the log was unlike itself, why and how strongly; the scores of all windows behind it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl
import streamlit as st

import loganalytics as la
from loganalytics.dashboard import anomaly_lines, cached_analyses, found_lines, state, summaries, zone
from loganalytics.dashboard.components import charts, choices, finding_list, guards, histogram, tables
from loganalytics.humanize import count, time_range
from loganalytics.sanitize import printable
from loganalytics.times import parse_every
from loganalytics.view import View

_CONTROLS_HEIGHT = 44  # pixels, also before they are there: what is below does not move
_LENGTHS = ("automatic", "1m", "5m", "15m", "1h")
_SERVICE, _TOGETHER = "service by service", "all together"


def page() -> None:
    """Draw the unusual stretches of time, where they lie in the log, and the scores of the windows."""
    logs = guards.events_or_explain()
    if logs is None:
        return
    view = state.view()
    with st.container(height=_CONTROLS_HEIGHT, border=False):
        heading, options = st.columns([6, 1], vertical_alignment="center")
    with options, st.popover("Options", icon=":material/tune:", type="tertiary", key="anomaly-options"):
        by = _options(view, has_services=summaries.metrics(logs).services > 1)
    every = cached_analyses.window(view)
    with st.spinner("Scoring the windows …"):
        scored = cached_analyses.anomalies(view, every, by)
        lines = anomaly_lines.lines_of(view, every, by)
    with heading:
        st.caption(_summary(scored, lines, every, by))
    if lines:
        finding_list.draw(lines)
    else:
        _no_window(view)
    histogram.draw("anomalies", height=110, bands=found_lines.bands(lines))
    st.subheader("Scores", anchor=False)
    st.caption(
        "How unlike the usual each window is: 0 is ordinary; from 0.5 on, red, one ordinary window in a thousand."
    )
    charts.show(la.chart_anomalies(zone.localize(scored)))
    _windows(view, scored.filter("is_anomaly"), by)


def _options(view: View, *, has_services: bool) -> str | None:
    """Draw what is folded: the length of the windows, and whether each service is scored by itself."""
    st.session_state["every"] = view.every if view.every in _LENGTHS else _LENGTHS[0]
    st.selectbox("Window", _LENGTHS, key="every", on_change=_apply_every)
    if has_services and choices.choose("by", (_SERVICE, _TOGETHER), label="Scored") == _SERVICE:
        return "service"
    return None


def _summary(scored: pl.DataFrame, lines: list[found_lines.FoundLine], every: str, by: str | None) -> str:
    """Return how much was found in what; says how windows are cut where the page shows another zone."""
    if scored.is_empty():
        return "These events have no timestamps."
    strong = sum(line.finding.severity == "warning" for line in lines)
    found = f"{count(len(lines), 'unusual stretch', 'unusual stretches')} of time, {strong:,} strong. " if lines else ""
    cut = "" if zone.current() == "UTC" else ", cut in UTC"
    scope = ", of each service" if by else ""
    windows = count(scored["window"].n_unique(), "window")
    return f"{found}Looked at {windows} of {every}{scope}{cut}. Times in {zone.current()}."


def _windows(view: View, anomalies: pl.DataFrame, by: str | None) -> None:
    """Draw the anomalous windows one by one, folded."""
    if anomalies.is_empty():
        return
    with st.expander(f"{count(anomalies.height, 'anomalous window')}, one by one"):
        reasons = pl.col("reasons").list.eval(pl.element().struct.field("text")).list.join(" · ").alias("reasons")
        table = anomalies.sort("score", descending=True).with_columns(reasons)
        names = ["window", *([by] if by else []), "score", "events", "errors", "reasons"]
        columns: dict[str, Any] = {
            "score": st.column_config.ProgressColumn("score", format="%.2f", min_value=0, max_value=1, width=110),
            "reasons": st.column_config.TextColumn("reasons", width="large"),
        }
        clicked = tables.draw(
            table.select(names), f"anomalies-{hash(view)}-{by}", columns=columns, clickable=True, height=330,
            file_name="anomalies",
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
