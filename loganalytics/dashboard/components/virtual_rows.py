"""Components that show rows: a long list of which only the visible rows are in the page (virtual_rows.js)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import streamlit as st

from loganalytics.view import View

_FOLDER = Path(__file__).parent
_MOST_MATCHES = 20  # of one line that are marked


@cache
def component(name: str, *parts: str) -> Any:
    """Return the component whose script, style and HTML are the files of this name.

    The files of the list, and of other parts, are put before them: a component takes one script and one style sheet.
    """
    script, style = (
        "\n".join((_FOLDER / f"{stem}.{kind}").read_text(encoding="utf-8") for stem in ("virtual_rows", *parts, name))
        for kind in ("js", "css")
    )
    html = (_FOLDER / f"{name}.html").read_text(encoding="utf-8")
    return st.components.v2.component(f"loganalytics_{name}", html=html, css=style, js=script)


def matches(column: pl.Expr, view: View) -> pl.Expr | None:
    """Return what the view's search finds in each text, in order: for markText. None where it searches for nothing.

    The server looks for it: a browser's own regular expressions can take forever over a line made for that.
    """
    filters = {"text": f"(?i){escape(view.text or '')}", "grep": view.grep}
    off = {*view.disabled, *view.inverted}
    patterns = [pattern for name, pattern in filters.items() if getattr(view, name) and name not in off]
    if not patterns:
        return None
    return column.str.extract_all("|".join(f"(?:{pattern})" for pattern in patterns)).list.head(_MOST_MATCHES)


def escape(needle: str) -> str:
    r"""Return the regular expression that finds exactly this text.

    >>> escape("a.b (c)")
    'a\\.b \\(c\\)'
    """
    return pl.select(pl.lit(needle).str.escape_regex()).item()  # type: ignore[no-any-return]
