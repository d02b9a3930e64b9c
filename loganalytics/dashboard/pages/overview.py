"""The first page: how much and how bad against before, what was found, and its course in time."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import polars as pl
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

import loganalytics as la
from loganalytics.charts.bands import Band
from loganalytics.charts.lines import chart_lines
from loganalytics.charts.theme import ACCENT_COLOUR, ALARM_COLOUR, MUTED_COLOUR
from loganalytics.dashboard import cached_analyses, cached_events, found_lines, metric_changes, state, summaries, zone
from loganalytics.dashboard.cached_events import DURATION_COLUMN
from loganalytics.dashboard.components import charts, finding_list, guards, histogram, number_cards, tables
from loganalytics.dashboard.found_lines import FoundLine
from loganalytics.dashboard.metric_changes import MetricChange
from loganalytics.findings.ranking import SEVERITIES
from loganalytics.findings.state import HIGH_ERROR_SHARE
from loganalytics.findings.verdict import Status, looked_at, status, verdict
from loganalytics.humanize import percent, span, undated
from loganalytics.reports.model import Report
from loganalytics.sanitize import printable
from loganalytics.view import View


def page() -> None:
    """Draw the overview of the session's view."""
    logs = guards.events_or_explain()
    if logs is None:
        return
    view = state.view()
    if warning := undated(logs["timestamp"].null_count(), logs.height):
        st.warning(warning, icon=":material/warning:")
    cards = _numbers(view)
    found = _findings(view, logs)
    bands = found_lines.bands(found)
    histogram.draw("overview", height=130, bands=bands)
    is_calm = _is_calm(view, found)
    _draw_changes(cards[:3], view, is_calm=is_calm)
    _courses(view, bands)
    errors, services = st.columns([3, 2], gap="medium")
    with errors:
        _errors(view)
    with services:
        _services(view)
    _late_cards(cards[3:], view, is_calm=is_calm)


def _numbers(view: View) -> list[DeltaGenerator]:
    """Draw the numbers that are there at once; return the places of all, which are drawn again with their changes."""
    cards, metrics = number_cards.row(5), cached_analyses.metrics(view)
    number_cards.draw(cards[0], "Events", f"{metrics.events:,}")
    number_cards.draw(cards[1], "Error rate", "…")
    number_cards.draw(cards[2], "Services", f"{metrics.services:,}")
    number_cards.draw(cards[3], "p95 duration", "…")
    number_cards.draw(cards[4], "Anomalous windows", "…")
    if not view.since and cached_analyses.halves(view):
        st.caption("Changes are those of the second half against the first.")
    return cards


def _is_calm(view: View, found: list[FoundLine]) -> bool:
    """Whether a figure may be green: it was looked, nothing critical was found, and few events are errors."""
    if not found_lines.are_ready(view) or not (found or _is_all_clear(found_lines.report_of(view))):
        return False
    has_critical = any(line.finding.severity == "critical" for line in found)
    return not has_critical and cached_analyses.error_count(view).rate < HIGH_ERROR_SHARE


def _draw_changes(cards: list[DeltaGenerator], view: View, *, is_calm: bool) -> None:
    """Draw events, error rate and services with what became of them."""
    metrics, errors = cached_analyses.metrics(view), cached_analyses.error_count(view)
    (before, now), (errors_before, errors_now) = _periods(view), _error_periods(view)
    changes = [None, metric_changes.error_rate_alone(errors.errors, errors.events), None]
    if before and now and errors_before and errors_now:
        changes = [
            metric_changes.events_change(now.events, before.events),
            metric_changes.error_rate_change(
                errors_now.errors, errors_now.events, errors_before.errors, errors_before.events
            ),
            metric_changes.services_change(now.services, before.services),
        ]
    values = [f"{metrics.events:,}", percent(errors.rate), f"{metrics.services:,}"]
    for card, label, value, change in zip(cards, ("Events", "Error rate", "Services"), values, changes, strict=True):
        shown = _toned(change, view, is_calm=is_calm)
        number_cards.draw(card, label, value, shown, against=_against(view))


def _toned(change: MetricChange | None, view: View, *, is_calm: bool) -> MetricChange | None:
    """Return a change in green only where there was a period before, and all is calm."""
    if change is None:
        return None
    change = change if view.since else metric_changes.between_halves(change)
    return change if is_calm else metric_changes.without_praise(change)


def _periods(view: View, duration: str | None = None) -> tuple[summaries.Metrics | None, summaries.Metrics | None]:
    """Return the metrics of the period before and of the view's own; without a beginning, of the halves of the log."""
    metrics = cached_analyses.metrics_with_p95 if duration else cached_analyses.metrics
    period = cached_events.previous_period(view)
    if period is not None:
        return metrics(period), metrics(view)
    return cached_analyses.halves(view, duration) or (None, None)


def _error_periods(view: View) -> tuple[summaries.ErrorCount | None, summaries.ErrorCount | None]:
    """Return the errors of the same periods."""
    period = cached_events.previous_period(view)
    if period is not None:
        return cached_analyses.error_count(period), cached_analyses.error_count(view)
    return cached_analyses.error_halves(view) or (None, None)


def _against(view: View) -> str:
    return "the period before" if view.since else "the first half of the log"


