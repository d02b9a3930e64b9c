"""The events behind the pages: loaded once per source and filtered once per view, shared by all sessions.

Caches are keyed by the view and by name, size and modification time of its files; no frame is ever hashed. Cached
values are shared between sessions: never change them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import polars as pl
import streamlit as st

import loganalytics as la
from loganalytics.analyses.errors.clusters import EVENT_NUMBER, with_clusters
from loganalytics.analyses.requests.durations import duration_ms
from loganalytics.dashboard import access, consent, stopping
from loganalytics.dashboard.listed_names import Listed, hidden, relabel
from loganalytics.exceptions import SourceNotFoundError
from loganalytics.filters.condition_check import check_condition, check_growth, is_row_by_row
from loganalytics.filters.expressions import within_times
from loganalytics.filters.sql import matches
from loganalytics.sources.files.discovery import discover_files
from loganalytics.sources.load_report import remember
from loganalytics.times import parse_when
from loganalytics.view import View, is_among

P = ParamSpec("P")
R = TypeVar("R")

FileVersions = tuple[tuple[str, int, int], ...]
"""Path, size in bytes and modification time in nanoseconds of each file."""

DURATION_COLUMN = "__ms"
"""The column of annotated events that holds their duration in milliseconds."""

_RESIDENT_BYTES = 4 * 1024**3  # files up to this size are loaded once, whatever the time range
_FRESH_SECONDS = 20  # for so long an answer of a server, or "the last hour", stays the same


@dataclass(frozen=True, kw_only=True)
class Selection:
    """A view as the caches know it: moments instead of "2h", and the versions of its files."""

    view: View
    since: datetime | None
    until: datetime | None
    versions: FileVersions
    listed: Listed = ()

    @property
    def names(self) -> tuple[str, ...]:
        """What readers see of the source: its addresses without secrets, or the names of the list."""
        return tuple(dict.fromkeys(name for _, name in self.listed)) or self.view.public().source


@dataclass(frozen=True, kw_only=True)
class SourceKey:
    """The arguments of load() for a source, and the versions of its files."""

    addresses: tuple[str, ...]
    reading: tuple[tuple[str, Any], ...]
    """How to read it: arguments of load() and what they are."""
    query: str | None
    """What a server with a language of its own is asked for; None for all of the source."""
    since: datetime | None
    until: datetime | None
    versions: FileVersions
    listed: Listed


def selection_of(view: View | Selection) -> Selection:
    """Return the key for the events of a view; a selection is returned as it is.

    Raises SourceNotFoundError and InvalidArgumentError.
    """
    if isinstance(view, Selection):
        return view
    view.filter()
    if not consent.is_agreed(view):  # no page is drawn before; should one be, it reads nothing
        raise SourceNotFoundError("This source was not opened. Hint: open it on the page.")
    addresses = access.addresses(view.source)
    since, until = (None if time is None else _parse_time(time, view.tz) for time in (view.since, view.until))
    filters = replace(view, source=addresses, since=None, until=None, baseline=None, every=None)
    listed = access.listed_addresses(view.source)
    with hidden(listed):
        versions = _versions(addresses)
    return Selection(view=filters, since=since, until=until, versions=versions, listed=listed)


def cached_by_view(
    max_entries: int = 24, show_spinner: bool | str = False
) -> Callable[[Callable[Concatenate[Selection, P], R]], Callable[Concatenate[View | Selection, P], R]]:
    """Cache a function of a Selection and simple values; it can then be called with a view, too.

    The view becomes its Selection before Streamlit hashes the arguments: in a hash function of `hash_funcs`, a source
    that does not exist would raise Streamlit's UserHashError, which no page handles.
    """

    def decorate(function: Callable[Concatenate[Selection, P], R]) -> Callable[Concatenate[View | Selection, P], R]:
        cached = st.cache_resource(max_entries=max_entries, show_spinner=show_spinner)(function)

        @wraps(function)
        def call(view: View | Selection, /, *args: P.args, **kwargs: P.kwargs) -> R:
            return cached(selection_of(view), *args, **kwargs)

        return call

    return decorate


@cached_by_view(max_entries=6)
def events(selection: Selection) -> pl.DataFrame:
    """Return the events of a view.

    Raises what View.load() raises.
    """
    view = selection.view
    is_annotated = view.names_annotation() or view.names_cluster()
    return _filtered(_annotated(selection) if is_annotated else load_source(source_key(selection)), selection)


@cached_by_view(max_entries=4)
def annotated_events(selection: Selection) -> pl.DataFrame:
    """Return the events of a view with template, template_id, the route of requests, and their duration."""
    return _filtered(_annotated(selection), selection)


def clustered_errors(selection: Selection) -> pl.DataFrame:
    """Return the errors of a selection, with their cluster among all errors of the source; see with_clusters().

    So a problem has the same cluster_id whatever the filters, and a filter costs no clustering.
    """
    clustered, errors = _clustered_errors(source_key(selection))
    filtered = error_events(selection)
    if filtered is errors:
        return clustered
    return clustered.join(filtered.select(EVENT_NUMBER), on=EVENT_NUMBER, how="semi", maintain_order="left")


def error_events(selection: Selection) -> pl.DataFrame:
    """Return the events of a selection that are errors as the report counts them: of a level, or telling a failure."""
    _, errors = _clustered_errors(source_key(selection))
    holds = _holds(selection)
    held = errors if holds is None else errors.filter(holds.gather(errors[EVENT_NUMBER]))
    return selection.view.keep(within_times(held, selection.since, selection.until))


def source_events(view: View) -> pl.DataFrame:
    """Return all events of the view's source, without its filters."""
    return load_source(source_key(selection_of(view)))


