"""The state of a session: its view and what is open, kept in the session and written to the URL.

The URL is read when the session begins, and again after Back and Forward; else it is only written, one entry of the
browser's history a step (components/history.js). A widget changes the view in its callback, and takes its value from
the view: so the pages, the sidebar and the links never disagree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from loganalytics.dashboard import access, consent, links
from loganalytics.exceptions import InvalidArgumentError
from loganalytics.filters.expressions import Where
from loganalytics.view import View

_VIEW, _OPENED, _PAGES, _PROBLEMS, _IS_FIRST = "view", "opened", "pages", "link-problems", "is-first-run"
_REJECTED, _SHOWN, _PAGE = "rejected", "shown-view", "page-name"
_KEPT = "items-of-pages"
_OF_ONE_VIEW = ("event", "page")
"""What is closed when the view changes."""
_OF_ONE_PAGE = ("tab", "order", "by")
"""What each page has for itself: another page has other tabs."""


def follow_url() -> None:
    """Take over what the URL says when the session begins, and when the reader has gone back or forward."""
    context = get_script_run_ctx()
    is_new = _VIEW not in st.session_state
    if is_new or (context is not None and context.is_history_navigation):
        open_link(url_parameters())
        st.session_state[_IS_FIRST] = is_new


def open_link(link_parameters: Mapping[str, list[str]]) -> None:
    """Take over the view of a link, and what it opens."""
    link = links.read(link_parameters)
    st.session_state[_VIEW] = _permitted(link.view)
    st.session_state[_OPENED] = dict(link.opened)
    st.session_state[_PROBLEMS] = link.problems
    st.session_state[_REJECTED] = {}


def view() -> View:
    """Return the session's view; the first time, what the URL says and else the start source."""
    if _VIEW not in st.session_state:
        follow_url()
    current: View = st.session_state[_VIEW]
    return current


def link_problems() -> tuple[str, ...]:
    """Return what could not be read in the link that the session began with."""
    problems: tuple[str, ...] = st.session_state.get(_PROBLEMS, ())
    return problems


def change(**changes: Any) -> None:
    """Change the view; an open event is closed."""
    replace_view(replace(view(), **changes))


def replace_view(changed: View) -> None:
    """Take another view; an open event is closed."""
    st.session_state[_VIEW] = changed
    st.session_state[_PROBLEMS] = ()
    st.session_state[_REJECTED] = {}
    for name in _OF_ONE_VIEW:
        open_item(name, None)


def try_change(name: str, typed: Any) -> None:
    """Change one part of the view to what was typed; what cannot be used is kept beside its box, and the view stays."""
    try:
        changed = replace(view(), **{name: typed})
        links.check(changed, name)
    except InvalidArgumentError as error:
        reject(name, typed, str(error))
    else:
        replace_view(changed)


def reject(name: str, typed: Any, reason: str) -> None:
    """Keep what was typed for a part of the view, and why it cannot be used."""
    st.session_state.setdefault(_REJECTED, {})[name] = (typed, reason)


def rejected(name: str) -> tuple[Any, str] | None:
    """Return what was typed for a part of the view and why it cannot be used; None where the view has it."""
    rejection: tuple[Any, str] | None = st.session_state.get(_REJECTED, {}).get(name)
    return rejection


def keep_result() -> None:
    """Remember that the view could be shown."""
    st.session_state[_SHOWN] = view()


def fall_back(reason: str) -> bool:
    """Return to the last view of this source that could be shown, where there is one; say why beside the boxes.

    A link has none: then it is shown without the filters that need the logs' own columns.
    """
    failed = view()
    shown: View | None = st.session_state.get(_SHOWN)
    if shown is None or shown.source != failed.source:
        shown = replace(failed, query=None, grep=None)
    differing = [name for name in ("query", "grep", "text") if getattr(shown, name) != getattr(failed, name)]
    if not differing:
        return False
    replace_view(shown)
    for name in differing:
        reject(name, getattr(failed, name), reason)
    return True


