"""The boxes that filters are typed and chosen in; what they hold stands in the filter bar, too."""

from __future__ import annotations

import streamlit as st

from loganalytics.dashboard import cached_events, links, state
from loganalytics.dashboard.components import notices
from loganalytics.exceptions import LogAnalyticsError
from loganalytics.sanitize import printable
from loganalytics.view import View

_LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]


def draw() -> None:
    """Draw level, services, text, regular expression and SQL condition of the session's view."""
    view = state.view()
    level = (view.level or "").upper()
    st.session_state["level"] = level if level in _LEVELS else None
    st.pills("Level and above", _LEVELS, key="level", on_change=_apply, args=("level",), width="stretch")
    st.session_state["services"] = list(view.services)
    st.multiselect(
        "Services", sorted({*_services(view), *view.services}), key="services", on_change=_apply, args=("services",),
        format_func=printable, placeholder="All services",
    )  # fmt: skip
    _box("text", "Text", "contains …", ":material/search:", live="400ms")
    _box("grep", "Regular expression", r"timeout|5\d\d", ":material/regular_expression:")
    if links.has_query_language(view):
        _box("query", "Condition in Lucene's syntax", "level:ERROR AND NOT service:test", ":material/database_search:")
    else:
        _box("query", "Condition in SQL", "duration_ms > 500", ":material/database_search:")


def _box(name: str, label: str, placeholder: str, icon: str, live: str | bool = False) -> None:
    """Draw a box; what cannot be used stays in it, with the reason under it, and the view as it was."""
    rejected = state.rejected(name)
    st.session_state[name] = rejected[0] if rejected else getattr(state.view(), name) or ""
    st.text_input(
        label, key=name, on_change=_apply, args=(name,), placeholder=placeholder, icon=icon, live=live
    )  # fmt: skip
    notices.rejected(name)


def _apply(name: str) -> None:
    entered = st.session_state[name]
    if name == "query":
        entered = (entered or "").strip()
    state.try_change(name, tuple(entered) if isinstance(entered, list) else (entered or None))


def _services(view: View) -> list[str]:
    try:
        return cached_events.services(view)
    except (LogAnalyticsError, OSError):
        return []  # the page says why
