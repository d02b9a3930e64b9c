"""How the records of a sample of lines are put together, where lines are not records.

What puts them together takes longer to import than most files take to read: it is imported where a line begins as
such records do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from loganalytics.formats.framing import Framing
from loganalytics.formats.json_documents.heads import may_be_documents

_JSON_OBJECT = re.compile(r"\{\s*\"")
_MARKUP = re.compile(r"[\ufeff \t]*<[A-Za-z_?!]")
_VERBOSE_JOURNAL = "[s="
_SLOW_LOG = "# User@Host:"


def detect_framing(lines: Sequence[str]) -> Framing | None:
    """Return how records of several lines, or several of a line, are written; None where each line is one."""
    detectors = (_detect_documents, _detect_js_objects, _detect_journal, _detect_xml, _detect_slow_log)
    return next((framing for detector in detectors if (framing := detector(lines))), None)


def _detect_documents(lines: Sequence[str]) -> Framing | None:
    if not may_be_documents(lines):
        return None
    from loganalytics.formats.json_documents.detect import detect_documents

    return detect_documents(lines)


def _detect_js_objects(lines: Sequence[str]) -> Framing | None:
    if not any(line.startswith("{") and not _JSON_OBJECT.match(line) for line in lines):
        return None
    from loganalytics.formats.json_documents.js_objects import detect_js_objects

    return detect_js_objects(lines)


def _detect_journal(lines: Sequence[str]) -> Framing | None:
    first = next(filter(None, lines), "")
    if not first.startswith("__") and _VERBOSE_JOURNAL not in first:
        return None
    from loganalytics.formats.journal_export import detect_journal

    return detect_journal(lines)


def _detect_xml(lines: Sequence[str]) -> Framing | None:
    if not _MARKUP.match(next(filter(str.strip, lines), "")):
        return None
    from loganalytics.formats.xml_events import detect_xml

    return detect_xml(lines)


def _detect_slow_log(lines: Sequence[str]) -> Framing | None:
    if not any(line.startswith(_SLOW_LOG) for line in lines):
        return None
    from loganalytics.formats.slow_log import detect_slow_log

    return detect_slow_log(lines)
