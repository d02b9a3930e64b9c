"""A row of small cards with a number each; as high before their numbers are there, so that nothing below moves."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from loganalytics.dashboard.metric_changes import MetricChange

_HEIGHT = 104  # pixels
_STYLE = """<style>
[class*=st-key-numbers] [data-testid=stMetricValue] { font-size: 1.35rem; line-height: 1.3 }
[class*=st-key-numbers] [data-testid=stMetric] { padding: 0.45rem 0.8rem }
</style>"""


def row(count: int, key: str = "numbers") -> list[DeltaGenerator]:
    """Return the places of that many cards, each of which can be drawn again."""
    with st.container(key=key, height=_HEIGHT, border=False):
        st.html(_STYLE)
        return [column.empty() for column in st.columns(count, gap="small")]


def draw(
    card: DeltaGenerator, label: str, value: str, change: MetricChange | str | None = None, *, against: str = ""
) -> None:
    """Draw a card: a number, and under it a note or what became of it since the period before."""
    text = change.text if isinstance(change, MetricChange) else change
    colour = change.colour if isinstance(change, MetricChange) else "off"
    has_change = isinstance(change, MetricChange) and change.text.startswith(("+", "-"))
    card.metric(
        label, value, text, delta_color=colour,  # type: ignore[arg-type]
        delta_arrow="auto" if has_change else "off",
        help=f"The change is against {against}." if has_change and against else None, border=True, height=_HEIGHT,
    )  # fmt: skip
