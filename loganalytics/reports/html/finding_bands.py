"""The times of findings, shaded behind a chart of events over time and numbered as in the list."""

from __future__ import annotations

from typing import Any

from loganalytics.charts.theme import ALARM_COLOUR, INK_COLOUR, MUTED_COLOUR
from loganalytics.findings.ranking import Finding
from loganalytics.sanitize import printable

MAX_BANDS = 20
_TITLE_LENGTH = 120  # characters
_COLOURS = {"critical": ALARM_COLOUR, "warning": "#e3a23b", "info": MUTED_COLOUR}


def with_finding_bands(spec: dict[str, Any], findings: list[Finding]) -> dict[str, Any]:
    """Return the Vega-Lite of a chart over time with the times of findings shaded; without findings, as it is."""
    rows = [
        {
            "start": finding.start.isoformat(), "end": finding.end.isoformat(), "number": str(number),
            "severity": finding.severity, "title": printable(finding.title, _TITLE_LENGTH),
        }
        for number, finding in enumerate(findings[:MAX_BANDS], 1)
        if finding.start is not None and finding.end is not None
    ]  # fmt: skip
    if not rows:
        return spec
    chart = {name: spec[name] for name in ("mark", "encoding")}
    frame = {name: value for name, value in spec.items() if name not in chart}
    start, end = {"field": "start", "type": "temporal"}, {"field": "end"}
    tooltip = [{"field": "number", "title": "finding"}, {"field": "title", "title": "what"}]
    colour = {
        "field": "severity", "type": "nominal", "legend": None,
        "scale": {"domain": list(_COLOURS), "range": list(_COLOURS.values())},
    }  # fmt: skip
    band = {
        "data": {"values": rows},
        # A time of seconds in a log of days would else be too narrow to be seen.
        "mark": {"type": "rect", "opacity": 0.16, "strokeWidth": 2, "strokeOpacity": 0.16},
        "encoding": {"x": start, "x2": end, "color": colour, "stroke": colour, "tooltip": tooltip},
    }
    number = {
        "data": {"values": rows},
        "mark": {"type": "text", "align": "left", "baseline": "bottom", "dy": -2, "fontSize": 11, "color": INK_COLOUR},
        "encoding": {"x": start, "y": {"value": 0}, "text": {"field": "number"}, "tooltip": tooltip},
    }
    return {**frame, "layer": [band, chart, number], "resolve": {"scale": {"color": "independent"}}}
