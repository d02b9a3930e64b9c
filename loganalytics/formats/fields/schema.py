"""What a sample of records holds: each field's path and type, and which fields are the core columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import polars as pl

from loganalytics.formats.fields.aliases import Dialect, Path, core_paths, dialect
from loganalytics.schema import CORE

_WHOLE = re.compile(r"-?\d{1,18}$")
_DECIMAL = re.compile(r"-?\d+\.\d+$")
_MAX_FIELDS = 200
_MAX_KEYS_OF_OBJECT = 60
_MAX_DEPTH = 6
INTEGER, NUMBER, BOOLEAN, TEXT = "integer", "number", "boolean", "text"
_NESTED, _OBJECT = "nested", "object"
DTYPES: dict[str, pl.DataType] = {
    INTEGER: pl.Int64(),
    NUMBER: pl.Float64(),
    BOOLEAN: pl.Boolean(),
    TEXT: pl.String(),
}
_KINDS: dict[type, set[str]] = {bool: {BOOLEAN}, float: {NUMBER}, list: {_NESTED}, dict: {_NESTED}}


@dataclass(frozen=True)
class RecordSchema:
    """The fields of records by their paths, and what they mean."""

    fields: Mapping[Path, str]
    core: Mapping[str, tuple[Path, ...]]
    dialect: Dialect = field(default_factory=Dialect)
    nested: frozenset[Path] = frozenset()
    """The fields of text that hold lists or objects, as JSON."""

    @cached_property
    def objects(self) -> list[Path]:
        """The paths of the objects that were taken apart, the root first."""
        inner = {path[:depth] for path in self.fields for depth in range(1, len(path))}
        return [(), *sorted(inner)]

    @cached_property
    def meant(self) -> frozenset[Path]:
        """The fields that may become a core column, which is read from text whatever their type."""
        return frozenset(path for paths in self.core.values() for path in paths)

    def leaves(self, path: Path) -> list[Path]:
        """Return the fields within an object."""
        return [leaf for leaf in self.fields if leaf[: len(path)] == path]


def learn(records: Sequence[Mapping[str, Any]]) -> RecordSchema | None:
    """Return the layout of a sample of records, or None when they have no field to read."""
    kinds: dict[Path, set[str]] = {}
    for record in records:
        _collect(record, (), kinds)
    fields = _settle(kinds)
    if not fields:
        return None
    core = core_paths(fields)
    levels = {path: {str(lookup(record, path)) for record in records} for path in core.get("level", ())}
    nested = frozenset(path for path in fields if not kinds[path].isdisjoint((_NESTED, _OBJECT)))
    return RecordSchema(fields, core, dialect(fields, core, levels), nested)


def lookup(record: Any, path: Path) -> Any:
    """Return what a record holds at a path, None where there is nothing."""
    for part in path:
        record = record.get(part) if isinstance(record, dict) else None
    return record


def kind_of(value: Any) -> set[str]:
    """Return the type of a value, or nothing where the value tells none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return {INTEGER if abs(value) < 2**63 else TEXT}
    if value is None or value == {}:
        return set()
    return _KINDS.get(type(value), {TEXT})


def typed(text: str) -> object:
    """Return a value that a text format writes as the number that it is, else as it stands."""
    if _WHOLE.match(text):
        return int(text)
    return float(text) if _DECIMAL.match(text) else text


def column_name(path: Path) -> str:
    """Return the name of a field's column, which is none of the core columns' names."""
    name = ".".join(path)
    return f"attributes.{name}" if name in CORE or name in ("n", "attributes") else name


def _collect(record: Mapping[str, Any], path: Path, kinds: dict[Path, set[str]]) -> None:
    for key, value in record.items():
        inner = (*path, key)
        if isinstance(value, dict) and value and len(inner) < _MAX_DEPTH:
            kinds.setdefault(inner, set()).add(_OBJECT)
            _collect(value, inner, kinds)
        else:
            kinds.setdefault(inner, set()).update(kind_of(value))


def _settle(kinds: Mapping[Path, set[str]]) -> dict[Path, str]:
    """Return one type a path; an object becomes its fields unless its keys look like data or it is not always one."""
    sizes: dict[Path, int] = {}
    for path in kinds:
        sizes[path[:-1]] = sizes.get(path[:-1], 0) + 1
    whole = {
        path
        for path, kind in kinds.items()
        if _OBJECT in kind and (kind != {_OBJECT} or sizes.get(path, 0) > _MAX_KEYS_OF_OBJECT)
    }
    fields: dict[Path, str] = {}
    columns: set[str] = set()
    names: dict[Path, Path] = {}  # DuckDB's field names differ by more than case
    for path, kind in kinds.items():
        prefixes = [path[:depth] for depth in range(1, len(path) + 1)]
        folded = [tuple(part.lower() for part in prefix) for prefix in prefixes]
        clashes = any(names.get(key, prefix) != prefix for key, prefix in zip(folded, prefixes, strict=True))
        clashes = clashes or ".".join(path) in columns
        inside = not whole.isdisjoint(prefixes[:-1])
        if inside or clashes or (kind == {_OBJECT} and path not in whole) or not all(map(_can_name, path)):
            continue
        names.update(zip(folded, prefixes, strict=True))
        fields[path] = _one_type(kind)
        columns.add(".".join(path))
        if len(fields) == _MAX_FIELDS:
            break
    return fields


def _can_name(key: str) -> bool:
    """Whether DuckDB and Polars take the key as a field's name; any other is kept in `attributes`."""
    return key != "" and key.isprintable() and key != "*" and not (key.startswith("^") and key.endswith("$"))


def _one_type(kind: set[str]) -> str:
    if kind == {INTEGER, NUMBER}:
        return NUMBER
    return next(iter(kind)) if len(kind) == 1 and kind < DTYPES.keys() else TEXT


def tree(fields: Iterable[Path]) -> dict[str, Any]:
    """Return the paths as a tree of objects: each field's name leads to its path."""
    root: dict[str, Any] = {}
    for path in fields:
        branch = root
        for part in path[:-1]:
            branch = branch.setdefault(part, {})
        branch[path[-1]] = path
    return root