def services(view: View) -> list[str]:
    """Return the names of all services of the source, whatever the filters."""
    return _services(source_key(selection_of(view)))


def load_report(view: View) -> pl.DataFrame:
    """Return the load report of the view's source."""
    return la.load_report(source_events(view))


def previous_period(view: View) -> View | None:
    """Return the view of the period of the same length before; None for a view without a beginning."""
    selection = selection_of(view)
    if selection.since is None:
        return None
    end = selection.until or datetime.now(UTC)
    start = selection.since - (end - selection.since)
    return replace(view, since=start.isoformat(), until=selection.since.isoformat())


def source_key(selection: Selection) -> SourceKey:
    """Return what has to be loaded: all of a source that is small enough, so that a new range costs a filter only."""
    view = selection.view
    size = sum(size for _, size, _ in selection.versions)
    is_resident = not _has_server(view.source) and size <= _RESIDENT_BYTES
    return SourceKey(
        addresses=view.source, reading=tuple(view.reading().items()), query=None,
        since=None if is_resident else selection.since, until=None if is_resident else selection.until,
        versions=selection.versions, listed=selection.listed,
    )  # fmt: skip


@st.cache_resource(max_entries=3, show_spinner="Reading the logs …")
def load_source(source: SourceKey) -> pl.DataFrame:
    """Return the events of a source; of a listed one, with its name in the place of its addresses."""
    with hidden(source.listed):
        logs = la.load(
            source.addresses, since=source.since, until=source.until, query=source.query, **dict(source.reading)
        )  # fmt: skip
        report = la.load_report(logs)
    if not source.listed:
        return logs
    labelled = relabel(logs, source.listed)
    remember(labelled, lambda: relabel(report, source.listed))
    return labelled


def _holds(selection: Selection) -> pl.Series | None:
    """Return for each event of the source whether the view's condition holds; None where there is none."""
    condition, source = selection.view.condition, source_key(selection)
    if condition is None:
        return None
    if selection.view.has_query_language():
        return _found_by_server(source, condition)
    return _matches(source, condition)


@st.cache_resource(max_entries=4, show_spinner="Asking the server …")
def _found_by_server(source: SourceKey, query: str) -> pl.Series:
    return is_among(load_source(source), load_source(replace(source, query=query)))


