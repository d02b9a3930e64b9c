"""Incident: two ranges drawn on the chart, the differences between them, the causes first, with their events."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl
import streamlit as st

import loganalytics as la
from loganalytics.dashboard import cached_analyses, state, zone
from loganalytics.dashboard.components import charts, guards, range_chart, tables
from loganalytics.exceptions import LogAnalyticsError
from loganalytics.humanize import count, time_range
from loganalytics.reports.model import Incident
from loganalytics.sanitize import printable
from loganalytics.times import parse_when
from loganalytics.view import View

_BASELINES = {
    "previous": "the time before",
    "previous_day": "the day before",
    "previous_week": "the week before",
    "drawn": "drawn on the chart",
}
_MAX_EVENTS = 200


def page() -> None:
    """Draw the ranges, and the verdict once there is an incident."""
    logs = guards.events_or_explain()
    if logs is None:
        return
    view = state.view()
    incident_range = _incident_range()
    _ranges(view, incident_range)
    if incident_range is None:
        _suggestions(view)
        return
    baseline = view.baseline or str(st.session_state.get("against") or "previous")
    try:
        with st.spinner("Comparing the incident with its baseline …"):
            incident = cached_analyses.incident(view, incident_range, baseline, zone.current())
    except LogAnalyticsError as error:
        st.error("These ranges cannot be compared.", icon=":material/error:")
        st.text(str(error))
        return
    _metrics(incident)
    _verdict(incident)
    _findings(view, incident)
    _details(incident)


def _incident_range() -> tuple[datetime, datetime] | None:
    """Return the incident's range, as drawn or as a link says."""
    start, _, end = (state.opened("incident") or "").partition("/")
    try:
        return (parse_when(start), parse_when(end)) if start and end else None
    except LogAnalyticsError:
        return None


def _baseline_range(view: View) -> tuple[datetime, datetime] | None:
    try:
        return (parse_when(view.baseline[0]), parse_when(view.baseline[1])) if view.baseline else None
    except LogAnalyticsError:
        return None


def _ranges(view: View, incident_range: tuple[datetime, datetime] | None) -> None:
    """Draw the chart that the two ranges are drawn on."""
    description, mode, against = st.columns([3, 2, 2], vertical_alignment="bottom")
    with description:
        _describe_ranges(view, incident_range)
    mode.segmented_control(
        "Draw on the chart", ["incident", "baseline"], default="incident", required=True, key="draws", width="stretch"
    )
    options = [name for name in _BASELINES if name != "drawn" or view.baseline]
    st.session_state["against"] = "drawn" if view.baseline else st.session_state.get("baseline-kind", "previous")
    against.selectbox(
        "Compare with", options, format_func=lambda name: _BASELINES[name], key="against", on_change=_apply_baseline
    )
    trend = cached_analyses.trend(view, cached_analyses.window(view), zone.current())
    shaded = {"incident": incident_range, "baseline": _baseline_range(view)}
    range_chart.draw(trend, shaded, key=f"incident-{hash(view)}-{state.opened('incident')}", on_draw=_apply_range)


def _describe_ranges(view: View, incident_range: tuple[datetime, datetime] | None) -> None:
    if incident_range is None:
        st.text("Draw the time of the incident on the chart.")
        return
    st.text(f"Incident {time_range(*incident_range, tz=zone.current())}")
    baseline = _baseline_range(view)
    if baseline:
        st.text(f"Baseline {time_range(*baseline, tz=zone.current())}")


def _apply_range(start: datetime, end: datetime) -> None:
    """Take a range that was drawn as incident or baseline."""
    if st.session_state["draws"] == "baseline":
        state.change(baseline=(state.iso(start), state.iso(end)))
    else:
        _open_incident(start, end)


def _apply_baseline() -> None:
    kind = st.session_state["against"]
    if kind != "drawn":
        st.session_state["baseline-kind"] = kind
        state.change(baseline=None)


def _suggestions(view: View) -> None:
    """Offer the times with the most anomalous windows."""
    with st.spinner("Looking for anomalous times …"):
        episodes = cached_analyses.episodes(view, cached_analyses.window(view))
    if not episodes:
        st.info("No window stands out; draw a range on the chart.", icon=":material/draw:")
        return
    st.caption("Or start with an anomalous time:")
    with st.container(horizontal=True):
        for start, end in episodes[:6]:
            st.button(
                time_range(start, end, tz=zone.current()), key=f"suggest-{start}", icon=":material/troubleshoot:",
                on_click=_open_incident, args=(start, end),
            )  # fmt: skip


def _open_incident(start: datetime, end: datetime) -> None:
    state.open_item("incident", f"{state.iso(start)}/{state.iso(end)}")


