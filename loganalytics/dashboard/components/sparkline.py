"""A course in time as a small area, the part that a finding is about in its colour: nothing but numbers."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

_HEIGHT = 22  # pixels
_GREY = "#98a3b3"


def draw(counts: Sequence[int], marked: tuple[float, float], colour: str) -> None:
    """Draw counts of equal parts of time; `marked` are two shares of the width, the part drawn in the colour."""
    highest = max(counts, default=0)
    if not highest:
        st.html(f'<div style="height:{_HEIGHT}px"></div>')
        return
    step = 100 / len(counts)
    tops = [(number * step, 96 - 92 * count / highest) for number, count in enumerate(counts)]
    outline = ", ".join(f"{x:.1f}% {y:.1f}%, {x + step:.1f}% {y:.1f}%" for x, y in tops)
    start, end = 100 * marked[0], 100 * max(marked[1], marked[0] + 0.02)  # else too narrow to be seen
    background = f"linear-gradient(90deg, {_GREY} {start:.1f}%, {colour} {start:.1f}% {end:.1f}%, {_GREY} {end:.1f}%)"
    st.html(
        f'<div role="img" aria-label="course in time, highest {highest:,}" style="height:{_HEIGHT}px;'
        f'background:{background};clip-path:polygon(0% 100%, {outline}, 100% 100%)"></div>'
    )
