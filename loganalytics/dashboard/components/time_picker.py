"""The time range of the view: of the log, of now, or between two moments of a calendar; and the zone they are in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import streamlit as st

from loganalytics.analyses.windowing import without_misdated
from loganalytics.dashboard import cached_events, state, summaries, zone
from loganalytics.dashboard.components import notices
from loganalytics.exceptions import InvalidArgumentError
from loganalytics.humanize import localize
from loganalytics.times import parse_every, parse_when
from loganalytics.view import View

_OF_LOG = "log:"
_RANGES = {
    "all": "All of the log",
    "log:15m": "Last 15 minutes of the log",
    "log:1h": "Last hour of the log",
    "log:1d": "Last day of the log",
    "15m": "Last 15 minutes",
    "1h": "Last hour",
    "6h": "Last 6 hours",
    "24h": "Last 24 hours",
    "7d": "Last 7 days",
    "custom": "From … until …",
}
_ENDS = {"since": "From", "until": "Until"}


def draw() -> None:
    """Draw the range and the zone of the session's view."""
    view = state.view()
    is_custom = bool(view.until or state.rejected("since")) or (view.since or "all") not in _RANGES
    st.session_state["range"] = "custom" if is_custom else view.since or "all"
    st.selectbox("Time range", list(_RANGES), format_func=_RANGES.__getitem__, key="range", on_change=_apply_range)
    if is_custom:
        for name in _ENDS:
            _end(view, name)
        with st.popover("Calendar", icon=":material/calendar_month:", width="stretch"):
            for name in _ENDS:
                _calendar(view, name)
    _zone(view)


def _end(view: View, name: str) -> None:
    """Draw one end of the range as a box that takes any time."""
    rejected = state.rejected(name)
    st.session_state[name] = rejected[0] if rejected else _shown(getattr(view, name), view.tz)
    st.text_input(
        _ENDS[name], key=name, on_change=_apply_typed, args=(name,), placeholder="start" if name == "since" else "end",
        help=f"2026-03-10 14:00, 14:00 (today), 2h (ago), yesterday. Time zone: {zone.current()}.",
    )  # fmt: skip
    notices.rejected(name)


def _calendar(view: View, name: str) -> None:
    st.session_state[f"{name}-day"] = _on_calendar(view, name)
    st.datetime_input(
        f"{_ENDS[name]} ({zone.current()})", key=f"{name}-day", format="YYYY-MM-DD", step=timedelta(minutes=5),
        on_change=_apply_day, args=(name,),
    )  # fmt: skip


def _zone(view: View) -> None:
    options = list(dict.fromkeys((view.tz, zone.BROWSER, zone.current(), *_zone_names())))
    st.session_state["zone"] = state.opened("zone") if state.opened("zone") in options else view.tz
    st.selectbox("Times in", options, key="zone", on_change=_apply_zone, format_func=_zone_label)


@cache
def _zone_names() -> list[str]:
    return sorted({"UTC", *available_timezones()})


def _zone_label(name: str) -> str:
    return f"This browser's zone ({st.context.timezone or 'UTC'})" if name == zone.BROWSER else name


def _apply_zone() -> None:
    name = st.session_state["zone"]
    state.open_item("zone", None if name == state.view().tz else name)


def _apply_range() -> None:
    name = st.session_state["range"]
    if name == "all":
        state.change(since=None, until=None)
    elif name == "custom" or name.startswith(_OF_LOG):
        _apply_range_of_log(None if name == "custom" else parse_every(name.removeprefix(_OF_LOG)))
    else:
        state.change(since=name, until=None)


def _apply_range_of_log(length: timedelta | None) -> None:
    """Take the end of the log, or all of it with both ends named."""
    extent = summaries.time_extent(without_misdated(cached_events.source_events(state.view())))
    if extent is None:
        state.change(since="1d", until=None)
        return
    first, last = extent
    end = last + timedelta(seconds=1)  # a range ends before its end
    state.change(since=state.iso(end - length if length else first), until=state.iso(end))


def _apply_typed(name: str) -> None:
    typed = str(st.session_state[name]).strip()
    state.try_change(name, _in_zone_of_view(typed) if typed else None)


def _in_zone_of_view(typed: str) -> str:
    """Return a time that was typed as the clock of the chosen zone, as one that the view reads in its own."""
    view = state.view()
    try:
        meant, read = (parse_when(typed, now=datetime.now(UTC), tz=name) for name in (zone.current(), view.tz))
    except InvalidArgumentError:
        return typed
    return typed if abs(meant - read) < timedelta(seconds=1) else state.iso(meant)


def _apply_day(name: str) -> None:
    day: datetime | None = st.session_state[f"{name}-day"]
    state.change(**{name: state.iso(day.replace(tzinfo=ZoneInfo(zone.current()))) if day else None})


def _shown(end: str | None, tz: str) -> str:
    """Return an end of the range as its box shows it: a moment as the clock of the zone, "2h" as it is."""
    if not end or not end.endswith("Z"):
        return end or ""
    try:
        return f"{localize(parse_when(end, tz=tz), zone.current()):%Y-%m-%d %H:%M:%S}"
    except InvalidArgumentError:
        return end


def _on_calendar(view: View, name: str) -> datetime | None:
    end = getattr(view, name)
    try:
        moment = parse_when(end, tz=view.tz) if end else None
    except InvalidArgumentError:
        return None
    return localize(moment, zone.current()).replace(tzinfo=None) if moment else None
