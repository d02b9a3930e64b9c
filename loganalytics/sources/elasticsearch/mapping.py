"""Which fields hold the time and the level, as the mappings say, and the query that leaves out what is not wanted.

A query never leaves out an event that is wanted; where the mappings do not say enough, it lets more through.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from loganalytics.exceptions import SourceNotFoundError
from loganalytics.formats.fields.aliases import FIELD_ALIASES, fold_name
from loganalytics.formats.fields.known_names import may_tell_level
from loganalytics.formats.fields.record_schema import RecordSchema
from loganalytics.schema import LETTERS, LEVELS
from loganalytics.sources.elasticsearch.connection import Connection
from loganalytics.sources.elasticsearch.errors import RequestRefused
from loganalytics.sources.read_options import ReadOptions

Query = dict[str, Any]

_DATE_TYPES = ("date", "date_nanos")
# What formats.timestamps reads as the server does; any other format is the server's to read.
_USUAL_FORMATS = {
    "strict_date_optional_time", "date_optional_time", "strict_date_optional_time_nanos", "strict_date_time",
    "date_time", "strict_date_time_no_millis", "date_time_no_millis", "epoch_millis",
}  # fmt: skip
# Names that levels and statuses may have, for may_tell_level() to tell: a server refuses all of them at once.
_LEVEL_PATTERNS = (
    "*evel*,*everity*,*EVEL,*EVERITY,*lvl,*LVL",
    "*tatus*,*code,*Code,*CODE,*rio*,PRIORITY,*Type,sev,pri,at,type,label,@l,s",
)
_NO_VALUES = ("unmapped", "object", "nested")
_WIDEST_OFFSET = dt.timedelta(hours=15)
_MAX_NAMES = 8


@dataclass(frozen=True, kw_only=True)
class IndexMapping:
    """The indices behind a pattern, and how each of their fields is mapped."""

    indices: tuple[str, ...]
    types: Mapping[str, Mapping[str, frozenset[str]]]
    """Of each field the types, and of each type the indices in which the field has it."""
    formats: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Of each index the formats of its dates that have one of their own."""
    time_field: str | None = None
    """The field that the user says is the time."""
    level_fields: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Of each field that may tell an event's level the indices that have it: see with_level_fields()."""

    @property
    def conflicts(self) -> list[str]:
        """The times and levels that are mapped in one way in one index and in another way in another."""
        conflicts = []
        for name in (*FIELD_ALIASES["timestamp"], *FIELD_ALIASES["level"]):
            types = sorted(kind for kind in self.types.get(name, ()) if kind != "unmapped")
            if len(types) > 1 and set(types) - set(_DATE_TYPES):
                conflicts.append(f"{name} is mapped as {' and as '.join(types)}")
        return conflicts

    def times(self, index: str) -> list[str]:
        """Return the fields that hold an event's time in an index, the likelier first.

        Empty when one of them may hold it, but is not a date: then the index cannot be cut by time.
        """
        dates, others = self._dates(index)
        return [] if others else dates

    def dates(self, index: str) -> list[str]:
        """Return the fields that hold an event's time in an index and are dates, up to one that is none."""
        return self._dates(index)[0]

    def has_own_format(self, fields: Iterable[str], index: str) -> bool:
        """Whether one of the fields has a format in an index that only the server reads with certainty."""
        formats = self.formats.get(index, {})
        return any(not _USUAL_FORMATS.issuperset(formats[name].split("||")) for name in fields if name in formats)

    def _dates(self, index: str) -> tuple[list[str], bool]:
        """Return the fields that may hold the time while they are dates, and whether one is none."""
        dates: list[str] = []
        for name in time_fields(self.time_field):
            kind = self.type_of(name, index)
            if kind in _DATE_TYPES:
                dates.append(name)
            elif kind not in (None, "unmapped", "object"):
                return dates, True
        return dates, False

    def keyword(self, field: str, index: str) -> str | None:
        """Return the name by which the values of a field are compared as a unit in an index, if there is one."""
        return next((name for name in (field, f"{field}.keyword") if self.type_of(name, index) == "keyword"), None)

    def type_of(self, field: str, index: str) -> str | None:
        """Return the type of a field in an index."""
        return next((name for name, indices in self.types.get(field, {}).items() if index in indices), None)


