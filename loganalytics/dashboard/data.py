"""The events behind the pages and what the analyses say of them: computed once a view, shared by all sessions.

A cached answer is keyed by the view and by name, size and time of its files; no frame is ever hashed. What is
returned is shared between sessions: never change it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ParamSpec, TypeVar, cast

import polars as pl
import streamlit as st

import loganalytics as la
from loganalytics import schema
from loganalytics.analyses.durations import duration_ms
from loganalytics.dashboard import access, facts
from loganalytics.episodes import episodes_of, incidents
from loganalytics.reports import Report, choose_window, few_services, report, without_misdated
from loganalytics.reports.incident import Incident
from loganalytics.sources.conditions import where
from loganalytics.sources.discovery import find_files
from loganalytics.sources.tally import remember
from loganalytics.times import parse_every, parse_when
from loganalytics.view import View, between

P = ParamSpec("P")
R = TypeVar("R")
Versions = tuple[tuple[str, int, int], ...]

DURATION = "__ms"
"""The column of prepared events that holds their duration in milliseconds."""

_WHOLE = 4 * 1024**3  # bytes of files up to which a source is loaded once, whatever the time range
_FRESH = 20  # seconds for which what a server returned, or "the last hour", stays the same


@dataclass(frozen=True)
class Selection:
    """A view as the caches know it: moments instead of "2h", and the versions of its files."""

    view: View
    since: datetime | None
    until: datetime | None
    versions: Versions


def selection(view: View) -> Selection:
    """Return what identifies the events of a view.

    Raises SourceNotFoundError and InvalidArgumentError.
    """
    view.filter()
    source = access.addresses(view.source)
    since, until = (None if text is None else _moment(text, view.tz) for text in (view.since, view.until))
    plain = replace(view, source=source, since=None, until=None, baseline=None, every=None)
    return Selection(plain, since, until, _versions(source))


def whole(view: View) -> pl.DataFrame:
    """Return all events of the view's source, without its filters."""
    return _loaded(*_source_of(selection(view)))


def events(view: View) -> pl.DataFrame:
    """Return the events of a view.

    Raises what View.load() raises.
    """
    return _events(selection(view))


def prepared(view: View) -> pl.DataFrame:
    """Return the events of a view with template, template_id and their duration."""
    return _prepared_events(selection(view))


def before(view: View) -> View | None:
    """Return the view of the period before, as long as the view's own; None where the view has no beginning."""
    chosen = selection(view)
    if chosen.since is None:
        return None
    end = chosen.until or datetime.now(UTC)
    start = chosen.since - (end - chosen.since)
    return replace(view, since=start.isoformat(), until=chosen.since.isoformat())


def window(view: View) -> str:
    """Return the length of the windows: the view's, else one that cuts its time into some hundreds."""
    return view.every or _window(selection(view))


def trend(view: View) -> pl.DataFrame:
    """Return the events of a view by window and level."""
    return _trend(selection(view), window(view))


def numbers(view: View) -> facts.Numbers:
    """Return the counts of a view, and p95 of its durations."""
    return _numbers(selection(view))


def numbers_at_once(view: View) -> facts.Numbers:
    """Return the counts of a view without p95, which takes longer."""
    return _counts(selection(view))


def durations(view: View) -> pl.DataFrame:
    """Return p95 of the durations by window."""
    return _durations(selection(view), window(view))


def values(view: View, template_id: str) -> pl.DataFrame:
    """Return what stands behind each wildcard of a template."""
    return _values(selection(view), template_id)


def page_of(view: View, number: int, size: int, *, newest_first: bool) -> pl.DataFrame:
    """Return one page of the events of a view by time, with their row's number among them as `row`."""
    logs = events(view)
    order = _order(selection(view), newest_first)
    return logs.with_row_index("row")[order.slice((number - 1) * size, size)]


def facet(view: View, field: str) -> pl.DataFrame:
    """Return the commonest values of a field among the events of a view."""
    return _facet(selection(view), field)


def clusters(view: View) -> pl.DataFrame:
    """Return the error clusters of a view."""
    return _clusters(selection(view))


def patterns(view: View) -> pl.DataFrame:
    """Return the message templates of a view."""
    return _patterns(selection(view))


def coverage(view: View) -> pl.DataFrame:
    """Return when each service of a view was heard."""
    return _coverage(selection(view))


