"""How times, spans, counts and lists are written for people: the one place for it.

Lists are those of the library humanize. Its spans ("2 hours and 5 minutes"), times and sizes are for prose; reports,
charts and tables need them short ("2 h 5 min"), to the second, and the same in every locale, so these are our own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def moment(when: datetime | None, *, zone: bool = True, tz: str = "UTC") -> str:
    """Return a time as "2026-07-01 10:05:30 UTC", seconds left out when zero; "" for None.

    It is shown in the zone `tz`, and the zone named: "2026-07-01 18:05:30 Asia/Shanghai". A time without a zone is
    one of UTC.
    """
    if when is None:
        return ""
    local = localize(when, tz)
    clock = f"{local:%Y-%m-%d %H:%M:%S}" if local.second else f"{local:%Y-%m-%d %H:%M}"
    return f"{clock} {tz}" if zone else clock


def time_range(start: datetime | None, end: datetime | None, *, zone: bool = True, tz: str = "UTC") -> str:
    """Return a time range as "2026-07-01 10:05–10:20 UTC"; the second date only where it differs; zones as `moment`."""
    if start is None or end is None or start == end:
        return moment(start or end, zone=zone, tz=tz)
    first, last = moment(start, zone=False, tz=tz), moment(end, zone=False, tz=tz)
    if first == last:  # less than a second apart
        return moment(start, zone=zone, tz=tz)
    same_day = first[:10] == last[:10]
    clocks = f"{first}–{last[11:]}" if same_day else f"{first} – {last}"
    return f"{clocks} {tz}" if zone else clocks


def localize(when: datetime, tz: str) -> datetime:
    """Return a time in a zone; one without a zone is taken for one of UTC."""
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC if tz == "UTC" else ZoneInfo(tz))


def span(length: timedelta | None) -> str:
    """Return a length of time as "2 h 5 min", in its two greatest units; "" for None."""
    if length is None:
        return ""
    seconds = length.total_seconds()
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    remaining_seconds = round(seconds)
    amounts: list[str] = []
    for unit, size in _UNITS:
        if remaining_seconds >= size or amounts:
            amounts.append(f"{remaining_seconds // size} {unit}" if remaining_seconds >= size else "")
            remaining_seconds %= size
    return " ".join(amount for amount in amounts[:2] if amount)


def count(number: int, noun: str = "", plural: str = "") -> str:
    """Return a count as "1,234 events"; the plural adds an s unless it is given."""
    word = noun if number == 1 else (plural or f"{noun}s")
    return f"{number:,} {word}" if noun else f"{number:,}"


def undated(without_time: int, events: int) -> str | None:
    """Return the warning that most events have no time; None where at most half of them have none."""
    if without_time <= events / 2:
        return None
    if without_time == events:
        which = f"None of {count(events, 'event')} has a time"
    else:
        which = f"{count(without_time)} of {count(events, 'event')} have no time"
    return (
        f"{which}, so nothing can be said of when they happened. "
        'Hint: name the field or the pattern of the time: --time FIELD, --time "%d.%m.%Y %H:%M".'
    )


def percent(share: float | None) -> str:
    """Return a share (0..1) as "12 %", "1.5 %", "under 0.1 %"; "–" for None."""
    if share is None or math.isnan(share):
        return "–"
    if 0 < share < 0.001:
        return "under 0.1 %"
    return f"{share:.1%}".replace(".0%", "%").replace("%", " %")


def listing(names: list[str], limit: int = 4) -> str:
    """Return names as "a, b and c"; of more than the limit the others are counted: "a, b and 3 more"."""
    if not names:
        return ""
    from humanize import natural_list  # takes as long to import as this package

    items = names if len(names) <= limit else [*names[: limit - 1], f"{len(names) - limit + 1} more"]
    return natural_list(items)


def sparkline(counts: Iterable[int]) -> str:
    """Return counts as a row of blocks: a blank for none, else as high as the share of the greatest.

    >>> sparkline([0, 1, 4, 8])
    ' ▁▄█'
    """
    numbers = list(counts)
    highest = max(numbers, default=0)
    return "".join("▁▂▃▄▅▆▇█"[max(0, math.ceil(8 * n / highest) - 1)] if n else " " for n in numbers)
