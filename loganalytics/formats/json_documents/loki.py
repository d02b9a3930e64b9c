"""Streams of Loki in JSON: labels, then a list of times and lines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_PAIR = 2


def is_stream(element: Any) -> bool:
    """Whether an object holds the lines of a stream."""
    if not isinstance(element, Mapping) or not isinstance(element.get("stream", element.get("labels")), dict):
        return False
    values = element.get("values")
    return isinstance(values, list) and all(isinstance(pair, list) and len(pair) >= _PAIR for pair in values)


def read_stream(line: str) -> list[str]:
    """Return the lines of a stream as records, each with the stream's labels."""
    try:
        stream = json.loads(line)
    except (ValueError, RecursionError):
        return [line]
    if not is_stream(stream):
        return [line]
    labels = stream.pop("stream", None) or stream.pop("labels", {})
    values = stream.pop("values")
    records = [
        {**stream, **labels, "timestamp": str(pair[0]), "message": pair[1], **_metadata(pair)} for pair in values
    ]
    return [json.dumps(record, ensure_ascii=False, separators=(",", ":")) for record in records] or [line]


def _metadata(pair: list[Any]) -> dict[str, Any]:
    """Return what stands behind time and line."""
    return {"metadata": pair[_PAIR]} if len(pair) > _PAIR else {}
