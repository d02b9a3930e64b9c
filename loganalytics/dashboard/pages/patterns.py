"""Patterns: kinds of message and the problems behind the errors, over time; a click leads to their events."""

from __future__ import annotations

from typing import Any

import polars as pl
import streamlit as st

from loganalytics.dashboard import cached_analyses, state, summaries
from loganalytics.dashboard.components import guards, tables
from loganalytics.humanize import count, listing, moment, percent
from loganalytics.sanitize import printable
from loganalytics.view import View

_MOST = 2000


def page() -> None:
    """Draw the templates and the error clusters of the session's view."""
    logs = guards.events()
    if logs is None:
        return
    view = state.view()
    kinds, problems = st.tabs(["Message templates", "Error clusters"], key="patterns-tab", on_change="rerun")
    if kinds.open:
        with kinds:
            _templates(view)
    if problems.open:
        with problems:
            _clusters(view)


def _templates(view: View) -> None:
    with st.spinner("Finding the message templates …"):
        found = cached_analyses.patterns(view)
    sort, only = st.columns([3, 2], vertical_alignment="center")
    sort.markdown(f"**{found.height:,}** kinds of message. Click on one to look into it.")
    way = only.segmented_control(
        "Sort", ["commonest", "rarest", "newest", "errors"], default="commonest", required=True, key="patterns-sort",
        label_visibility="collapsed", width="stretch",
    )  # fmt: skip
    table = summaries.sorted_patterns(found, str(way)).head(_MOST)
    columns = ["template", "events", "errors", "share", "trend", "is_new", "services"]
    told: dict[str, Any] = {
        "template": st.column_config.TextColumn("template", width="large"),
        "share": st.column_config.ProgressColumn("share", format="percent", min_value=0, max_value=1, width=110),
    }
    picked = tables.rows(table.select("template_id", *columns), f"patterns-{hash(view)}-{way}", columns=told, pick=True,
                         height=458, order=columns)  # fmt: skip
    if picked:
        _template(view, table.row(by_predicate=pl.col("template_id") == picked["template_id"], named=True))


def _template(view: View, row: dict[str, Any]) -> None:
    with st.container(border=True, key="pattern"):
        st.code(printable(row["template"], 4000), language=None, wrap_lines=True)
        seen = f"{count(row['events'], 'event')}, {percent(row['share'])} of all; first {moment(row['first_seen'])}, "
        st.text(f"{seen}last {moment(row['last_seen'])}; in {listing([printable(s, 60) for s in row['services']])}")
        st.text("Example")
        st.code(printable(row["example"], 20_000, lines=True), language=None, wrap_lines=True)
        _values(view, row["template_id"])
        with st.container(horizontal=True):
            _see("Its events", "template_id", row["template_id"])
            _see("All but these", "template_id", row["template_id"], exclude=True)


def _values(view: View, template_id: str) -> None:
    """Show what stands behind each wildcard of a template."""
    with st.spinner("Reading the values behind the wildcards …"):
        values = cached_analyses.values(view, template_id)
    if values.is_empty():
        return
    st.text("Behind the wildcards")
    for start in range(0, min(values.height, 12), 4):
        for place, row in zip(st.columns(4), values[start : start + 4].to_dicts(), strict=False):
            with place:
                _value(template_id, row)


def _value(template_id: str, row: dict[str, Any]) -> None:
    told = {
        "value": st.column_config.TextColumn(f"{row['position'] + 1}: {row['kind']}", width="small"),
        "events": st.column_config.ProgressColumn(
            "events", format="compact", min_value=0, max_value=row["events"], width="small"
        ),
    }
    key = f"value-{template_id}-{row['position']}"
    tables.rows(summaries.top_values(row["top"]), key, columns=told, height=210)
    said = f"{row['distinct']:,} distinct"
    if row["p50"] is not None:
        said += f" · p50 {row['p50']:,.4g} · p95 {row['p95']:,.4g} · max {row['max']:,.4g}"
    st.caption(said)


def _clusters(view: View) -> None:
    with st.spinner("Grouping the errors …"):
        found = cached_analyses.clusters(view)
    if found.is_empty():
        st.success("No errors here.", icon=":material/check_circle:")
        return
    st.markdown(f"**{found.height:,}** problems behind the errors. Click on one to look into it.")
    columns = ["is_new", "label", "events", "trend", "services", "exception_type", "first_seen", "last_seen"]
    told = {
        "label": st.column_config.TextColumn("problem", width="large"),
        "exception_type": st.column_config.TextColumn("type", width="small"),
    }
    picked = tables.rows(found.select("cluster_id", *columns), f"clusters-{hash(view)}", columns=told, pick=True,
                         height=388, order=columns)  # fmt: skip
    if picked:
        _cluster(found.row(by_predicate=pl.col("cluster_id") == picked["cluster_id"], named=True))


def _cluster(row: dict[str, Any]) -> None:
    with st.container(border=True, key="cluster"):
        st.text(printable(row["label"], 1000))
        st.code(printable(row["example"], 20_000, lines=True), language=None, wrap_lines=True)
        if row["exception"]:
            st.code(printable(row["exception"], 50_000, lines=True), language=None, height=260)
        with st.container(horizontal=True):
            _see("Its events", "cluster_id", row["cluster_id"])
            for trace_id in list(row["trace_ids"])[:5]:
                if st.button(
                    "Trace " + _plain(trace_id), key=f"cluster-trace-{trace_id}", icon=":material/account_tree:"
                ):
                    state.opened("trace", trace_id)
                    state.go("traces")


def _plain(trace_id: str) -> str:
    """Return an id as the label of a button, which is Markdown: nothing but letters, digits and dashes."""
    return "".join(letter if letter.isalnum() or letter in "-" else "·" for letter in trace_id[:40])


def _see(label: str, field: str, value: str, *, exclude: bool = False) -> None:
    if st.button(label, icon=":material/filter_alt_off:" if exclude else ":material/list:"):
        state.add(field, value, exclude=exclude)
        state.go("explore")
