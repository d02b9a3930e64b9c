"""The sidebar: source, time range and filters of the view; and buttons to share it."""

from __future__ import annotations

import shlex
from pathlib import Path

import streamlit as st

from loganalytics.dashboard import access, cached_events, consent, state, summaries
from loganalytics.dashboard.components.guards import clear_filters
from loganalytics.dashboard.notebook import notebook_json
from loganalytics.exceptions import LogAnalyticsError
from loganalytics.sanitize import printable
from loganalytics.view import View

_LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
_RANGES = {
    "all": "All of the log",
    "15m": "Last 15 minutes",
    "1h": "Last hour",
    "6h": "Last 6 hours",
    "24h": "Last 24 hours",
    "7d": "Last 7 days",
    "custom": "From … until …",
}


def draw() -> None:
    """Draw the sidebar from the view; each widget's callback changes the view."""
    view = state.view()
    with st.sidebar:
        _source(view)
        _range(view)
        _filters(view)
        st.space("small")
        _share(view)


def _source(view: View) -> None:
    listed = access.listed_sources()
    if listed is not None:
        name = next(iter(view.source), None)
        _set("source", name if name in listed else None)
        st.selectbox(
            "Source", sorted(listed), key="source", on_change=_apply_source, placeholder="Choose a source",
            help="What the administrator lists for you.",
        )  # fmt: skip
    elif access.may_name_any():
        _set("source", " ".join(view.public().source))
        st.text_input(
            "Source", key="source", on_change=_apply_source, icon=":material/database:",
            placeholder="file, glob, folder, redis://…",
            help="A file, a glob, a folder or an address; several are separated by spaces. Compressed files work, too.",
        )  # fmt: skip


def _range(view: View) -> None:
    since = view.since or "all"
    _set("range", since if since in _RANGES and not view.until else "custom")
    st.selectbox(
        "Time range", list(_RANGES), format_func=lambda name: _RANGES[name], key="range", on_change=_apply_range
    )
    if st.session_state["range"] == "custom":
        start, end = st.columns(2)
        _set("since", view.since or "")
        _set("until", view.until or "")
        hint = f"2026-03-10 14:00, 14:00 (today), 2h (ago), yesterday. Time zone: {view.tz}."
        start.text_input("From", key="since", on_change=_apply, args=("since",), placeholder="start", help=hint)
        end.text_input("Until", key="until", on_change=_apply, args=("until",), placeholder="end", help=hint)


def _filters(view: View) -> None:
    _set("level", (view.level or "").upper() if (view.level or "").upper() in _LEVELS else None)
    st.pills("Level and above", _LEVELS, key="level", on_change=_apply, args=("level",), width="stretch")
    _set("services", list(view.services))
    st.multiselect(
        "Services", sorted({*_services(view), *view.services}), key="services", on_change=_apply, args=("services",),
        format_func=printable, placeholder="All services",
    )  # fmt: skip
    _set("text", view.text or "")
    st.text_input(
        "Text", key="text", on_change=_apply, args=("text",), placeholder="contains …", icon=":material/search:",
        live="400ms",
    )  # fmt: skip
    _set("grep", view.grep or "")
    st.text_input(
        "Regular expression", key="grep", on_change=_apply, args=("grep",), placeholder=r"timeout|5\d\d",
        icon=":material/regular_expression:",
    )  # fmt: skip
    _set("query", view.query or "")
    st.text_input(
        "Condition in SQL", key="query", on_change=_apply, args=("query",), placeholder="duration_ms > 500",
        icon=":material/database_search:",
    )  # fmt: skip
    conditions = {str(where): where for where in view.where} | {f"logger={name}": name for name in view.loggers}
    if conditions:
        _set("conditions", list(conditions))
        st.multiselect("Fields", list(conditions), format_func=printable, key="conditions", on_change=_apply_conditions)
    if view.filters():
        st.button("Clear filters", on_click=clear_filters, icon=":material/filter_alt_off:", type="tertiary")


def _share(view: View) -> None:
    with st.popover("Share this view", icon=":material/share:", width="stretch"):
        st.caption("The address in the browser opens this view. On the command line:")
        st.code("loganalytics report " + shlex.join(view.to_arguments()), language=None, wrap_lines=True)
        st.caption("In Python:")
        st.code(view.to_python() + ".load()", language=None, wrap_lines=True)
    st.download_button(
        "Open as notebook", lambda: notebook_json(view), file_name="view.ipynb", mime="application/x-ipynb+json",
        icon=":material/article:", width="stretch", on_click="ignore",
    )  # fmt: skip
    if st.user.get("is_logged_in"):
        st.button("Log out", on_click=st.logout, type="tertiary", icon=":material/logout:")


def _services(view: View) -> list[str]:
    try:
        return cached_events.services(view)
    except (LogAnalyticsError, OSError):
        return []  # the page says why


def _set(key: str, value: object) -> None:
    """Set a widget to the view's value; an invalid input stays as typed, since the view holds it."""
    st.session_state[key] = value


def _apply(name: str) -> None:
    value = st.session_state[name]
    state.change(**{name: tuple(value) if isinstance(value, list) else (value or None)})


def _apply_source() -> None:
    typed = st.session_state["source"] or ""
    if access.listed_sources() is not None:
        state.change(source=(typed,) if typed else ())
        return
    if not typed:
        state.open_start_source()
    else:
        state.change(source=consent.completed((typed,) if Path(typed).exists() else tuple(typed.split())))
        consent.agree(state.view())


def _apply_range() -> None:
    name = st.session_state["range"]
    if name != "custom":
        state.change(since=None if name == "all" else name, until=None)
        return
    extent = summaries.time_extent(cached_events.source_events(state.view()))
    state.change(since=state.iso(extent[0]) if extent else "1d", until=state.iso(extent[1]) if extent else None)


def _apply_conditions() -> None:
    selected = st.session_state["conditions"]
    view = state.view()
    loggers = tuple(name for name in view.loggers if f"logger={name}" in selected)
    state.change(where=tuple(where for where in view.where if str(where) in selected), loggers=loggers)