def anomalies(view: View, *, by: str | None) -> pl.DataFrame:
    """Return the scored windows of a view, by a column."""
    return _anomalies(selection(view), window(view), by)


def latency(view: View, *, by: str) -> pl.DataFrame:
    """Return the durations of a view by a column."""
    return _latency(selection(view), by)


def trace(view: View, trace_id: str) -> pl.DataFrame:
    """Return the events of one request, of all of the source."""
    return _trace(*_source_of(selection(view)), trace_id)


def traces(view: View) -> pl.DataFrame:
    """Return the requests of a view."""
    return _traces(selection(view))


def incident(view: View, ends: tuple[datetime, datetime], baseline: str | tuple[str, str]) -> Incident:
    """Return what differs in a range of time against a baseline, whatever the view's own range."""
    return _incident(selection(replace(view, since=None, until=None)), ends, baseline)


def episodes(view: View) -> list[tuple[datetime, datetime]]:
    """Return the stretches of time with anomalous windows, the gravest first."""
    by = "service" if numbers_at_once(view).services > 1 else None
    return _episodes(selection(view), window(view), by)


def sql(view: View, query: str) -> pl.DataFrame:
    """Return what DuckDB answers to a query over the events of a view."""
    return _sql(selection(view), query)


def full_report(view: View) -> Report:
    """Return the whole report on a view."""
    return _report(selection(view), view.every)


def services(view: View) -> list[str]:
    """Return the names of all services of the source, whatever the filters."""
    return _services(*_source_of(selection(view)))


def load_report(view: View) -> pl.DataFrame:
    """Return what was read of the source, and what could not be."""
    return la.load_report(whole(view))


def cached(function: Callable[P, R]) -> Callable[P, R]:
    """Keep what a function of a Selection and simple values returns; the newest 24 answers."""
    return cast(Callable[P, R], st.cache_resource(max_entries=24, show_spinner=False)(function))


def _moment(text: str, tz: str) -> datetime:
    """Read a time; one that counts from now stays the same for a while, or nothing would ever be found again."""
    now = datetime.now(UTC)
    return parse_when(text, now=now - timedelta(seconds=now.timestamp() % _FRESH), tz=tz)


