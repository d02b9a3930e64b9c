"""The events of a view, or an honest word on why there are none."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import streamlit as st

from loganalytics.dashboard import cached_events, state
from loganalytics.exceptions import LogAnalyticsError
from loganalytics.humanize import time_range
from loganalytics.view import View


def events() -> pl.DataFrame | None:
    """Return the events of the session's view; None, with what to do on the page, when there are none to show."""
    view = state.view()
    try:
        logs = cached_events.events(view)
        if logs.is_empty():
            _nothing(view, cached_events.whole(view))
            return None
    except (LogAnalyticsError, OSError, pl.exceptions.PolarsError) as error:
        st.error("These logs cannot be shown.", icon=":material/error:")
        st.text(str(error))
        return None
    return logs


def _nothing(view: View, whole: pl.DataFrame) -> None:
    if whole.is_empty():
        st.info(
            "The source holds no event. Choose another in the sidebar, or see the Sources page for what was read.",
            icon=":material/inbox:",
        )
        return
    st.info("No event is left. Widen the time range or the filters in the sidebar.", icon=":material/filter_alt:")
    last, first = whole["timestamp"].max(), whole["timestamp"].min()
    if not isinstance(last, datetime) or not isinstance(first, datetime):
        return
    st.text(f"The source has events from {time_range(first, last)}.")
    with st.container(horizontal=True):
        if view.filters():
            st.button("Drop all filters", on_click=drop_filters, icon=":material/filter_alt_off:")
        if view.since or view.until:
            day = {"since": state.iso(last - timedelta(days=1)), "until": state.iso(last + timedelta(seconds=1))}
            st.button("The log's last day", on_click=state.change, kwargs=day, icon=":material/today:")
            st.button("All of it", on_click=state.change, kwargs={"since": None, "until": None})


def drop_filters() -> None:
    """Take every filter off the view; source and range stay."""
    state.change(level=None, services=(), loggers=(), text=None, grep=None, query=None, where=())
