"""A user's strptime pattern, in Python's dialect or in Rust's, as an expression whose groups are parts of a time."""

from __future__ import annotations

import re

from loganalytics.formats.time_formats import TimeFormat
from loganalytics.formats.times.grammar import NAME, NAMELESS, WEEKDAY_NAME, WRITTEN_ZONE

_BLANK_PADDED = " ?(?P<{}>[0-9]{{1,2}})"
_DIRECTIVES = {
    **dict.fromkeys("bBh", NAME), **dict.fromkeys("aA", WEEKDAY_NAME), **dict.fromkeys("nt", r"\s+"), "%": "%",
    **dict.fromkeys("de", _BLANK_PADDED.format("day")), **dict.fromkeys("HIkl", _BLANK_PADDED.format("hour")),
    **dict.fromkeys("fL", "(?P<fraction>[0-9]{1,9})"), **dict.fromkeys("pP", "(?P<half>[AaPp][.]?[Mm][.]?)"),
    "Y": "(?P<year>[0-9]{4})", "y": "(?P<year>[0-9]{2})", "m": "(?P<month>[0-9]{1,2})",
    "M": "(?P<minute>[0-9]{1,2})", "S": "(?P<sec>[0-9]{1,2})",
    "z": f"(?P<zone>{WRITTEN_ZONE})", "Z": f"(?P<zone_behind>{WRITTEN_ZONE})",
}  # fmt: skip
_SHORTHANDS = {
    "%F": "%Y-%m-%d", "%T": "%H:%M:%S", "%R": "%H:%M", "%D": "%m/%d/%y", "%r": "%I:%M:%S %p", "%c": "%a %b %e %T %Y",
    "%v": "%e-%b-%Y", "%+": "%Y-%m-%dT%H:%M:%S%.f%z",
}  # fmt: skip
_DIRECTIVE = re.compile(r"%([#:.\-_0^]*)([369]?)(.)", re.DOTALL)


def strptime_format(pattern: str) -> TimeFormat:
    """Return the format of a strptime pattern; one that the grammar does not know is left to Polars."""
    if pattern == "%s":
        return TimeFormat(pattern, r"1[0-9]{9}(?:[.][0-9]+)?", is_epoch=True)
    has_year = any(directive in pattern for directive in ("%Y", "%y", "%F", "%D", "%c", "%v", "%+", "%G", "%s"))
    groups = _groups(pattern)
    if groups is None:
        has_offset = any(directive in pattern for directive in ("%z", "%#z", "%:z", "%s"))
        return TimeFormat(pattern, "", pattern, has_year=has_year, has_offset=has_offset)
    return TimeFormat(pattern, NAMELESS.sub("?:", groups), pattern, groups=f"^{groups}$", has_year=has_year)


def _groups(pattern: str) -> str | None:
    for shorthand, meaning in _SHORTHANDS.items():
        pattern = pattern.replace(shorthand, meaning)
    parts: list[str] = []
    end = 0
    for match in _DIRECTIVE.finditer(pattern):
        flags, _, letter = match.groups()
        part = _DIRECTIVES.get(letter)
        if part is None:
            return None
        literal = re.escape(pattern[end : match.start()])
        parts += [literal, f"(?:[.,]{part})?" if "." in flags else part]
        end = match.end()
    groups = "".join(parts) + re.escape(pattern[end:])
    names = re.findall(r"\?P<(\w+)>", groups)
    return groups if len(names) == len(set(names)) and {"hour", "day"} <= set(names) else None
