"""A user's own formats: from code, from a TOML file, or from a strptime pattern."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from loganalytics.exceptions import InvalidArgumentError, SourceNotFoundError
from loganalytics.formats.definitions import Format
from loganalytics.formats.log_format import from_layout, is_setting, read_settings

Formats = Format | str | os.PathLike[str] | Sequence[Format]

# The keys of a format in TOML, and the type of each.
_KEYS: dict[str, tuple[type, str]] = {
    "name": (str, "text"), "pattern": (str, "text"), "time": (str, "text"), "levels": (dict, "a table of words"),
    "status": (str, "text"), "message": (list, "a list of fields"), "multiline": (bool, "true or false"),
    "log_format": (str, "text"),
}  # fmt: skip

# What strptime's directives look like in text.
_DIRECTIVES = {
    "%Y": r"\d{4}", "%y": r"\d{2}", "%m": r"\d{1,2}", "%d": r"\d{1,2}", "%e": r"[ \d]\d", "%j": r"\d{3}",
    "%H": r"\d{1,2}", "%I": r"\d{1,2}", "%M": r"\d{2}", "%S": r"\d{2}", "%f": r"\d{1,9}", "%.f": r"(?:\.\d{1,9})?",
    "%3f": r"\d{3}", "%6f": r"\d{6}", "%9f": r"\d{9}", "%b": r"[A-Za-z]{3}", "%B": r"[A-Za-z]+", "%a": r"[A-Za-z]{3}",
    "%A": r"[A-Za-z]+", "%p": r"[AaPp][Mm]", "%z": r"[+-]\d{2}:?\d{2}", "%#z": r"(?:Z|[+-]\d{2}:?\d{2})",
    "%T": r"\d{2}:\d{2}:\d{2}", "%F": r"\d{4}-\d{2}-\d{2}", "%s": r"\d{9,10}",
}  # fmt: skip
_DIRECTIVE = re.compile(r"%(?:[.#]|\d)?[A-Za-z]")


def read_formats(formats: Formats | None) -> tuple[Format, ...]:
    """Return the formats as a tuple: one, several, those of a TOML file, or none.

    Raises InvalidArgumentError for a format that cannot work and SourceNotFoundError when there is no such file.
    """
    if formats is None:
        return ()
    if isinstance(formats, Format):
        return (_checked(formats),)
    if isinstance(formats, str | os.PathLike):
        return _from_toml(Path(formats)) if is_toml(formats) else _from_server(formats)
    return tuple(map(_checked, formats))


def is_toml(formats: str | os.PathLike[str]) -> bool:
    """Whether it names a TOML file, rather than it is a web server's setting or the name of its configuration."""
    return not (isinstance(formats, str) and is_setting(formats)) and Path(formats).suffix != ".conf"


def _from_server(formats: str | os.PathLike[str]) -> tuple[Format, ...]:
    is_text = isinstance(formats, str) and is_setting(formats)
    text = str(formats) if is_text else _read(Path(formats)).decode(errors="replace")
    return tuple(map(_checked, read_settings(text)))


def from_strptime(pattern: str) -> Format:
    """Return the format of lines that begin with a time as strptime writes it; the rest is the message."""
    end, shape = 0, ""
    for directive in _DIRECTIVE.finditer(pattern):
        if directive[0] not in _DIRECTIVES:
            directives = " ".join(_DIRECTIVES)
            raise InvalidArgumentError(f"{directive[0]!r} in {pattern!r} cannot be read. Hint: use {directives}.")
        shape += re.escape(pattern[end : directive.start()]) + _DIRECTIVES[directive[0]]
        end = directive.end()
    shape += re.escape(pattern[end:])
    regex = rf"^[\[(<]?(?P<timestamp>{shape})[\])>]?[\s:|,-]*(?P<message>.*)$"
    return _checked(Format(f"time {pattern}", regex, time=pattern))


def read_toml(path: Path) -> dict[str, Any]:
    """Return what a TOML file holds.

    Raises InvalidArgumentError where it is not TOML, and SourceNotFoundError when there is no such file.
    """
    import tomllib  # few loads have a file of their own formats

    try:
        return tomllib.loads(_read(path).decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidArgumentError(f"{str(path)!r} is not valid TOML: {error}. Hint: correct that line.") from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise SourceNotFoundError(f"There is no file of formats {str(path)!r}. Hint: check the path.") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InvalidArgumentError(f"{str(path)!r} cannot be read: {reason}. Hint: name a TOML file.") from None


def _from_toml(path: Path) -> tuple[Format, ...]:
    settings = read_toml(path)
    tables = settings.get("format", [])
    if not settings:
        raise InvalidArgumentError(f"{str(path)!r} holds no format. Hint: begin one with [[format]], name and pattern.")
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise InvalidArgumentError(
            f"format in {str(path)!r} is not a list of tables. Hint: begin each with [[format]]."
        )
    return tuple(_from_table(table, path) for table in tables)


def _from_table(table: Mapping[str, Any], path: Path) -> Format:
    unknown = sorted(set(table) - _KEYS.keys())
    if unknown or not {"name"} <= set(table) or not {"pattern", "time", "log_format"} & set(table):
        problem = f"has the key {unknown[0]!r}" if unknown else "lacks a name, or a pattern, time or log_format"
        raise InvalidArgumentError(
            f"A format in {str(path)!r} {problem}. Hint: its keys are {', '.join(sorted(_KEYS))}."
        )
    for key, setting in table.items():
        kind, description = _KEYS[key]
        entries = setting.values() if isinstance(setting, dict) else setting if isinstance(setting, list) else ()
        if not isinstance(setting, kind) or not all(isinstance(entry, str) for entry in entries):
            raise InvalidArgumentError(
                f"{key} of a format in {str(path)!r} is not {description}. Hint: write texts in quotes."
            )
    if "log_format" in table:
        return _checked(from_layout(table["log_format"], table["name"]))
    if "pattern" not in table:
        return from_strptime(table["time"])
    return _checked(Format(**{**table, "message": tuple(table.get("message", ()))}))


def _checked(log_format: Format) -> Format:
    try:
        groups = pl.Series([""]).str.extract_groups(log_format.regex).struct.fields
    except pl.exceptions.ComputeError as error:
        reason = next((line for line in str(error).splitlines() if line.startswith("error:")), "it does not compile")
        raise InvalidArgumentError(
            f"The pattern of format {log_format.name!r} is not a valid regular expression ({reason}). "
            "Hint: it is in Rust's dialect, without look-around."
        ) from None
    if not {"timestamp", "message"} <= {*groups, *(("message",) if log_format.message else ())}:
        raise InvalidArgumentError(
            f"The pattern of format {log_format.name!r} captures {', '.join(groups) or 'nothing by name'}. "
            "Hint: it needs (?P<timestamp>…) and (?P<message>…)."
        )
    return log_format
