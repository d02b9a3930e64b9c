"""The events of a view, or an explanation of why there are none."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import streamlit as st

from loganalytics.dashboard import cached_events, state, summaries, zone
from loganalytics.dashboard.components import filter_bar
from loganalytics.exceptions import InvalidArgumentError, LogAnalyticsError, MissingColumnError
from loganalytics.humanize import time_range
from loganalytics.sanitize import printable
from loganalytics.view import DERIVED_FIELDS, View


def events_or_explain() -> pl.DataFrame | None:
    """Return the events of the session's view; None, with what to do on the page, when there are none to show."""
    view = state.view()
    try:
        logs = cached_events.events(view)
        state.keep_result()
        if logs.is_empty():
            _explain_empty(view, cached_events.source_events(view))
            return None
    except (LogAnalyticsError, OSError, pl.exceptions.PolarsError) as error:
        if isinstance(error, InvalidArgumentError | MissingColumnError) and state.fall_back(str(error)):
            st.rerun()
        st.error("These logs cannot be shown.", icon=":material/error:")
        st.text(str(error))
        return None
    return logs


def _explain_empty(view: View, source_events: pl.DataFrame) -> None:
    if source_events.is_empty():
        st.info(
            "The source has no events. Choose another in the sidebar, or see its load report on the Sources page.",
            icon=":material/inbox:",
        )
        return
    missing = sorted({where.field for where in view.conditions()} - {*source_events.columns, *DERIVED_FIELDS})
    if missing:
        st.warning("A filter names a field that no event has.", icon=":material/filter_alt:")
        st.text(printable(", ".join(missing), 400))
    else:
        st.info("No events match. Widen the time range or the filters in the sidebar.", icon=":material/filter_alt:")
    extent = summaries.time_extent(source_events)
    if extent is None:
        return
    first, last = extent
    st.text(f"The source has events from {time_range(first, last, tz=zone.current())}.")
    with st.container(horizontal=True):
        if view.filters():
            st.button("Clear all filters", on_click=filter_bar.clear, icon=":material/filter_alt_off:")
        if view.since or view.until:
            day = {"since": state.iso(last - timedelta(days=1)), "until": state.iso(last + timedelta(seconds=1))}
            st.button("The last day of the log", on_click=state.change, kwargs=day, icon=":material/today:")
            st.button("All of the log", on_click=state.change, kwargs={"since": None, "until": None})