def _metrics(incident: Incident) -> None:
    facts = incident.facts
    minutes = (facts["end"] - facts["start"]) / timedelta(minutes=1)
    baseline_minutes = (facts["baseline_end"] - facts["baseline_start"]) / timedelta(minutes=1)
    cards = st.columns(4)
    for card, name, colour in ((cards[0], "events", "off"), (cards[1], "errors", "inverse")):
        rate = facts[name] / max(minutes, 1e-9)
        baseline_rate = facts[f"baseline_{name}"] / max(baseline_minutes, 1e-9)
        change = f"{rate - baseline_rate:+,.1f}" if rate or baseline_rate else None
        card.metric(
            f"{name.capitalize()} per minute", f"{rate:,.1f}", change, delta_color=colour,  # type: ignore[arg-type]
            delta_description="against the baseline", border=True, height="stretch",
        )  # fmt: skip
    causes = incident.findings.filter(pl.col("role") == "cause").height
    cards[2].metric("Likely causes", f"{causes:,}", border=True, height="stretch")
    cards[3].metric("Differences in total", f"{incident.compare.height:,}", border=True, height="stretch")


def _verdict(incident: Incident) -> None:
    with st.container(border=True, key="verdict"):
        heading, save = st.columns([4, 1], vertical_alignment="center")
        heading.subheader("Verdict", anchor=False)
        save.download_button(
            "Report", incident.to_html, file_name="incident.html", mime="text/html", icon=":material/download:",
            width="stretch", on_click="ignore", key="incident-report",
        )  # fmt: skip
        for sentence in incident.verdict:
            st.text(printable(sentence, 600))


def _findings(view: View, incident: Incident) -> None:
    if incident.findings.is_empty():
        st.info("No difference by more than chance explains.", icon=":material/info:")
        return
    st.subheader("Differences, likeliest cause first", anchor=False)
    names = ["rank", "role", "kind", "service", "title", "events", "ratio", "p_value", "start"]
    columns: dict[str, Any] = {
        "rank": st.column_config.NumberColumn("", width=36),
        "title": st.column_config.TextColumn("difference", width="large"),
        "ratio": st.column_config.NumberColumn("ratio", format="%.1f"),
        "p_value": st.column_config.NumberColumn("p", format="%.1e", help="Corrected for multiple comparisons."),
        "start": st.column_config.DatetimeColumn("since", format="MMM D HH:mm:ss", timezone=zone.current(), width=130),
    }
    key = f"findings-{hash(view)}-{state.opened('incident')}"
    clicked = tables.draw(
        incident.findings.select(names), key, columns=columns, clickable=True, height=300, file_name="findings",
        whole=incident.findings,
    )  # fmt: skip
    if clicked:
        _finding(incident, int(clicked["rank"]))


def _finding(incident: Incident, rank: int) -> None:
    """Draw one finding with its evidence and its events."""
    finding = incident.findings.row(by_predicate=pl.col("rank") == rank, named=True)
    events = incident.rows(rank)
    with st.container(border=True, key="finding"):
        st.text(printable(finding["title"], 600))
        st.text(printable(finding["detail"], 2000))
        if finding["example"]:
            st.code(printable(finding["example"], 20_000, lines=True), language=None, wrap_lines=True)
        excess = f", the first {_MAX_EVENTS}" if events.height > _MAX_EVENTS else ""
        st.caption(f"{count(events.height, 'event')} behind it{excess}:")
        names = [name for name in ("timestamp", "level", "service", "duration_ms", "message") if name in events.columns]
        tables.draw(events.select(names).head(_MAX_EVENTS), f"finding-{rank}", height=260)
        if finding["template_id"] and st.button("Show all events", icon=":material/list:", key="finding-events"):
            state.add_condition("template_id", finding["template_id"])
            state.switch_page("explore")


def _details(incident: Incident) -> None:
    changes, differences, requests = st.tabs(["Changes over time", "All differences", "Failed requests"])
    with changes:
        incident_range = (incident.facts["start"], incident.facts["end"])
        for name in ("events", "errors"):
            points = incident.change_points.filter(pl.col("of") == name).drop("of")
            charts.show(
                la.chart_change_points(
                    zone.localize(points),
                    trend=zone.localize(incident.trend),
                    column=name,
                    within=incident_range,
                    title=name,
                )
            )
    with differences:
        if not incident.compare.is_empty():
            charts.show(la.chart_compare(incident.compare))
        columns = ["kind", "subject", "scope", "baseline_rate", "incident_rate", "ratio", "p_value", "example"]
        tables.draw(
            incident.compare.select(columns), "differences", height=320, file_name="differences", whole=incident.compare
        )  # fmt: skip
    with requests:
        _failed_requests(incident)


def _failed_requests(incident: Incident) -> None:
    if incident.traces.is_empty():
        st.caption("No request failed in the incident.")
        return
    columns = ["trace_id", "duration_ms", "errors", "services", "first_error"]
    clicked = tables.draw(incident.traces.select(columns), "failed", clickable=True, height=300)
    if clicked:
        state.open_item("trace", clicked["trace_id"])
        state.switch_page("traces")
