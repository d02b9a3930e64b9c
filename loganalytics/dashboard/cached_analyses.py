"""What the analyses say of the events of a view: computed once a view, shared by all sessions, never changed."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, ParamSpec, TypeVar, cast

import polars as pl
import streamlit as st

import loganalytics as la
from loganalytics import schema
from loganalytics.analyses.errors.clusters import summed
from loganalytics.analyses.windowing import choose_window, group_small_services, without_misdated
from loganalytics.dashboard import cached_events, summaries
from loganalytics.dashboard.cached_events import Selection
from loganalytics.findings.episodes import episodes_of, incidents
from loganalytics.reports.incident import Incident
from loganalytics.reports.model import Report
from loganalytics.reports.report import report
from loganalytics.times import parse_every
from loganalytics.view import View

P = ParamSpec("P")
R = TypeVar("R")


def window(view: View) -> str:
    """Return the length of the windows: the view's, else one that cuts its time into some hundreds."""
    return view.every or _window(cached_events.selection(view))


def trend(view: View) -> pl.DataFrame:
    """Return the events of a view by window and level."""
    return _trend(cached_events.selection(view), window(view))


def numbers(view: View) -> summaries.Numbers:
    """Return the counts of a view, and p95 of its durations."""
    return _numbers(cached_events.selection(view))


def numbers_at_once(view: View) -> summaries.Numbers:
    """Return the counts of a view without p95, which takes longer."""
    return _counts(cached_events.selection(view))


def durations(view: View) -> pl.DataFrame:
    """Return p95 of the durations by window."""
    return _durations(cached_events.selection(view), window(view))


def values(view: View, template_id: str) -> pl.DataFrame:
    """Return what stands behind each wildcard of a template."""
    return _values(cached_events.selection(view), template_id)


def page_of(view: View, number: int, size: int, *, newest_first: bool) -> pl.DataFrame:
    """Return one page of the events of a view by time, with their row's number among them as `row`."""
    logs = cached_events.events(view)
    order = _order(cached_events.selection(view), newest_first)
    return logs.with_row_index("row")[order.slice((number - 1) * size, size)]


def facet(view: View, field: str) -> pl.DataFrame:
    """Return the commonest values of a field among the events of a view."""
    return _facet(cached_events.selection(view), field)


def clusters(view: View) -> pl.DataFrame:
    """Return the error clusters of a view."""
    return _clusters(cached_events.selection(view))


def patterns(view: View) -> pl.DataFrame:
    """Return the message templates of a view."""
    return _patterns(cached_events.selection(view))


def coverage(view: View) -> pl.DataFrame:
    """Return when each service of a view was heard."""
    return _coverage(cached_events.selection(view))


def anomalies(view: View, *, by: str | None) -> pl.DataFrame:
    """Return the scored windows of a view, by a column."""
    return _anomalies(cached_events.selection(view), window(view), by)


def latency(view: View, *, by: str) -> pl.DataFrame:
    """Return the durations of a view by a column."""
    return _latency(cached_events.selection(view), by)


def trace(view: View, trace_id: str) -> pl.DataFrame:
    """Return the events of one request, of all of the source."""
    return _trace(*cached_events.source_of(cached_events.selection(view)), trace_id)


def traces(view: View) -> pl.DataFrame:
    """Return the requests of a view."""
    return _traces(cached_events.selection(view))


def incident(view: View, ends: tuple[datetime, datetime], baseline: str | tuple[str, str]) -> Incident:
    """Return what differs in a range of time against a baseline, whatever the view's own range."""
    return _incident(cached_events.selection(replace(view, since=None, until=None)), ends, baseline)


def episodes(view: View) -> list[tuple[datetime, datetime]]:
    """Return the stretches of time with anomalous windows, the gravest first."""
    by = "service" if numbers_at_once(view).services > 1 else None
    return _episodes(cached_events.selection(view), window(view), by)


def sql(view: View, query: str) -> pl.DataFrame:
    """Return what DuckDB answers to a query over the events of a view."""
    return _sql(cached_events.selection(view), query)


def full_report(view: View) -> Report:
    """Return the whole report on a view."""
    return _report(cached_events.selection(view), view.every)


def cached(function: Callable[P, R]) -> Callable[P, R]:
    """Keep what a function of a Selection and simple values returns; the newest 24 answers."""
    return cast(Callable[P, R], st.cache_resource(max_entries=24, show_spinner=False)(function))


