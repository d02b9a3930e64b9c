"""Live: the events as they arrive. The reader is shared; a session keeps what it was sent, and where it paused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

import loganalytics as la
from loganalytics.dashboard import access, consent, demo, state, summaries, zone
from loganalytics.dashboard.components import browser_component, event_detail, tail_view
from loganalytics.dashboard.listed_names import LabelledTail, Listed, hidden
from loganalytics.dashboard.live_feed import LiveFeed
from loganalytics.dashboard.tail_session import TailSession
from loganalytics.exceptions import LogAnalyticsError
from loganalytics.sources.store import TailReader
from loganalytics.view import View

_HISTORY = 2_000
"""How many of the last lines are shown, whatever their times; the same reader reads them, so there is no gap."""

Reading = tuple[tuple[str, Any], ...]
"""How the source is to be read: see reading_of()."""

_SESSION = "tail-session"
_AROUND = timedelta(seconds=30)
_STEP = timedelta(milliseconds=1)


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
    reading = reading_of(state.view())
    listed = access.listed_addresses(state.view().source)
    feed = shared_feed(addresses, reading, listed)
    _take_lease(addresses, reading, listed, _session_id())
    session: TailSession | None = st.session_state.get(_SESSION)
    if session is None or session.feed is not feed:
        st.session_state[_SESSION] = TailSession(feed)
    browser_component.fill_window()
    _tail()


def reading_of(view: View) -> Reading:
    """Return how the source is read: View.reading(), and a condition in the server's own language."""
    query = {"query": view.condition} if view.has_query_language() and view.condition else {}
    return tuple((view.reading() | query).items())


def _addresses(view: View) -> tuple[str, ...] | None:
    """Return the addresses to follow, None where there are none."""
    if _is_demo(view):
        address = demo.start()
        return (address,) if address else None
    return access.addresses(view.source) or None


def _is_demo(view: View) -> bool:
    return access.is_demo() and view.source == access.start_source()


@st.cache_resource(show_spinner=False, max_entries=16)
def shared_feed(addresses: tuple[str, ...], reading: Reading, listed: Listed = ()) -> LiveFeed:
    """Return the feed of a source that all sessions share."""

    def open_tail(cursor: Mapping[str, Any] | None) -> TailReader:
        with hidden(listed):
            tail = la.tail(addresses, last=_HISTORY, cursor=cursor, **dict(reading))
        return LabelledTail(tail, listed)

    return LiveFeed(open_tail)


def _session_id() -> str:
    context = get_script_run_ctx()
    return context.session_id if context else "none"


@st.cache_resource(scope="session", show_spinner=False, on_release=lambda lease: lease[0].release(lease[1]))
def _take_lease(
    addresses: tuple[str, ...], reading: Reading, listed: Listed, session: str
) -> tuple[LiveFeed, str]:  # fmt: skip
    """Hold the feed for as long as the session is connected."""
    return shared_feed(addresses, reading, listed), session


@st.fragment(run_every=1.0)
def _tail() -> None:
    """Send what is new, every second, and nothing else of the page."""
    session: TailSession = st.session_state[_SESSION]
    session.feed.renew(_session_id())
    view = state.view()
    requests = tail_view.draw(session, view, zone.current(), is_demo=_is_demo(view))
    if "filter" in requests and session.opened:
        field, is_excluded = str(requests["filter"]["field"]), bool(requests["filter"]["exclude"])
        state.add_condition(field, str(session.opened[field]), exclude=is_excluded)
        st.rerun()
    if "explore" in requests:
        _explore(session, int(requests["explore"]["first"]), int(requests["explore"]["last"]))
    if "act" in requests and session.opened:
        _follow(session.opened, str(requests["act"]))


def _explore(session: TailSession, first: int, last: int) -> None:
    """Open the Explore page on the time of the events of these numbers."""
    extent = summaries.time_extent(session.events(first, last))
    if extent is not None:
        _show(since=state.iso(extent[0]), until=state.iso(extent[1] + _STEP))
        state.switch_page("explore")


def _follow(event: Mapping[str, Any], action: str) -> None:
    """Open the Explore page around an event, or its trace."""
    when = event["timestamp"]
    _show(since=state.iso(when - _AROUND), until=state.iso(when + _AROUND)) if when else _show()
    if action == "trace":
        state.open_item("trace", event["trace_id"])
        state.switch_page("traces")
    else:
        state.open_item("event", event_detail.event_id(dict(event)))
        state.switch_page("explore")


def _show(**changes: Any) -> None:
    """Change the view; of the demonstration, also to the stream that is shown here."""
    address = demo.stream_address()
    if _is_demo(state.view()) and address:
        changes["source"] = (address,)
    state.change(**changes)
    consent.agree(state.view())
