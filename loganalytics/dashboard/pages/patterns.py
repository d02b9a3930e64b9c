"""Patterns: message templates and the problems behind the errors, over time; a click leads to their events."""

from __future__ import annotations

from typing import Any

import polars as pl
import streamlit as st

from loganalytics.dashboard import cached_analyses, state, summaries, zone
from loganalytics.dashboard.components import choices, guards, notices, tables
from loganalytics.humanize import count, listing, moment, percent
from loganalytics.sanitize import printable
from loganalytics.view import View

_TABS = ("Message templates", "Error clusters")
_ORDERS = ("frequent", "rare", "newest", "errors")
_MAX_ROWS = 2000
_MAX_WILDCARDS = 12
_WILDCARDS_PER_ROW = 4
_MAX_TRACES = 5
_ROW_PIXELS = 36


def page() -> None:
    """Draw the templates and the error clusters of the session's view."""
    logs = guards.events_or_explain()
    if logs is None:
        return
    view = state.view()
    if choices.choose("tab", _TABS, label="Show") == _TABS[0]:
        _templates(view)
    else:
        _clusters(view)


def _templates(view: View) -> None:
    with st.spinner("Finding the message templates …"):
        patterns = cached_analyses.patterns(view)
    with st.container(height=40, border=False):  # so high before the choice is there, too: the table does not move
        heading, order_column = st.columns([3, 2], vertical_alignment="center")
    heading.markdown(f"**{patterns.height:,}** message templates. Click on one for its details.")
    with order_column:
        order = choices.choose("order", _ORDERS, label="Sort", width="stretch")
    table = summaries.sorted_patterns(patterns, order).head(_MAX_ROWS)
    names = ["template", "events", "errors", "share", "trend", "is_new", "services"]
    columns: dict[str, Any] = {
        "template": st.column_config.TextColumn("template", width="large"),
        "share": st.column_config.ProgressColumn("share", format="percent", min_value=0, max_value=1, width=110),
    }
    key = f"patterns-{hash(view)}-{order}-{state.opened('pattern')}"
    clicked = tables.draw(
        table.select("template_id", *names), key, columns=columns, clickable=True, height=_height(table, 458),
        order=names, file_name="patterns", whole=patterns,
    )  # fmt: skip
    pattern = _opened_row(patterns, "template_id", "pattern", clicked)
    if pattern:
        _template(view, pattern)


