"""The live tail as a browser component: coloured rows that do not move while one reads back.

Log text goes to the browser as JSON and into the page as text nodes only (tail.js), never as HTML.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import streamlit as st

from loganalytics.charts import LEVEL_COLOURS
from loganalytics.sanitize import printable_column

MAX_ROWS = 1000
"""How many events the tail shows."""

_MESSAGE_CHARACTERS = 300


def draw(logs: pl.DataFrame, *, paused: bool, new: int, key: str, height: int = 520) -> int | None:
    """Show events, newest at the bottom; return the number of the one that was clicked, once."""
    rows = tail_rows(logs.tail(MAX_ROWS)).to_dict(as_series=False)
    options = {"colours": LEVEL_COLOURS, "paused": paused, "new": new, "height": height}
    result = _component()(data=rows | options, key=key, on_opened_change=lambda: None)
    number: Any = result.opened
    return None if number is None else int(number)


def tail_rows(logs: pl.DataFrame) -> pl.DataFrame:
    """Return number, time, level, service and message of events, safe and short."""
    level, service = (pl.col(name).cast(pl.String).fill_null("") for name in ("level", "service"))
    has_exception = pl.when(pl.col("exception").is_not_null()).then(pl.lit(" ⏎ …"))
    message = pl.concat_str(printable_column(pl.col("message"), _MESSAGE_CHARACTERS), has_exception, ignore_nulls=True)
    return logs.select(
        "number",
        time=pl.col("timestamp").dt.strftime("%H:%M:%S%.3f").fill_null(""),
        level=printable_column(level, 20),
        service=printable_column(service, 30),
        message=message,
    )


@cache
def _component() -> Any:
    folder = Path(__file__).parent
    return st.components.v2.component(
        "loganalytics_tail",
        html='<div class="tail" role="log" tabindex="0" aria-label="live tail"></div><button class="pill"></button>',
        css=(folder / "tail.css").read_text(encoding="utf-8"),
        js=(folder / "tail.js").read_text(encoding="utf-8"),
    )
