"""Explore: facets that filter by a click, the events, one of them in full, and what is found taken away as a file."""

from __future__ import annotations

import polars as pl
import streamlit as st

from loganalytics.dashboard import cached_analyses, cached_events, state, summaries
from loganalytics.dashboard.components import downloads, event_detail, guards, histogram, sql_editor, tables
from loganalytics.view import View

_PAGE = 1000
_FACETS = ["level", "service", "logger"]
_COLUMNS = ["timestamp", "level", "service", "logger", "message"]


def page() -> None:
    """Draw facets on the left; histogram, events and the one that is open on the right."""
    logs = guards.events()
    if logs is None:
        return
    view = state.view()
    left, right = st.columns([1, 3], gap="medium")
    with left:
        _facets(view, logs)
    with right:
        histogram.draw("explore", height=110)
        events, query = st.tabs(["Events", "SQL"], key="explore-tab", on_change="rerun")
        if events.open:
            with events:
                _events(view, logs)
        if query.open:
            with query:
                sql_editor.draw(view)


def _facets(view: View, logs: pl.DataFrame) -> None:
    st.segmented_control(
        "A click on a value", ["only", "without"], default="only", required=True, key="facet-way", width="stretch"
    )
    known = summaries.fields(logs)
    with st.popover("Fields to count", icon=":material/checklist:", width="stretch"):  # its labels need the room
        chosen = st.multiselect("Fields to count", known, default=[name for name in _FACETS if name in known],
                                key="facets", label_visibility="collapsed")  # fmt: skip
    for field in chosen:
        _facet(view, field, logs.height)


def _facet(view: View, field: str, events: int) -> None:
    counted = cached_analyses.facet(view, field)
    told = {
        "value": st.column_config.TextColumn(field, width="small"),
        "events": st.column_config.ProgressColumn(
            "events", format="compact", min_value=0, max_value=max(events, 1), width="small"
        ),
    }
    key = f"facet-{field}-{hash(view)}"
    values = summaries.shown(counted).with_columns(pl.col("value").replace("", "(none)"))
    st.dataframe(
        values, hide_index=True, key=key, column_config=told, on_select=lambda: _take(key, field, counted),
        selection_mode="single-cell", height="content" if counted.height < 7 else 38 + 35 * 6,
    )  # fmt: skip


def _take(key: str, field: str, counted: pl.DataFrame) -> None:
    """Filter by the value that was clicked."""
    cells = st.session_state[key].selection.cells
    if cells:
        exclude = st.session_state.get("facet-way") == "without"
        state.add(field, counted["value"][cells[0][0]], exclude=exclude)


def _events(view: View, logs: pl.DataFrame) -> None:
    total = cached_events.whole(view).height
    head, order, columns, export = st.columns([3, 2.4, 2, 2], vertical_alignment="center")
    head.markdown(f"**{logs.height:,}** of {total:,} events")
    newest = order.segmented_control(
        "Order", ["newest", "oldest"], default="newest", required=True, key="order", label_visibility="collapsed"
    )
    with columns.popover("Columns", icon=":material/view_column:", width="stretch"):
        names = [name for name in logs.columns if not name.startswith("__")]
        default = [name for name in _COLUMNS if name in names and logs[name].null_count() < logs.height]
        chosen = st.multiselect("Columns", names, default=default, key="columns") or default
    with export.popover("Export", icon=":material/download:", width="stretch"):
        downloads.buttons(view, logs)
    pages = -(-logs.height // _PAGE)
    number = 1
    if pages > 1:
        number = st.pagination(pages, key=f"page-{hash(view)}") or 1
    found = cached_analyses.page_of(view, number, _PAGE, newest_first=newest == "newest")
    key = f"events-{hash(view)}-{number}-{newest}"
    clicked = key in st.session_state and bool(st.session_state[key].selection.cells)
    height = 260 if clicked or state.opened("event") else 430  # room for the event that is open
    picked = tables.rows(found.select("row", *chosen), key, pick=True, height=height, order=chosen)
    if picked:
        row = logs.row(picked["row"], named=True)
        state.opened("event", f"{row['source']}|{row['offset']}")
        event_detail.draw(row, cached_events.whole(view))
    else:
        _from_link(view)


def _from_link(view: View) -> None:
    """Open the event that a shared link names; a click that was taken back closes it."""
    named = state.opened("event")
    if not named:
        st.caption("Click on an event to open it in full.")
        return
    source, _, offset = named.rpartition("|")
    whole = cached_events.whole(view)
    found = whole.filter((pl.col("source") == source) & (pl.col("offset") == offset))
    if found.is_empty():
        state.opened("event", None)
        return
    event_detail.draw(found.row(0, named=True), whole)