@cached
def _window(chosen: Selection) -> str:
    return choose_window(without_misdated(cached_events.events_of(chosen))["timestamp"])


@cached
def _trend(chosen: Selection, every: str) -> pl.DataFrame:
    return la.trend(without_misdated(cached_events.events_of(chosen)), every=every, by="level")


@cached
def _numbers(chosen: Selection) -> summaries.Numbers:
    return summaries.numbers(cached_events.prepared_of(chosen), cached_events.DURATION)


@cached
def _counts(chosen: Selection) -> summaries.Numbers:
    return summaries.numbers(cached_events.events_of(chosen))


@cached
def _durations(chosen: Selection, every: str) -> pl.DataFrame:
    return summaries.durations(without_misdated(cached_events.prepared_of(chosen)), cached_events.DURATION, every)


@cached
def _facet(chosen: Selection, field: str) -> pl.DataFrame:
    return summaries.facet(cached_events.events_of(chosen), field)


@cached
def _values(chosen: Selection, template_id: str) -> pl.DataFrame:
    return la.pattern_values(cached_events.prepared_of(chosen), template_id)


@st.cache_resource(max_entries=8, show_spinner=False)
def _order(chosen: Selection, newest_first: bool) -> pl.Series:
    return summaries.order(cached_events.events_of(chosen), newest_first=newest_first)


@cached
def _clusters(chosen: Selection) -> pl.DataFrame:
    return summed(cached_events.problems_of(chosen), summaries.extent(cached_events.events_of(chosen)) or (None, None))


@cached
def _patterns(chosen: Selection) -> pl.DataFrame:
    logs = cached_events.prepared_of(chosen)
    return summaries.with_new(la.patterns(logs), summaries.extent(logs))


@cached
def _coverage(chosen: Selection) -> pl.DataFrame:
    return la.coverage(without_misdated(cached_events.events_of(chosen)))


@cached
def _anomalies(chosen: Selection, every: str, by: str | None) -> pl.DataFrame:
    near = without_misdated(cached_events.prepared_of(chosen)).drop(cached_events.DURATION)
    return la.detect_anomalies(group_small_services(near) if by == "service" else near, every=every, by=by)


@st.cache_resource(max_entries=8, show_spinner=False)
def _trace(*source_and_id: Any) -> pl.DataFrame:
    *source, trace_id = source_and_id
    return la.trace(cached_events.loaded(*source), trace_id)


@cached
def _traces(chosen: Selection) -> pl.DataFrame:
    return la.traces(cached_events.events_of(chosen))


@st.cache_resource(max_entries=4, show_spinner=False)
def _sql(chosen: Selection, query: str) -> pl.DataFrame:
    return la.sql(query, logs=cached_events.events_of(chosen))


@st.cache_resource(max_entries=8, show_spinner=False)
def _incident(chosen: Selection, ends: tuple[datetime, datetime], baseline: str | tuple[str, str]) -> Incident:
    return la.incident(
        cached_events.prepared_of(chosen).drop(cached_events.DURATION), *ends, baseline=baseline, tz=chosen.view.tz
    )


@cached
def _episodes(chosen: Selection, every: str, by: str | None) -> list[tuple[datetime, datetime]]:
    groups = incidents(episodes_of(_anomalies(chosen, every, by), parse_every(every)))
    weighed = [(sum(episode.score * episode.windows for episode in group), group) for group in groups]
    weighed.sort(key=lambda pair: (-pair[0], pair[1][0].start))
    return [(group[0].start, max(episode.end for episode in group)) for _, group in weighed]


@cached
def _latency(chosen: Selection, by: str) -> pl.DataFrame:
    logs = cached_events.prepared_of(chosen)
    measured = logs.select(*schema.CORE, "template", pl.col(cached_events.DURATION).alias("duration_ms"))
    return la.latency(measured.filter(pl.col("duration_ms").is_not_null()), by=by)


@st.cache_resource(max_entries=4, show_spinner="Writing the report …")
def _report(chosen: Selection, every: str | None) -> Report:
    names = ", ".join(os.path.basename(os.path.normpath(name)) for name in chosen.view.public().source[:3])
    return report(
        cached_events.prepared_of(chosen).drop(cached_events.DURATION), title=f"Log report: {names}", every=every
    )
