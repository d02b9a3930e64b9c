"""How times, spans, counts and log text are written for people: the one place for it.

Log text is hostile: it may hold terminal escapes, control characters, marks that turn the direction of
writing round, and lines without end. `printable` takes these away; escaping for HTML or Markdown comes after.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, timedelta

_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def moment(when: datetime | None, *, zone: bool = True) -> str:
    """Return a time as "2026-07-01 10:05:30 UTC", seconds left out when zero; "" for None."""
    if when is None:
        return ""
    clock = f"{when:%Y-%m-%d %H:%M:%S}" if when.second else f"{when:%Y-%m-%d %H:%M}"
    return f"{clock} UTC" if zone else clock


def time_range(start: datetime | None, end: datetime | None) -> str:
    """Return a time range as "2026-07-01 10:05–10:20 UTC"; the second date only where it differs."""
    if start is None or end is None or start == end:
        return moment(start or end)
    first, last = moment(start, zone=False), moment(end, zone=False)
    same_day = first[:10] == last[:10]
    return f"{first}–{last[11:]} UTC" if same_day else f"{first} – {last} UTC"


def span(length: timedelta | None) -> str:
    """Return a length of time as "2 h 5 min", in its two greatest units; "" for None."""
    if length is None:
        return ""
    seconds = length.total_seconds()
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    left = round(seconds)
    parts: list[str] = []
    for unit, size in _UNITS:
        if left >= size or parts:
            parts.append(f"{left // size} {unit}" if left >= size else "")
            left %= size
    return " ".join(part for part in parts[:2] if part)


def count(number: int, noun: str = "", plural: str = "") -> str:
    """Return a count as "1,234 events"; the plural adds an s unless it is given."""
    word = noun if number == 1 else (plural or f"{noun}s")
    return f"{number:,} {word}" if noun else f"{number:,}"


def percent(share: float | None) -> str:
    """Return a share (0..1) as "12 %", "1.5 %", "under 0.1 %"; "–" for None."""
    if share is None or math.isnan(share):
        return "–"
    if 0 < share < 0.001:
        return "under 0.1 %"
    return f"{share:.1%}".replace(".0%", "%").replace("%", " %")


def listing(names: list[str], most: int = 4) -> str:
    """Return names as "a, b and c", the rest counted: "a, b and 3 more"."""
    shown = names if len(names) <= most else [*names[: most - 1], f"{len(names) - most + 1} more"]
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def sparkline(counts: Iterable[int]) -> str:
    """Return counts as a row of blocks: a blank for none, else as high as the share of the greatest.

    >>> sparkline([0, 1, 4, 8])
    ' ▁▄█'
    """
    numbers = list(counts)
    most = max(numbers, default=0)
    return "".join("▁▂▃▄▅▆▇█"[max(0, math.ceil(8 * n / most) - 1)] if n else " " for n in numbers)
