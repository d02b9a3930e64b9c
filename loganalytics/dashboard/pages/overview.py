"""The first page: how much, how bad, since when; and, when it is ready, what was found."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import streamlit as st

import loganalytics as la
from loganalytics.dashboard import cached_analyses, cached_events, state, summaries
from loganalytics.dashboard.components import charts, guards, histogram, tables
from loganalytics.findings.ranking import Finding
from loganalytics.humanize import count, percent, span, time_range
from loganalytics.reports.model import Report
from loganalytics.view import View

_ICONS = {"critical": ":material/error:", "warning": ":material/warning:", "info": ":material/info:"}
_COLOURS = {"critical": "red", "warning": "orange", "info": "blue"}
_AT_ONCE = 50_000
"""Up to how many events the findings are worked out without being asked for."""


def page() -> None:
    """Draw the overview of the session's view."""
    logs = guards.events()
    if logs is None:
        return
    view = state.view()
    late = _numbers(view, logs)
    histogram.draw("overview")
    errors, silence = st.columns([3, 2], gap="medium")
    with errors:
        _errors(view)
    with silence:
        _services(view)
    _late_numbers(view, late)
    _findings(view, logs)


def _numbers(view: View, logs: pl.DataFrame) -> list[st.delta_generator.DeltaGenerator]:
    """Draw the cards that are known at once; return the places of those that take longer."""
    cards = st.columns(5)
    places = [card.empty() for card in cards]
    now, then = summaries.numbers(logs), _before(view)
    lines = summaries.sparks(cached_analyses.trend(view))
    length = span(now.last - now.first) if now.first and now.last else ""
    change = _change(now.events, then.events if then else None)
    _card(places[0], "Events", f"{now.events:,}", change, lines["events"], note=f"in {length}" if length else "")
    _card(
        places[1], "Error rate", percent(now.error_rate), _change(now.error_rate, then.error_rate if then else None),
        lines["error_rate"], colour="inverse", note=count(now.errors, "error"),
    )  # fmt: skip
    _card(
        places[2],
        "Services",
        f"{now.services:,}",
        _change(now.services, then.services if then else None),
        note="in this view",
    )
    for place, label in zip(places[3:], ("p95 duration", "Anomalous windows"), strict=True):
        _card(place, label, "…", None)
    return places[3:]


def _late_numbers(view: View, places: list[st.delta_generator.DeltaGenerator]) -> None:
    """Fill in what rests on durations and on the anomaly scores."""
    with st.spinner("Measuring durations and scoring the windows …"):
        p95 = cached_analyses.numbers(view).p95
        line = cached_analyses.durations(view)["p95"]
        earlier = cached_events.before(view)
        then = cached_analyses.numbers(earlier).p95 if earlier else None
        change = None if p95 is None or then is None else _change(p95, then)
        told = "–" if p95 is None else span(timedelta(milliseconds=p95))
        _card(places[0], "p95 duration", told, change, _thin(line), colour="inverse", note="as logged")
        scored = cached_analyses.anomalies(view, by=_by(view))
        marked = scored.filter("is_anomaly")["window"].n_unique()
        score = scored.group_by("window").agg(pl.col("score").max()).sort("window")["score"]
        _card(
            places[1],
            "Anomalous windows",
            f"{marked:,}",
            None,
            _thin(score),
            note=f"of {cached_analyses.window(view)} each",
        )


def _card(
    place: st.delta_generator.DeltaGenerator, label: str, value: str, change: str | None,
    line: pl.Series | None = None, *, colour: str = "off", note: str = "",
) -> None:  # fmt: skip
    points = line.to_list() if line is not None and line.len() > 1 else None
    place.metric(
        label, value, change or note or None, delta_color="off" if not change else colour,  # type: ignore[arg-type]
        delta_arrow="auto" if change else "off", delta_description="against the period before" if change else None,
        border=True, height=186, chart_type="area", chart_data=points,
    )  # fmt: skip


