"""One event in full: its text, its fields, its trace, and the lines before and after it."""

from __future__ import annotations

from typing import Any

import polars as pl
import streamlit as st

from loganalytics.dashboard import state, summaries
from loganalytics.dashboard.components import tables
from loganalytics.humanize import moment
from loganalytics.sanitize import printable

_MOST = 100_000


def draw(row: dict[str, Any], whole: pl.DataFrame) -> None:
    """Draw an event; `whole` are the events of its source, among which its neighbours are."""
    with st.container(border=True, key="event"):
        st.subheader("Event", anchor=False)
        said = " · ".join(filter(None, (moment(row["timestamp"]), row["level"], row["service"], row["logger"])))
        st.text(printable(said))
        st.code(printable(row["message"], _MOST, lines=True), language=None, wrap_lines=True)
        if row["exception"]:
            st.code(printable(row["exception"], _MOST, lines=True), language=None, height=260)
        fields, around = st.tabs(["Fields", "Lines before and after"])
        with fields:
            _fields(row)
        with around:
            _around(row, whole)


def _fields(row: dict[str, Any]) -> None:
    told = summaries.fields_of(row)
    table = pl.DataFrame(told, schema={"field": pl.String, "value": pl.String}, orient="row")
    names = {
        "field": st.column_config.TextColumn("field", width=190),
        "value": st.column_config.TextColumn("value", width="large"),
    }
    picked = tables.rows(table, f"fields-{row['source']}-{row['offset']}", columns=names, pick=True, height="content")
    with st.container(horizontal=True):
        if picked:
            value = str(row[picked["field"]])
            only = {"field": picked["field"], "value": value}
            st.button("Only this value", on_click=state.add, kwargs=only, icon=":material/filter_alt:")
            st.button(
                "Without it", on_click=state.add, kwargs=only | {"exclude": True}, icon=":material/filter_alt_off:"
            )
        if row["trace_id"] and st.button("Follow the trace", icon=":material/account_tree:", key="follow"):
            state.opened("trace", row["trace_id"])
            state.go("traces")


def _around(row: dict[str, Any], whole: pl.DataFrame) -> None:
    near = summaries.neighbours(whole, row["source"], row["offset"])
    here = pl.when(pl.col("offset") == row["offset"]).then(pl.lit("▶")).otherwise(pl.lit("")).alias("here")
    names = {"here": st.column_config.TextColumn("", width=24)}
    st.text(f"In {printable(row['source'])}")
    tables.rows(near.select(here, "timestamp", "level", "logger", "message"), f"around-{row['source']}-{row['offset']}",
                columns=names, height="content")  # fmt: skip
