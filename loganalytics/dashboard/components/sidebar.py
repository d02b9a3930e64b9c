"""The sidebar: source, time range and filters of the view; and buttons to share it."""

from __future__ import annotations

import shlex
from pathlib import Path

import streamlit as st

from loganalytics.dashboard import access, consent, state
from loganalytics.dashboard.components import filter_boxes, time_picker, view_menu
from loganalytics.dashboard.notebook import notebook_json
from loganalytics.view import View


def draw() -> None:
    """Draw the sidebar from the view; each widget's callback changes the view."""
    view = state.view()
    with st.sidebar:
        _source(view)
        time_picker.draw()
        filter_boxes.draw()
        st.space("small")
        view_menu.draw()
        _share(view)


def _source(view: View) -> None:
    listed = access.listed_sources()
    if listed is not None:
        name = next(iter(view.source), None)
        st.session_state["source"] = name if name in listed else None
        st.selectbox(
            "Source", sorted(listed), key="source", on_change=_apply_source, placeholder="Choose a source",
            help="What the administrator lists for you.",
        )  # fmt: skip
    elif access.may_name_any():
        st.session_state["source"] = " ".join(view.public().source)
        st.text_input(
            "Source", key="source", on_change=_apply_source, icon=":material/database:",
            placeholder="file, glob, folder, redis://…",
            help="A file, a glob, a folder or an address; several are separated by spaces. Compressed files work, too.",
        )  # fmt: skip


def _share(view: View) -> None:
    is_listed = access.listed_sources() is not None
    with st.popover("Share this view", icon=":material/share:", width="stretch"):
        st.caption("The address in the browser opens this view. On the command line:")
        st.code("loganalytics report " + shlex.join(view.to_arguments()), language=None, wrap_lines=True)
        st.caption("In Python:")
        st.code(view.to_python() + ".load()", language=None, wrap_lines=True)
        if is_listed:
            st.caption("The source is a name of this dashboard's list: elsewhere write its address in its place.")
    st.download_button(
        "Open as notebook", lambda: notebook_json(view, is_listed=is_listed), file_name="view.ipynb",
        mime="application/x-ipynb+json", icon=":material/article:", width="stretch", on_click="ignore",
    )  # fmt: skip
    if st.user.get("is_logged_in"):
        st.button("Log out", on_click=st.logout, type="tertiary", icon=":material/logout:")


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
