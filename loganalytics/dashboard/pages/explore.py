"""Explore: facets that filter by a click, the events, one of them in full, SQL, and downloads."""

from __future__ import annotations

from typing import Any

import polars as pl
import streamlit as st

from loganalytics.dashboard import cached_analyses, cached_events, state, zone
from loganalytics.dashboard.components import (
    browser_component,
    choices,
    downloads,
    event_detail,
    event_list,
    facets,
    guards,
    histogram,
    notices,
    sql_editor,
)
from loganalytics.view import View

_PAGE_EVENTS = 1000
_DEFAULT_COLUMNS = ["timestamp", "level", "service", "step", "message"]
_TABS = ("Events", "SQL")
_ORDERS = ("newest", "oldest")


def page() -> None:
    """Draw facets on the left; histogram, events and the open event on the right."""
    logs = guards.events_or_explain()
    if logs is None:
        return
    browser_component.fill_window()
    view = state.view()
    link = state.opened("event")
    event = event_detail.find(cached_events.source_events(view), link) if link else None
    pages = -(-logs.height // _PAGE_EVENTS)
    for problem in _unknown_parts(event, pages):
        notices.add(problem)
    fields, results = st.columns([1, 4], gap="medium")
    with fields:
        facets.draw(view, logs)
    with results:
        histogram.draw("explore", height=80)
        tab, settings = st.columns([1, 4], vertical_alignment="center", wrap=False)
        with tab:
            is_sql = choices.choose("tab", _TABS, label="Show") == "SQL"
        if is_sql:
            sql_editor.draw(view)
        else:
            with settings:
                columns, order = _toolbar(view, logs)
            _events(view, event, pages, columns, order)


def _unknown_parts(event: dict[str, Any] | None, pages: int) -> list[str]:
    """Return what the link names that the logs do not have."""
    problems = []
    link, page_number = state.opened("event"), state.opened("page")
    if link and event is None:
        problems.append(f"event: the source has none at {link!r}.")
    if page_number and int(page_number) > pages:
        problems.append(f"page: there are fewer than {page_number}.")
    return problems


def _toolbar(view: View, logs: pl.DataFrame) -> tuple[list[str], str]:
    """Draw the count, the export and the settings above the table; return its columns and its order."""
    total = cached_events.source_events(view).height
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"**{logs.height:,}** of {total:,} events", width="content")
        order = choices.choose("order", _ORDERS, label="Order")
        with st.popover("Columns", icon=":material/view_column:"):
            columns = _column_choice(logs)
        with st.popover("Export", icon=":material/download:"):
            downloads.buttons(view, logs)
    return columns, order


def _column_choice(logs: pl.DataFrame) -> list[str]:
    """Draw the choice of columns; without one, those of the core that have values."""
    names = [name for name in logs.columns if not name.startswith("__")]
    default = [name for name in _DEFAULT_COLUMNS if name in names and logs[name].null_count() < logs.height]
    return choices.choose_several("columns", names, default=default, label="Columns")


def _events(view: View, event: dict[str, Any] | None, pages: int, columns: list[str], order: str) -> None:
    number = _page_number(pages)
    events = cached_analyses.page_of_events(view, number, _PAGE_EVENTS, newest_first=order == "newest")
    source_events = cached_events.source_events(view)
    answers = event_list.draw(
        events, columns, view, event_detail.panel(event, source_events, zone.current()) if event else None,
        token=str(hash((view, order, number, *columns, zone.current()))), selected=_row_of(events, event),
        on_open=lambda row: _open(None if row is None else events.row(row, named=True)),
    )  # fmt: skip
    if "turn" in answers:
        _turn(view, number, int(answers["turn"]), pages, order)
    _answer(answers, event, source_events)


def _page_number(pages: int) -> int:
    """Draw the pages where there are several; return the number of the open one."""
    number = min(int(state.opened("page") or 1), pages)
    if pages < 2:
        return 1
    taken = st.pagination(pages, default=number, key=f"pages-{hash(state.view())}-{number}") or number
    if taken != number:
        _open_page(taken)
        st.rerun()
    return number


def _open_page(number: int) -> None:
    state.open_item("page", None if number == 1 else str(number))


def _turn(view: View, number: int, by: int, pages: int, order: str) -> None:
    """Open the first event of the next page, or the last of the page before."""
    if 1 <= number + by <= pages:
        events = cached_analyses.page_of_events(view, number + by, _PAGE_EVENTS, newest_first=order == "newest")
        _open_page(number + by)
        _open(events.row(0 if by > 0 else -1, named=True))
        st.rerun()


def _row_of(events: pl.DataFrame, event: dict[str, Any] | None) -> int | None:
    if event is None:
        return None
    is_same = (events["source"] == event["source"]) & (events["offset"] == event["offset"])
    rows = is_same.arg_true()
    return int(rows[0]) if rows.len() else None


def _open(event: dict[str, Any] | None) -> None:
    state.open_item("event", event_detail.event_id(event) if event else None)


def _answer(answers: dict[str, Any], event: dict[str, Any] | None, source_events: pl.DataFrame) -> None:
    """Do what the reader asks for in the open event."""
    if "line" in answers:
        state.open_item("event", str(answers["line"]))
        st.rerun()
    if event is None:
        return
    condition = answers.get("filter")
    if condition and condition["event"] == event_detail.event_id(event) and condition["field"] in event:
        value = event_detail.condition_value(source_events, event, str(condition["field"]))
        if value is not None:
            state.add_condition(str(condition["field"]), value, exclude=bool(condition["exclude"]))
            st.rerun()
    if "act" in answers and event["trace_id"]:
        state.open_item("trace", event["trace_id"])
        state.switch_page("traces")
