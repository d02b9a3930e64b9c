"""Where the records are in a JSON document: in it, in one of its lists, or an object that wraps each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from loganalytics.formats.fields.aliases import fold_name
from loganalytics.formats.json_documents.listed_texts import holds_texts
from loganalytics.formats.json_documents.loki import is_stream
from loganalytics.formats.json_documents.records import core_columns, is_record_itself
from loganalytics.formats.json_documents.skeleton import RecordPath
from loganalytics.formats.json_documents.tables import is_table, rows_of

# Lists that hold records, by what exporters and APIs call them.
_LIST_NAMES = {
    "records", "events", "logs", "logevents", "logrecords", "hits", "value", "data", "items", "result", "results",
    "entries", "rows", "messages", "streams", "resourcelogs", "scopelogs", "instrumentationlibrarylogs", "logentries",
}  # fmt: skip
# An object that holds a record, and a field that is beside it.
WRAPPERS = {"_source": "", "attributes": "id", "result": "preview"}
_MIN_SHARE = 0.5
_MAX_DEPTH = 6
_SAMPLE = 20


def are_records(records: Sequence[Mapping[str, Any]]) -> bool:
    """Whether objects are records of a log: with a time, or with a level or a message."""
    if all(map(is_table, records)):
        records = [row for table in records for row in rows_of(table)[:_SAMPLE]]
    if all(map(is_stream, records)) or all(map(holds_texts, records)):
        return True
    return bool(core_columns(records) & {"timestamp", "level", "message"})


def record_path(document: Any) -> RecordPath:
    """Return the steps from a document to its records; none where it is a record itself."""
    if isinstance(document, list):
        objects = [element for element in document[:_SAMPLE] if isinstance(element, dict)]
        return (None, *_inner_path(objects)) if objects else _nested_path(document)
    if not isinstance(document, dict) or is_stream(document) or is_table(document):
        return ()
    for name, beside in WRAPPERS.items():
        inner = document.get(name)
        if isinstance(inner, dict) and inner and (not beside or beside in document):
            return (name,)
    return () if holds_texts(document) else _list_path(document) or _text_path(document)


def _nested_path(document: list[Any]) -> RecordPath:
    """Return the steps to the records of a list of lists."""
    lists = [element for element in document[:_SAMPLE] if isinstance(element, list) and element]
    if lists and all(map(is_paired, lists)):
        return (None,)
    paths = [path for element in lists if (path := record_path(element))]
    return (None, *max(paths, key=paths.count)) if paths else ()


def _inner_path(objects: Sequence[dict[str, Any]]) -> RecordPath:
    paths = [record_path(element) for element in objects]
    return max(paths, key=paths.count)


def _list_path(document: dict[str, Any]) -> RecordPath:
    """Return the steps to the list of a document that holds its records."""
    lists = list(_lists(document, ()))
    if not lists:
        return ()
    is_record = is_record_itself(document)
    size = len(json.dumps(document))
    for path, elements in sorted(lists, key=lambda found: -len(json.dumps(found[1]))):
        is_named = fold_name(path[-1]) in _LIST_NAMES
        if is_record and not (is_named and "timestamp" in core_columns(elements)):
            continue
        inner = _inner_path(elements)
        if (is_named or len(json.dumps(elements)) > _MIN_SHARE * size) and (inner or are_records(elements)):
            return (*path, None, *inner)
    return ()


def _text_path(document: dict[str, Any], depth: int = 1) -> RecordPath:
    """Return the steps to the object within a document that holds lines of text."""
    if is_record_itself(document):
        return ()
    for name, value in document.items():
        if isinstance(value, dict) and depth < _MAX_DEPTH:
            if holds_texts(value):
                return (name,)
            if inner := _text_path(value, depth + 1):
                return (name, *inner)
    return ()


def _lists(document: dict[str, Any], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], list[dict[str, Any]]]]:
    """Yield the lists of objects within an object, each with the names that lead to it."""
    for name, value in document.items():
        inner = (*path, name)
        if isinstance(value, dict) and len(inner) < _MAX_DEPTH:
            yield from _lists(value, inner)
        elif isinstance(value, list) and value and all(isinstance(element, dict) and element for element in value):
            yield inner, value[:_SAMPLE]
        elif isinstance(value, list) and value and all(map(is_paired, value)):
            yield inner, [pairs_to_fields(element) for element in value[:_SAMPLE]]


def is_paired(element: Any) -> bool:
    """Whether a record is written as a list of fields and values, as CloudWatch's queries answer."""
    if not isinstance(element, list) or not element:
        return False
    return all(isinstance(pair, dict) and pair.keys() == {"field", "value"} for pair in element)


def pairs_to_fields(pairs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the record that a list of fields and values is."""
    return {str(pair["field"]): pair["value"] for pair in pairs}


def records_of(document: Any, path: RecordPath) -> Iterator[dict[str, Any]]:
    """Yield the records that a document holds."""
    for element in elements_at(document, path):
        if isinstance(element, dict):
            yield element
        elif is_paired(element):
            yield pairs_to_fields(element)


def elements_at(document: Any, path: RecordPath) -> Iterator[Any]:
    """Yield what a document holds at a path."""
    if not path:
        yield document
        return
    step, *rest = path
    if step is None and isinstance(document, list):
        for element in document:
            yield from elements_at(element, tuple(rest))
    elif step is not None and isinstance(document, dict):
        yield from elements_at(document.get(step), tuple(rest))
