"""The events behind the pages: loaded once a source and filtered once a view, shared by all sessions.

What is cached is keyed by the view and by name, size and time of its files; no frame is ever hashed. What is returned
is shared between sessions: never change it.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import streamlit as st

import loganalytics as la
from loganalytics.analyses.errors.clusters import ROW, with_clusters
from loganalytics.analyses.requests.durations import duration_ms
from loganalytics.dashboard import access
from loganalytics.filters.expressions import within_times
from loganalytics.filters.sql import where
from loganalytics.sources.files.discovery import discover_files
from loganalytics.sources.load_report import remember
from loganalytics.times import parse_when
from loganalytics.view import View

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
    return loaded(*source_of(selection(view)))


def events(view: View) -> pl.DataFrame:
    """Return the events of a view.

    Raises what View.load() raises.
    """
    return events_of(selection(view))


def prepared(view: View) -> pl.DataFrame:
    """Return the events of a view with template, template_id and their duration."""
    return prepared_of(selection(view))


def before(view: View) -> View | None:
    """Return the view of the period before, as long as the view's own; None where the view has no beginning."""
    chosen = selection(view)
    if chosen.since is None:
        return None
    end = chosen.until or datetime.now(UTC)
    start = chosen.since - (end - chosen.since)
    return replace(view, since=start.isoformat(), until=chosen.since.isoformat())


def services(view: View) -> list[str]:
    """Return the names of all services of the source, whatever the filters."""
    return _services(*source_of(selection(view)))


def load_report(view: View) -> pl.DataFrame:
    """Return what was read of the source, and what could not be."""
    return la.load_report(whole(view))


def _moment(text: str, tz: str) -> datetime:
    """Read a time; one that counts from now stays the same for a while, or nothing would ever be found again."""
    now = datetime.now(UTC)
    return parse_when(text, now=now - timedelta(seconds=now.timestamp() % _FRESH), tz=tz)


@st.cache_data(ttl=3, show_spinner=False)
def _versions(source: tuple[str, ...]) -> Versions:
    """Name, size and time of each file: what tells that a cached answer is stale."""
    if any("://" in name for name in source):
        return (("", 0, int(time.time() // _FRESH)),)
    stats = [(path, os.stat(path)) for path in discover_files(source)]
    return tuple((str(path), stat.st_size, stat.st_mtime_ns) for path, stat in stats)


def source_of(chosen: Selection) -> tuple[tuple[str, ...], str, str | None, str | None, Any, Any, Versions]:
    """Return what has to be loaded: of what is small enough all, so that a new range costs a filter only."""
    view = chosen.view
    small = not any("://" in name for name in view.source) and sum(size for _, size, _ in chosen.versions) <= _WHOLE
    ends = (None, None) if small else (chosen.since, chosen.until)
    return view.source, view.tz, view.formats, view.query, *ends, chosen.versions


@st.cache_resource(max_entries=3, show_spinner="Reading the logs …")
def loaded(
    source: tuple[str, ...], tz: str, formats: str | None, query: str | None, since: Any, until: Any, versions: Versions
) -> pl.DataFrame:
    """Return what a source holds, as source_of() tells it."""
    if query is None or any("://" in name for name in source):  # a server may have a query language of its own
        return la.load(source, since=since, until=until, tz=tz, formats=formats, query=query)
    logs = loaded(source, tz, formats, None, since, until, versions)
    kept = where(logs, query)
    remember(kept, lambda: la.load_report(logs))
    return kept


@st.cache_resource(max_entries=2, show_spinner="Finding the message templates …")
def _prepared(*source: Any) -> pl.DataFrame:
    logs = la.with_templates(loaded(*source))
    return logs.with_columns(duration_ms(logs.columns).alias(DURATION))


@st.cache_resource(max_entries=2, show_spinner="Grouping the errors …")
def _problems(*source: Any) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the errors of a source as with_clusters() tells them, and the same events in full with cluster_id.

    Both are in one order, and have their event's number as ROW.
    """
    numbered = _prepared(*source).with_row_index(ROW)
    told = with_clusters(numbered).sort(ROW)
    full = numbered[told[ROW]].with_columns(told["cluster_id"])
    return told, full


def problems_of(chosen: Selection) -> pl.DataFrame:
    """Return the errors of a selection, as with_clusters() tells them of all of the source.

    So a problem has the same cluster_id whatever the filters, and a filter costs no clustering.
    """
    told, full = _problems(*source_of(chosen))
    kept = chosen.view.keep(within_times(full, chosen.since, chosen.until))
    return told if kept is full else told.join(kept.select(ROW), on=ROW, how="semi", maintain_order="left")


@st.cache_resource(max_entries=1, show_spinner="Grouping the errors …")
def _clustered(*source: Any) -> pl.DataFrame:
    """Return the prepared events with cluster_id, null for those that are no errors."""
    logs = _prepared(*source)
    told, _ = _problems(*source)
    rows = logs.select(pl.int_range(pl.len()).cast(told.schema[ROW]).alias(ROW))
    ids = rows.join(told.select(ROW, "cluster_id"), on=ROW, how="left", maintain_order="left")
    return logs.with_columns(ids["cluster_id"])


def _told(chosen: Selection) -> pl.DataFrame:
    """Return the prepared events, with the problem of each error where a condition names one."""
    return (_clustered if chosen.view.names_cluster() else _prepared)(*source_of(chosen))


@st.cache_data(max_entries=4, show_spinner=False)
def _services(*source: Any) -> list[str]:
    return loaded(*source)["service"].drop_nulls().unique().sort().to_list()


@st.cache_resource(max_entries=6, show_spinner=False)
def events_of(chosen: Selection) -> pl.DataFrame:
    """Return the events of a selection."""
    named = chosen.view.names_template() or chosen.view.names_cluster()
    return _keep(_told(chosen) if named else loaded(*source_of(chosen)), chosen)


@st.cache_resource(max_entries=4, show_spinner=False)
def prepared_of(chosen: Selection) -> pl.DataFrame:
    """Return the events of a selection with template, template_id and their duration."""
    return _keep(_told(chosen), chosen)


def _keep(logs: pl.DataFrame, chosen: Selection) -> pl.DataFrame:
    """Return what range and filters keep, as View.load() does; the same frame where there are none."""
    kept = chosen.view.keep(within_times(logs, chosen.since, chosen.until))
    if kept is not logs:
        remember(kept, lambda: la.load_report(logs))
    return kept
