"""How the records of a sample of lines are put together, where lines are not records."""

from __future__ import annotations

import re
from collections.abc import Sequence

from loganalytics.formats.framing import Framing
from loganalytics.formats.journal_export import detect_journal
from loganalytics.formats.json_documents.heads import may_be_documents
from loganalytics.formats.json_documents.js_objects import detect_js_objects
from loganalytics.formats.slow_log import detect_slow_log

_MARKUP = re.compile(r"[\ufeff \t]*<[A-Za-z_?!]")


def detect_framing(lines: Sequence[str]) -> Framing | None:
    """Return how records of several lines, or several of a line, are written; None where each line is one."""
    detectors = (_detect_documents, detect_js_objects, detect_journal, _detect_xml, detect_slow_log)
    return next((framing for detector in detectors if (framing := detector(lines))), None)


# What cuts records out of documents takes longer to import than most files take to read.
def _detect_documents(lines: Sequence[str]) -> Framing | None:
    if not may_be_documents(lines):
        return None
    from loganalytics.formats.json_documents.detect import detect_documents

    return detect_documents(lines)


def _detect_xml(lines: Sequence[str]) -> Framing | None:
    first = next((line for line in lines if line.strip()), "")
    if not _MARKUP.match(first):
        return None
    from loganalytics.formats.xml_events import detect_xml

    return detect_xml(lines)