@st.cache_resource(max_entries=6, show_spinner=False)
def _matches(source: SourceKey, condition: str) -> pl.Series:
    check_condition(condition, "frame")
    check_growth(condition)
    logs = load_source(source)
    if not is_row_by_row(condition):
        return matches(logs, condition)
    return stopping.mask_in_slices(logs, lambda events: matches(events, condition), "The condition")


def _parse_time(expression: str, tz: str) -> datetime:
    """Parse a time; one that counts back from now is stable for a while, or no cache would ever hit."""
    clock = datetime.now(UTC)
    return parse_when(expression, now=clock - timedelta(seconds=clock.timestamp() % _FRESH_SECONDS), tz=tz)


def _has_server(addresses: tuple[str, ...]) -> bool:
    return any("://" in address for address in addresses)


@st.cache_data(ttl=3, show_spinner=False)
def _versions(addresses: tuple[str, ...]) -> FileVersions:
    """Return what changes when a cached value is stale: the versions of files, a clock for servers."""
    if _has_server(addresses):
        return (("", 0, int(time.time() // _FRESH_SECONDS)),)
    stats = [(path, os.stat(path)) for path in discover_files(addresses)]
    return tuple((str(path), stat.st_size, stat.st_mtime_ns) for path, stat in stats)


@st.cache_resource(max_entries=2, show_spinner="Finding the message templates …")
def _annotated_source(source: SourceKey) -> pl.DataFrame:
    logs = la.with_routes(la.with_templates(load_source(source)))
    return logs.with_columns(duration_ms(logs.columns).alias(DURATION_COLUMN))


@st.cache_resource(max_entries=2, show_spinner="Grouping the errors …")
def _clustered_errors(source: SourceKey) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the errors of a source as with_clusters() returns them, and the same events in full with cluster_id.

    Both are in one order, and have their event's number as EVENT_NUMBER.
    """
    numbered = _annotated_source(source).with_row_index(EVENT_NUMBER)
    clustered = with_clusters(numbered).sort(EVENT_NUMBER)
    errors = numbered[clustered[EVENT_NUMBER]].with_columns(clustered["cluster_id"])
    return clustered, errors


@st.cache_resource(max_entries=1, show_spinner="Grouping the errors …")
def _source_with_clusters(source: SourceKey) -> pl.DataFrame:
    """Return the annotated events with cluster_id, null for those that are not errors."""
    logs = _annotated_source(source)
    clustered, _ = _clustered_errors(source)
    rows = logs.select(pl.int_range(pl.len()).cast(clustered.schema[EVENT_NUMBER]).alias(EVENT_NUMBER))
    ids = rows.join(clustered.select(EVENT_NUMBER, "cluster_id"), on=EVENT_NUMBER, how="left", maintain_order="left")
    return logs.with_columns(ids["cluster_id"])


def _annotated(selection: Selection) -> pl.DataFrame:
    """Return the annotated events of the source, with cluster_id where a condition names a cluster."""
    source = source_key(selection)
    return _source_with_clusters(source) if selection.view.names_cluster() else _annotated_source(source)


@st.cache_data(max_entries=4, show_spinner=False)
def _services(source: SourceKey) -> list[str]:
    return load_source(source)["service"].drop_nulls().unique().sort().to_list()


def _filtered(logs: pl.DataFrame, selection: Selection) -> pl.DataFrame:
    """Return the events in range that pass the filters, as View.load() does; the same frame where there are none.

    `logs` are all of the source, in its order.
    """
    holds = _holds(selection)
    held = logs if holds is None else logs.filter(holds)
    filtered = _kept(within_times(held, selection.since, selection.until), selection.view)
    if filtered is not logs:
        remember(filtered, lambda: la.load_report(logs))
    return filtered


def _kept(logs: pl.DataFrame, view: View) -> pl.DataFrame:
    """Return the events that the filters keep; a regular expression is tried on some of them at a time."""
    if not view.grep or "grep" in view.disabled:
        return view.keep(logs)
    expression = view.filter(logs.columns).alias("keep")
    kept = stopping.mask_in_slices(logs, lambda events: events.select(expression)["keep"], "The regular expression")
    return logs.filter(kept)
