"""Records of OpenTelemetry in JSON: attributes that are lists of keys and values become objects."""

from __future__ import annotations

import json
from typing import Any

_VALUES = ("stringValue", "intValue", "doubleValue", "boolValue", "bytesValue")


def read_record(line: str) -> list[str]:
    """Return the JSON text of a log record with its attributes as objects."""
    if '"key"' not in line and "Value" not in line:
        return [line]
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return [line]
    return [json.dumps(_plain(record), ensure_ascii=False, separators=(",", ":"))]


def _plain(value: Any) -> Any:
    """Return a value without OpenTelemetry's wrappers of types."""
    if isinstance(value, dict):
        return _unwrapped(value) if len(value) == 1 else {name: _plain(inner) for name, inner in value.items()}
    if not isinstance(value, list):
        return value
    if value and all(
        isinstance(element, dict) and "key" in element and element.keys() <= {"key", "value"} for element in value
    ):
        return {str(element["key"]): _plain(element.get("value")) for element in value}
    return [_plain(element) for element in value]


def _unwrapped(value: dict[str, Any]) -> Any:
    """Return what an object of one field holds, if the field's name is a type."""
    name, inner = next(iter(value.items()))
    if name == "intValue":
        return int(inner) if str(inner).lstrip("-").isdigit() else inner
    if name in _VALUES:
        return inner
    if name == "arrayValue" and isinstance(inner, dict):
        return [_plain(element) for element in inner.get("values", [])]
    if name == "kvlistValue" and isinstance(inner, dict):
        return _plain(inner.get("values", []))
    return {name: _plain(inner)}
