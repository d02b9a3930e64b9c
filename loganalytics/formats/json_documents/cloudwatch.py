"""Events of CloudWatch in JSON, whose messages are what the program wrote: JSON itself, or a line with a level."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

_BESIDE = {"ingestionTime", "logStreamName", "eventId"}
_LEVEL = re.compile(
    r"(?:\[?\d{4}[-/]\d\d[-/]\d\d[\dT:.,Z+ -]*\]?)?(?:\s[0-9a-f-]{36}\s)?[\s|\[<(-]*"
    r"(TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|CRITICAL|FATAL|SEVERE)\b"
)


def are_cloudwatch(records: Sequence[Mapping[str, Any]], *, in_log_events: bool) -> bool:
    """Whether records are events of CloudWatch Logs."""
    return all(
        isinstance(record.get("message"), str) and "timestamp" in record and (in_log_events or _BESIDE & record.keys())
        for record in records
    )


def read_event(line: str) -> list[str]:
    """Return an event with the fields, or the level, of its message."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return [line]
    message = event.get("message") if isinstance(event, dict) else None
    if not isinstance(message, str):
        return [line]
    fields = _fields(message)
    if fields is None:
        level = _LEVEL.match(message)
        return [_to_json({**event, "level": level[1]}) if level and "level" not in event else line]
    del event["message"]
    hidden = {name: event.pop(name) for name in fields.keys() & event.keys()}
    if hidden:
        event["aws.log.event"] = hidden
    return [_to_json({**event, **fields})]


def _fields(message: str) -> dict[str, Any] | None:
    """Return the fields of a message that is a JSON object."""
    if not message.startswith("{"):
        return None
    try:
        fields = json.loads(message)
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) and fields else None


def _to_json(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
