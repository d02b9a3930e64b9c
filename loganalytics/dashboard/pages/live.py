"""Live: the events as they arrive. The reader is shared; a session keeps only where it paused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

import loganalytics as la
from loganalytics.dashboard import access, demo, state, summaries
from loganalytics.dashboard.components import tables, tail_view
from loganalytics.dashboard.live_feed import LiveFeed
from loganalytics.exceptions import LogAnalyticsError
from loganalytics.filters.sql import where_in_batch
from loganalytics.humanize import span
from loganalytics.sanitize import printable
from loganalytics.sources.store import TailReader
from loganalytics.view import View

_HISTORY = "15m"
"""How much of the time before the page was opened is shown; the same reader reads it, so there is no gap."""

_MAX_CHARACTERS = 20_000

_CONNECTIONS: dict[str, dict[str, Any]] = {
    "reading": {"icon": ":material/sensors:", "color": "green"},
    "connecting": {"icon": ":material/sync:", "color": "blue"},
    "reconnecting": {"icon": ":material/sync_problem:", "color": "orange"},
    "not connected": {"icon": ":material/cloud_off:", "color": "red"},
}


def page() -> None:
    """Draw the tail of the session's source; on the sample platform, of a stream that a generator writes."""
    try:
        addresses = _addresses(state.view())
    except (LogAnalyticsError, OSError) as error:
        st.error("This source cannot be followed.", icon=":material/error:")
        st.text(str(error))
        return
    if addresses is None:
        st.info(
            "There is nothing to follow here. Name a stream in the sidebar (redis://host/0?stream=name), or a file "
            "that is written to.",
            icon=":material/sensors_off:",
        )
        return
    feed = shared_feed(addresses)
    _take_lease(addresses, _session_id())
    if addresses[0] == demo.stream_address():
        st.caption("A demonstration: a small generator writes into a stream of an embedded Valkey server.")
    _tail(feed)


def _addresses(view: View) -> tuple[str, ...] | None:
    """Return the addresses to follow, None where there are none."""
    if access.is_demo() and view.source == access.start_source():
        address = demo.start()
        return (address,) if address else None
    return access.addresses(view.source) or None


@st.cache_resource(show_spinner=False)
def shared_feed(addresses: tuple[str, ...]) -> LiveFeed:
    """Return the feed of a source that all sessions share."""

    def open_tail(cursor: Mapping[str, Any] | None) -> TailReader:
        return la.tail(addresses, since=None if cursor else _HISTORY, cursor=cursor)

    return LiveFeed(open_tail)


def _session_id() -> str:
    context = get_script_run_ctx()
    return context.session_id if context else "none"


@st.cache_resource(scope="session", show_spinner=False, on_release=lambda lease: lease[0].release(lease[1]))
def _take_lease(addresses: tuple[str, ...], session: str) -> tuple[LiveFeed, str]:
    """Hold the feed for as long as the session is connected."""
    return shared_feed(addresses), session


@st.fragment(run_every=1.0)
def _tail(feed: LiveFeed) -> None:
    """Draw new events, every second, and nothing else of the page."""
    feed.renew(_session_id())
    error = feed.state.error
    view = state.view()
    paused_at = st.session_state.get("paused-at")
    _status_bar(feed, paused_at)
    if error:
        st.error("The connection was lost.", icon=":material/cloud_off:")
        st.text(error)
    try:
        matches = where_in_batch(view.keep(feed.events()), view.query)
    except (LogAnalyticsError, pl.exceptions.PolarsError) as filter_error:
        st.warning("This filter cannot be used.", icon=":material/filter_alt:")
        st.text(str(filter_error))
        return
    visible = matches if paused_at is None else matches.filter(pl.col("number") <= paused_at)
    new = matches.height - visible.height
    clicked = tail_view.draw(visible, paused=paused_at is not None, new=new, key="tail")
    if clicked is not None:
        st.session_state["tail-event"] = clicked
    _clicked_event(feed)


def _status_bar(feed: LiveFeed, paused_at: int | None) -> None:
    """Draw play and pause, and the state of the connection."""
    current = feed.state
    button, *cards = st.columns([1.2, 1, 1, 1, 1.2], vertical_alignment="center")
    if paused_at is None:
        button.button(
            "Pause", icon=":material/pause:", on_click=_pause, args=(current.read,), width="stretch", key="pause"
        )  # fmt: skip
    else:
        button.button(
            "Play", icon=":material/play_arrow:", on_click=_pause, args=(None,), width="stretch", type="primary",
            key="play",
        )  # fmt: skip
    status = current.status or {}
    connection = str(status.get("state", "connecting")) if current.running and not current.error else "not connected"
    cards[0].badge(connection, **_CONNECTIONS.get(connection, _CONNECTIONS["reconnecting"]))
    cards[1].markdown(f"**{current.rate:,.1f}** events/s")
    cards[2].markdown(f"**{current.read:,}** read")
    lost = int(status.get("lost") or 0)
    cards[3].markdown(f"**{lost:,}** lost" if lost else _lag(feed))


def _lag(feed: LiveFeed) -> str:
    newest = feed.events()["timestamp"].max()
    if not isinstance(newest, datetime):
        return "no event yet"
    return f"newest **{span(max(datetime.now(UTC) - newest, timedelta(0)))}** ago"


def _pause(number: int | None) -> None:
    """Pause after the event of that number; None continues."""
    st.session_state["paused-at"] = number


def _clicked_event(feed: LiveFeed) -> None:
    """Draw the event that was clicked, as long as the ring buffer holds it."""
    number = st.session_state.get("tail-event")
    if number is None:
        st.caption("Click on a line to open it. Scroll up to stop following; the filters of the sidebar apply at once.")
        return
    matches = feed.events().filter(pl.col("number") == number)
    if matches.is_empty():
        st.caption("The open event has left the tail; find it again on the Explore page.")
        return
    event = matches.drop("number").row(0, named=True)
    with st.container(border=True, key="tail-open"):
        st.code(printable(event["message"], _MAX_CHARACTERS, lines=True), language=None, wrap_lines=True)
        if event["exception"]:
            st.code(printable(event["exception"], _MAX_CHARACTERS, lines=True), language=None, height=220)
        tables.draw(summaries.field_table(event), "tail-fields", height="content")
