"""What makes an object a record of a log: the core columns that its own fields are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from loganalytics.formats.fields.record_schema import infer_schema


def core_columns(records: Sequence[Mapping[str, Any]]) -> set[str]:
    """Return the core columns that records have."""
    record_schema = infer_schema(records)
    return set(record_schema.core) if record_schema else set()


def is_record_itself(document: Mapping[str, Any]) -> bool:
    """Whether an object has a time, or a level and a message, outside of its lists and objects."""
    own = core_columns([{name: value for name, value in document.items() if not isinstance(value, dict | list)}])
    return "timestamp" in own or {"level", "message"} <= own
