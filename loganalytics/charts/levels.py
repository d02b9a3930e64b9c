"""The colours of levels: as marks of charts, behind text, and of text."""

from __future__ import annotations

from loganalytics.charts.theme import ALARM_COLOUR

UNKNOWN_COLOUR = "#8e8e8e"
"""The colour of a level that is none of ours, and of an event without one."""

LEVEL_COLOURS = {
    "CRITICAL": "#a8326f",
    "ERROR": ALARM_COLOUR,
    "WARNING": "#e3a23b",
    "SECURITY": "#8565c4",
    "AUDIT": "#4fa08b",
    "BUSINESS": "#7aa653",
    "PERFORMANCE": "#3fa3bd",
    "INFO": "#7fa8dc",
    "DEBUG": "#a9b4c2",
    "TRACE": "#c6ced8",
    "unknown": UNKNOWN_COLOUR,
}
"""The colour of each level, in every page and report; the order is that of the stack, worst first."""

DARK_LEVEL_COLOURS = {
    "CRITICAL": "#982863",
    "ERROR": "#bd3328",
    "WARNING": "#935600",
    "SECURITY": "#7050b4",
    "AUDIT": "#26705f",
    "BUSINESS": "#456e23",
    "PERFORMANCE": "#1d6c81",
    "INFO": "#3567ab",
    "DEBUG": "#596474",
    "TRACE": "#626d7b",
    "unknown": "#666666",
}
"""The same, dark enough (4.5:1) for white text on them, and for text of that colour on a light page."""

BRIGHT_LEVEL_COLOURS = {
    "CRITICAL": "#e57ab4",
    "ERROR": "#f2796d",
    "WARNING": "#e3a23b",
    "SECURITY": "#b59ae8",
    "AUDIT": "#6cc0aa",
    "BUSINESS": "#9cc978",
    "PERFORMANCE": "#6cc3da",
    "INFO": "#8fb5e8",
    "DEBUG": "#a9b4c2",
    "TRACE": "#c6ced8",
    "unknown": "#a8a8a8",
}
"""The same, bright enough (4.5:1) for text of that colour on a dark page."""
