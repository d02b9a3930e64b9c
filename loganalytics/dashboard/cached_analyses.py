"""The analyses of the events of a view: computed once per view, shared by all sessions, never changed.

Each function takes a view. Its cache key is its signature: the Selection of the view, and the other arguments.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime, timedelta
from typing import IO

import polars as pl
import streamlit as st

import loganalytics as la
from loganalytics.analyses.compare.ranges import parse_time_range
from loganalytics.analyses.errors.clusters import summarize_clusters
from loganalytics.analyses.summaries import SPARKLINE_WINDOWS, is_late, sparkline_window
from loganalytics.analyses.windowing import choose_window, group_small_services, without_misdated
from loganalytics.dashboard import cached_events, sql_process, summaries
from loganalytics.dashboard.cached_events import DURATION_COLUMN, Selection, SourceKey, cached_by_view
from loganalytics.filters.expressions import within_times
from loganalytics.findings.baseline import Baseline, choose_baseline
from loganalytics.findings.episodes import Episode, find_episodes, group_overlapping
from loganalytics.reports.incident import explain
from loganalytics.reports.model import Incident, Report
from loganalytics.reports.report import report
from loganalytics.times import parse_every
from loganalytics.view import View


def window(view: View) -> str:
    """Return the length of the windows: the view's, else one that cuts its time into some hundreds."""
    return view.every or _automatic_window(view)


@cached_by_view()
def _automatic_window(selection: Selection) -> str:
    return choose_window(without_misdated(cached_events.events(selection))["timestamp"])


@cached_by_view()
def trend(selection: Selection, every: str, tz: str = "UTC") -> pl.DataFrame:
    """Return the events of a view by window, of the clock in a zone, and level."""
    return la.trend(without_misdated(cached_events.events(selection)), every=every, by="level", display_tz=tz)


@cached_by_view()
def metrics(selection: Selection) -> summaries.Metrics:
    """Return the counts of a view, without p95 of its durations, which takes longer."""
    return summaries.metrics(cached_events.events(selection))


@cached_by_view()
def metrics_with_p95(selection: Selection) -> summaries.Metrics:
    """Return the counts of a view, and p95 of its durations."""
    return summaries.metrics(cached_events.annotated_events(selection), DURATION_COLUMN)


@cached_by_view()
def halves(selection: Selection, duration: str | None = None) -> tuple[summaries.Metrics, summaries.Metrics] | None:
    """Return the metrics of the first half of a view's time and of the second; None for a view without times."""
    logs = cached_events.events(selection) if duration is None else cached_events.annotated_events(selection)
    ranges = _half_ranges(selection)
    if ranges is None:
        return None
    first, second = (summaries.metrics(within_times(logs, *ends), duration) for ends in ranges)
    return first, second


@cached_by_view()
def error_count(selection: Selection) -> summaries.ErrorCount:
    """Return how many events of a view are errors, as the report counts them."""
    events, errors = cached_events.events(selection), cached_events.error_events(selection)
    return summaries.ErrorCount(events=events.height, errors=errors.height)


@cached_by_view()
def error_halves(selection: Selection) -> tuple[summaries.ErrorCount, summaries.ErrorCount] | None:
    """Return the errors of the first half of a view's time and of the second; None for a view without times."""
    ranges = _half_ranges(selection)
    if ranges is None:
        return None
    events, errors = cached_events.events(selection), cached_events.error_events(selection)
    first, second = (
        summaries.ErrorCount(events=within_times(events, *ends).height, errors=within_times(errors, *ends).height)
        for ends in ranges
    )
    return first, second


def _half_ranges(selection: Selection) -> tuple[tuple[datetime, datetime], tuple[datetime, datetime]] | None:
    """Return the first half of the time of a selection's events and the second; None where they have no length."""
    ends = summaries.time_extent(without_misdated(cached_events.events(selection)))
    if ends is None or ends[0] == ends[1]:
        return None
    middle = ends[0] + (ends[1] - ends[0]) / 2
    return (ends[0], middle), (middle, ends[1] + timedelta(microseconds=1))


