"""The first page: how much, how bad, since when, and what was found."""

from __future__ import annotations

from typing import Literal

import polars as pl
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

import loganalytics as la
from loganalytics.dashboard import data
from loganalytics.exceptions import LogAnalyticsError
from loganalytics.findings import Finding
from loganalytics.reports import Report
from loganalytics.view import View
from loganalytics.wording import between, percent, span

_ICONS = {"critical": ":material/error:", "warning": ":material/warning:", "info": ":material/info:"}
_COLOURS: dict[str, Literal["red", "orange", "blue"]] = {"critical": "red", "warning": "orange", "info": "blue"}


def page(view: View) -> None:
    """Draw the overview of a view; an empty source and a wrong one say what to do."""
    if not view.source:
        st.info("Name a file, a glob or a folder of logs in the sidebar.", icon=":material/folder_open:")
        return
    try:
        found = data.findings(view)
    except (LogAnalyticsError, OSError) as error:
        st.error("These logs cannot be shown.", icon=":material/error:")
        st.text(str(error))
        return
    if found.logs.is_empty():
        st.info("No event is left. Widen the time range or the filters in the sidebar.", icon=":material/filter_alt:")
        return
    _numbers(found.report)
    st.altair_chart(la.chart_trend(found.report.tables["trend"]), theme=None, width="stretch")
    _findings(found.report)
    _tables(found.report)


def _numbers(report: Report) -> None:
    """Four cards; the sparklines are the windows of the trend."""
    trend = report.tables["trend"]
    totals = trend.group_by("window").agg(pl.col("events", "errors").sum()).sort("window")
    facts = report.facts
    cards = st.columns(4)
    worst = sum(finding.severity == "critical" for finding in report.findings)
    _card(cards[0], "Events", facts["events"], f"in {span(facts['last_seen'] - facts['first_seen'])}", totals["events"])
    _card(cards[1], "Errors", facts["errors"], f"{percent(facts['error_rate'])} of events", totals["errors"])
    _card(cards[2], "Services", facts["services"], f"{_silent(report)} silent at the end")
    _card(cards[3], "Findings", len(report.findings), f"{worst} critical")
    st.caption(between(facts["first_seen"], facts["last_seen"]))


def _card(place: DeltaGenerator, label: str, value: int, note: str, line: pl.Series | None = None) -> None:
    place.metric(
        label, f"{value:,}", note, delta_color="off", delta_arrow="off", border=True, height="stretch",
        chart_data=None if line is None else line.to_list(),
    )  # fmt: skip


def _silent(report: Report) -> int:
    return int(report.tables["coverage"]["is_silent"].sum())


def _findings(report: Report) -> None:
    heading, button = st.columns([3, 1], vertical_alignment="bottom")
    heading.subheader("What was found")
    button.download_button(
        "Report", report.to_html, file_name="report.html", mime="text/html", icon=":material/download:",
        width="stretch", on_click="ignore",
    )  # fmt: skip
    if not report.findings:
        st.success("Nothing out of the ordinary.", icon=":material/check_circle:")
    for finding in report.findings[:20]:
        _finding(finding)


def _finding(finding: Finding) -> None:
    """One finding. Log text goes through st.text and st.code only, which show it as text."""
    told = f"{finding.severity} · {finding.kind.replace('_', ' ')} · {between(finding.start, finding.end)}"
    with st.container(border=True):
        st.badge(told, icon=_ICONS[finding.severity], color=_COLOURS[finding.severity])
        st.text(finding.title)
        with st.expander("Evidence"):
            st.code("\n".join((finding.detail, *finding.evidence)), language=None, wrap_lines=True)


def _tables(report: Report) -> None:
    errors, services, patterns = st.tabs(["Errors", "Services", "Patterns"])
    with errors:
        columns = ["label", "events", "services", "first_seen", "last_seen", "example"]
        st.dataframe(report.tables["errors"].select(columns).head(200), hide_index=True)
    with services:
        coverage = report.tables["coverage"]
        st.altair_chart(la.chart_coverage(coverage), theme=None, width="stretch")
        shown = coverage.with_columns(
            pl.col("expected_gap", "longest_gap", "silent_for").map_elements(span, return_dtype=pl.String)
        )
        st.dataframe(shown.drop("gaps"), hide_index=True)
    with patterns:
        columns = ["template", "events", "errors", "share", "services", "first_seen", "last_seen", "example"]
        st.dataframe(report.tables["patterns"].select(columns).head(500), hide_index=True)
