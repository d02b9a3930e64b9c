"""Ranges of time shaded behind a chart over time: findings, an incident, its baseline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from loganalytics import schema
from loganalytics.charts.lazy_altair import alt
from loganalytics.charts.theme import ACCENT_COLOUR, ALARM_COLOUR, MUTED_COLOUR, tips
from loganalytics.humanize import count, time_range
from loganalytics.sanitize import printable

BAND_COLOURS = {
    "critical": ALARM_COLOUR,
    "warning": "#e3a23b",
    "info": MUTED_COLOUR,
    "incident": ALARM_COLOUR,
    "baseline": ACCENT_COLOUR,
}
_TEXT = 160  # characters of a tooltip
_OF_THE_WHOLE = ("width", "height", "padding", "background", "title", "config", "description")  # and not of a layer


@dataclass(frozen=True, kw_only=True)
class Band:
    """A range of time to shade: its kind, which gives its colour, and what it is."""

    start: datetime
    end: datetime
    kind: str
    text: str


def with_bands(chart: alt.Chart, bands: list[Band], tz: str = "UTC") -> alt.LayerChart:
    """Return a chart over time, which has its time on x as `start`, with the bands behind it."""
    whole = {name: chart[name] for name in _OF_THE_WHOLE}
    for name in _OF_THE_WHOLE:
        chart[name] = alt.Undefined
    layers = [_shade(bands, tz), chart] if bands else [chart]
    layered: alt.LayerChart = alt.layer(*layers).resolve_scale(color="independent")
    for name, setting in whole.items():
        layered[name] = setting
    if bands:
        layered.description = f"{whole['description']} {count(len(bands), 'range')} of time shaded."
    return layered


def _shade(bands: list[Band], tz: str) -> alt.Chart:
    rows = [
        {
            "start": band.start, "end": band.end, "kind": band.kind, "text": printable(band.text, _TEXT),
            "when": time_range(band.start, band.end, tz=tz),
        }
        for band in bands
    ]  # fmt: skip
    texts = dict.fromkeys(("kind", "text", "when"), pl.String)
    table = pl.DataFrame(rows, schema={"start": schema.TIMESTAMP, "end": schema.TIMESTAMP, **texts})
    scale = alt.Scale(domain=list(BAND_COLOURS), range=list(BAND_COLOURS.values()))
    colour = alt.Color("kind:N", scale=scale, legend=None)
    # A time of seconds in a log of days would else be too narrow to be seen: hence the stroke.
    shade: alt.Chart = alt.Chart(table).mark_rect(opacity=0.17, strokeWidth=2, strokeOpacity=0.4, clip=True)
    stroke = alt.Stroke("kind:N", scale=scale, legend=None)
    return shade.encode(x="start:T", x2="end:T", color=colour, stroke=stroke, tooltip=tips(text="what", when="when"))