@cached_by_view()
def measures(selection: Selection, every: str, tz: str) -> pl.DataFrame:
    """Return error_rate and per_second of a view by window, of the clock in a zone."""
    by_level = trend(selection, every, tz)
    ends = summaries.time_extent(without_misdated(cached_events.events(selection)))
    errors = cached_events.error_events(selection)
    if not ends or by_level.is_empty():
        return by_level.clear()
    dated = within_times(errors, ends[0], ends[1] + timedelta(microseconds=1))
    of_errors = la.trend(dated, every=every, display_tz=tz)
    return summaries.measures(by_level, of_errors, parse_every(every), ends)


@cached_by_view()
def quantiles_by_window(selection: Selection, every: str, tz: str) -> pl.DataFrame:
    """Return p50 and p95 of the durations of a view by window, of the clock in a zone."""
    logs = without_misdated(cached_events.annotated_events(selection))
    ends = summaries.time_extent(logs)
    quantiles = summaries.quantiles_by_window(logs, DURATION_COLUMN, every, tz)
    return summaries.whole_windows(quantiles, parse_every(every), ends) if ends else quantiles


@cached_by_view()
def service_lines(selection: Selection) -> dict[str, list[int]]:
    """Return how many events each service of a view has in each of 24 equal parts of its time."""
    logs = without_misdated(cached_events.events(selection))
    part = sparkline_window(summaries.time_extent(logs) or (None, None))
    counts = logs.lazy().group_by(pl.col("service").cast(pl.String), part).len("events").collect()
    lines = counts.drop_nulls().group_by("service").agg("window", "events")
    return {
        row["service"]: summaries.filled(dict(zip(row["window"], row["events"], strict=True)), SPARKLINE_WINDOWS)
        for row in lines.to_dicts()
    }


@cached_by_view()
def facet(selection: Selection, field: str) -> pl.DataFrame:
    """Return the most frequent values of a field among the events of a view."""
    return summaries.facet(cached_events.events(selection), field)


@cached_by_view()
def pattern_values(selection: Selection, template_id: str) -> pl.DataFrame:
    """Return the values of each wildcard of a template."""
    return la.pattern_values(cached_events.annotated_events(selection), template_id)


def page_of_events(view: View, number: int, size: int, *, newest_first: bool) -> pl.DataFrame:
    """Return one page of the events of a view by time, with their row number among them as `row`."""
    rows = _time_order(view, newest_first)
    return cached_events.events(view).with_row_index("row")[rows.slice((number - 1) * size, size)]


@cached_by_view(max_entries=8)
def _time_order(selection: Selection, newest_first: bool) -> pl.Series:
    return summaries.time_order(cached_events.events(selection), newest_first=newest_first)


@cached_by_view()
def clusters(selection: Selection) -> pl.DataFrame:
    """Return the error clusters of a view."""
    ends = summaries.time_extent(cached_events.events(selection)) or (None, None)
    return summarize_clusters(cached_events.clustered_errors(selection), ends)


@cached_by_view()
def patterns(selection: Selection) -> pl.DataFrame:
    """Return the message templates of a view, with is_new."""
    logs = cached_events.annotated_events(selection)
    return la.patterns(logs).with_columns(is_new=is_late(summaries.time_extent(logs) or (None, None)))


@cached_by_view()
def coverage(selection: Selection) -> pl.DataFrame:
    """Return when each service of a view has logged."""
    return la.coverage(without_misdated(cached_events.events(selection)))


@cached_by_view()
def anomalies(selection: Selection, every: str, by: str | None) -> pl.DataFrame:
    """Return the scored windows of a view, by a column."""
    logs = without_misdated(cached_events.annotated_events(selection)).drop(DURATION_COLUMN)
    return la.detect_anomalies(group_small_services(logs) if by == "service" else logs, every=every, by=by)


@cached_by_view()
def anomalous_stretches(selection: Selection, every: str, by: str | None) -> list[Episode]:
    """Return the runs of anomalous windows, by a column, in the order of time."""
    return find_episodes(anomalies(selection, every, by), parse_every(every))


