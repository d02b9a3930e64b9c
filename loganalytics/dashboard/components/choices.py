"""Choices that are part of the link: the tab of a page, the order of its table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from loganalytics.dashboard import state


def choose(name: str, options: Sequence[str], *, label: str, width: Any = "content") -> str:
    """Draw a choice of which the link holds all but the first option, the default; return what is chosen."""
    key = f"choice-{name}"
    linked = state.opened(name)
    st.session_state[key] = linked if linked in options else options[0]
    st.segmented_control(
        label, options, key=key, on_change=_take, args=(name, options[0]), required=True, width=width,
        label_visibility="collapsed",
    )  # fmt: skip
    return str(st.session_state[key])


def _take(name: str, default: str) -> None:
    taken = str(st.session_state[f"choice-{name}"])
    state.open_item(name, None if taken == default else taken)
    state.open_item("page", None)
