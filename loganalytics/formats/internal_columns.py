"""The columns that events have on their way to the log frame only, kept apart from the fields of records.

A record may have a field of any name. One that is called as such a column is, or as a core column, has another name
until the internal columns are gone.
"""

from __future__ import annotations

import polars as pl

from loganalytics.schema import CORE

FORMAT_INDEX = "\0format"
"""Which format an event is in, while a block is put together."""
CRASHED = "\0crash"
"""Whether an event is a crash."""
INTERNAL = ("n", "line", "parsed", "multiline", "continues")
REPEATED_KEYS = "\0repeated_keys"
"""How many keys of a record stand in it once more."""
STREAM = "\0stream"
"""The column of what wrote an event, in a file of several writers."""
STREAM_IS_MULTILINE = "\0stream_is_multiline"
"""The column of whether lines of the same stream belong to an event that do not match."""
UNTIMED = "\0untimed"
"""Whether an event has no time because its format has none."""
_GUARD = "\0"  # no name of a field holds it


def guarded(name: str) -> str:
    """Return the column of a field: its name, unless an internal column is called so."""
    return _GUARD + name if name in INTERNAL else name


def column_of(name: str) -> str:
    """Return the column of a field that is not a core column itself, though it may be called as one."""
    return f"attributes.{name}" if name in CORE or name == "attributes" else guarded(name)


def column_name(path: tuple[str, ...]) -> str:
    """Return the name of the column of a record's field, which differs from those of the core columns."""
    return column_of(".".join(path))


def column_of_group(name: str) -> str:
    """Return the column of a format's group, which may be a core column, unless that is ours to fill."""
    return column_of(name) if name in ("severity_number", "source", "offset", "attributes") else guarded(name)


def without_internal(events: pl.DataFrame) -> pl.DataFrame:
    """Return the events without internal columns; the fields have their own names again."""
    renamed = {guarded(name): name for name in INTERNAL if guarded(name) in events.columns}
    return events.drop(*INTERNAL, CRASHED, REPEATED_KEYS, STREAM, STREAM_IS_MULTILINE, UNTIMED, strict=False).rename(
        renamed
    )
