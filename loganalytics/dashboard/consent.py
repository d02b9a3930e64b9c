"""Whether a source may be opened: one that a link names is asked about first, since its author may be anybody.

Opening a source connects to a server, perhaps with a login, or reads a file. What was named when the app started, what
the user typed and what the user agreed to is opened at once, until the app ends; so it stays open when a page is loaded
again. Nothing here connects, reads or looks whether anything is there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from loganalytics.dashboard import access
from loganalytics.sanitize import printable
from loganalytics.sources import uri
from loganalytics.view import View, without_secrets

_MAX_CHARACTERS = 500

Shown = tuple[tuple[str, ...], str | None]
"""The names of a source as a link has them, without secrets, and the file of formats."""


def is_agreed(view: View) -> bool:
    """Whether the view's source may be opened without asking."""
    return not access.may_name_any() or _shown(view) in _agreed()


def agree(view: View) -> None:
    """Remember that the user wants this source opened, with the secrets in its addresses."""
    _agreed()[_shown(view)] = view.source


def with_secrets(view: View) -> View:
    """Return the view of a link with the addresses as the user named them: a link has no secrets.

    What else a link says of an address is left out: the question does not show it, and it could lead to another host.
    """
    if not access.may_name_any():
        return view
    public = view.public()
    return replace(view, source=_agreed().get(_shown(view)) or completed(public.source))


def completed(source: tuple[str, ...]) -> tuple[str, ...]:
    """Return what the user typed, each address that has no secrets with those it was last named with."""
    known = {without_secrets(name): name for named in _agreed().values() for name in named}
    return tuple(known.get(name, name) for name in source)


def ask(view: View, on_refuse: Callable[[], None]) -> None:
    """Draw the question whether to open the view's source."""
    with st.container(width=720):
        st.subheader("Open this source?")
        st.text("A link asks this dashboard to read it. Nothing of it has been opened yet.")
        for name in view.public().source:
            st.code(printable(name, _MAX_CHARACTERS), language=None, wrap_lines=True)
            if uri.has_scheme(name):
                st.caption(f"A connection will be made to the host `{_host(name)}`.")
        if view.formats:
            st.text("It also names a file of formats:")
            st.code(printable(view.formats, _MAX_CHARACTERS), language=None, wrap_lines=True)
        st.text("If you did not expect this, do not open it.")
        with st.container(horizontal=True):
            st.button("Open", key="consent-open", on_click=agree, args=(view,), icon=":material/lock_open:")
            st.button("Do not open", key="consent-refuse", on_click=on_refuse, type="primary")


def _host(address: str) -> str:
    """Return the hosts of an address in ASCII: letters of other alphabets look like others."""
    authority = uri.without_credentials(address).partition("://")[2].partition("/")[0]
    return authority.encode("ascii", "backslashreplace").decode().replace("`", "'")[:_MAX_CHARACTERS] or "localhost"


def _shown(view: View) -> Shown:
    return view.public().source, view.formats


def _agreed() -> dict[Shown, tuple[str, ...]]:
    """Return what was agreed to, and the source that the app was started with."""
    start = View(access.start_source())
    agreed = _remembered()
    agreed.setdefault(_shown(start), start.source)
    return agreed


@st.cache_resource(show_spinner=False)
def _remembered() -> dict[Shown, tuple[str, ...]]:
    return {}