def open_start_source() -> None:
    """Change the view to the source that the app was started with."""
    change(source=access.start_source(), formats=None)
    consent.agree(view())


def add_condition(field: str, value: str | None, *, exclude: bool = False) -> None:
    """Keep only events with this value of a field, or only those without it; replaces a condition on the same value."""
    condition = Where(field, value or "", exclude)
    conditions = tuple(where for where in view().where if (where.field, where.value) != (field, value or ""))
    change(where=(*conditions, condition))


def opened(name: str) -> str | None:
    """Return what is open of that name: the id of an event, a trace, an incident, the SQL query, the tab …"""
    return next(iter(opened_list(name)), None)


def opened_list(name: str) -> list[str]:
    """Return all that is open of that name, such as the columns of the table."""
    view()
    return list(st.session_state[_OPENED].get(name, ()))


def open_item(name: str, value: str | list[str] | None) -> None:
    """Open another event, trace, incident, SQL query, tab …; None closes it."""
    view()
    items: dict[str, list[str]] = st.session_state[_OPENED]
    items.pop(name, None)
    if value:
        items[name] = [value] if isinstance(value, str) else value


def parameters() -> dict[str, list[str]]:
    """Return the parameters of the link to what the session shows."""
    written = view().to_parameters()
    items: dict[str, list[str]] = st.session_state[_OPENED]
    return written | items


def query() -> str:
    """Return the query of the link to what the session shows, as Streamlit would write it."""
    return urlencode(parameters(), doseq=True)


def write_url() -> None:
    """Write the view and what is open to the URL, unless it has them already.

    In the first run of a session components/history.js does so: Streamlit would add an entry to the browser's history,
    and leave the one before, which may have a password.
    """
    is_first = st.session_state[_IS_FIRST]
    st.session_state[_IS_FIRST] = False
    if not is_first and parameters() != url_parameters():
        st.query_params.from_dict(parameters())


def remember_pages(pages: Mapping[str, Any], current: Any) -> None:
    """Keep the pages, so that one can lead to another, and which of them is open."""
    st.session_state[_PAGES] = pages
    name = next((name for name, page in pages.items() if page == current), next(iter(pages)))
    context, previous = get_script_run_ctx(), st.session_state.get(_PAGE, name)
    if previous != name and not (context is not None and context.is_history_navigation):
        _exchange_items(previous, name)
    st.session_state[_PAGE] = name


def _exchange_items(previous: str, name: str) -> None:
    """Put away the tab and the order of a page that is left, and take out those of the page that is opened."""
    items_by_page = st.session_state.setdefault(_KEPT, {})
    items: dict[str, list[str]] = st.session_state[_OPENED]
    items_by_page[previous] = {item_name: items.pop(item_name) for item_name in _OF_ONE_PAGE if item_name in items}
    items |= items_by_page.pop(name, {})


def page_names() -> list[str]:
    """Return the names of the pages."""
    return list(st.session_state[_PAGES])


def page_name() -> str:
    """Return the name of the open page."""
    name: str = st.session_state[_PAGE]
    return name


def switch_page(name: str) -> None:
    """Open another page on the same view."""
    st.switch_page(st.session_state[_PAGES][name])


def iso(moment: datetime) -> str:
    """Format a moment as the view does: ISO 8601 in UTC, without fractions of a second where there are none."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}".removesuffix(".000000") + "Z"


def url_parameters() -> dict[str, list[str]]:
    """Return the parameters of the URL."""
    return {name: st.query_params.get_all(name) for name in st.query_params}


def _permitted(named: View) -> View:
    """Return the view of a link as far as this reader may see it, with the secrets of its addresses."""
    if not access.may_name_any():
        named = replace(named, formats=None)  # a path on the server
    source = tuple(filter(None, named.source))
    return consent.with_secrets(replace(named, source=source or access.start_source()))
