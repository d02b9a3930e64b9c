"""SQL over the events of the view, by DuckDB: read only, and nothing but these events can be reached."""

from __future__ import annotations

import polars as pl
import streamlit as st

from loganalytics.dashboard import cached_analyses, state
from loganalytics.dashboard.components import downloads, tables
from loganalytics.exceptions import LogAnalyticsError
from loganalytics.view import View

_EXAMPLE = """select service, level, count(*) as events, max(timestamp) as last
from logs
group by all
order by events desc"""
_ROWS = 5_000


def draw(view: View) -> None:
    """Draw the query and what it answers; the query is part of the link."""
    st.text_area(
        "Query", value=state.opened("sql") or _EXAMPLE, key="sql", on_change=_take, height=140,
        label_visibility="collapsed",
    )  # fmt: skip
    st.caption("The table is logs: the events of this view. Ctrl+Enter runs it.")
    try:
        with st.spinner("Asking …"):
            found = cached_analyses.sql(view, st.session_state["sql"])
    except (LogAnalyticsError, pl.exceptions.PolarsError) as error:
        st.error("This query cannot be answered.", icon=":material/error:")
        st.text(str(error))
        return
    tables.rows(found.head(_ROWS), f"sql-{hash(view)}", height=430)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{found.height:,} rows" + (f", the first {_ROWS:,} shown" if found.height > _ROWS else ""))
        st.download_button(
            "CSV", lambda: downloads.written(found, "csv"), file_name="query.csv", on_click="ignore", key="sql-csv",
            icon=":material/download:",
        )  # fmt: skip


def _take() -> None:
    state.opened("sql", st.session_state["sql"] or None)
