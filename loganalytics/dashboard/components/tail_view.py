"""The tail as a component of the browser: coloured rows that stay put when one reads back, one message for each change.

Log text goes there as JSON and into the page as text nodes only (tail.js), never as HTML.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import streamlit as st

from loganalytics.charts import LEVEL_COLOURS
from loganalytics.dashboard.summaries import clean

ROWS = 1000
"""How many events the tail shows."""

_TEXT = 300


def draw(logs: pl.DataFrame, *, paused: bool, new: int, key: str, height: int = 520) -> int | None:
    """Show events, newest at the bottom; return the number of the one that was clicked, once."""
    rows = [list(column) for column in records(logs.tail(ROWS)).iter_columns()]
    names = ["number", "time", "level", "service", "text"]
    found = _component()(
        data=dict(zip(names, rows, strict=True)) | {"colours": LEVEL_COLOURS, "paused": paused, "new": new,
                                                    "height": height},
        key=key,
        on_opened_change=lambda: None,
    )  # fmt: skip
    number: Any = found.opened
    return None if number is None else int(number)


def records(logs: pl.DataFrame) -> pl.DataFrame:
    """Return number, time, level, service and text of events, safe and short."""
    names = [pl.col(name).cast(pl.String).fill_null("") for name in ("level", "service")]
    more = pl.when(pl.col("exception").is_not_null()).then(pl.lit(" ⏎ …"))
    text = pl.concat_str(clean(pl.col("message"), _TEXT), more, ignore_nulls=True)
    return logs.select(
        "number",
        pl.col("timestamp").dt.strftime("%H:%M:%S%.3f").fill_null(""),
        clean(names[0], 20),
        clean(names[1], 30),
        text.alias("text"),
    )


@cache
def _component() -> Any:
    here = Path(__file__).parent
    return st.components.v2.component(
        "loganalytics_tail",
        html='<div class="tail" role="log" tabindex="0" aria-label="live tail"></div><button class="pill"></button>',
        css=(here / "tail.css").read_text(encoding="utf-8"),
        js=(here / "tail.js").read_text(encoding="utf-8"),
    )