def _late_cards(cards: list[DeltaGenerator], view: View, *, is_calm: bool) -> None:
    """Fill in the numbers that need durations and scores."""
    p95 = cached_analyses.metrics_with_p95(view).p95
    before, now = _periods(view, DURATION_COLUMN)
    change = _duration_change(now, before) if now and before and p95 is not None else None
    value = "–" if p95 is None else span(timedelta(milliseconds=p95))
    shown = _toned(change, view, is_calm=is_calm)
    number_cards.draw(cards[0], "p95 duration", value, shown, against=_against(view))
    every, by = cached_analyses.window(view), "service" if cached_analyses.metrics(view).services > 1 else None
    scored = cached_analyses.anomalies(view, every, by)
    anomalous = scored.filter("is_anomaly")["window"].n_unique()
    note = MetricChange(
        text=f"of {scored['window'].n_unique():,}, {every} each",
        colour=metric_changes.NOTABLE if anomalous else metric_changes.UNKNOWN,  # none is no verdict
    )
    if scored.is_empty():  # where no event has a time
        number_cards.draw(cards[1], "Anomalous windows", "–")
    else:
        number_cards.draw(cards[1], "Anomalous windows", f"{anomalous:,}", note)


def _duration_change(now: summaries.Metrics, before: summaries.Metrics) -> MetricChange:
    return metric_changes.duration_change(now.p95, before.p95, min(now.events, before.events))


def _findings(view: View, logs: pl.DataFrame) -> list[FoundLine]:
    """Draw what was found; where that takes long, a button to look for it."""
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        st.subheader("What was found", anchor=False, width="content")
        save = st.empty()
    if not found_lines.are_ready(view):
        _offer_analysis(view, logs)
        return []
    found_lines.ask_for(view)
    with st.spinner("Looking for what is unusual …"):
        report, lines = found_lines.report_of(view), found_lines.lines_of(view)
    save.download_button(
        "Report", report.to_html, file_name="report.html", mime="text/html", icon=":material/download:",
        on_click="ignore", type="tertiary",
    )  # fmt: skip
    _verdict(report, lines)
    finding_list.draw(lines)
    return lines


def _offer_analysis(view: View, logs: pl.DataFrame) -> None:
    """Say that nothing was looked for, with a button to do so; a callback, so that neither stays above the findings."""
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.button(
            "Analyse", icon=":material/troubleshoot:", type="primary", key="analyse",
            on_click=found_lines.ask_for, args=(view,),
        )  # fmt: skip
        st.text(f"Not analysed yet: that takes a while for {logs.height:,} events. Below are counts, not a verdict.")


def _verdict(report: Report, lines: list[FoundLine]) -> None:
    """Say how it stands where no finding does, and what was looked at; as text, which may quote the log."""
    if lines:
        counts = Counter(line.finding.severity for line in lines)
        found = ", ".join(f"{counts[severity]} {severity}" for severity in SEVERITIES if counts[severity])
        st.caption(f"{found}. Times in {zone.current()}.")
        with st.container(key="looked-at"):
            st.text(printable(looked_at(report.facts, zone.current()), 600))
    elif _is_all_clear(report):
        st.success("Nothing beyond the usual was found.", icon=":material/check_circle:")
        st.text(verdict([], report.facts))
    else:
        st.warning("Not enough to judge by.", icon=":material/warning:")
        st.text(verdict([], report.facts))


def _is_all_clear(report: Report) -> bool:
    """Whether all is well where no finding is listed: those of a range that the whole log knows better are none."""
    return status([], report.facts) is Status.ALL_CLEAR


def _courses(view: View, bands: list[Band]) -> None:
    """Draw error rate, events per second and quantiles of durations over time."""
    every, tz = cached_analyses.window(view), zone.current()
    measures = cached_analyses.measures(view, every, tz)
    if measures.is_empty():
        return
    errors, rate, durations = st.columns(3, gap="medium")
    with errors:
        charts.show(chart_lines(measures, {"error_rate": ALARM_COLOUR}, form="~%", title="Error rate"), bands=bands)
    with rate:
        charts.show(
            chart_lines(measures, {"per_second": ACCENT_COLOUR}, form="~r", unit="/s", title="Events per second"),
            bands=bands,
        )  # fmt: skip
    with durations:
        quantiles = cached_analyses.quantiles_by_window(view, every, tz)
        if quantiles.is_empty():
            st.caption("No event has a duration.")
            return
        colours, unit = {"p50": MUTED_COLOUR, "p95": ACCENT_COLOUR}, " ms"
        if float(quantiles["p50"].max() or 0) >= 1000:  # type: ignore[arg-type]
            quantiles, unit = quantiles.with_columns(pl.col("p50", "p95") / 1000), " s"
        charts.show(
            chart_lines(quantiles, colours, form="~r", unit=unit, title="Durations: p95, p50 grey"), bands=bands
        )


def _errors(view: View) -> None:
    st.subheader("Errors", anchor=False)
    with st.spinner("Grouping the errors …"):
        clusters = cached_analyses.clusters(view)
    if clusters.is_empty():
        st.caption("None of these events is an error.")
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


def _silent_at_the_end(view: View) -> pl.DataFrame:
    """Return the services that are silent at the end of the log, which a range may end before."""
    coverage = cached_analyses.coverage(replace(view, since=None, until=None)).filter("is_silent")
    last = cached_events.events(view)["timestamp"].max()
    return coverage.filter(pl.col("last_seen") + pl.col("silent_for") <= last) if last is not None else coverage.clear()


def _services(view: View) -> None:
    coverage = cached_analyses.coverage(view)
    silent = _silent_at_the_end(view)
    st.subheader("Services", anchor=False)
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
