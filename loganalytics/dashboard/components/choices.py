"""Choices that are part of the link: the tab of a page, the order of its table, what it is compared with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from loganalytics.dashboard import state
from loganalytics.dashboard.components import notices
from loganalytics.sanitize import printable


def choose(name: str, options: Sequence[str], *, label: str, width: Any = "content") -> str:
    """Draw a choice of which the link holds all but the first option, the default; return what is chosen."""
    key = _prepare(name, options, options[0])
    st.segmented_control(
        label, options, key=key, on_change=_take, args=(name, options[0]), required=True, width=width,
        label_visibility="collapsed",
    )  # fmt: skip
    return str(st.session_state[key])


def choose_from_list(
    name: str, options: Sequence[str], *, default: str, label: str, show: Callable[[str], str] = printable
) -> str:
    """Draw a list to choose from, of many options or such as the logs name; the link holds all but the default."""
    key = _prepare(name, options, default)
    st.selectbox(label, options, key=key, on_change=_take, args=(name, default), format_func=show)
    return str(st.session_state[key])


def choose_several(name: str, options: Sequence[str], *, default: list[str], label: str) -> list[str]:
    """Draw a choice of several; the link holds it, unless it is the default. Without any it is the default again."""
    key = f"choice-{name}"
    for unknown in set(state.opened_list(name)).difference(options):
        notices.add(f"{name}: the logs have no {unknown!r}.")
    chosen = [option for option in state.opened_list(name) if option in options] or default
    st.session_state[key] = chosen

    def take() -> None:
        taken = list(st.session_state[key])
        state.open_item(name, None if taken == default else taken)

    st.multiselect(label, options, format_func=printable, key=key, on_change=take)
    return chosen


def _prepare(name: str, options: Sequence[str], default: str) -> str:
    """Choose what the link says, and tell of what is no option; return the key of the widget."""
    linked = state.opened(name)
    if linked is not None and linked not in options:
        hint = f" Hint: one of {', '.join(options)}." if len(options) < 10 else ""
        notices.add(f"{name}: there is no {linked!r}.{hint}")
    st.session_state[f"choice-{name}"] = linked if linked in options else default
    return f"choice-{name}"


def _take(name: str, default: str) -> None:
    taken = str(st.session_state[f"choice-{name}"])
    state.open_item(name, None if taken == default else taken)
    state.open_item("page", None)
