"""The menu of saved views: open one, keep this one, forget one."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import parse_qs

import streamlit as st

from loganalytics.dashboard import access, saved_views, state
from loganalytics.exceptions import LogAnalyticsError
from loganalytics.sanitize import printable


def draw() -> None:
    """Draw the menu; over a network, and with an administrator's list, its views cannot be changed."""
    shared = os.environ.get("LOGANALYTICS_SOURCES")
    if not shared and not access.may_name_any():
        return
    path = Path(shared) if shared else saved_views.own_file()
    with st.popover("Saved views", icon=":material/bookmark:", width="stretch"):
        try:
            views = {name: link for name, link in saved_views.read_cached(path).items() if _may_open(link)}
        except (LogAnalyticsError, OSError) as error:
            st.error("The saved views cannot be read.", icon=":material/error:")
            st.text("Ask the administrator." if shared else printable(str(error), 400))
            return
        _choice(views, None if shared else path)
        if not shared:
            _saving(path)


def _choice(views: dict[str, str], own_file: Path | None) -> None:
    if not views:
        st.caption("None yet.")
        return
    name = st.selectbox("View", sorted(views), format_func=printable, key="saved-view")
    with st.container(horizontal=True):
        if st.button("Open view", key="saved-view-open", icon=":material/open_in_browser:"):
            _open(views[name])
        if own_file:
            st.button("Delete view", key="saved-view-delete", on_click=_remove, args=(own_file, name), type="tertiary")


def _may_open(link: str) -> bool:
    """Whether this reader may see the source of a view; the names of others may say what they are about."""
    listed = access.listed_sources()
    return listed is None or set(_parameters(link).get("source", ())) <= set(listed)


def _parameters(link: str) -> dict[str, list[str]]:
    return parse_qs(link.partition("?")[2], keep_blank_values=True)


def _saving(path: Path) -> None:
    st.text_input("Save this view as", key="saved-view-name", placeholder="name")
    st.button("Save", key="saved-view-save", on_click=_save, args=(path,), icon=":material/bookmark_add:")
    if st.session_state.pop("saved-view-taken", False):
        st.warning("Another view has this name.", icon=":material/warning:")
        st.button("Replace it", key="saved-view-replace", on_click=_save, args=(path,), kwargs={"replace": True})
    if reason := st.session_state.pop("saved-view-error", None):
        st.error("Not saved.", icon=":material/error:")
        st.text(printable(reason, 400))


def _open(link: str) -> None:
    page_name = link.partition("?")[0]
    state.open_link(_parameters(link))
    state.switch_page(page_name if page_name in state.page_names() else "overview")


def _save(path: Path, *, replace: bool = False) -> None:
    link = f"{state.page_name()}?{state.query()}"
    try:
        saved_views.save(path, st.session_state["saved-view-name"], link, replace=replace)
        st.session_state["saved-view-name"] = ""
    except saved_views.NameTakenError:
        st.session_state["saved-view-taken"] = True
    except (LogAnalyticsError, OSError) as error:
        st.session_state["saved-view-error"] = str(error)


def _remove(path: Path, name: str) -> None:
    try:
        saved_views.remove(path, name)
    except (LogAnalyticsError, OSError) as error:
        st.session_state["saved-view-error"] = str(error)