def time_fields(time_field: str | None) -> Sequence[str]:
    """Return the names of the fields that may hold the time, the likelier first: the user's, where one is said."""
    return FIELD_ALIASES["timestamp"] if time_field is None else (time_field,)


def read_mapping(connection: Connection, time_field: str | None = None) -> IndexMapping:
    """Return the mapping of the indices that the address names.

    Raises SourceNotFoundError, which says what there is, when it names none.
    """
    pattern = connection.address.index
    times = time_fields(time_field)
    names = [*times, *(name for column in ("level", "service") for name in FIELD_ALIASES[column])]
    fields = quote(",".join([*names, *[f"{name}.keyword" for name in names]]), safe=",@*.")
    parameters = f"fields={fields}&include_unmapped=true&ignore_unavailable=false"
    try:
        answer = connection.request_json("GET", f"{index_path(pattern)}/_field_caps?{parameters}")
    except RequestRefused as refused:
        if refused.status != 404:
            raise
        raise index_not_found(connection) from None
    matches = answer["indices"] if isinstance(answer["indices"], list) else [answer["indices"]]
    indices = [index for index in matches if not is_internal(index, pattern)]
    if not indices:
        raise index_not_found(connection)
    types = _types(answer, indices)
    dates = [name for name in times if not types.get(name, {}).keys().isdisjoint(_DATE_TYPES)]
    formats = _read_formats(connection, dates)
    return IndexMapping(indices=tuple(sorted(indices)), types=types, formats=formats, time_field=time_field)


def _types(answer: Mapping[str, Any], indices: Iterable[str]) -> dict[str, dict[str, frozenset[str]]]:
    """Return of each field the types, and of each type the indices in which the field has it."""
    all_indices = frozenset(indices)
    return {
        name: {kind: frozenset(capabilities.get("indices") or all_indices) for kind, capabilities in by_type.items()}
        for name, by_type in answer["fields"].items()
    }


def with_level_fields(connection: Connection, mapping: IndexMapping) -> IndexMapping:
    """Return the mapping with all fields that may tell an event's level, whether or not a sample has them."""
    path = f"{index_path(connection.address.index)}/_field_caps?include_unmapped=true"
    level_fields: dict[str, frozenset[str]] = {}
    for patterns in _LEVEL_PATTERNS:
        answer = connection.request_json("GET", f"{path}&fields={quote(patterns, safe=',@*.')}")
        for name, types in _types(answer, mapping.indices).items():
            if may_tell_level(tuple(name.split("."))):
                having = [indices for kind, indices in types.items() if kind not in _NO_VALUES]
                level_fields[name] = frozenset[str]().union(*having)
    return replace(mapping, level_fields=level_fields)


