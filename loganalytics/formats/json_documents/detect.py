"""Whether a sample of lines is JSON that is not an object a line, and how its records lie in it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from loganalytics.formats.framing import Framing
from loganalytics.formats.json_documents.cloudwatch import are_cloudwatch, read_event
from loganalytics.formats.json_documents.envelope import (
    WRAPPERS,
    are_records,
    elements_at,
    is_paired,
    record_path,
    records_of,
)
from loganalytics.formats.json_documents.event_stream import EventStream, is_event_stream
from loganalytics.formats.json_documents.framer import DocumentShape
from loganalytics.formats.json_documents.heads import BLANK, MAX_HEAD_CHARACTERS, MAX_HEAD_LINES, head_of, is_record
from loganalytics.formats.json_documents.lines import ListedLines
from loganalytics.formats.json_documents.listed_texts import holds_texts, read_texts
from loganalytics.formats.json_documents.loki import is_stream, read_stream
from loganalytics.formats.json_documents.otlp import read_record
from loganalytics.formats.json_documents.skeleton import RecordPath
from loganalytics.formats.json_documents.strings import ListedStrings, are_strings
from loganalytics.formats.json_documents.structure import depths, structure_of
from loganalytics.formats.json_documents.tables import is_table, read_table
from loganalytics.formats.text_framer import to_text

_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|[{}\[\],]')
_CLOSING = {"{": "}", "[": "]"}
_COMMENTS = ("#", "//")
_MAX_DOCUMENTS = 50
_MIN_SHARE = 0.5
_MIN_ALIGNED = 0.9
_DECODER = json.JSONDecoder()


@dataclass(kw_only=True)
class _Documents:
    """The JSON documents at the head of a file."""

    values: list[Any] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)
    read_to: int = 0
    """How much of the text was looked at."""
    is_cut: bool = False
    """Whether the last one goes on behind the sample."""


def detect_documents(lines: Sequence[str]) -> Framing | None:
    """Return how the records of a sample that may be documents are put together; None where each line is one."""
    head = head_of(lines)
    if is_event_stream(head):
        return Framing(name="server-sent events", framer=EventStream(), splits_lines=True)
    if _are_listed(head):
        return Framing(name="JSON array", framer=ListedLines(), splits_lines=True)
    text = "\n".join(line[:MAX_HEAD_CHARACTERS] for line in lines[:MAX_HEAD_LINES])[:MAX_HEAD_CHARACTERS]
    documents = _read(text)
    covered = sum(end - start for start, end in documents.spans)
    if not documents.values or covered < _MIN_SHARE * len(text[: documents.read_to].strip()):
        return None
    if _are_lines(text, documents):
        return None
    if are_strings(documents.values):
        return Framing(name="JSON array of lines", framer=ListedStrings(), splits_lines=True)
    paths = Counter(record_path(value) for value in documents.values)
    path = paths.most_common(1)[0][0]
    records = [record for value in documents.values for record in records_of(value, path)]
    if not records or not are_records(records[:_MAX_DOCUMENTS]):
        return None
    return _framing(text, documents, path, records)


def _are_lines(text: str, documents: _Documents) -> bool:
    """Whether most documents are objects that fill a line and hold no list of records."""
    whole = [
        isinstance(value, dict) and (not start or text[start - 1] == "\n") and text[end : end + 1] in ("", "\n", "\r")
        for value, (start, end) in zip(documents.values, documents.spans, strict=True)
    ]
    lines = [
        value
        for value, is_whole, (start, end) in zip(documents.values, whole, documents.spans, strict=True)
        if is_whole and "\n" not in text[start:end] and not record_path(value) and not _is_unpacked(value)
    ]
    return len(lines) > _MIN_SHARE * len(whole)


def _is_unpacked(value: Any) -> bool:
    """Whether an object that is no envelope of records holds several, written otherwise."""
    return is_table(value) or holds_texts(value)


def _are_listed(head: Sequence[str]) -> bool:
    """Whether each line holds one record, with what a list puts around some."""
    inner = [line for text in head if (line := text.strip(" \t\r[],\x1e\ufeff")) and not line.startswith(_COMMENTS)]
    objects = [line for line in inner if line.startswith("{") and line.endswith("}")]
    if not objects or len(objects) < _MIN_ALIGNED * len(inner) or objects == head:
        return False
    sample = [json.loads(line) for line in objects[:_MAX_DOCUMENTS] if is_record(line)]
    return len(sample) >= _MIN_ALIGNED * len(objects[:_MAX_DOCUMENTS]) and are_records(sample)


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _read(text: str) -> _Documents:
    """Read the documents at the head of a text."""
    documents = _Documents()
    place = 0
    while place < len(text) and len(documents.values) < _MAX_DOCUMENTS:
        if text[place] in BLANK:
            place += 1
            continue
        end = _read_one(text, place, documents) if text[place] in "{[" else None
        place = documents.read_to = end or (text.find("\n", place) + 1 or len(text))
    return documents


def _read_one(text: str, place: int, documents: _Documents) -> int | None:
    """Read the document at a place, and return where it ends; None where there is none."""
    try:
        value, end = _DECODER.raw_decode(text, place)
    except json.JSONDecodeError as error:
        value = _closed(text[place : error.pos])
        if value is None:
            return None
        end = text.find("\n", place)
        documents.is_cut = not 0 <= error.pos <= end
        end = len(text) if documents.is_cut else end
    except RecursionError:
        return None
    documents.values.append(value)
    documents.spans.append((place, end))
    return end


def _closed(text: str) -> Any:
    """Return the value of a document that is cut or broken, up to the last value that ends."""
    stack: list[str] = []
    end, open_there = 0, ""
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token in _CLOSING:
            stack.append(_CLOSING[token])
        elif token in "]}":
            if not stack or stack.pop() != token or not stack:
                return None
            end, open_there = match.end(), "".join(reversed(stack))
        elif token == ",":
            end, open_there = match.start(), "".join(reversed(stack))
    try:
        return json.loads(text[:end] + open_there) if end else None
    except (ValueError, RecursionError):
        return None


def _framing(text: str, documents: _Documents, path: RecordPath, records: Sequence[dict[str, Any]]) -> Framing | None:
    are_paired = any(is_paired(element) for value in documents.values for element in elements_at(value, path))
    wrapper = path[-1] if path and path[-1] in WRAPPERS else None
    outer = path[:-1] if wrapper else path
    objects = [element for value in documents.values for element in elements_at(value, outer)] if wrapper else records
    indent = _indent(text, len(outer), b"[" if are_paired else b"{")
    shape = DocumentShape(
        path=outer,
        wrapper=wrapper,
        indent=indent,
        ends_with_line=indent is None and _end_with_lines(text, documents),
        first_keys=tuple(sorted({next(iter(record)) for record in objects[:_MAX_DOCUMENTS] if record})),
        is_paired=are_paired,
        rewrite=_rewrite(path, records),
    )
    return Framing(name=_name(path), framer=shape, splits_lines=True)


def _rewrite(path: RecordPath, records: Sequence[dict[str, Any]]) -> Callable[[str], list[str]] | None:
    """Return what reads records that are written in a peculiar way."""
    if all(map(is_table, records[:_MAX_DOCUMENTS])):
        return read_table
    if all(map(is_stream, records[:_MAX_DOCUMENTS])):
        return read_stream
    if all(map(holds_texts, records[:_MAX_DOCUMENTS])):
        return read_texts
    if are_cloudwatch(records[:_MAX_DOCUMENTS], in_log_events="logEvents" in path):
        return read_event
    return read_record if {"logRecords", "log_records"} & set(path) else None


def _name(path: RecordPath) -> str:
    names = [step for step in path if step]
    if names:
        return f"JSON envelope ({'.'.join(names)})"
    return "JSON array" if path else "JSON documents"


def _end_with_lines(text: str, documents: _Documents) -> bool:
    """Whether each document is within a line, and none goes on in the next."""
    if documents.is_cut and "\n" in text[documents.spans[-1][0] :]:
        return False
    return not any("\n" in text[start:end].strip() for start, end in documents.spans)


def _indent(text: str, depth: int, bracket: bytes) -> str | None:
    """Return what is before each record in its line, where each begins one and most take several."""
    lines = pl.DataFrame({"line": text.split("\n")}).with_columns(is_cut=pl.lit(value=False))
    utf8 = to_text(lines)
    structure = structure_of(utf8)
    behind = depths(structure.steps, 0, np.array([], dtype=np.int64), 0)
    begins_record = utf8.codes[structure.positions] == bracket[0]
    starts = structure.positions[(behind == depth + 1) & (structure.steps == 1) & begins_record]
    rows = np.searchsorted(utf8.starts, starts, side="right") - 1
    if not rows.size or np.unique(rows).size < rows.size:
        return None
    before = [utf8.utf8[utf8.starts[row] : start].decode() for row, start in zip(rows, starts, strict=True)]
    indent, count = Counter(before).most_common(1)[0]
    has_several = any(not _is_object(line.strip(" \t\r,")) for line in lines["line"].gather(rows))
    is_aligned = not indent.strip(BLANK) and count >= _MIN_ALIGNED * len(before) and has_several
    return indent if is_aligned else None
