"""Live: the events as they arrive. The reader is shared; a session keeps its place in what was read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import polars as pl
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

import loganalytics as la
from loganalytics.dashboard import access, demo, state, summaries
from loganalytics.dashboard.components import tables, tail_view
from loganalytics.dashboard.live_feed import Feed, Tail
from loganalytics.exceptions import LogAnalyticsError
from loganalytics.filters.sql import where_in_batch
from loganalytics.humanize import span
from loganalytics.sanitize import printable
from loganalytics.view import View

_HISTORY = "15m"
"""What is shown of the time before the page was opened; it comes through the same reader, so there is no seam."""


def page() -> None:
    """Draw the tail of the session's source; on the sample platform, of a stream that a generator writes."""
    try:
        source = _source(state.view())
    except (LogAnalyticsError, OSError) as error:
        st.error("This source cannot be followed.", icon=":material/error:")
        st.text(str(error))
        return
    if source is None:
        st.info(
            "There is nothing to follow here. Name a stream in the sidebar (redis://host/0?stream=name), or a file "
            "that is written to.",
            icon=":material/sensors_off:",
        )
        return
    feed = _feed(source)
    _lease(source)
    if source[0] == demo.running():
        st.caption("A demonstration: a small generator writes into an embedded Valkey, and this follows its stream.")
    _tail(feed)


def _source(view: View) -> tuple[str, ...] | None:
    """Return the addresses to follow."""
    if access.is_demo() and view.source == access.start():
        found = demo.address()
        return (found,) if found else None
    return access.addresses(view.source) or None


@st.cache_resource(show_spinner=False)
def _feed(source: tuple[str, ...]) -> Feed:
    def open_tail(cursor: Mapping[str, Any] | None) -> Tail:
        return la.tail(source, since=None if cursor else _HISTORY, cursor=cursor)

    return Feed(open_tail)


def _session() -> str:
    context = get_script_run_ctx()
    return context.session_id if context else "none"


def _lease(source: tuple[str, ...]) -> None:
    """Hold the feed for as long as the session is connected."""
    _leased(source, _session())


@st.cache_resource(scope="session", show_spinner=False, on_release=lambda lease: lease[0].leave(lease[1]))
def _leased(source: tuple[str, ...], session: str) -> tuple[Feed, str]:
    return _feed(source), session


@st.fragment(run_every=1.0)
def _tail(feed: Feed) -> None:
    """Draw what is new, every second, and nothing else of the page."""
    feed.look(_session())
    now = feed.state
    view = state.view()
    paused_at = st.session_state.get("paused-at")
    _bar(feed, paused_at)
    if now.error:
        st.error("The connection was lost.", icon=":material/cloud_off:")
        st.text(now.error)
    try:
        kept = where_in_batch(view.keep(feed.events()), view.query)
    except (LogAnalyticsError, pl.exceptions.PolarsError) as error:
        st.warning("This filter cannot be used.", icon=":material/filter_alt:")
        st.text(str(error))
        return
    shown = kept if paused_at is None else kept.filter(pl.col("number") <= paused_at)
    clicked = tail_view.draw(shown, paused=paused_at is not None, new=kept.height - shown.height, key="tail")
    if clicked is not None:
        st.session_state["tail-event"] = clicked
    _opened(feed)


def _bar(feed: Feed, paused_at: int | None) -> None:
    """Draw play and pause, and how the connection is doing."""
    now = feed.state
    button, *cards = st.columns([1.2, 1, 1, 1, 1.2], vertical_alignment="center")
    if paused_at is None:
        button.button("Pause", icon=":material/pause:", on_click=_pause, args=(now.read,), width="stretch", key="pause")
    else:
        button.button(
            "Play", icon=":material/play_arrow:", on_click=_pause, args=(None,), width="stretch", type="primary",
            key="play",
        )  # fmt: skip
    status = now.status or {}
    connection = str(status.get("state", "connecting")) if now.running and not now.error else "not connected"
    icon, colour = _CONNECTIONS.get(connection, (":material/sync_problem:", "orange"))
    cards[0].badge(connection, icon=icon, color=colour)  # type: ignore[arg-type]
    cards[1].markdown(f"**{now.rate:,.1f}** events/s")
    cards[2].markdown(f"**{now.read:,}** read")
    lost = int(status.get("lost") or 0)
    cards[3].markdown(f"**{lost:,}** lost" if lost else _lag(feed))


_CONNECTIONS = {
    "reading": (":material/sensors:", "green"),
    "connecting": (":material/sync:", "blue"),
    "reconnecting": (":material/sync_problem:", "orange"),
    "not connected": (":material/cloud_off:", "red"),
}


def _lag(feed: Feed) -> str:
    newest = feed.events()["timestamp"].max()
    if not isinstance(newest, datetime):
        return "no event yet"
    return f"newest **{span(max(datetime.now(UTC) - newest, datetime.now(UTC) - datetime.now(UTC)))}** ago"


def _pause(at: int | None) -> None:
    st.session_state["paused-at"] = at


def _opened(feed: Feed) -> None:
    """Show the event that was clicked, as long as the ring holds it."""
    number = st.session_state.get("tail-event")
    if number is None:
        st.caption("Click on a line to open it. Scroll up to hold; the filters of the sidebar apply at once.")
        return
    found = feed.events().filter(pl.col("number") == number)
    if found.is_empty():
        st.caption("The line that was open has left the tail; find it again under Explore.")
        return
    row = found.row(0, named=True)
    with st.container(border=True, key="tail-open"):
        st.code(printable(row["message"], 20_000, lines=True), language=None, wrap_lines=True)
        if row["exception"]:
            st.code(printable(row["exception"], 20_000, lines=True), language=None, height=220)
        row.pop("number")
        told = pl.DataFrame(summaries.fields_of(row), schema={"field": pl.String, "value": pl.String}, orient="row")
        tables.rows(told, "tail-fields", height="content")
