"""The time zone in which the pages show times: the view's own, UTC by default, unless the reader chose another."""

from __future__ import annotations

import polars as pl
import streamlit as st

from loganalytics.dashboard import state
from loganalytics.exceptions import InvalidArgumentError
from loganalytics.times import parse_zone

BROWSER = "browser"
"""The value of the URL's parameter `zone` for the zone that the reader's browser is set to."""


def current() -> str:
    """Return the name of the zone, such as "Asia/Shanghai"."""
    chosen = state.opened("zone") or state.view().tz
    name = st.context.timezone if chosen == BROWSER else chosen
    try:
        return parse_zone(name or "UTC").key
    except InvalidArgumentError:
        return "UTC"


def localize(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with its times in the zone; charts and tables show them as the clock there."""
    name = current()
    columns = [column for column, kind in frame.schema.items() if isinstance(kind, pl.Datetime) and kind.time_zone]
    return frame.with_columns(pl.col(columns).dt.convert_time_zone(name)) if columns else frame
