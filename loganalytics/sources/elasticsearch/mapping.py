"""Which fields hold the time and the level, as the mappings tell, and the query that leaves out what is not wanted.

A query never leaves out an event that is wanted; where the mappings do not tell enough, it lets more through.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from loganalytics.exceptions import SourceNotFoundError
from loganalytics.formats.fields.aliases import FIELD_ALIASES
from loganalytics.formats.fields.schema import RecordSchema
from loganalytics.schema import LETTERS, LEVELS
from loganalytics.sources.elasticsearch.client import Client, Refused
from loganalytics.sources.store import ReadOptions

Query = dict[str, Any]

_DATES = ("date", "date_nanos")
_MOST_NAMES = 8


@dataclass(frozen=True)
class Fields:
    """The indices behind a pattern, and how each of their fields is mapped."""

    indices: tuple[str, ...]
    kinds: Mapping[str, Mapping[str, frozenset[str]]]
    """Of each field the types, and of each type the indices in which the field has it."""

    @property
    def conflicts(self) -> list[str]:
        """What is mapped in one index in one way and in another in another, among the fields that are asked for."""
        found = []
        for name in (*FIELD_ALIASES["timestamp"], *FIELD_ALIASES["level"]):
            kinds = sorted(kind for kind in self.kinds.get(name, ()) if kind != "unmapped")
            if len(kinds) > 1 and set(kinds) - set(_DATES):
                found.append(f"{name} is mapped as {' and as '.join(kinds)}")
        return found

    def times(self, index: str) -> list[str]:
        """Return the fields that hold an event's time in an index, the likelier first.

        None when one of them may hold it, but is no date: then the index cannot be cut by time.
        """
        kinds = {name: self.kind(name, index) for name in FIELD_ALIASES["timestamp"]}
        if any(kind not in (*_DATES, None, "unmapped", "object") for kind in kinds.values()):
            return []
        return [name for name, kind in kinds.items() if kind in _DATES]

    def keyword(self, name: str, index: str) -> str | None:
        """Return the name by which whole values of a field are compared in an index, if there is one."""
        return next((n for n in (name, f"{name}.keyword") if self.kind(n, index) == "keyword"), None)

    def kind(self, name: str, index: str) -> str | None:
        """Return the type of a field in an index."""
        return next((kind for kind, indices in self.kinds.get(name, {}).items() if index in indices), None)


def find(client: Client) -> Fields:
    """Return the fields of the indices that the address names.

    Raises SourceNotFoundError, which says what there is, when it names none.
    """
    names = [name for column in ("timestamp", "level", "service") for name in FIELD_ALIASES[column]]
    asked = ",".join([*names, *[f"{name}.keyword" for name in names]])
    path = f"/{quote(client.address.index, safe=',*-:<>')}/_field_caps?fields={quote(asked, safe=',@*.')}"
    try:
        answer = client.json("GET", f"{path}&include_unmapped=true&ignore_unavailable=false")
    except Refused as refused:
        if refused.status != 404:
            raise
        raise missing(client) from None
    named = answer["indices"] if isinstance(answer["indices"], list) else [answer["indices"]]
    indices = [index for index in named if not is_own(index, client.address.index)]
    if not indices:
        raise missing(client)
    all_indices = frozenset(indices)
    kinds = {
        name: {kind: frozenset(caps.get("indices") or all_indices) for kind, caps in each.items()}
        for name, each in answer["fields"].items()
    }
    return Fields(tuple(sorted(indices)), kinds)


def wanted(fields: Fields, want: ReadOptions, index: str, layout: RecordSchema | None = None) -> Query:
    """Return the query for what is wanted of an index; `layout` tells which field is the level."""
    filters: list[Query] = []
    times = fields.times(index)
    if times and (want.since is not None or want.until is not None):
        filters.append(_within(times, want.since, want.until))
    if want.query is not None:
        filters.append({"query_string": {"query": want.query}})
    if want.severity is not None and layout is not None:
        filters += _severe(fields, index, want.severity, layout)
    return {"bool": {"filter": filters}} if filters else {"match_all": {}}


def everywhere(fields: Fields, want: ReadOptions) -> Query:
    """Return one query for what is wanted of all indices."""
    alike: dict[str, tuple[Query, list[str]]] = {}
    for index in fields.indices:
        query = wanted(fields, want, index)
        alike.setdefault(str(query), (query, []))[1].append(index)
    if len(alike) == 1:
        return next(iter(alike.values()))[0]
    parts = [{"bool": {"filter": [{"terms": {"_index": indices}}, query]}} for query, indices in alike.values()]
    return {"bool": {"should": parts, "minimum_should_match": 1}}


def _within(times: list[str], since: dt.datetime | None, until: dt.datetime | None) -> Query:
    """Compare the first of the fields that a document has."""
    bounds = {name: when.isoformat() for name, when in (("gte", since), ("lt", until)) if when is not None}
    bounds["format"] = "strict_date_optional_time_nanos"
    parts: list[Query] = []
    earlier: list[Query] = []
    for name in times:
        parts.append({"bool": {"filter": [{"range": {name: bounds}}], "must_not": list(earlier)}})
        earlier.append({"exists": {"field": name}})
    return {"bool": {"should": parts, "minimum_should_match": 1}}


def _severe(fields: Fields, index: str, severity: int, layout: RecordSchema) -> list[Query]:
    """Leave out the levels that are known to be lower, where the level's field holds words compared as a whole."""
    paths = [".".join(path) for path in layout.core.get("level", ())]
    if not paths or layout.semantics.level_words or layout.semantics.default_level:
        return []
    name = fields.keyword(paths[0], index)
    words = LEVELS | {letter: LEVELS[word] for letter, word in LETTERS.items()}
    low = [word for word, (_, number) in words.items() if number < severity]
    if name is None or not low:
        return []
    return [{"bool": {"must_not": {"terms": {name: [form for word in low for form in _cases(word)]}}}}]


def is_own(index: str, pattern: str) -> bool:
    """Whether an index is the server's own, which no pattern that begins with * means; a data stream's is not."""
    return index.startswith(".") and not index.startswith(".ds-") and pattern.startswith("*")


def _cases(word: str) -> Sequence[str]:
    return (word, word.upper(), word.capitalize())


def missing(client: Client) -> SourceNotFoundError:
    """Return the error for a pattern that no index matches, with what there is."""
    try:
        rows = client.json("GET", "/_cat/indices?format=json&h=index&s=index")
    except Refused:
        rows = []
    names = [row["index"] for row in rows if not row["index"].startswith(".")]
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    there = f"there are {', '.join(names[:_MOST_NAMES])}{more}" if names else "there are none to be seen"
    return SourceNotFoundError(
        f"No index matches {client.address.index!r} at {client.address.source!r}. Hint: {there}."
    )
