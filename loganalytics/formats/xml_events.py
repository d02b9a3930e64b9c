"""Logs in XML: Windows events, log4j and log4net, java.util.logging, and lists of elements of any other name."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from loganalytics.formats.framing import Framing
from loganalytics.formats.text_framer import Cuts, Text, TextFramer
from loganalytics.formats.xml_record import record_of

_NAMES = ("log4j:event", "log4net:event", "E2ETraceEvent", "Event", "event", "record", "logentry", "LogEntry", "entry")
_ELEMENT = re.compile(r"<([A-Za-z_][\w:.-]*)[\s>]")
_MARKUP = re.compile(
    r"\s*(?:<\?[^>]*\?>|<!DOCTYPE[^>\[]*>|</?[\w:.-]+(?:\s+xmlns(?::\w+)?=(?:\"[^\"]*\"|'[^']*'))*\s*>|\s+)"
)
_PEEKED_CHARACTERS = 64 * 1024
_MIN_REPEATED = 2
_MAX_RECORD_BYTES = 16 * 1024 * 1024


def detect_xml(lines: Sequence[str]) -> Framing | None:
    """Return how the elements of an XML log are put together; None where these lines are none."""
    first = next((line for line in lines if line.strip()), "").lstrip("\ufeff \t")
    if not first.startswith("<") or not (first.startswith(("<?xml", "<!")) or _ELEMENT.match(first)):
        return None
    text = "\n".join(lines)[:_PEEKED_CHARACTERS]
    names = Counter(_ELEMENT.findall(text))
    known = [name for name in _NAMES if names[name] and f"</{name}>" in text]
    name = known[0] if known else _repeated(text)
    if name is None:
        return None
    return Framing(name=f"XML ({name})", framer=Elements(name), splits_lines=True)


def _repeated(text: str) -> str | None:
    """Return the element that the root of a document repeats, if most of its elements are of that name."""
    opened = [match[1] for match in _ELEMENT.finditer(text)]
    if len(opened) < _MIN_REPEATED + 1 or not text.lstrip("\ufeff \t\n").startswith("<?xml"):
        return None
    name = opened[1]
    is_list = opened.count(name) >= _MIN_REPEATED and text.count(f"</{name}>") >= _MIN_REPEATED
    return name if is_list and record_of(_first(text, name)) else None


def _first(text: str, name: str) -> str:
    match = re.search(rf"(?s)<{re.escape(name)}[\s>].*?</{re.escape(name)}>", text)
    return match.group() if match else ""


@dataclass(frozen=True)
class Elements:
    """Elements of one name, each a record."""

    name: str

    def __call__(self) -> TextFramer:
        """Return the framer of one file."""
        return TextFramer(cutter=ElementCutter(self.name))


class ElementCutter:
    """Cuts the elements of a name out of a text, and makes JSON of each."""

    def __init__(self, name: str) -> None:
        self._start = re.compile(rf"<{re.escape(name)}(?=[\s/>])".encode())
        self._close = f"</{name}>".encode()

    def cut(self, text: Text) -> Cuts:
        """Return the elements that end in a text, and other text as it stands."""
        utf8, end = text.utf8, 0
        positions, records = list[int](), list[str]()
        starts = [match.start() for match in self._start.finditer(utf8)]
        for start, limit in itertools.pairwise([*starts, len(utf8)]):
            self._add_text(utf8[end:start], end, positions, records)
            end = self._element_end(utf8, start, limit)
            if end < 0 and limit == len(utf8) and not text.is_end and limit - start < _MAX_RECORD_BYTES:
                end = start
                break
            end = end if end > 0 else limit
            positions.append(start)
            records.append(_to_json(utf8[start:end].decode(errors="replace")))
        else:
            if utf8.endswith(b"\n") or text.is_end:
                self._add_text(utf8[end:], end, positions, records)
                end = len(utf8)
        line = pl.Series("line", records, dtype=pl.String)
        return Cuts(positions=np.array(positions, dtype=np.int64), line=line, end=end)

    def end(self) -> list[str]:
        """Return nothing: no text is kept."""
        return []

    def _element_end(self, utf8: bytes, start: int, limit: int) -> int:
        """Return where an element ends, -1 where it does not before the limit."""
        tag_end = utf8.find(b">", start, limit) + 1
        if tag_end and utf8[tag_end - 2] == ord("/"):
            return tag_end
        close = utf8.find(self._close, start, limit)
        return close + len(self._close) if close >= 0 else -1

    def _add_text(self, utf8: bytes, start: int, positions: list[int], records: list[str]) -> None:
        """Take text between elements, without the markup of the document."""
        if utf8.isspace() or not utf8:
            return
        for line in utf8.splitlines(keepends=True):
            text = line.decode(errors="replace")
            place = 0
            while match := _MARKUP.match(text, place):
                place = match.end()
            if text[place:].strip():
                positions.append(start + len(text[:place].encode()))
                records.append(text[place:].strip())
            start += len(line)


def _to_json(element: str) -> str:
    """Return an element as JSON, or as one line where it is not well-formed."""
    record = record_of(element)
    return json.dumps(record, ensure_ascii=False) if record else " ".join(element.split("\n"))