@cached_by_view()
def episodes(selection: Selection, every: str) -> list[tuple[datetime, datetime]]:
    """Return the stretches of time with anomalous windows, the most severe first."""
    by = "service" if metrics(selection).services > 1 else None
    groups = group_overlapping(anomalous_stretches(selection, every, by))
    scored = [(sum(episode.score * episode.windows for episode in group), group) for group in groups]
    scored.sort(key=lambda pair: (-pair[0], pair[1][0].start))
    return [(group[0].start, max(episode.end for episode in group)) for _, group in scored]


@cached_by_view()
def latency(selection: Selection, by: str) -> pl.DataFrame:
    """Return the durations of a view by a column."""
    logs = cached_events.annotated_events(selection)
    measured = logs.drop("duration_ms", strict=False).rename({DURATION_COLUMN: "duration_ms"})
    return la.latency(measured.filter(pl.col("duration_ms").is_not_null()), by=by)


def trace(view: View, trace_id: str) -> pl.DataFrame:
    """Return the events of one request among all events of the source, whatever the filters."""
    return _trace(cached_events.source_key(cached_events.selection_of(view)), trace_id)


@st.cache_resource(max_entries=8, show_spinner=False)
def _trace(source: SourceKey, trace_id: str) -> pl.DataFrame:
    return la.trace(cached_events.load_source(source), trace_id)


@cached_by_view()
def traces(selection: Selection) -> pl.DataFrame:
    """Return the requests of a view."""
    return la.traces(cached_events.events(selection))


@cached_by_view()
def steps(selection: Selection, by: str, step: str) -> pl.DataFrame:
    """Return the steps of the runs of a view, by the columns that name run and step."""
    return la.steps(cached_events.events(selection), by=by, step=step)


def baseline(view: View, ends: tuple[datetime, datetime], requested: str | tuple[str, str]) -> Baseline:
    """Return what a range of time is compared with, whatever the view's own range."""
    return _baseline(replace(view, since=None, until=None), ends, requested)


@cached_by_view(max_entries=8)
def _baseline(selection: Selection, ends: tuple[datetime, datetime], requested: str | tuple[str, str]) -> Baseline:
    tz = selection.view.tz
    return choose_baseline(_templated_events(selection), parse_time_range(ends, "incident", tz=tz), requested, tz=tz)


def incident(view: View, ends: tuple[datetime, datetime], requested: str | tuple[str, str], tz: str) -> Incident:
    """Return the differences between a range of time and a baseline, whatever the view's own range; times in a zone."""
    return _incident(replace(view, since=None, until=None), ends, requested, tz)


@cached_by_view(max_entries=8)
def _incident(
    selection: Selection, ends: tuple[datetime, datetime], requested: str | tuple[str, str], tz: str
) -> Incident:
    incident_range = parse_time_range(ends, "incident", tz=selection.view.tz)
    return explain(_templated_events(selection), incident_range, _baseline(selection, ends, requested), tz=tz)


def _templated_events(selection: Selection) -> pl.DataFrame:
    return cached_events.annotated_events(selection).drop(DURATION_COLUMN)


@cached_by_view(max_entries=4)
def sql(selection: Selection, query: str) -> pl.DataFrame:
    """Return DuckDB's answer to a query over the events of a view.

    Raises InvalidArgumentError, and QueryStoppedError for one that takes long or is large.
    """
    return sql_process.run(query, _event_file(selection))


@cached_by_view(max_entries=2)
def _event_file(selection: Selection) -> IO[bytes]:
    return sql_process.write_events(cached_events.events(selection))


@cached_by_view(max_entries=4, show_spinner="Writing the report …")
def full_report(selection: Selection, every: str | None, tz: str) -> Report:
    """Return the report on a view, with times in a zone."""
    names = ", ".join(os.path.basename(os.path.normpath(name)) for name in selection.names[:3])
    return report(_templated_events(selection), title=f"Log report: {names}", every=every, display_tz=tz)
