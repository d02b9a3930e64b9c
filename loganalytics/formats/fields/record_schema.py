"""What a sample of records holds: each field's path and type, and which fields are the core columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import polars as pl

from loganalytics.formats.fields.aliases import FieldPath, may_hold_alias, value_at
from loganalytics.formats.fields.semantics import FieldSemantics, field_semantics
from loganalytics.formats.fields.times import BRACKETS, MIDNIGHT
from loganalytics.formats.hints import NO_HINTS, Hints
from loganalytics.formats.internal_columns import column_name

_INTEGER_TEXT = re.compile(r"(?:0|-?[1-9]\d{0,17})$")
_DECIMAL_TEXT = re.compile(r"-?(?:0|[1-9]\d*)\.\d+$")
# Versions are no numbers: 1.10 is not 1.1.
_VERSION_NAME = re.compile(r"(?:.*[_.@ -])?(?i:ver|vers|version|release|revision)$|.*(?:V(?:er|ersion)|Release)$")
_MAX_FIELDS = 200
_MAX_OBJECT_KEYS = 60  # an object with more looks like data keyed by values
MAX_DEPTH = 6  # names of a flattened field; what is deeper stays JSON text
INTEGER, NUMBER, BOOLEAN, TEXT = "integer", "number", "boolean", "text"
_NESTED, _OBJECT = "nested", "object"
_OBJECTS = (_NESTED, _OBJECT)
DTYPES: dict[str, pl.DataType] = {
    INTEGER: pl.Int64(),
    NUMBER: pl.Float64(),
    BOOLEAN: pl.Boolean(),
    TEXT: pl.String(),
}
_JSON_TYPES: dict[type, frozenset[str]] = {
    kind: frozenset({name}) for kind, name in ((bool, BOOLEAN), (float, NUMBER), (list, _NESTED), (dict, _NESTED))
}
_INTEGERS, _TEXTS, _NOTHING = frozenset({INTEGER}), frozenset({TEXT}), frozenset[str]()

FieldTree = dict[str, Any]
"""Fields as a tree of objects: each name leads to a tree or, at the end, to the field's path."""


@dataclass(frozen=True, kw_only=True)
class RecordSchema:
    """The fields of records by their paths, and what they mean."""

    fields: Mapping[FieldPath, str]
    """The type of each field."""
    core: Mapping[str, tuple[FieldPath, ...]]
    """The fields that each core column is read from, the likelier first."""
    semantics: FieldSemantics = field(default_factory=FieldSemantics)
    nested: frozenset[FieldPath] = frozenset()
    """The fields of text that hold lists or objects, as JSON."""
    hints: Hints = NO_HINTS
    """What the user said of the fields, which later ones may be, too."""

    @cached_property
    def objects(self) -> list[FieldPath]:
        """The paths of the objects that were flattened, the root first."""
        inner = {path[:depth] for path in self.fields for depth in range(1, len(path))}
        return [(), *sorted(inner)]

    @cached_property
    def core_fields(self) -> frozenset[FieldPath]:
        """The fields that may become a core column, which is read from text whatever their type."""
        return frozenset(path for paths in self.core.values() for path in paths)

    @cached_property
    def without_column(self) -> frozenset[FieldPath]:
        """The fields that have no column but the core column they are read into, as text."""
        core_columns = {column_name(paths[0]) for paths in self.core.values()} - self._kept_beside
        return frozenset(path for path in self.fields if column_name(path) in core_columns)

    @cached_property
    def named_objects(self) -> frozenset[FieldPath]:
        """The fields that are a name in some records, in others an object with it: service, or service.name."""
        paths = {path for column in ("service", "trace_id") for path in self.core.get(column, ())}
        return frozenset(path for path in paths & self.nested if may_hold_alias(path))

    @property
    def _kept_beside(self) -> set[str]:
        """The columns of fields whose values are kept though a core column is made of them: it says less."""
        templates, time_parts = self.semantics.templates, self.semantics.time_parts
        kept = [templates.template] if templates else []
        kept += [path for path in self.core.get("exception", ())[:1] if path in self.nested]
        kept += [path for path, part in time_parts.items() if part.digits]
        return set(map(column_name, kept))

    @cached_property
    def twins(self) -> dict[FieldPath, tuple[FieldPath, ...]]:
        """Of a field that shares its column with others those that go before it: "log.level" and "log": {"level"}."""
        by_column: dict[str, tuple[FieldPath, ...]] = {}
        twins: dict[FieldPath, tuple[FieldPath, ...]] = {}
        for path in self.fields:
            earlier = by_column.get(column_name(path), ())
            by_column[column_name(path)] = (*earlier, path)
            if earlier:
                twins[path] = earlier
        return twins

    @property
    def guesses(self) -> tuple[str, ...]:
        """What was decided of the fields without being certain, as sentences."""
        return self.semantics.guesses

    def time_of(self, record: Mapping[str, Any]) -> str | None:
        """Return the text of a record's time; two fields may hold a part each."""
        for path in self.core.get("timestamp", ()):
            value, part = value_at(record, path), self.semantics.time_parts.get(path)
            if value is not None:
                text = part.join_texts(str(value), value_at(record, part.path)) if part else str(value)
                text = text.strip(BRACKETS) if self.semantics.times_are_bracketed else text
                return self._completed(f"{text}{MIDNIGHT}" if path in self.semantics.days else text, record)
        return None

    def _completed(self, time: str, record: Mapping[str, Any]) -> str:
        """Return a time with the zone that another field names."""
        zone = self.semantics.zone
        return zone.add_to_text(time, value_at(record, zone.path)) if zone else time

    def leaves(self, path: FieldPath) -> list[FieldPath]:
        """Return the fields within an object."""
        return [leaf for leaf in self.fields if leaf[: len(path)] == path]


