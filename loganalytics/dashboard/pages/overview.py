"""The first page: how much, how bad, since when; and the findings when they are ready."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

import loganalytics as la
from loganalytics.dashboard import cached_analyses, cached_events, state, summaries, zone
from loganalytics.dashboard.components import charts, guards, histogram, tables
from loganalytics.findings.ranking import Finding
from loganalytics.humanize import count, percent, span, time_range, undated
from loganalytics.reports.model import Report
from loganalytics.sanitize import printable
from loganalytics.view import View

_ICONS = {"critical": ":material/error:", "warning": ":material/warning:", "info": ":material/info:"}
_COLOURS = {"critical": "red", "warning": "orange", "info": "blue"}
_AUTOMATIC_EVENTS = 50_000
"""Up to how many events the findings are computed without a click."""
_MAX_FINDINGS = 20


def page() -> None:
    """Draw the overview of the session's view."""
    logs = guards.events_or_explain()
    if logs is None:
        return
    view = state.view()
    if warning := undated(logs["timestamp"].null_count(), logs.height):
        st.warning(warning, icon=":material/warning:")
    cards = [column.empty() for column in st.columns(5)]
    _quick_cards(cards[:3], view)
    for card, label in zip(cards[3:], ("p95 duration", "Anomalous windows"), strict=True):
        _card(card, label, "…")
    histogram.draw("overview")
    errors, services = st.columns([3, 2], gap="medium")
    with errors:
        _errors(view)
    with services:
        _services(view)
    with st.spinner("Measuring durations and scoring the windows …"):
        _duration_card(cards[3], view)
        _anomaly_card(cards[4], view)
    _findings(view, logs)


def _quick_cards(cards: list[DeltaGenerator], view: View) -> None:
    """Draw the cards that need counts only."""
    metrics, previous = cached_analyses.metrics(view), _previous_metrics(view)
    lines = summaries.sparklines(cached_analyses.trend(view, cached_analyses.window(view), zone.current()))
    length = f"in {span(metrics.last - metrics.first)}" if metrics.first and metrics.last else ""
    changes = {
        name: _change(getattr(metrics, name), getattr(previous, name) if previous else None)
        for name in ("events", "error_rate", "services")
    }
    _card(cards[0], "Events", f"{metrics.events:,}", changes["events"], line=lines["events"], note=length)
    _card(
        cards[1], "Error rate", percent(metrics.error_rate), changes["error_rate"], line=lines["error_rate"],
        colour="inverse", note=count(metrics.errors, "error"),
    )  # fmt: skip
    _card(cards[2], "Services", f"{metrics.services:,}", changes["services"], note="in this view")


def _duration_card(card: DeltaGenerator, view: View) -> None:
    p95 = cached_analyses.metrics_with_p95(view).p95
    line = cached_analyses.p95_by_window(view, cached_analyses.window(view))["p95"]
    period = cached_events.previous_period(view)
    previous = cached_analyses.metrics_with_p95(period).p95 if period else None
    change = None if p95 is None or previous is None else _change(p95, previous)
    value = "–" if p95 is None else span(timedelta(milliseconds=p95))
    _card(
        card, "p95 duration", value, change, line=summaries.downsampled(line), colour="inverse", note="as logged"
    )  # fmt: skip


def _anomaly_card(card: DeltaGenerator, view: View) -> None:
    by = "service" if cached_analyses.metrics(view).services > 1 else None
    every = cached_analyses.window(view)
    scored = cached_analyses.anomalies(view, every, by)
    anomalous = scored.filter("is_anomaly")["window"].n_unique()
    scores = scored.group_by("window").agg(pl.col("score").max()).sort("window")["score"]
    value = f"{anomalous:,}" if scored.height else "–"  # none was scored where no event has a time
    _card(card, "Anomalous windows", value, line=summaries.downsampled(scores), note=f"of {every} each")


def _card(
    card: DeltaGenerator, label: str, value: str, change: str | None = None, *, line: pl.Series | None = None,
    colour: str = "off", note: str = "",
) -> None:  # fmt: skip
    points = line.to_list() if line is not None and line.len() > 1 else None
    card.metric(
        label, value, change or note or None, delta_color=colour if change else "off",  # type: ignore[arg-type]
        delta_arrow="auto" if change else "off", delta_description="against the period before" if change else None,
        border=True, height=186, chart_type="area", chart_data=points,
    )  # fmt: skip