def _read_formats(connection: Connection, fields: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return of each index the formats of its dates that have one of their own."""
    if not fields:
        return {}
    names = quote(",".join(fields), safe=",@*.")
    path = f"{index_path(connection.address.index)}/_mapping/field/{names}?filter_path=*.mappings.**.format"
    answer: dict[str, dict[str, Any]] = connection.request_json("GET", path)
    return {
        index: {
            name: str(properties["format"])
            for name, field_mapping in mapping.get("mappings", {}).items()
            for properties in field_mapping["mapping"].values()
            if "format" in properties
        }
        for index, mapping in answer.items()
    }


def index_query(
    mapping: IndexMapping, options: ReadOptions, index: str, record_schema: RecordSchema | None = None
) -> Query:
    """Return the query for what is wanted of an index; the record schema says which field is the level."""
    filters: list[Query] = []
    times = mapping.times(index)
    if times and (options.since is not None or options.until is not None):
        filters.append(_time_query(times, options))
    if options.query is not None:
        filters.append({"query_string": {"query": options.query}})
    if options.severity is not None and record_schema is not None:
        filters += _severity_filters(mapping, index, options.severity, record_schema)
    return {"bool": {"filter": filters}} if filters else {"match_all": {}}


def combined_query(mapping: IndexMapping, options: ReadOptions) -> Query:
    """Return one query for what is wanted of all indices."""
    indices_by_query: dict[str, tuple[Query, list[str]]] = {}
    for index in mapping.indices:
        query = index_query(mapping, options, index)
        indices_by_query.setdefault(str(query), (query, []))[1].append(index)
    if len(indices_by_query) == 1:
        return next(iter(indices_by_query.values()))[0]
    alternatives = [
        {"bool": {"filter": [{"terms": {"_index": indices}}, query]}} for query, indices in indices_by_query.values()
    ]
    return {"bool": {"should": alternatives, "minimum_should_match": 1}}


def _time_query(times: list[str], options: ReadOptions) -> Query:
    """Compare the first of the fields that a document has.

    The server takes times without a zone for UTC, and cuts what is less than a millisecond.
    """
    margin = dt.timedelta(0) if options.tz == "UTC" else _WIDEST_OFFSET
    bounds = {"format": "strict_date_optional_time_nanos"}
    if options.since is not None:
        bounds["gte"] = (options.since - margin).isoformat(timespec="milliseconds")
    if options.until is not None:
        bounds["lt"] = (options.until + margin).isoformat()
    alternatives: list[Query] = []
    earlier: list[Query] = []
    for name in times:
        alternatives.append({"bool": {"filter": [{"range": {name: bounds}}], "must_not": list(earlier)}})
        earlier.append({"exists": {"field": name}})
    return {"bool": {"should": alternatives, "minimum_should_match": 1}}


def late_level_fields(mapping: IndexMapping, index: str, record_schema: RecordSchema) -> list[str]:
    """Return the fields of an index that may tell a level and were not in the sample: then they may raise it."""
    known = {".".join(path) for path in record_schema.fields}
    return sorted(name for name, indices in mapping.level_fields.items() if index in indices and name not in known)


def _severity_filters(mapping: IndexMapping, index: str, severity: int, record_schema: RecordSchema) -> list[Query]:
    """Leave out the levels that are known to be lower, where the level's field holds words compared as a unit.

    A document may have two of them, by a dotted key and in an object; and another field may say more.
    """
    paths = [".".join(path) for path in record_schema.core.get("level", ())]
    semantics = record_schema.semantics
    if not paths or semantics.level_words or semantics.default_level or semantics.requests.may_raise:
        return []
    name = mapping.keyword(paths[0], index)
    words = LEVELS | {letter: LEVELS[word] for letter, word in LETTERS.items()}
    lower = [spelling for word, (_, number) in words.items() if number < severity for spelling in _spellings(word)]
    if name is None or not lower:
        return []
    others = [path for path in paths if fold_name(path.rpartition(".")[2]) == "severitynumber"]
    others += late_level_fields(mapping, index, record_schema)
    is_other = {"regexp": {name: {"value": f"@&~({'|'.join(map(_regexp, sorted(set(lower))))})", "flags": "ALL"}}}
    has_others: list[Query] = [{"exists": {"field": other}} for other in others]
    is_lower: Query = {"bool": {"filter": [{"terms": {name: lower}}], "must_not": [is_other, *has_others]}}
    return [{"bool": {"must_not": is_lower}}]


def _regexp(word: str) -> str:
    """Return a word as a regular expression of Lucene."""
    return re.sub(r"(\W)", r"\\\1", word)


def _spellings(word: str) -> Sequence[str]:
    return (word, word.upper(), word.capitalize())


def is_internal(index: str, pattern: str) -> bool:
    """Whether an index is the server's own, which no pattern that begins with * means; a data stream's is not."""
    return index.startswith(".") and not index.startswith(".ds-") and pattern.startswith("*")


def index_path(pattern: str) -> str:
    """Return the path of the indices that match a pattern."""
    return f"/{quote(pattern, safe=',*-:<>')}"


def index_not_found(connection: Connection) -> SourceNotFoundError:
    """Return the error for a pattern that no index matches, with what there is."""
    try:
        rows = connection.request_json("GET", "/_cat/indices?format=json&h=index&s=index")
    except RequestRefused:
        rows = []
    names = [row["index"] for row in rows if not row["index"].startswith(".")]
    surplus = f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
    hint = f"there are {', '.join(names[:_MAX_NAMES])}{surplus}" if names else "there are none that can be seen"
    return SourceNotFoundError(
        f"No index matches {connection.address.index!r} at {connection.address.source!r}. Hint: {hint}."
    )
