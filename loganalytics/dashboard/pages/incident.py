"""Incident: two ranges drawn on the chart, the differences between them, the causes first, with their events."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl
import streamlit as st

import loganalytics as la
from loganalytics.analyses.compare.ranges import parse_time_range
from loganalytics.charts.bands import Band
from loganalytics.dashboard import cached_analyses, found_lines, state, zone
from loganalytics.dashboard.components import cause_lines, charts, finding_list, guards, range_chart, tables
from loganalytics.exceptions import LogAnalyticsError
from loganalytics.findings.baseline import Baseline
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
    if logs["timestamp"].null_count() == logs.height:
        _refuse_undated()
        return
    incident_range = _incident_range()
    baseline = _chosen_baseline(view, incident_range) if incident_range else None
    _ranges(view, incident_range, baseline)
    if incident_range is None:
        _suggestions(view)
        return
    try:
        with st.spinner("Comparing the incident with its baseline …"):
            incident = cached_analyses.incident(view, incident_range, _baseline(view), zone.current())
    except LogAnalyticsError as error:
        st.error("These ranges cannot be compared.", icon=":material/error:")
        st.text(str(error))
        return
    if not incident.facts["events"]:
        _refuse_empty(incident)
        return
    _warn_of_baseline(incident)
    _verdict(incident)
    _rest(view, incident)
    _unlisted(view, incident)


def _unlisted(view: View, incident: Incident) -> None:
    """Draw what was found in the log at this time, where the comparison of the two ranges does not list it."""
    with st.spinner("Looking for what else was found …"):
        lines = found_lines.unlisted(view, incident)
    if not lines:
        return
    st.subheader("Also found at this time", anchor=False)
    st.caption("In the whole log; between the incident and its baseline it is no difference, or one of many.")
    finding_list.draw(lines)


def _refuse_undated() -> None:
    """Say why there is nothing to draw a range on, with the way to what can be said."""
    st.info(
        "No event has a time, so no range of time can be looked into. Overview counts the errors.",
        icon=":material/timer_off:",
    )
    if st.button("Overview", icon=":material/monitoring:", key="incident-overview"):
        state.switch_page("overview")


def _refuse_empty(incident: Incident) -> None:
    """Say that the range holds no event and where the log lies, with the way there."""
    with st.container(border=True, key="verdict"):
        st.warning("The incident holds no event.", icon=":material/warning:")
        st.text(printable(incident.verdict[0], 600))
        st.button(
            "Choose a time within the log", icon=":material/draw:", key="incident-within",
            on_click=state.open_item, args=("incident", None),
        )  # fmt: skip


def _warn_of_baseline(incident: Incident) -> None:
    """Say that a baseline that was chosen is disturbed, with the way to one that is not."""
    facts = incident.facts
    if facts["baseline_note"] is None or facts["is_baseline_moved"]:
        return
    with st.container(border=True, key="disturbed-baseline"):
        st.warning("The baseline is disturbed.", icon=":material/warning:")
        st.text(printable(facts["baseline_note"], 600))
        if facts["better_baseline_start"]:
            start, end = facts["better_baseline_start"], facts["better_baseline_end"]
            st.button(
                f"Compare with {time_range(start, end, tz=zone.current())}", icon=":material/compare_arrows:",
                key="better-baseline", on_click=_compare_with_the_time_before,
            )  # fmt: skip


def _compare_with_the_time_before() -> None:
    state.change(baseline=None)
    state.open_item("against", None)


def _incident_range() -> tuple[datetime, datetime] | None:
    """Return the incident's range, as drawn or as a link says, which was checked when it was read."""
    start, _, end = (state.opened("incident") or "").partition("/")
    return (parse_when(start), parse_when(end)) if end else None


def _baseline(view: View) -> str | tuple[str, str]:
    """Return what the incident is compared with: the range drawn, else the kind chosen."""
    linked = state.opened("against")
    return view.baseline or (linked if linked in _BASELINES and linked != "drawn" else "previous")


def _chosen_baseline(view: View, incident_range: tuple[datetime, datetime]) -> Baseline | None:
    """Return what the incident is compared with; None for ranges that cannot be compared: the page says why."""
    try:
        with st.spinner("Looking for a time in which nothing was wrong …"):
            return cached_analyses.baseline(view, incident_range, _baseline(view))
    except LogAnalyticsError:
        return None


def _bands(view: View, incident_range: tuple[datetime, datetime] | None, baseline: Baseline | None) -> list[Band]:
    """Return both ranges as the analysis takes them, also where the baseline is the time before."""
    if incident_range is None:
        return _drawn_baseline(view)
    if baseline is None:
        return []
    before, (start, end) = baseline.time_range, incident_range
    return [
        Band(start=before.start, end=before.end, kind="baseline", text="baseline"),
        Band(start=start, end=end, kind="incident", text="incident"),
    ]


def _drawn_baseline(view: View) -> list[Band]:
    """Return the baseline that was drawn before there is an incident."""
    drawn = _baseline(view)
    if isinstance(drawn, str):
        return []
    try:
        ends = parse_time_range(drawn, "baseline", tz=view.tz)
    except LogAnalyticsError:
        return []  # the page says why, once there is an incident
    return [Band(start=ends.start, end=ends.end, kind="baseline", text="baseline")]


