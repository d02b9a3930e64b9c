"""Components that run in the browser: their script, style and HTML are the files beside this one."""

from __future__ import annotations

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


def _read(file_name: str) -> str:
    path = _FOLDER / file_name
    return path.read_text(encoding="utf-8") if path.exists() else ""
