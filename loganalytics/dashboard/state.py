"""What a session looks at: its view and what it opened, kept in the session and written to the URL.

The URL is read once, when the session begins; from then on it is only written. A widget changes the view in its
callback, and takes its value from the view: so the pages, the sidebar and the links never disagree.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from loganalytics.dashboard import access
from loganalytics.exceptions import InvalidArgumentError
from loganalytics.filters.expressions import Where
from loganalytics.view import View

_VIEW, _OPENED, _PAGES = "view", "opened", "pages"
_OPENABLE = ("event", "trace", "pattern", "incident", "sql")
"""What a page may have open, as parameters of the URL beside the view's."""


def view() -> View:
    """Return the session's view; the first time, what the URL says and else the start source."""
    if _VIEW not in st.session_state:
        st.session_state[_VIEW] = _from_url()
        st.session_state[_OPENED] = {name: st.query_params[name] for name in _OPENABLE if name in st.query_params}
    found: View = st.session_state[_VIEW]
    return found


def change(**changes: Any) -> None:
    """Change the view; an event that was open is closed."""
    st.session_state[_VIEW] = replace(view(), **changes)
    opened("event", None)


def add(field: str, value: str | None, *, exclude: bool = False) -> None:
    """Keep only events with this value of a field, or only those without it."""
    condition = Where(field, value or "", exclude)
    others = tuple(where for where in view().where if (where.field, where.value) != (field, value or ""))
    change(where=(*others, condition))


def opened(name: str, *new: str | None) -> str | None:
    """Return what is open on a page; with a second argument, open that instead."""
    view()
    open_now: dict[str, str] = st.session_state[_OPENED]
    if new:
        open_now.pop(name, None)
        if new[0] is not None:
            open_now[name] = new[0]
    return open_now.get(name)


def write_url() -> None:
    """Write view and open things to the URL, where they differ from it."""
    wanted = view().to_parameters() | {name: [value] for name, value in st.session_state[_OPENED].items()}
    if wanted != {name: st.query_params.get_all(name) for name in st.query_params}:
        st.query_params.from_dict(wanted)


def remember_pages(pages: dict[str, Any]) -> None:
    """Keep the pages, so that one can lead to another."""
    st.session_state[_PAGES] = pages


def go(page: str) -> None:
    """Open another page on the same view."""
    st.switch_page(st.session_state[_PAGES][page])


def iso(moment: datetime) -> str:
    """Return a moment as the view writes it: ISO 8601 in UTC, to the second where it is whole."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}".removesuffix(".000000") + "Z"


def _from_url() -> View:
    told = {name: st.query_params.get_all(name) for name in st.query_params}
    try:
        found = View.from_parameters(told)
    except InvalidArgumentError:
        found = View()
    if not access.may_name_any():
        found = replace(found, formats=None)  # a path on the server
    return found if found.source else replace(found, source=access.start())