@st.cache_data(ttl=3, show_spinner=False)
def _versions(source: tuple[str, ...]) -> Versions:
    """Name, size and time of each file: what tells that a cached answer is stale."""
    if any("://" in name for name in source):
        return (("", 0, int(time.time() // _FRESH)),)
    stats = [(path, os.stat(path)) for path in find_files(source)]
    return tuple((str(path), stat.st_size, stat.st_mtime_ns) for path, stat in stats)


def _source_of(chosen: Selection) -> tuple[tuple[str, ...], str, str | None, str | None, Any, Any, Versions]:
    """Return what has to be loaded: of what is small enough all, so that a new range costs a filter only."""
    view = chosen.view
    small = not any("://" in name for name in view.source) and sum(size for _, size, _ in chosen.versions) <= _WHOLE
    ends = (None, None) if small else (chosen.since, chosen.until)
    return view.source, view.tz, view.formats, view.query, *ends, chosen.versions


@st.cache_resource(max_entries=2, show_spinner="Reading the logs …")
def _loaded(
    source: tuple[str, ...], tz: str, formats: str | None, query: str | None, since: Any, until: Any, versions: Versions
) -> pl.DataFrame:
    if query is None or any("://" in name for name in source):  # a server may have a query language of its own
        return la.load(source, since=since, until=until, tz=tz, formats=formats, query=query)
    logs = _loaded(source, tz, formats, None, since, until, versions)
    kept = where(logs, query)
    remember(kept, lambda: la.load_report(logs))
    return kept


@st.cache_resource(max_entries=2, show_spinner="Finding the message templates …")
def _prepared(*source: Any) -> pl.DataFrame:
    logs = la.with_templates(_loaded(*source))
    return logs.with_columns(duration_ms(logs.columns).alias(DURATION))


@st.cache_data(max_entries=4, show_spinner=False)
def _services(*source: Any) -> list[str]:
    return _loaded(*source)["service"].drop_nulls().unique().sort().to_list()


@st.cache_resource(max_entries=6, show_spinner=False)
def _events(chosen: Selection) -> pl.DataFrame:
    named = any(condition.field in ("template", "template_id") for condition in chosen.view.where)
    return _keep(_prepared(*_source_of(chosen)) if named else _loaded(*_source_of(chosen)), chosen)


@st.cache_resource(max_entries=4, show_spinner=False)
def _prepared_events(chosen: Selection) -> pl.DataFrame:
    return _keep(_prepared(*_source_of(chosen)), chosen)


def _keep(logs: pl.DataFrame, chosen: Selection) -> pl.DataFrame:
    """Return what range and filters keep, as View.load() does; the same frame where there are none."""
    kept = chosen.view.keep(between(logs, chosen.since, chosen.until))
    if kept is not logs:
        remember(kept, lambda: la.load_report(logs))
    return kept


@cached
def _window(chosen: Selection) -> str:
    return choose_window(without_misdated(_events(chosen))["timestamp"])


@cached
def _trend(chosen: Selection, every: str) -> pl.DataFrame:
    return la.trend(without_misdated(_events(chosen)), every=every, by="level")


@cached
def _numbers(chosen: Selection) -> facts.Numbers:
    return facts.numbers(_prepared_events(chosen), DURATION)


@cached
def _counts(chosen: Selection) -> facts.Numbers:
    return facts.numbers(_events(chosen))


@cached
def _durations(chosen: Selection, every: str) -> pl.DataFrame:
    return facts.durations(without_misdated(_prepared_events(chosen)), DURATION, every)


@cached
def _facet(chosen: Selection, field: str) -> pl.DataFrame:
    return facts.facet(_events(chosen), field)


@cached
def _values(chosen: Selection, template_id: str) -> pl.DataFrame:
    return la.pattern_values(_prepared_events(chosen), template_id)


@st.cache_resource(max_entries=8, show_spinner=False)
def _order(chosen: Selection, newest_first: bool) -> pl.Series:
    return facts.order(_events(chosen), newest_first=newest_first)


@cached
def _clusters(chosen: Selection) -> pl.DataFrame:
    return la.cluster_errors(_prepared_events(chosen))


@cached
def _patterns(chosen: Selection) -> pl.DataFrame:
    logs = _prepared_events(chosen)
    return facts.with_new(la.patterns(logs), facts.extent(logs))


@cached
def _coverage(chosen: Selection) -> pl.DataFrame:
    return la.coverage(without_misdated(_events(chosen)))


@cached
def _anomalies(chosen: Selection, every: str, by: str | None) -> pl.DataFrame:
    near = without_misdated(_prepared_events(chosen)).drop(DURATION)
    return la.detect_anomalies(few_services(near) if by == "service" else near, every=every, by=by)


@st.cache_resource(max_entries=8, show_spinner=False)
def _trace(*source_and_id: Any) -> pl.DataFrame:
    *source, trace_id = source_and_id
    return la.trace(_loaded(*source), trace_id)


@cached
def _traces(chosen: Selection) -> pl.DataFrame:
    return la.traces(_events(chosen))


@st.cache_resource(max_entries=4, show_spinner=False)
def _sql(chosen: Selection, query: str) -> pl.DataFrame:
    return la.sql(query, logs=_events(chosen))


@st.cache_resource(max_entries=8, show_spinner=False)
def _incident(chosen: Selection, ends: tuple[datetime, datetime], baseline: str | tuple[str, str]) -> Incident:
    return la.incident(_prepared_events(chosen).drop(DURATION), *ends, baseline=baseline, tz=chosen.view.tz)


@cached
def _episodes(chosen: Selection, every: str, by: str | None) -> list[tuple[datetime, datetime]]:
    groups = incidents(episodes_of(_anomalies(chosen, every, by), parse_every(every)))
    weighed = [(sum(episode.score * episode.windows for episode in group), group) for group in groups]
    weighed.sort(key=lambda pair: (-pair[0], pair[1][0].start))
    return [(group[0].start, max(episode.end for episode in group)) for _, group in weighed]


@cached
def _latency(chosen: Selection, by: str) -> pl.DataFrame:
    logs = _prepared_events(chosen)
    measured = logs.select(*schema.CORE, "template", pl.col(DURATION).alias("duration_ms"))
    return la.latency(measured.filter(pl.col("duration_ms").is_not_null()), by=by)


@st.cache_resource(max_entries=4, show_spinner="Writing the report …")
def _report(chosen: Selection, every: str | None) -> Report:
    names = ", ".join(os.path.basename(os.path.normpath(name)) for name in chosen.view.public().source[:3])
    return report(_events(chosen), title=f"Log report: {names}", every=every)
