"""Whether lines may be JSON documents, seen by how they begin: for most files no more is needed than this."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

BLANK = " \t\r\n\x1e\ufeff,"
MAX_HEAD_LINES, MAX_HEAD_CHARACTERS = 500, 256 * 1024
_START = re.compile(r'[\s\x1e\ufeff,]*(?:\{|\[\s*(?:$|[\[{"])|data:)')
_PEEKED_LINES = 5


def head_of(lines: Sequence[str]) -> list[str]:
    """Return the first lines that are not blank."""
    return [line[:MAX_HEAD_CHARACTERS] for line in lines[:MAX_HEAD_LINES] if line.strip(BLANK)]


def may_be_documents(lines: Sequence[str]) -> bool:
    """Whether some line begins as a document does and is not a record as a whole."""
    head = head_of(lines)
    first = next((line for line in head if _START.match(line)), None)
    return first is not None and not all(map(is_record, [*head[:_PEEKED_LINES], first]))


def is_record(line: str) -> bool:
    """Whether a line is a JSON object that is a record."""
    if not line.startswith("{"):
        return False
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return False
    if not isinstance(value, dict) or not any(map(_holds_more, value.values())):
        return isinstance(value, dict)
    from loganalytics.formats.json_documents.envelope import record_path
    from loganalytics.formats.json_documents.listed_texts import holds_texts
    from loganalytics.formats.json_documents.tables import is_table

    return not record_path(value) and not is_table(value) and not holds_texts(value)


def _holds_more(value: object) -> bool:
    """Whether a value may hold records or lines; most records have none such."""
    return isinstance(value, list | dict) or (isinstance(value, str) and "\n" in value)
