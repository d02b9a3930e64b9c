"""SQL over the events of the view, by DuckDB: read only, and nothing but these events can be reached."""

from __future__ import annotations

import polars as pl
import streamlit as st

from loganalytics.dashboard import cached_analyses, state
from loganalytics.dashboard.components import tables
from loganalytics.exceptions import LogAnalyticsError
from loganalytics.view import View

_EXAMPLE_QUERY = """select service, level, count(*) as events, max(timestamp) as last
from logs
group by all
order by events desc"""
_MAX_ROWS = 5_000


def draw(view: View) -> None:
    """Draw the query and its result; the query is part of the link."""
    st.text_area(
        "Query", value=state.opened("sql") or _EXAMPLE_QUERY, key="sql", on_change=_open_query, height=140,
        label_visibility="collapsed",
    )  # fmt: skip
    st.caption("The table is logs: the events of this view. Ctrl+Enter runs it.")
    try:
        with st.spinner("Running the query …"):
            result = cached_analyses.sql(view, st.session_state["sql"])
    except (LogAnalyticsError, pl.exceptions.PolarsError) as error:
        st.error("The query failed.", icon=":material/error:")
        st.text(str(error))
        return
    tables.draw(result.head(_MAX_ROWS), f"sql-{hash(view)}", height=430, file_name="query", whole=result)
    excess = f", the first {_MAX_ROWS:,} shown" if result.height > _MAX_ROWS else ""
    st.caption(f"{result.height:,} rows{excess}")


def _open_query() -> None:
    state.open_item("sql", st.session_state["sql"] or None)
