"""The names that log rotation gives: app.log.2.gz, app.log-20260310, app-2026-03-10.1.log, app.log.2026-03-10."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from pathlib import Path

_ENDING = re.compile(r"\.(?:log|txt|jsonl?|ndjson|out|err)$")
# A day, perhaps with the hour, the minutes and the second of the rotation, or an epoch, and an index within the day.
_DATE = re.compile(
    r"[._-](\d{4}-?\d{2}-?\d{2}(?:[T_-]?\d{2}(?:[:-]?\d{2}){0,2}|-\d{10})?(?:\.\d{3})?)(?:[.-](\d{1,4}))?$"
)
_DAY_IN_NAME = re.compile(r"(?<!\d)((?:19|20)\d{2})(?:[-_./]?)(\d{2})(?:[-_./]?)(\d{2})(?!\d)")
_NUMBER = re.compile(r"[.-](\d{1,10})$")


def day_in_name(source: str) -> dt.date | None:
    """Return the day that a path names, the last one where it names several: the day of times without a date.

    >>> day_in_name("logs/2026-03-10/api.log"), day_in_name("api_20260310.log.gz"), day_in_name("api.log")
    (datetime.date(2026, 3, 10), datetime.date(2026, 3, 10), None)
    """
    for year, month, day in reversed(_DAY_IN_NAME.findall(source)):
        with contextlib.suppress(ValueError):
            return dt.date(int(year), int(month), int(day))
    return None


def base_name(name: str) -> str:
    """Return the name that a rotated set shares: without .gz, number or date, and .log, .txt, .json, .out.

    >>> base_name("api.log.2.gz"), base_name("api.log-20260310"), base_name("api-2026-03-10.1.log")
    ('api', 'api', 'api')
    """
    shorter = unpacked_name(name)
    while True:
        undated = _NUMBER.sub("", _DATE.sub("", shorter))
        if undated in (shorter, ""):
            break
        shorter = unpacked_name(undated)
    shorter = _DATE.sub("", _ENDING.sub("", shorter)) or shorter
    return _ENDING.sub("", shorter) or name


def unpacked_name(name: str) -> str:
    """Return the name without the ending of an archive: app.log.1 and app.log.1.gz are one rotation."""
    return re.sub(r"\.(?:gz|bz2|xz|zst|zip)$", "", name)


def rotation_order(path: Path) -> tuple[str, str, int, str, int, str]:
    """Sort app.log.2.gz before app.log.1 before app.log, and dated names by their date before the undated one."""
    name = unpacked_name(path.name)
    dated = _DATE.search(_ENDING.sub("", name))
    number = None if dated else re.search(r"\.(\d{1,5})$", name)
    age = -int(number[1]) if number else (-1 if dated else 0)
    day = re.sub(r"\D", "", dated[1]) if dated else ""
    index = int(dated[2]) if dated and dated[2] else 0
    return str(path.parent), base_name(path.name), age, day, index, path.name
