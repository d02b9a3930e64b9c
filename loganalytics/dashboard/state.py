"""The state of a session: its view and its open items, kept in the session and written to the URL.

The URL is read once, when the session begins; from then on it is only written. A widget changes the view in its
callback, and takes its value from the view: so the pages, the sidebar and the links never disagree.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from loganalytics.dashboard import access, consent
from loganalytics.exceptions import InvalidArgumentError
from loganalytics.filters.expressions import Where
from loganalytics.view import View

_VIEW, _OPENED, _PAGES = "view", "opened", "pages"
_ITEMS = ("event", "trace", "pattern", "incident", "sql", "zone")
"""What a page can have open, as parameters of the URL beside the view's."""


def view() -> View:
    """Return the session's view; the first time, what the URL says and else the start source."""
    if _VIEW not in st.session_state:
        st.session_state[_VIEW] = _view_of_url()
        st.session_state[_OPENED] = {item: st.query_params[item] for item in _ITEMS if item in st.query_params}
    current: View = st.session_state[_VIEW]
    return current


def change(**changes: Any) -> None:
    """Change the view; an open event is closed."""
    st.session_state[_VIEW] = replace(view(), **changes)
    open_item("event", None)


def open_start_source() -> None:
    """Change the view to the source that the app was started with."""
    change(source=access.start_source(), formats=None)


def add_condition(field: str, value: str | None, *, exclude: bool = False) -> None:
    """Keep only events with this value of a field, or only those without it; replaces a condition on the same value."""
    condition = Where(field, value or "", exclude)
    conditions = tuple(where for where in view().where if (where.field, where.value) != (field, value or ""))
    change(where=(*conditions, condition))


def opened(item: str) -> str | None:
    """Return the id of the open event, trace, pattern or incident, or the SQL query."""
    view()
    items: dict[str, str] = st.session_state[_OPENED]
    return items.get(item)


def open_item(item: str, value: str | None) -> None:
    """Open another event, trace, pattern, incident or SQL query; None closes it."""
    view()
    items: dict[str, str] = st.session_state[_OPENED]
    items.pop(item, None)
    if value is not None:
        items[item] = value


def write_url() -> None:
    """Write the view and the open items to the URL, unless it has them already."""
    parameters = view().to_parameters() | {item: [value] for item, value in st.session_state[_OPENED].items()}
    if parameters != _url_parameters():
        st.query_params.from_dict(parameters)


def remember_pages(pages: dict[str, Any]) -> None:
    """Keep the pages, so that one can lead to another."""
    st.session_state[_PAGES] = pages


def switch_page(name: str) -> None:
    """Open another page on the same view."""
    st.switch_page(st.session_state[_PAGES][name])


def iso(moment: datetime) -> str:
    """Format a moment as the view does: ISO 8601 in UTC, without fractions of a second where there are none."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}".removesuffix(".000000") + "Z"


def _view_of_url() -> View:
    try:
        parsed = View.from_parameters(_url_parameters())
    except InvalidArgumentError:
        parsed = View()
    if not access.may_name_any():
        parsed = replace(parsed, formats=None)  # a path on the server
    named = tuple(filter(None, parsed.source))
    return consent.with_secrets(replace(parsed, source=named or access.start_source()))


def _url_parameters() -> dict[str, list[str]]:
    return {name: st.query_params.get_all(name) for name in st.query_params}