def _ranges(view: View, incident_range: tuple[datetime, datetime] | None, baseline: Baseline | None) -> None:
    """Draw the chart that the two ranges are drawn on."""
    bands = _bands(view, incident_range, baseline)
    with st.container(key="incident-ranges"):  # as high as its controls before they are drawn; see page.css
        description, mode, against = st.columns([3, 2, 2], vertical_alignment="bottom")
    with description:
        if incident_range is None:
            st.text("Draw the time of the incident on the chart.")
        for band in reversed(bands):
            st.text(f"{band.text.capitalize()} {time_range(band.start, band.end, tz=zone.current())}")
    mode.segmented_control(
        "Draw on the chart", ["incident", "baseline"], default="incident", required=True, key="draws", width="stretch"
    )
    options = [name for name in _BASELINES if name != "drawn" or view.baseline]
    st.session_state["against"] = "drawn" if view.baseline else _baseline(view)
    against.selectbox(
        "Compare with", options, format_func=lambda name: _BASELINES[name], key="against", on_change=_apply_baseline
    )
    trend = cached_analyses.trend(view, cached_analyses.window(view), zone.current())
    range_chart.draw(trend, bands, key=f"incident-{hash(view)}-{state.opened('incident')}", on_draw=_apply_range)


def _apply_range(start: datetime, end: datetime) -> None:
    """Take a range that was drawn as incident or baseline."""
    if st.session_state["draws"] == "baseline":
        state.change(baseline=(state.iso(start), state.iso(end)))
    else:
        _open_incident(start, end)


def _apply_baseline() -> None:
    kind = st.session_state["against"]
    if kind != "drawn":
        if state.view().baseline:
            state.change(baseline=None)
        state.open_item("against", None if kind == "previous" else kind)


def _suggestions(view: View) -> None:
    """Offer what was found, else the times with the most anomalous windows."""
    if found_lines.are_ready(view):
        with st.spinner("Looking for what is unusual …"):
            lines = [line for line in found_lines.lines_of(view) if line.finding.start]
        if lines:
            st.caption("Or start with what was found:")
            finding_list.draw(lines)
            return
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


def _verdict(incident: Incident) -> None:
    """Draw the likely cause, what came with it in the order of time, and what no finding says."""
    with st.container(border=True, key="verdict", gap="xsmall"):
        heading, save = st.columns([4, 1], vertical_alignment="center")
        heading.subheader("Likely cause" if _has_cause(incident) else "Verdict", anchor=False)
        save.download_button(
            "Report", incident.to_html, file_name="incident.html", mime="text/html", icon=":material/download:",
            width="stretch", on_click="ignore", key="incident-report",
        )  # fmt: skip
        if _has_cause(incident):
            st.text(printable(_cause_sentence(incident), 600))
        for sentence in _notes(incident):
            st.text(printable(sentence, 600))
        st.text(_rates(incident))
    if incident.findings.filter(pl.col("role") == "cause").height > 1:
        st.subheader("In the order of time", anchor=False)
    cause_lines.draw(incident)


def _notes(incident: Incident) -> list[str]:
    """Return what no finding says, without what the warning above it does."""
    note, is_moved = incident.facts["baseline_note"], incident.facts["is_baseline_moved"]
    return [sentence for sentence in incident.notes if is_moved or sentence != note]


def _has_cause(incident: Incident) -> bool:
    return bool((incident.findings["role"] == "cause").any())


def _cause_sentence(incident: Incident) -> str:
    """Return the sentence of the verdict that is about the likeliest cause."""
    lead = "Likely cause: "
    return next((sentence.removeprefix(lead) for sentence in incident.verdict if sentence.startswith(lead)), "")


def _rates(incident: Incident) -> str:
    """Return events and errors a minute, in the incident and before."""
    facts = incident.facts
    minutes = max((facts["end"] - facts["start"]) / timedelta(minutes=1), 1e-9)
    baseline_minutes = max((facts["baseline_end"] - facts["baseline_start"]) / timedelta(minutes=1), 1e-9)
    usual = (
        ("", "")
        if facts["is_baseline_thin"]
        else tuple(f", usually {facts[f'baseline_{name}'] / baseline_minutes:,.1f}" for name in ("events", "errors"))
    )
    rates = [
        f"{facts[name] / minutes:,.1f} {name} a minute{usually}"
        for name, usually in zip(("events", "errors"), usual, strict=True)
    ]
    return "; ".join(rates) + "."


def _rest(view: View, incident: Incident) -> None:
    """Fold what is not a cause: the table of all findings, changes over time, differences, failed requests."""
    with st.expander(f"All {count(incident.findings.height, 'finding')} and what they rest on"):
        _findings(view, incident)
        _details(incident)


def _findings(view: View, incident: Incident) -> None:
    if incident.findings.is_empty():
        st.caption("Nothing differs by more than chance explains.")
        return
    st.caption("Likeliest cause first. Click on one for its events.")
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
