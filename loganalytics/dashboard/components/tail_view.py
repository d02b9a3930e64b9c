"""The live tail as one component of the browser (tail.js): a bar, the lines, and the open event.

One component, since each element of a page costs the browser time with every update. Log text goes to the browser as
JSON and into the page as text nodes only, never as HTML.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from loganalytics.charts import LEVEL_COLOURS
from loganalytics.dashboard.components import browser_component, event_detail
from loganalytics.dashboard.live_feed import FeedState, LiveFeed
from loganalytics.dashboard.tail_session import MAX_LINES, TailSession, unknown_columns
from loganalytics.exceptions import LogAnalyticsError
from loganalytics.humanize import count, listing, span
from loganalytics.sanitize import printable
from loganalytics.view import View

_KEY = "tail"
_OLD = timedelta(minutes=15)
Notice = tuple[str, str]
"""Of which kind ("info", "warning", "error") and its text."""


def draw(session: TailSession, view: View, zone: str, *, is_demo: bool) -> dict[str, Any]:
    """Send the browser what it does not have yet; return what the reader asks for, by name."""
    update, notices = _update(session, view, zone)
    if is_demo:
        notices.append(("info", "A demonstration: a small generator writes into a stream of an embedded server."))
    sent = update | _status(session.feed) | _held(session) | {
        "notices": notices, "empty": _empty_text(session.feed, view), "event": _event_panel(session, zone),
        "colours": LEVEL_COLOURS, "limit": MAX_LINES,
    }  # fmt: skip
    component = browser_component.load("tail", "virtual_rows", "event_panel", "outbox", "tail_memory")
    component(data=browser_component.as_json(sent), key=_KEY, on_actions_change=partial(_act, session))
    requests, session.requests = session.requests, {}
    return requests


def _update(session: TailSession, view: View, zone: str) -> tuple[dict[str, Any], list[Notice]]:
    notices: list[Notice] = []
    if session.feed.state.error:
        notices.append(("error", f"Nothing more is read. {printable(session.feed.state.error, 500)}"))
    try:
        update = session.update(view, zone)
        notices += _of_missing_columns(session, view)
    except (LogAnalyticsError, pl.exceptions.PolarsError) as error:
        session.resend()
        notices.append(("error", f"This filter cannot be used. {printable(error, 500)}"))
        return {"sending": "none", "after": None, "upto": 0, "skipped": 0, "lines": {"number": []}}, notices
    if session.paused and session.paused.is_cut:
        notices.append(("warning", "Not all lines that were paused here are held any longer."))
    return update, notices + _of_gone_streams(session.feed) + _of_age(session.feed)


def _of_missing_columns(session: TailSession, view: View) -> list[Notice]:
    missing = unknown_columns(view, session.feed.events()) if session.feed.state.read else []
    if not missing:
        return []
    names = listing([printable(name, 60) for name in missing])
    return [("warning", f"No line so far has a field {names}: a filter names it, so lines may be missing here.")]


def _of_gone_streams(feed: LiveFeed) -> list[Notice]:
    gone = int((feed.state.status or {}).get("gone") or 0)
    if not gone:
        return []
    streams = "The stream is" if gone == 1 else f"{count(gone, 'stream')} are"
    return [("warning", f"{streams} no longer there: deleted, or renamed. What was read of it is kept here.")]


def _of_age(feed: LiveFeed) -> list[Notice]:
    """Say that the lines are old ones, so that nobody takes them for what happens now."""
    current = feed.state
    if current.newest is None or datetime.now(UTC) - current.newest < _OLD:
        return []
    if any(events for events, _ in feed.arrivals()):
        return [("info", f"Old lines arrive, or a clock is wrong: the latest time of a line is {_age(current)} ago.")]
    lines = count(feed.events().height, "line")
    return [("info", f"Nothing new arrives. These are the last {lines}; the newest is {_age(current)} old.")]


def _empty_text(feed: LiveFeed, view: View) -> str:
    """Return what stands in the place of the lines where there are none."""
    lines = count(feed.events().height, "line")
    if not feed.state.read:
        return "Nothing yet: a line is shown as soon as one is written."
    return f"None of the last {lines} passes the filters." if view.filters() else ""


def _status(feed: LiveFeed) -> dict[str, Any]:
    """Return how the feed is doing, in words, and what arrived in the last seconds."""
    current = feed.state
    status = current.status or {}
    connection = str(status.get("state", "connecting")) if current.running and not current.error else "not connected"
    lost = int(status.get("lost") or 0)
    counts = [f"{count(current.read)} read"] + ([f"{count(lost)} lost"] if lost else [])
    if current.newest:
        counts.append(f"newest {_age(current)} ago")
    return {
        "connection": connection, "rate": f"{current.rate:,.1f}", "arrivals": feed.arrivals(),
        "counts": " · ".join(counts),
    }  # fmt: skip


def _age(current: FeedState) -> str:
    """Return how old the newest event is; a second at least, since the page is drawn once a second."""
    return "" if current.newest is None else span(max(datetime.now(UTC) - current.newest, timedelta(seconds=1)))


def _held(session: TailSession) -> dict[str, Any]:
    paused = session.paused
    return {
        "feed": session.feed.name, "done": session.done, "marks": session.marks,
        "paused": paused.at if paused else None, "waiting": paused.waiting if paused else 0,
        "exact": paused is None or paused.is_exact,
    }  # fmt: skip


def _event_panel(session: TailSession, zone: str) -> dict[str, Any] | None:
    """Return the open event with its neighbours, safe to show."""
    event = session.opened
    if event is None:
        return None
    panel = event_detail.panel(event, session.neighbours, zone)
    return panel | {"actions": [("explore", "Open in Explore"), *panel["actions"]]}


def _act(session: TailSession) -> None:
    """Do what the reader did in the browser, in its order and each once, before the next update is made."""
    for number, name, value in st.session_state[_KEY].get("actions") or ():
        if number <= session.done:
            continue
        session.done = number
        if name in _ACTIONS:
            _ACTIONS[name](session, value)
        else:
            session.requests[name] = value


_ACTIONS: dict[str, Callable[[TailSession, Any], object]] = {
    "resend": lambda session, _: session.resend(),
    "pause": lambda session, request: session.pause(**request),
    "resume": lambda session, request: session.resume(**request),
    "restore": lambda session, request: session.restore(**request),
    "held": lambda session, is_held: session.hold(bool(is_held)),
    "marks": lambda session, numbers: session.mark(numbers),
    "open": lambda session, number: session.open(number),
    "line": lambda session, link: session.open_line(link),
}
