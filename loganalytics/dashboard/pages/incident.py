"""Incident: two ranges drawn on the chart, what is different between them, the causes first, with their events."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl
import streamlit as st

import loganalytics as la
from loganalytics.dashboard import cached_analyses, state
from loganalytics.dashboard.components import charts, guards, range_chart, tables
from loganalytics.exceptions import LogAnalyticsError
from loganalytics.humanize import count, time_range
from loganalytics.reports.incident import Incident
from loganalytics.sanitize import printable
from loganalytics.times import parse_when
from loganalytics.view import View

_BASELINES = {
    "previous": "the time before",
    "previous_day": "the day before",
    "previous_week": "the week before",
    "drawn": "drawn on the chart",
}


def page() -> None:
    """Draw the ranges, and the verdict once there is an incident."""
    logs = guards.events()
    if logs is None:
        return
    view = state.view()
    chosen = picked()
    _ranges(view, chosen)
    if chosen is None:
        _suggestions(view)
        return
    try:
        with st.spinner("Comparing the incident with its baseline …"):
            found = cached_analyses.incident(
                view, chosen, view.baseline or str(st.session_state.get("against") or "previous")
            )
    except LogAnalyticsError as error:
        st.error("These ranges cannot be compared.", icon=":material/error:")
        st.text(str(error))
        return
    _verdict(found)
    _findings(view, found)
    _more(found)


def picked() -> tuple[datetime, datetime] | None:
    """Return the incident's range, as drawn or as a link says."""
    start, _, end = (state.opened("incident") or "").partition("/")
    try:
        return (parse_when(start), parse_when(end)) if start and end else None
    except LogAnalyticsError:
        return None


def _ranges(view: View, chosen: tuple[datetime, datetime] | None) -> None:
    """Draw the chart that the two ranges are drawn on."""
    told, draws, against = st.columns([3, 2, 2], vertical_alignment="bottom")
    with told:
        _told(view, chosen)
    draws.segmented_control(
        "Draw on the chart", ["incident", "baseline"], default="incident", required=True, key="draws", width="stretch"
    )
    options = [name for name in _BASELINES if name != "drawn" or view.baseline]
    st.session_state["against"] = "drawn" if view.baseline else st.session_state.get("baseline-kind", "previous")
    against.selectbox(
        "Against", options, format_func=lambda name: _BASELINES[name], key="against", on_change=_take_against
    )
    shaded = {"incident": chosen, "baseline": _baseline(view)}
    range_chart.draw(
        cached_analyses.trend(view), shaded, key=f"incident-{hash(view)}-{state.opened('incident')}", on_draw=_take
    )


def _told(view: View, chosen: tuple[datetime, datetime] | None) -> None:
    if chosen is None:
        st.text("Draw the time of the incident on the chart.")
        return
    st.text(f"Incident {time_range(*chosen)}")
    baseline = _baseline(view)
    if baseline:
        st.text(f"Baseline {time_range(*baseline)}")


def _baseline(view: View) -> tuple[datetime, datetime] | None:
    try:
        return (parse_when(view.baseline[0]), parse_when(view.baseline[1])) if view.baseline else None
    except LogAnalyticsError:
        return None


def _take(start: datetime, end: datetime) -> None:
    """Keep the range that was drawn."""
    if st.session_state["draws"] == "baseline":
        state.change(baseline=(state.iso(start), state.iso(end)))
    else:
        _open(start, end)


def _take_against() -> None:
    chosen = st.session_state["against"]
    if chosen != "drawn":
        st.session_state["baseline-kind"] = chosen
        state.change(baseline=None)


def _suggestions(view: View) -> None:
    """Offer the times that the anomaly scores point at."""
    with st.spinner("Looking for anomalous times …"):
        found = cached_analyses.episodes(view)
    if not found:
        st.info("No window stands out; draw a range of your own.", icon=":material/draw:")
        return
    st.caption("Or begin with a time that stands out:")
    with st.container(horizontal=True):
        for start, end in found[:6]:
            st.button(
                time_range(start, end), key=f"suggest-{start}", icon=":material/troubleshoot:", on_click=_open,
                args=(start, end),
            )  # fmt: skip


def _open(start: datetime, end: datetime) -> None:
    state.opened("incident", f"{state.iso(start)}/{state.iso(end)}")


