"""Traces and latency: one request across its services, the slowest requests, the slowest operations."""

from __future__ import annotations

from typing import Any

import polars as pl
import streamlit as st

import loganalytics as la
from loganalytics.dashboard import cached_analyses, state, zone
from loganalytics.dashboard.components import charts, choices, guards, tables
from loganalytics.humanize import count, listing, moment
from loganalytics.sanitize import printable
from loganalytics.view import View

_TABS = ("Requests", "Operations")
_ORDERS = ("with errors", "slowest")
_MAX_ROWS = 1000
_MAX_BARS = 200


def page() -> None:
    """Draw the open trace, then the slowest requests and operations."""
    logs = guards.events_or_explain()
    if logs is None:
        return
    view = state.view()
    trace_id = state.opened("trace")
    st.session_state["trace"] = trace_id or ""
    st.text_input(
        "Trace", key="trace", on_change=_open_typed_trace, placeholder="trace or request id",
        icon=":material/account_tree:", label_visibility="collapsed",
    )  # fmt: skip
    if trace_id:
        _trace(view, trace_id)
    if choices.choose("tab", _TABS, label="Show") == _TABS[0]:
        _requests(view)
    else:
        _operations(view, logs)


def _open_typed_trace() -> None:
    state.open_item("trace", st.session_state["trace"].strip() or None)


def _trace(view: View, trace_id: str) -> None:
    """Draw the waterfall of one request, of all events of the source: a filter would leave holes in it."""
    with st.spinner("Following the trace …"):
        events = cached_analyses.trace(view, trace_id)
    if events.is_empty():
        st.info("No event of the source has this id.", icon=":material/search_off:")
        st.text(printable(trace_id))
        return
    with st.container(border=True, key="trace-open"):
        services = [printable(name, 60) for name in events["service"].drop_nulls().unique(maintain_order=True)]
        length = float(events["offset_ms"].max() or 0)  # type: ignore[arg-type]
        st.text(
            f"{printable(trace_id, 80)} · {count(events.height, 'event')} in {listing(services)} · "
            f"{length:,.0f} ms from {moment(events['timestamp'][0], tz=zone.current())}"
        )
        charts.show(la.chart_trace(events.head(_MAX_BARS)))
        names = ["offset_ms", "gap_ms", "duration_ms", "level", "service", "logger", "message"]
        columns: dict[str, Any] = {
            "offset_ms": st.column_config.NumberColumn("offset ms", format="%.1f"),
            "gap_ms": st.column_config.NumberColumn("gap ms", format="%.1f"),
            "duration_ms": st.column_config.NumberColumn("duration ms", format="%.1f"),
        }
        height: Any = "content" if events.height < 12 else 420
        tables.draw(
            events.select(names).head(_MAX_ROWS), f"trace-{trace_id}", columns=columns, height=height,
            file_name="trace", whole=events,
        )  # fmt: skip


def _requests(view: View) -> None:
    with st.spinner("Joining the requests …"):
        requests = cached_analyses.traces(view)
    if requests.is_empty():
        st.info("No event of this view has a trace id.", icon=":material/inbox:")
        return
    order = choices.choose("order", _ORDERS, label="Order")
    table = requests if order == _ORDERS[0] else requests.sort("duration_ms", descending=True, nulls_last=True)
    names = ["trace_id", "duration_ms", "events", "errors", "services", "longest_gap_ms", "first_error", "first_seen"]
    columns: dict[str, Any] = {
        "trace_id": st.column_config.TextColumn("trace"),
        "duration_ms": st.column_config.NumberColumn("duration ms", format="localized"),
        "longest_gap_ms": st.column_config.NumberColumn("longest gap ms", format="localized"),
        "first_error": st.column_config.TextColumn("first error", width=290),
        "first_seen": st.column_config.DatetimeColumn(
            "first seen", format="MMM D HH:mm", timezone=zone.current(), width=110
        ),
    }
    st.caption(f"{requests.height:,} requests. Click on one to follow it.")
    key = f"requests-{hash(view)}-{order}-{state.opened('trace')}"
    clicked = tables.draw(
        table.select(names).head(_MAX_ROWS), key, columns=columns, clickable=True, height=388, file_name="traces",
        whole=table,
    )  # fmt: skip
    if clicked:
        state.open_item("trace", clicked["trace_id"])
        st.rerun()


def _operations(view: View, logs: pl.DataFrame) -> None:
    named = [name for name in ("logger", "service") if logs[name].drop_nulls().len()]
    groups = ["operation", *named, "template"]
    by = choices.choose("by", groups, label="By")
    with st.spinner("Measuring durations …"):
        operations = cached_analyses.latency(view, by)
    if operations.is_empty():
        st.info("No event of this view has a duration.", icon=":material/timer_off:")
        return
    charts.show(la.chart_latency(operations))
    names = [by, "count", "p50", "p95", "p99", "max", "trend", "slow_from", "slow_until", "slow_ratio"]
    columns: dict[str, Any] = {
        name: st.column_config.NumberColumn(f"{name} ms", format="localized") for name in ("p50", "p95", "p99", "max")
    }
    columns["trend"] = st.column_config.NumberColumn("trend per hour", format="percent")
    key = f"latency-{hash(view)}-{by}"
    clicked = tables.draw(
        operations.select(names), key, columns=columns, clickable=True, height=330, file_name="latency",
        whole=operations,
    )  # fmt: skip
    if clicked:
        _slowest_events(operations.row(by_predicate=pl.col(by).eq_missing(pl.lit(clicked[by])), named=True))


def _slowest_events(operation: dict[str, Any]) -> None:
    """Draw the slowest events of one operation, with their traces."""
    st.text("The slowest events")
    names = ["duration_ms", "timestamp", "message", "trace_id"]
    table = pl.DataFrame(operation["slowest"]).select(names)
    key = f"slowest-{operation['p95']}-{operation['count']}"
    clicked = tables.draw(table, key, clickable=True, height="content")
    if clicked and clicked["trace_id"]:
        state.open_item("trace", clicked["trace_id"])
        st.rerun()
