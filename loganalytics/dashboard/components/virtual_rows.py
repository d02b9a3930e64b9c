"""What the list of virtual_rows.js marks in its rows: the matches of the view's search."""

from __future__ import annotations

import polars as pl

from loganalytics.view import View

_MOST_MATCHES = 20  # of one line that are marked


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
