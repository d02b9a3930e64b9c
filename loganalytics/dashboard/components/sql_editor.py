"""SQL over the events of the view, by DuckDB: read only, and nothing but these events can be reached."""

from __future__ import annotations

from typing import Any

import polars as pl
import streamlit as st

from loganalytics.dashboard import cached_analyses, state
from loganalytics.dashboard.components import tables
from loganalytics.exceptions import LogAnalyticsError
from loganalytics.humanize import count
from loganalytics.view import View

_EXAMPLE_QUERY = """select service, level, count(*) as events, max(timestamp) as last
from logs
group by all
order by events desc"""
_MAX_ROWS, _FEW_ROWS = 5_000, 12
_ASKED, _STOPPED, _LAST = "sql-asked", "sql-stopped", "sql-last"
"""The query that the reader had run in this session, the one that was stopped, and the last one that had a result."""
_UNRUN = "This query has not been run. If a link brought it, read it before you press Run."


def draw(view: View) -> None:
    """Draw the query and its result; the query is part of the link, and one that a link brought runs when asked to."""
    query = state.opened("sql") or _EXAMPLE_QUERY
    if st.session_state.get("sql") != query:
        st.session_state["sql"] = query
    st.text_area("Query", key="sql", on_change=_ask, height=140, label_visibility="collapsed")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Run", on_click=_ask, icon=":material/play_arrow:", key="sql-run")
        stop = st.empty()
        st.caption("The table is logs: the events of this view. Ctrl+Enter runs what was changed.")
    if query not in (_EXAMPLE_QUERY, st.session_state.get(_ASKED)):
        is_stopped = st.session_state.get(_STOPPED) == query
        st.info("Stopped." if is_stopped else _UNRUN, icon=":material/stop:" if is_stopped else ":material/link:")
    else:
        stop.button("Stop", on_click=_stop, icon=":material/stop:", key="sql-stop")
        _run(view, query)
        stop.empty()
    last = st.session_state.get(_LAST)
    if last is not None:
        _draw_result(*last, is_current=last[:2] == (view, query))


def _run(view: View, query: str) -> None:
    """Run a query and keep its result, or say under the query what is wrong with it."""
    try:
        with st.spinner("Running the query …"):
            result = cached_analyses.sql(view, query)
    except (LogAnalyticsError, OSError, pl.exceptions.PolarsError) as error:
        st.error("The query failed.", icon=":material/error:")
        st.text(str(error))
    else:
        st.session_state[_LAST] = (view, query, result)


def _draw_result(view: View, query: str, table: pl.DataFrame, *, is_current: bool) -> None:
    if not is_current:
        other_view = "" if view == state.view() else ", over another view than the one above"
        st.caption(f"The last result, of this query{other_view}:")
        st.code(query, language="sql", wrap_lines=True)
    height: Any = "content" if table.height < _FEW_ROWS else 430
    tables.draw(table.head(_MAX_ROWS), f"sql-{hash((view, query))}", height=height, file_name="query", whole=table)
    excess = f", the first {_MAX_ROWS:,} shown" if table.height > _MAX_ROWS else ""
    st.caption(f"{count(table.height, 'row')}{excess}")


def _ask() -> None:
    query = st.session_state["sql"] or None
    state.open_item("sql", query)
    st.session_state[_ASKED] = query


def _stop() -> None:
    st.session_state[_STOPPED] = st.session_state[_ASKED]
    st.session_state[_ASKED] = None
