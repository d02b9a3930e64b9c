"""What a user says of logs: by arguments, or at the top of the TOML file that holds the formats."""

from __future__ import annotations

import codecs
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from loganalytics.exceptions import InvalidArgumentError
from loganalytics.formats.custom import Formats, from_strptime, is_toml, read_toml
from loganalytics.formats.definitions import Format
from loganalytics.formats.hints import Hints
from loganalytics.times import parse_zone

Durations = str | Sequence[str] | Mapping[str, str]
"""Fields that hold durations, with their units: "took=us", several such, or a mapping."""

_MS_PER_UNIT = {"ns": 1e-6, "us": 1e-3, "µs": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4, "min": 6e4, "h": 3.6e6}
_KEYS = {"tz": str, "time": str, "dayfirst": bool, "level": str, "duration": dict, "encoding": str}


def parse_hints(
    *, tz: str = "UTC", time: str | None = None, dayfirst: bool | None = None, level_field: str | None = None,
    duration: Durations | None = None, encoding: str | None = None, formats: Formats | None = None,
) -> Hints:  # fmt: skip
    """Return what the arguments say, and where they say nothing, what the TOML file of `formats` says.

    Raises InvalidArgumentError, which names what cannot be read.
    """
    settings = _read_settings(formats)
    hints = Hints(
        tz=parse_zone(settings.get("tz", tz) if tz == "UTC" else tz).key,
        dayfirst=settings.get("dayfirst") if dayfirst is None else dayfirst,
        time=time or settings.get("time"),
        own_times=_times_of(formats),
        level=level_field or settings.get("level"),
        durations=_parse_durations(duration or settings.get("duration", {})),
        encoding=_parse_encoding(encoding or settings.get("encoding")),
    )
    for pattern in hints.time_patterns:
        from_strptime(pattern)  # raises for a directive that is not known
    return hints


def _read_settings(formats: Formats | None) -> dict[str, Any]:
    """Return the settings above the formats of a TOML file."""
    if not isinstance(formats, str | os.PathLike) or not is_toml(formats):
        return {}
    settings = {key: setting for key, setting in read_toml(Path(formats)).items() if key != "format"}
    for key, setting in settings.items():
        if not isinstance(setting, _KEYS.get(key, ())):
            problem = "is not known" if key not in _KEYS else f"is {setting!r}"
            raise InvalidArgumentError(
                f"The setting {key!r} of {os.fspath(formats)!r} {problem}. "
                'Hint: tz, time, level and encoding are text, dayfirst true or false, duration a table: {took = "us"}.'
            )
    return settings


def _times_of(formats: Formats | None) -> tuple[str, ...]:
    """Return the strptime patterns of the user's own formats."""
    own = [formats] if isinstance(formats, Format) else formats if isinstance(formats, Sequence) else []
    return tuple(dict.fromkeys(form.time for form in own if isinstance(form, Format) and form.time))


def _parse_durations(durations: Durations) -> dict[str, float]:
    if isinstance(durations, str):
        durations = [durations]
    if not isinstance(durations, Mapping):
        durations = dict(_parse_duration(text) for text in durations)
    unknown = next((str(unit) for unit in durations.values() if str(unit) not in _MS_PER_UNIT), None)
    if unknown is not None:
        raise InvalidArgumentError(
            f"There is no unit {unknown!r} of durations. Hint: one of {', '.join(_MS_PER_UNIT)}."
        )
    return {field: _MS_PER_UNIT[unit] for field, unit in durations.items()}


def _parse_duration(text: str) -> tuple[str, str]:
    field, separator, unit = text.rpartition("=")
    if not separator:
        raise InvalidArgumentError(f"{text!r} does not say the unit of a duration. Hint: write {text}=ms, =us or =s.")
    return field, unit


def _parse_encoding(encoding: str | None) -> str | None:
    if encoding is None:
        return None
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        raise InvalidArgumentError(
            f"There is no encoding {encoding!r}. Hint: one that Python knows, such as utf-8, gb18030, cp1252, utf-16."
        ) from None