def _opened_row(table: pl.DataFrame, column: str, name: str, clicked: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return the row that the link names, after a click the one that was clicked; None where there is none."""
    if clicked:
        state.open_item(name, clicked[column])
        st.rerun()
    opened = state.opened(name)
    rows = table.filter(pl.col(column) == (opened or ""))
    if opened and rows.is_empty():
        notices.add(f"{name}: no {name} of this view has the id {opened!r}.")
    return rows.row(0, named=True) if rows.height else None


def _close_button(name: str) -> None:
    st.button("Close", key=f"close-{name}", on_click=state.open_item, args=(name, None), type="tertiary")


def _height(table: pl.DataFrame, pixels: int) -> Any:
    """Return the height of a table: of its rows where they are few, else so many pixels."""
    return "content" if table.height < pixels // _ROW_PIXELS else pixels


def _template(view: View, pattern: dict[str, Any]) -> None:
    with st.container(border=True, key="pattern"):
        st.code(printable(pattern["template"], 4000), language=None, wrap_lines=True)
        tz = zone.current()
        services = listing([printable(name, 60) for name in pattern["services"]])
        st.text(
            f"{count(pattern['events'], 'event')}, {percent(pattern['share'])} of all; "
            f"first {moment(pattern['first_seen'], tz=tz)}, last {moment(pattern['last_seen'], tz=tz)}; in {services}"
        )
        st.text("Example")
        st.code(printable(pattern["example"], 20_000, lines=True), language=None, wrap_lines=True)
        _wildcards(view, pattern["template_id"])
        with st.container(horizontal=True):
            _filter_button("Show events", "template_id", pattern["template_id"])
            _filter_button("Exclude events", "template_id", pattern["template_id"], exclude=True)
            _close_button("pattern")


def _wildcards(view: View, template_id: str) -> None:
    """Draw the values of each wildcard of a template."""
    with st.spinner("Reading the values of the wildcards …"):
        wildcards = cached_analyses.pattern_values(view, template_id).head(_MAX_WILDCARDS)
    if wildcards.is_empty():
        return
    st.text("Values of the wildcards")
    for wildcards_of_row in wildcards.iter_slices(_WILDCARDS_PER_ROW):
        for column, wildcard in zip(st.columns(_WILDCARDS_PER_ROW), wildcards_of_row.to_dicts(), strict=False):
            with column:
                _wildcard(template_id, wildcard)


def _wildcard(template_id: str, wildcard: dict[str, Any]) -> None:
    columns = {
        "value": st.column_config.TextColumn(f"{wildcard['position'] + 1}: {wildcard['kind']}", width="small"),
        "events": st.column_config.ProgressColumn(
            "events", format="compact", min_value=0, max_value=wildcard["events"], width="small"
        ),
    }
    key = f"value-{template_id}-{wildcard['position']}"
    tables.draw(summaries.top_values(wildcard["top"]), key, columns=columns, height=210)
    caption = f"{wildcard['distinct']:,} distinct"
    if wildcard["p50"] is not None:
        caption += f" · p50 {wildcard['p50']:,.4g} · p95 {wildcard['p95']:,.4g} · max {wildcard['max']:,.4g}"
    st.caption(caption)


def _clusters(view: View) -> None:
    with st.spinner("Grouping the errors …"):
        clusters = cached_analyses.clusters(view)
    if clusters.is_empty():
        st.info("None of these events is an error.", icon=":material/info:")
        return
    st.markdown(f"**{clusters.height:,}** problems behind the errors. Click on one for its details.")
    names = ["is_new", "label", "events", "trend", "services", "exception_type", "first_seen", "last_seen"]
    columns = {
        "label": st.column_config.TextColumn("problem", width="large"),
        "exception_type": st.column_config.TextColumn("type", width="small"),
    }
    clicked = tables.draw(
        clusters.select("cluster_id", *names), f"clusters-{hash(view)}-{state.opened('cluster')}", columns=columns,
        clickable=True, height=_height(clusters, 388), order=names, file_name="errors", whole=clusters,
    )  # fmt: skip
    cluster = _opened_row(clusters, "cluster_id", "cluster", clicked)
    if cluster:
        _cluster(cluster)


def _cluster(cluster: dict[str, Any]) -> None:
    with st.container(border=True, key="cluster"):
        st.text(printable(cluster["label"], 1000))
        st.code(printable(cluster["example"], 20_000, lines=True), language=None, wrap_lines=True)
        if cluster["exception"]:
            st.code(printable(cluster["exception"], 50_000, lines=True), language=None, height=260)
        with st.container(horizontal=True):
            _filter_button("Show events", "cluster_id", cluster["cluster_id"])
            for trace_id in list(cluster["trace_ids"])[:_MAX_TRACES]:
                label = "Trace " + _button_label(trace_id)
                if st.button(label, key=f"cluster-trace-{trace_id}", icon=":material/account_tree:"):
                    state.open_item("trace", trace_id)
                    state.switch_page("traces")
            _close_button("cluster")


def _button_label(trace_id: str) -> str:
    """Return an id for the label of a button, which is Markdown: nothing but letters, digits and dashes."""
    return "".join(letter if letter.isalnum() or letter in "-" else "·" for letter in trace_id[:40])


def _filter_button(label: str, field: str, value: str, *, exclude: bool = False) -> None:
    if st.button(label, icon=":material/filter_alt_off:" if exclude else ":material/list:"):
        state.add_condition(field, value, exclude=exclude)
        state.switch_page("explore")