def _verdict(found: Incident) -> None:
    facts_of = found.facts
    cards = st.columns(4)
    length = timedelta(seconds=(facts_of["end"] - facts_of["start"]).total_seconds())
    before = timedelta(seconds=(facts_of["baseline_end"] - facts_of["baseline_start"]).total_seconds())
    causes = found.findings.filter(pl.col("role") == "cause").height
    _rate(cards[0], "Events a minute", facts_of["events"], length, facts_of["baseline_events"], before, "off")
    _rate(cards[1], "Errors a minute", facts_of["errors"], length, facts_of["baseline_errors"], before, "inverse")
    cards[2].metric("Likely causes", f"{causes:,}", border=True, height="stretch")
    cards[3].metric("Differences in all", f"{found.compare.height:,}", border=True, height="stretch")
    with st.container(border=True, key="verdict"):
        heading, save = st.columns([4, 1], vertical_alignment="center")
        heading.subheader("Verdict", anchor=False)
        save.download_button(
            "Report", found.to_html, file_name="incident.html", mime="text/html", icon=":material/download:",
            width="stretch", on_click="ignore", key="incident-report",
        )  # fmt: skip
        for sentence in found.verdict:
            st.text(printable(sentence, 600))


def _rate(place: Any, label: str, now: int, length: timedelta, then: int, before: timedelta, colour: str) -> None:
    rate, was = (number / max(span.total_seconds() / 60, 1e-9) for number, span in ((now, length), (then, before)))
    change = f"{rate - was:+,.1f}" if then or now else None
    place.metric(label, f"{rate:,.1f}", change, delta_color=colour, delta_description="against the baseline",
                 border=True, height="stretch")  # fmt: skip


def _findings(view: View, found: Incident) -> None:
    if found.findings.is_empty():
        st.success("Nothing differs enough to be told.", icon=":material/check_circle:")
        return
    st.subheader("What differs, likeliest cause first", anchor=False)
    columns = ["rank", "role", "kind", "service", "title", "events", "ratio", "p_value", "start"]
    told: dict[str, Any] = {
        "rank": st.column_config.NumberColumn("", width=36),
        "title": st.column_config.TextColumn("what", width="large"),
        "ratio": st.column_config.NumberColumn("times", format="%.1f"),
        "p_value": st.column_config.NumberColumn("p", format="%.1e", help="Corrected for their number."),
        "start": st.column_config.DatetimeColumn("since", format="MMM D HH:mm:ss", timezone="UTC", width=130),
    }
    key = f"findings-{hash(view)}-{state.opened('incident')}"
    row = tables.rows(found.findings.select(columns), key, columns=told, pick=True, height=300)
    if row:
        _finding(found, int(row["rank"]))


def _finding(found: Incident, rank: int) -> None:
    """Show the evidence of one finding: what it says, and its events."""
    row = found.findings.row(by_predicate=pl.col("rank") == rank, named=True)
    events = found.rows(rank)
    with st.container(border=True, key="finding"):
        st.text(printable(row["title"], 600))
        st.text(printable(row["detail"], 2000))
        if row["example"]:
            st.code(printable(row["example"], 20_000, lines=True), language=None, wrap_lines=True)
        st.caption(f"{count(events.height, 'event')} behind it, the first 200:")
        columns = [
            name for name in ("timestamp", "level", "service", "duration_ms", "message") if name in events.columns
        ]
        tables.rows(events.select(columns).head(200), f"finding-{rank}", height=260)
        if row["template_id"] and st.button("All of its events", icon=":material/list:", key="finding-events"):
            state.add("template_id", row["template_id"])
            state.go("explore")


def _more(found: Incident) -> None:
    changes, compare, traces = st.tabs(["Changes over time", "All differences", "Failed requests"])
    with changes:
        within = (found.facts["start"], found.facts["end"])
        for name in ("events", "errors"):
            points = found.change_points.filter(pl.col("of") == name).drop("of")
            chart = la.chart_change_points(points, trend=found.trend, column=name, within=within, title=name)
            charts.show(chart)
    with compare:
        if not found.compare.is_empty():
            charts.show(la.chart_compare(found.compare))
        columns = ["kind", "subject", "scope", "baseline_rate", "incident_rate", "ratio", "p_value", "example"]
        tables.rows(found.compare.select(columns), "differences", height=320)
    with traces:
        _traces(found)


def _traces(found: Incident) -> None:
    if found.traces.is_empty():
        st.caption("No request failed in the incident.")
        return
    columns = ["trace_id", "duration_ms", "errors", "services", "first_error"]
    row = tables.rows(found.traces.select(columns), "failed", pick=True, height=300)
    if row:
        state.opened("trace", row["trace_id"])
        state.go("traces")