def _before(view: View) -> summaries.Numbers | None:
    """Return the numbers of the period before, where the log reaches back there."""
    earlier = cached_events.before(view)
    if earlier is None:
        return None
    found = cached_analyses.numbers_at_once(earlier)
    return found if found.events else None


def _change(now: float, then: float | None) -> str | None:
    if not then:
        return None
    change = now / then - 1
    return f"{change:+.0%}" if abs(change) < 10 else f"{now / then:.0f} times"


def _thin(line: pl.Series) -> pl.Series:
    """Return at most 40 points of a line, the highest of each stretch."""
    step = max(1, -(-line.len() // summaries.SPARKS))
    return pl.Series([line.slice(at, step).max() for at in range(0, line.len(), step)])


def _by(view: View) -> str | None:
    return "service" if summaries.numbers(cached_events.events(view)).services > 1 else None


def _errors(view: View) -> None:
    st.subheader("Errors")
    with st.spinner("Grouping the errors …"):
        clusters = cached_analyses.clusters(view)
    if clusters.is_empty():
        st.success("No errors here.", icon=":material/check_circle:")
        return
    columns = ["label", "events", "trend", "is_new"]
    told = {"label": st.column_config.TextColumn("problem", width=300)}
    table = clusters.head(8).select("cluster_id", *columns)
    picked = tables.rows(table, f"overview-errors-{hash(view)}", columns=told, pick=True, order=columns)
    st.caption("Click on a problem to see its events.")
    if picked:
        state.add("cluster_id", picked["cluster_id"])
        state.go("explore")


def _services(view: View) -> None:
    heard = cached_analyses.coverage(view)
    silent = heard.filter("is_silent")
    st.subheader("Services")
    if not silent.is_empty():
        st.warning(f"{silent.height} silent at the end of the log", icon=":material/volume_off:")
        st.text(", ".join(f"{row['service']} for {span(row['silent_for'])}" for row in silent.head(5).to_dicts()))
    if heard.is_empty():
        st.caption("No event names a service.")
    else:
        charts.show(la.chart_coverage(heard))


def _findings(view: View, logs: pl.DataFrame) -> None:
    heading, button = st.columns([4, 1], vertical_alignment="bottom")
    heading.subheader("What was found")
    asked = logs.height <= _AT_ONCE or st.session_state.get("asked") == view
    if not asked and not button.button("Analyse", icon=":material/troubleshoot:", width="stretch", type="primary"):
        st.caption("All analyses at once, ranked in words, and a report to keep: press Analyse.")
        return
    st.session_state["asked"] = view
    with st.spinner("Analysing …"):
        report = cached_analyses.full_report(view)
    button.download_button(
        "Report", report.to_html, file_name="report.html", mime="text/html", icon=":material/download:",
        width="stretch", on_click="ignore",
    )  # fmt: skip
    _tell(report)


def _tell(report: Report) -> None:
    if not report.findings:
        st.success("Nothing out of the ordinary.", icon=":material/check_circle:")
    for number, finding in enumerate(report.findings[:20]):
        _finding(finding, number)


def _finding(finding: Finding, number: int) -> None:
    """One finding. Log text goes through st.text and st.code only, which show it as text."""
    told = f"{finding.severity} · {finding.kind.replace('_', ' ')} · {time_range(finding.start, finding.end)}"
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, horizontal_alignment="distribute"):
            st.badge(told, icon=_ICONS[finding.severity], color=_COLOURS[finding.severity])  # type: ignore[arg-type]
            if finding.start and finding.end and finding.start < finding.end:
                span_of = {"since": state.iso(finding.start), "until": state.iso(finding.end)}
                st.button(
                    "Zoom in", key=f"finding-{number}", on_click=state.change, kwargs=span_of, type="tertiary",
                    icon=":material/zoom_in:",
                )  # fmt: skip
        st.text(finding.title)
        with st.expander("Evidence"):
            st.code("\n".join((finding.detail, *finding.evidence)), language=None, wrap_lines=True)