def infer_schema(records: Sequence[Mapping[str, Any]], hints: Hints = NO_HINTS) -> RecordSchema | None:
    """Return the schema of a sample of records, or None when they have no field to read."""
    types: dict[FieldPath, set[str]] = {}
    for record in records:
        _collect_types(record, (), types)
    fields = _flattened_fields(types, records)
    if not fields:
        return None
    if fields.get(("duration_ms",)) == INTEGER:  # the column has one type, whatever a sample shows
        fields[("duration_ms",)] = NUMBER
    core, semantics = field_semantics(records, fields, hints)
    nested = frozenset(path for path in fields if not types[path].isdisjoint(_OBJECTS))
    return RecordSchema(fields=fields, core=core, semantics=semantics, nested=nested, hints=hints)


def json_types(value: Any) -> frozenset[str]:
    """Return the type of a value; of null and of an empty object none."""
    if isinstance(value, str):
        return _TEXTS
    if type(value) is int:
        return _INTEGERS if abs(value) < 2**63 else _TEXTS
    if value is None or value == {}:
        return _NOTHING
    return _JSON_TYPES.get(type(value), _TEXTS)


def parse_number(name: str, text: str) -> object:
    """Return the number that a field's text is, if it is written as computers write numbers, else the text.

    With a zero before it, it is an identifier; with decimals, a version where the field's name says so.
    """
    if _INTEGER_TEXT.match(text):
        return int(text)
    return float(text) if _DECIMAL_TEXT.match(text) and not _VERSION_NAME.match(name) else text


def _collect_types(record: Mapping[str, Any], path: FieldPath, types: dict[FieldPath, set[str]]) -> None:
    for key, value in record.items():
        inner = (*path, key)
        known = types.setdefault(inner, set())
        if isinstance(value, dict) and value and len(inner) < MAX_DEPTH:
            known.add(_OBJECT)
            _collect_types(value, inner, types)
        else:
            known |= json_types(value)


def _flattened_fields(
    types: Mapping[FieldPath, set[str]], records: Sequence[Mapping[str, Any]]
) -> dict[FieldPath, str]:
    """Return one type for each path that becomes a column."""
    unflattened = _unflattened(types)
    lesser = _lesser_spellings(types, records)
    fields: dict[FieldPath, str] = {}
    column_kinds: dict[str, set[str]] = {}
    spellings: dict[FieldPath, FieldPath] = {}  # DuckDB's field names differ by more than case
    for path, kinds in types.items():
        prefixes = [path[:depth] for depth in range(1, len(path) + 1)]
        is_flattened = kinds == {_OBJECT} and path not in unflattened
        if is_flattened or path in lesser or not unflattened.isdisjoint(prefixes[:-1]) or not all(map(_can_name, path)):
            continue
        folded = {tuple(name.lower() for name in prefix): prefix for prefix in prefixes}
        if any(spellings.get(key, prefix) != prefix for key, prefix in folded.items()):
            continue
        spellings.update(folded)
        column_kinds.setdefault(column_name(path), set()).update(kinds)
        fields[path] = TEXT
        if len(fields) == _MAX_FIELDS:
            break
    return {path: _one_type(column_kinds[column_name(path)]) for path in fields}


def _lesser_spellings(types: Mapping[FieldPath, set[str]], records: Sequence[Mapping[str, Any]]) -> set[FieldPath]:
    """Return the fields whose name another has but for case, which holds more: values at all, or text."""
    spellings: dict[FieldPath, list[FieldPath]] = {}
    for path in types:
        spellings.setdefault(tuple(map(str.lower, path)), []).append(path)
    lesser: set[FieldPath] = set()
    for paths in spellings.values() if len(spellings) < len(types) else ():
        filled = {path: sum(value_at(record, path) not in (None, "") for record in records) for path in paths}
        best = max(paths, key=lambda path: (filled[path], types[path] == {TEXT}, types[path].isdisjoint(_OBJECTS)))
        lesser |= {path for path in paths if path != best and path[:-1] == best[:-1]}
    return lesser


def _unflattened(types: Mapping[FieldPath, set[str]]) -> set[FieldPath]:
    """Return the objects that stay JSON text: their keys look like data, or they are not always objects."""
    sizes = Counter(path[:-1] for path in types)
    return {
        path
        for path, kinds in types.items()
        if _OBJECT in kinds and (kinds != {_OBJECT} or sizes[path] > _MAX_OBJECT_KEYS)
    }


def _can_name(key: str) -> bool:
    """Whether DuckDB and Polars take the key as a field's name; any other stays in `attributes`."""
    return key != "" and key.isprintable() and key != "*" and not (key.startswith("^") and key.endswith("$"))


def _one_type(kinds: set[str]) -> str:
    if kinds == {INTEGER, NUMBER}:
        return NUMBER
    return next(iter(kinds)) if len(kinds) == 1 and kinds < DTYPES.keys() else TEXT


def field_tree(fields: Iterable[FieldPath]) -> FieldTree:
    """Return the fields as a tree of objects."""
    root: FieldTree = {}
    for path in fields:
        branch = root
        for name in path[:-1]:
            branch = branch.setdefault(name, {})
        branch[path[-1]] = path
    return root
