"""Explore: facets that filter by a click, the events, one of them in full, SQL, and downloads."""

from __future__ import annotations

import polars as pl
import streamlit as st

from loganalytics.dashboard import cached_analyses, cached_events, state, summaries
from loganalytics.dashboard.components import downloads, event_detail, guards, histogram, sql_editor, tables
from loganalytics.sanitize import printable
from loganalytics.view import View

_PAGE_EVENTS = 1000
_DEFAULT_FACETS = ["level", "service", "logger"]
_DEFAULT_COLUMNS = ["timestamp", "level", "service", "logger", "message"]


def page() -> None:
    """Draw facets on the left; histogram, events and the open event on the right."""
    logs = guards.events_or_explain()
    if logs is None:
        return
    view = state.view()
    facets, results = st.columns([1, 3], gap="medium")
    with facets:
        _facets(view, logs)
    with results:
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
        "Click on a value to", ["include", "exclude"], default="include", required=True, key="facet-mode",
        width="stretch",
    )  # fmt: skip
    fields = summaries.facet_fields(logs)
    with st.popover("Fields to count", icon=":material/checklist:", width="stretch"):  # its labels need the room
        facets = st.multiselect(
            "Fields to count", fields, default=[name for name in _DEFAULT_FACETS if name in fields], key="facets",
            format_func=printable, label_visibility="collapsed",
        )  # fmt: skip
    for field in facets:
        _facet(view, field, logs.height)


def _facet(view: View, field: str, events: int) -> None:
    counts = cached_analyses.facet(view, field)
    columns = {
        "value": st.column_config.TextColumn(printable(field), width="small"),
        "events": st.column_config.ProgressColumn(
            "events", format="compact", min_value=0, max_value=max(events, 1), width="small"
        ),
    }
    key = f"facet-{field}-{hash(view)}"
    values = summaries.safe_table(counts).with_columns(pl.col("value").replace("", "(none)"))
    st.dataframe(
        values, hide_index=True, key=key, column_config=columns, on_select=lambda: _apply_facet(key, field, counts),
        selection_mode="single-cell", height="content" if counts.height < 7 else 38 + 35 * 6,
    )  # fmt: skip


def _apply_facet(key: str, field: str, counts: pl.DataFrame) -> None:
    """Filter by the value that was clicked."""
    cells = st.session_state[key].selection.cells
    if cells:
        exclude = st.session_state.get("facet-mode") == "exclude"
        state.add_condition(field, counts["value"][cells[0][0]], exclude=exclude)


def _events(view: View, logs: pl.DataFrame) -> None:
    order, columns = _toolbar(view, logs)
    pages = -(-logs.height // _PAGE_EVENTS)
    number = 1
    if pages > 1:
        number = st.pagination(pages, key=f"page-{hash(view)}") or 1
    events = cached_analyses.page_of_events(view, number, _PAGE_EVENTS, newest_first=order == "newest")
    key = f"events-{hash(view)}-{number}-{order}"
    is_clicked = key in st.session_state and bool(st.session_state[key].selection.cells)
    height = 260 if is_clicked or state.opened("event") else 430  # room for the open event
    clicked = tables.draw(events.select("row", *columns), key, clickable=True, height=height, order=columns)
    if clicked:
        event = logs.row(clicked["row"], named=True)
        state.open_item("event", f"{event['source']}|{event['offset']}")
        event_detail.draw(event, cached_events.source_events(view))
    else:
        _linked_event(view)


def _toolbar(view: View, logs: pl.DataFrame) -> tuple[str, list[str]]:
    """Draw the count, the export and the settings above the table; return its order and its columns."""
    total = cached_events.source_events(view).height
    heading, order_column, column_choice, export = st.columns([3, 2.4, 2, 2], vertical_alignment="center")
    heading.markdown(f"**{logs.height:,}** of {total:,} events")
    order = order_column.segmented_control(
        "Order", ["newest", "oldest"], default="newest", required=True, key="order", label_visibility="collapsed"
    )
    with column_choice.popover("Columns", icon=":material/view_column:", width="stretch"):
        names = [name for name in logs.columns if not name.startswith("__")]
        default = [name for name in _DEFAULT_COLUMNS if name in names and logs[name].null_count() < logs.height]
        columns = st.multiselect("Columns", names, default=default, format_func=printable, key="columns") or default
    with export.popover("Export", icon=":material/download:", width="stretch"):
        downloads.buttons(view, logs)
    return str(order), columns


def _linked_event(view: View) -> None:
    """Open the event that a shared link names; a click that is undone closes it."""
    link = state.opened("event")
    if not link:
        st.caption("Click on an event to open it in full.")
        return
    source, _, offset = link.rpartition("|")
    source_events = cached_events.source_events(view)
    matches = source_events.filter((pl.col("source") == source) & (pl.col("offset") == offset))
    if matches.is_empty():
        state.open_item("event", None)
        return
    event_detail.draw(matches.row(0, named=True), source_events)
