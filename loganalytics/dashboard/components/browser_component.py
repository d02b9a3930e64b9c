"""Components that run in the browser: their script, style and HTML are the files beside this one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

_FOLDER = Path(__file__).parent


@cache
def load(name: str, *parts: str) -> Any:
    """Return the component of this name, whose files are those of that name; style and HTML may be missing.

    Script and style of `parts` are put before them: a component takes one of each.
    """
    script, style = (
        "\n".join(filter(None, (_read(f"{stem}.{kind}") for stem in (*parts, name)))) for kind in ("js", "css")
    )
    html = _read(f"{name}.html")
    return st.components.v2.component(f"loganalytics_{name}", html=html or None, css=style or None, js=script)


def as_json(sent: Mapping[str, Any]) -> bytes:
    """Return what a component is sent as bytes: Streamlit writes a dict as JSON twice."""
    return json.dumps(sent, ensure_ascii=False).encode("utf-8", "replace")


def new_actions(key: str) -> list[tuple[str, Any]]:
    """Return what the reader did in the component of this key and is not done yet, by name and value (outbox.js)."""
    sent = st.session_state[key].get("actions") or ()
    new = [action for action in sent if action[0] > confirmed(key)]
    if new:
        st.session_state[_confirmed_key(key)] = new[-1][0]
    return [(name, value) for _, name, value in new]


def confirmed(key: str) -> int:
    """Return the number of the last action of a component that was done; the browser sends each until it is told so."""
    number: int = st.session_state.get(_confirmed_key(key), 0)
    return number


def _confirmed_key(key: str) -> str:
    return f"{key}-confirmed"


def fill_window() -> None:
    """Leave no room below the page: its component ends with the window (fitToWindow in virtual_rows.js)."""
    st.html("<style>[data-testid=stMainBlockContainer] { padding-bottom: 0 }</style>")


def _read(file_name: str) -> str:
    path = _FOLDER / file_name
    return path.read_text(encoding="utf-8") if path.exists() else ""
