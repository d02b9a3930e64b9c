"""Objects that hold a log as a list of its lines, as APIs of containers and builds answer: {"lines": ["...", ...]}."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from loganalytics.formats.envelopes.recognition import shows_format
from loganalytics.formats.fields.aliases import fold_name
from loganalytics.formats.json_documents.beside import MAX_REPEATED, beside_record
from loganalytics.formats.json_documents.records import is_record_itself

_NAMES = {
    "lines", "loglines", "logs", "log", "logentries", "messages", "output", "stdout", "stderr", "stdoutlines",
    "stderrlines",
}  # fmt: skip
_TEXT_NAMES = {"lines", "loglines", "logs"}
_MIN_SHARE = 0.5
_MIN_LINES = 2
# The name of a text that may go on in the next one, as what a container wrote.
_LINE = "log"


def holds_texts(document: Any) -> bool:
    """Whether an object holds the lines of a log."""
    return isinstance(document, dict) and _list_name(document) is not None


def read_texts(line: str) -> list[str]:
    """Return the lines that an object holds as records, each with the fields beside the list, if these are short."""
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        return [line]
    name = _list_name(document) if isinstance(document, dict) else None
    if name is None:
        return [line]
    context = beside_record({key: value for key, value in document.items() if key != name})
    repeated = context if len(json.dumps(context)) <= MAX_REPEATED else {}
    texts = _texts(name, document[name])
    records = [{_LINE: text, **(repeated if number else context)} for number, text in enumerate(texts)]
    return [json.dumps(record, ensure_ascii=False, separators=(",", ":")) for record in records]


def _list_name(document: Mapping[str, Any]) -> str | None:
    """Return the name of the list of lines of an object; None where it has none."""
    found = {name: texts for name, value in document.items() if (texts := _texts(name, value))}
    if not found:
        return None
    name = max(found, key=lambda name: sum(map(len, found[name])))
    is_named, has_own = fold_name(name) in _NAMES, shows_format(found[name])
    if is_record_itself(document):
        return name if is_named and has_own else None
    is_most = len(json.dumps(found[name])) > _MIN_SHARE * len(json.dumps(document))
    return name if is_named or (has_own and is_most) else None


def _texts(name: str, value: Any) -> list[str]:
    """Return the lines that a field holds, in a list or as one text."""
    if isinstance(value, list) and all(isinstance(element, str) for element in value):
        return [element.rstrip("\r\n") for element in value]
    lines = value.rstrip("\r\n").split("\n") if isinstance(value, str) and fold_name(name) in _TEXT_NAMES else []
    return lines if len(lines) >= _MIN_LINES else []
