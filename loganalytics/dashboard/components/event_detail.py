"""One event in full: its message, its fields, its trace, and the lines before and after it."""

from __future__ import annotations

from typing import Any

import polars as pl
import streamlit as st

from loganalytics.dashboard import state, summaries
from loganalytics.dashboard.components import tables
from loganalytics.humanize import moment
from loganalytics.sanitize import printable

_MAX_CHARACTERS = 100_000


def draw(event: dict[str, Any], source_events: pl.DataFrame) -> None:
    """Draw an event; its neighbours are among the events of its source."""
    with st.container(border=True, key="event"):
        st.subheader("Event", anchor=False)
        origin = filter(None, (moment(event["timestamp"]), event["level"], event["service"], event["logger"]))
        st.text(printable(" · ".join(origin)))
        st.code(printable(event["message"], _MAX_CHARACTERS, lines=True), language=None, wrap_lines=True)
        if event["exception"]:
            st.code(printable(event["exception"], _MAX_CHARACTERS, lines=True), language=None, height=260)
        fields, context = st.tabs(["Fields", "Lines before and after"])
        with fields:
            _fields(event)
        with context:
            _context(event, source_events)


def _fields(event: dict[str, Any]) -> None:
    columns = {
        "field": st.column_config.TextColumn("field", width=190),
        "value": st.column_config.TextColumn("value", width="large"),
    }
    key = f"fields-{event['source']}-{event['offset']}"
    clicked = tables.draw(summaries.field_table(event), key, columns=columns, clickable=True, height="content")
    with st.container(horizontal=True):
        if clicked:
            condition = {"field": clicked["field"], "value": str(event[clicked["field"]])}
            st.button(
                "Only this value", on_click=state.add_condition, kwargs=condition, icon=":material/filter_alt:"
            )  # fmt: skip
            st.button(
                "Exclude this value", on_click=state.add_condition, kwargs=condition | {"exclude": True},
                icon=":material/filter_alt_off:",
            )  # fmt: skip
        if event["trace_id"] and st.button("Follow the trace", icon=":material/account_tree:", key="follow"):
            state.open_item("trace", event["trace_id"])
            state.switch_page("traces")


def _context(event: dict[str, Any], source_events: pl.DataFrame) -> None:
    lines = summaries.surrounding_lines(source_events, event["source"], event["offset"])
    marker = pl.when(pl.col("offset") == event["offset"]).then(pl.lit("▶")).otherwise(pl.lit("")).alias("marker")
    columns = {"marker": st.column_config.TextColumn("", width=24)}
    st.text(f"In {printable(event['source'])}")
    tables.draw(
        lines.select(marker, "timestamp", "level", "logger", "message"),
        f"context-{event['source']}-{event['offset']}", columns=columns, height="content",
    )  # fmt: skip
