"""Traces and latency: one request across its services, the slowest requests, the slowest operations."""

from __future__ import annotations

from typing import Any

import polars as pl
import streamlit as st

import loganalytics as la
from loganalytics.dashboard import cached_analyses, state
from loganalytics.dashboard.components import charts, guards, tables
from loganalytics.humanize import count, listing, moment
from loganalytics.sanitize import printable
from loganalytics.view import View

_MOST = 1000


def page() -> None:
    """Draw the trace that is looked for, then what took longest."""
    logs = guards.events()
    if logs is None:
        return
    view = state.view()
    st.session_state["trace"] = state.opened("trace") or ""
    st.text_input(
        "Trace", key="trace", on_change=_take, placeholder="trace or request id", icon=":material/account_tree:",
        label_visibility="collapsed",
    )  # fmt: skip
    named = state.opened("trace")
    if named:
        _trace(view, named)
    requests, operations = st.tabs(["Requests", "Operations"], key="traces-tab", on_change="rerun")
    if requests.open:
        with requests:
            _requests(view)
    if operations.open:
        with operations:
            _operations(view, logs)


def _take() -> None:
    state.opened("trace", st.session_state["trace"].strip() or None)


def _trace(view: View, trace_id: str) -> None:
    """Draw the waterfall of one request, of all events of the source: a filter would leave holes in it."""
    with st.spinner("Following the trace …"):
        events = cached_analyses.trace(view, trace_id)
    if events.is_empty():
        st.info("No event of the source bears this id.", icon=":material/search_off:")
        st.text(printable(trace_id))
        return
    with st.container(border=True, key="trace-open"):
        services = [printable(name, 60) for name in events["service"].drop_nulls().unique(maintain_order=True)]
        length = float(events["offset_ms"].max() or 0)  # type: ignore[arg-type]
        st.text(f"{printable(trace_id, 80)} · {count(events.height, 'event')} in {listing(services)} · "
                f"{length:,.0f} ms from {moment(events['timestamp'][0])}")  # fmt: skip
        charts.show(la.chart_trace(events.head(200)))
        columns = ["offset_ms", "gap_ms", "duration_ms", "level", "service", "logger", "message"]
        told: dict[str, Any] = {
            "offset_ms": st.column_config.NumberColumn("at ms", format="%.1f"),
            "gap_ms": st.column_config.NumberColumn("gap ms", format="%.1f"),
            "duration_ms": st.column_config.NumberColumn("took ms", format="%.1f"),
        }
        tables.rows(events.select(columns).head(_MOST), f"trace-{trace_id}", columns=told,
                    height="content" if events.height < 12 else 420)  # fmt: skip


def _requests(view: View) -> None:
    with st.spinner("Joining the requests …"):
        found = cached_analyses.traces(view)
    if found.is_empty():
        st.info("No event of this view bears a trace id.", icon=":material/inbox:")
        return
    way = st.segmented_control(
        "Order", ["with errors", "slowest"], default="with errors", required=True, key="traces-order",
        label_visibility="collapsed",
    )  # fmt: skip
    table = found if way == "with errors" else found.sort("duration_ms", descending=True, nulls_last=True)
    columns = ["trace_id", "duration_ms", "events", "errors", "services", "longest_gap_ms", "first_error", "first_seen"]
    told: dict[str, Any] = {
        "trace_id": st.column_config.TextColumn("trace"),
        "duration_ms": st.column_config.NumberColumn("took ms", format="localized"),
        "longest_gap_ms": st.column_config.NumberColumn("longest gap ms", format="localized"),
        "first_error": st.column_config.TextColumn("first error", width=290),
        "first_seen": st.column_config.DatetimeColumn("first seen", format="MMM D HH:mm", timezone="UTC", width=110),
    }
    st.caption(f"{found.height:,} requests. Click on one to follow it.")
    key = f"requests-{hash(view)}-{way}-{state.opened('trace')}"
    picked = tables.rows(table.select(columns).head(_MOST), key, columns=told, pick=True, height=388)
    if picked:
        state.opened("trace", picked["trace_id"])
        st.rerun()


def _operations(view: View, logs: pl.DataFrame) -> None:
    known = [name for name in ("logger", "service", "template") if name == "template" or logs[name].drop_nulls().len()]
    by = st.segmented_control("By", known, default=known[0], required=True, key="latency-by") or known[0]
    with st.spinner("Measuring …"):
        found = cached_analyses.latency(view, by=by)
    if found.is_empty():
        st.info("No event of this view tells how long something took.", icon=":material/timer_off:")
        return
    charts.show(la.chart_latency(found))
    numbers = {name: st.column_config.NumberColumn(f"{name} ms", format="localized") for name in ("p50", "p95", "p99")}
    columns = [by, "count", "p50", "p95", "p99", "max", "trend", "slow_from", "slow_until", "slow_ratio"]
    told = numbers | {
        "max": st.column_config.NumberColumn("max ms", format="localized"),
        "trend": st.column_config.NumberColumn("trend an hour", format="percent"),
    }
    picked = tables.rows(found.select(columns), f"latency-{hash(view)}-{by}", columns=told, pick=True, height=330)
    if picked:
        row = found.row(by_predicate=pl.col(by).eq_missing(pl.lit(picked[by])), named=True)
        _slowest(row)


def _slowest(row: dict[str, Any]) -> None:
    """Show the slowest events of one operation, with their traces."""
    st.text("The slowest events")
    table = pl.DataFrame(row["slowest"])
    columns = ["duration_ms", "timestamp", "message", "trace_id"]
    picked = tables.rows(table.select(columns), f"slowest-{row['p95']}-{row['count']}", pick=True, height="content")
    if picked and picked["trace_id"]:
        state.opened("trace", picked["trace_id"])
        st.rerun()
