"""The zone of times in a field beside them: which field it is, and the text of a time with its zone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from loganalytics.formats.fields.aliases import FieldPath, fold_name
from loganalytics.formats.regex.ascii import ascii_only
from loganalytics.formats.times.grammar import WRITTEN_ZONE
from loganalytics.formats.times.zones import offset_or_zone

_NAMES = {
    "tz", "timezone", "tzoffset", "utcoffset", "gmtoffset", "zone", "tzname", "timezonename", "zoneid", "timezoneid",
    "tzid", "zeitzone", "zonahoraria", "fuso", "localtimezone", "devicetimezone", "servertimezone", "logtimezone",
}  # fmt: skip
# Numbers called so are something else, or count to the west, as in JavaScript.
_NAMES_OF_TEXT = {"offset", "timezoneoffset"}
_EVENT_ZONE = ("event", "timezone")
# How a time ends that writes no zone.
_ENDS_WITH_CLOCK = r"[0-9]:[0-9]{2}(?::[0-9]{2}(?:[.,:][0-9]{1,9})?)?(?: ?[AaPp][.]?[Mm][.]?)?$"
_IS_NAIVE = re.compile(_ENDS_WITH_CLOCK)
_WRITTEN = ascii_only(f"^{WRITTEN_ZONE}$")
_NUMBER = re.compile(r"[+-]?\d{1,5}")
_FIVE_DIGITS = re.compile(r"[+-]\d{5}")
_DIGITS = "^[+-]?[0-9]{1,5}$"
_CLOCK_OFFSET = "^[+-][0-9]{4}$"
_MAX_HOURS = 15
_QUARTER = 15


@dataclass(frozen=True)
class ZoneField:
    """The field that names the zone of the times beside it."""

    path: FieldPath
    unit: int
    """How many seconds a number counts; 0 where zones are written as text."""

    def add_to(self, time: pl.Expr, zone: pl.Expr) -> pl.Expr:
        """Return the text of times, those without a zone with that of the field."""
        zone = zone.cast(pl.String).str.strip_chars(" ()[]")
        if self.unit:
            is_count = zone.str.contains(_DIGITS) & ~zone.str.contains(_CLOCK_OFFSET)
            zone = pl.when(is_count).then(_offset(zone.cast(pl.Int64, strict=False) * self.unit)).otherwise(zone)
        needs_zone = time.str.contains(_ENDS_WITH_CLOCK) & zone.str.contains(_WRITTEN)
        return pl.when(needs_zone).then(pl.concat_str(time, pl.lit(" "), zone)).otherwise(time)

    def add_to_text(self, time: str, zone: object) -> str:
        """Return the text of one time with its zone."""
        frame = pl.DataFrame({"time": [time], "zone": [None if zone is None else str(zone)]}, schema=_TEXTS)
        return str(frame.select(self.add_to(pl.col("time"), pl.col("zone"))).item())


_TEXTS = {"time": pl.String, "zone": pl.String}


def zone_field(values: Mapping[FieldPath, Sequence[str]], clocks: Sequence[FieldPath]) -> ZoneField | None:
    """Return the field that names the zone of times; None where there is none, or all times write theirs.

    `clocks` are the fields that hold the times of day.
    """
    naive = [path for path in clocks if any(map(_IS_NAIVE.search, values[path]))]
    for path in values if naive else ():
        name = fold_name(path[-1])
        is_beside = any(path[:-1] == time[: len(path) - 1] for time in naive)
        if not (is_beside and name in _NAMES | _NAMES_OF_TEXT) and path[-2:] != _EVENT_ZONE:
            continue
        unit = _unit(values[path])
        if unit is not None and (unit == 0 or name in _NAMES):
            return ZoneField(path, unit)
    return None


def _unit(texts: Sequence[str]) -> int | None:
    """Return how many seconds a number of the texts counts, 0 where they are zones as text; None for other texts."""
    distinct = {text for text in texts if text.strip(" -()[]")}
    if not distinct:
        return None
    if all(not _FIVE_DIGITS.fullmatch(text) and offset_or_zone(text, "UTC") is not None for text in distinct):
        return 0
    if not all(map(_NUMBER.fullmatch, distinct)):
        return None
    sizes = [abs(int(text)) for text in distinct]
    for unit, step in ((3600, 1), (60, _QUARTER), (1, _QUARTER * 60)):
        if all(size * unit < _MAX_HOURS * 3600 and size % step == 0 for size in sizes):
            return unit
    return 0 if all(size < _MAX_HOURS * 100 and size % 100 in (0, 30, 45) for size in sizes) else None


def _offset(seconds: pl.Expr) -> pl.Expr:
    sign = pl.when(seconds < 0).then(pl.lit("-")).otherwise(pl.lit("+"))
    minutes = seconds.abs() // 60
    return pl.concat_str(sign, *((part.cast(pl.String).str.zfill(2)) for part in (minutes // 60, minutes % 60)))