def _previous_metrics(view: View) -> summaries.Metrics | None:
    """Return the metrics of the period before, None where the log does not reach back that far."""
    period = cached_events.previous_period(view)
    if period is None:
        return None
    metrics = cached_analyses.metrics(period)
    return metrics if metrics.events else None


def _change(current: float, previous: float | None) -> str | None:
    if not previous:
        return None
    change = current / previous - 1
    return f"{change:+.0%}" if abs(change) < 10 else f"{current / previous:.0f} times"


def _errors(view: View) -> None:
    st.subheader("Errors")
    with st.spinner("Grouping the errors …"):
        clusters = cached_analyses.clusters(view)
    if clusters.is_empty():
        st.success("No errors here.", icon=":material/check_circle:")
        return
    names = ["label", "events", "trend", "is_new"]
    columns = {"label": st.column_config.TextColumn("problem", width=300)}
    table = clusters.head(8).select("cluster_id", *names)
    key = f"overview-errors-{hash(view)}"
    clicked = tables.draw(table, key, columns=columns, clickable=True, order=names)
    st.caption("Click on a problem to see its events.")
    if clicked:
        state.add_condition("cluster_id", clicked["cluster_id"])
        state.switch_page("explore")


def _services(view: View) -> None:
    coverage = cached_analyses.coverage(view)
    silent = coverage.filter("is_silent")
    st.subheader("Services")
    if not silent.is_empty():
        st.warning(f"{silent.height} silent at the end of the log", icon=":material/volume_off:")
        st.text(
            ", ".join(
                f"{printable(row['service'], 60)} for {span(row['silent_for'])}" for row in silent.head(5).to_dicts()
            )
        )
    if coverage.is_empty():
        st.caption("No event names a service.")
    else:
        charts.show(la.chart_coverage(zone.localize(coverage)))


def _findings(view: View, logs: pl.DataFrame) -> None:
    heading, button = st.columns([4, 1], vertical_alignment="bottom")
    heading.subheader("Findings")
    is_requested = logs.height <= _AUTOMATIC_EVENTS or st.session_state.get("analysed-view") == view
    if not is_requested and not button.button(
        "Analyse", icon=":material/troubleshoot:", width="stretch", type="primary"
    ):
        st.caption("Press Analyse for all analyses at once, their findings ranked, and a report to download.")
        return
    st.session_state["analysed-view"] = view
    with st.spinner("Analysing …"):
        report = cached_analyses.full_report(view, view.every, zone.current())
    button.download_button(
        "Report", report.to_html, file_name="report.html", mime="text/html", icon=":material/download:",
        width="stretch", on_click="ignore",
    )  # fmt: skip
    _finding_list(report)


def _finding_list(report: Report) -> None:
    if report.is_all_clear:
        st.success("Nothing beyond the usual was found.", icon=":material/check_circle:")
        st.text(report.verdict)
    elif not report.findings:
        st.warning("Not enough to judge by.", icon=":material/warning:")
        st.text(report.verdict)  # as text: it may quote the log
    for number, finding in enumerate(report.findings[:_MAX_FINDINGS]):
        _finding(finding, number)


def _finding(finding: Finding, number: int) -> None:
    """Draw one finding. Log text goes through st.text and st.code only, which show it as text."""
    when = time_range(finding.start, finding.end, tz=zone.current())
    label = f"{finding.severity} · {finding.kind.replace('_', ' ')} · {when}"
    badge: dict[str, Any] = {"icon": _ICONS[finding.severity], "color": _COLOURS[finding.severity]}
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, horizontal_alignment="distribute"):
            st.badge(label, **badge)
            if finding.start and finding.end and finding.start < finding.end:
                ends = {"since": state.iso(finding.start), "until": state.iso(finding.end)}
                st.button(
                    "Zoom in", key=f"finding-{number}", on_click=state.change, kwargs=ends, type="tertiary",
                    icon=":material/zoom_in:",
                )  # fmt: skip
        st.text(printable(finding.title, 600))
        with st.expander("Evidence"):
            evidence = "\n".join((finding.detail, *finding.evidence))
            st.code(printable(evidence, 20_000, lines=True), language=None, wrap_lines=True)
