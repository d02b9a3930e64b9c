"""What a link says: a view, and what its page has open; what cannot be read is told, and the rest of it kept."""

from __future__ import annotations

import codecs
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches

from loganalytics.dashboard import access
from loganalytics.exceptions import InvalidArgumentError, SourceNotFoundError
from loganalytics.filters.sql import condition
from loganalytics.schema import severity_of
from loganalytics.times import parse_every, parse_when, parse_zone
from loganalytics.view import View

ITEMS = (
    "event", "trace", "pattern", "cluster", "incident", "against", "run", "run_field", "step_field", "against_run",
    "sql", "zone", "tab", "columns", "facets", "order", "by", "page",
)  # fmt: skip
"""What a page can have open, as parameters of the URL beside the view's."""

_LISTS = ("columns", "facets")
"""The items of which a page can have several."""

_VIEW_FIELDS = {field.name: field.default for field in fields(View)}

_READ_FIRST = ("source", "tz")
"""The parameters of a view that say how others are to be read."""


@dataclass(frozen=True)
class Link:
    """A link as it was understood."""

    view: View
    opened: Mapping[str, list[str]]
    problems: tuple[str, ...]
    """What could not be read, one sentence each."""


def read(parameters: Mapping[str, list[str]]) -> Link:
    """Return what the parameters of a URL say."""
    valid: dict[str, list[str]] = {}
    opened: dict[str, list[str]] = {}
    problems: list[str] = []
    view = View()
    for name in sorted(parameters, key=_READ_FIRST.__contains__, reverse=True):
        values = parameters[name]
        try:
            if name in ITEMS:
                _check_item(name, values[-1])
                opened[name] = values if name in _LISTS else values[-1:]
            else:
                _check_name(name)
                values = _lowest_level(values) if name == "level" else values
                candidate = View.from_parameters(valid | {name: values})
                check(candidate, name)
                valid[name], view = values, candidate
        except InvalidArgumentError as error:
            problems.append(f"{name}: {error}")
        else:
            problems += _repeated(name, values[-1], set(parameters[name]))
    return Link(view, opened, tuple(problems))


def _check_name(name: str) -> None:
    """Raise InvalidArgumentError for a parameter that no view has, with a hint at the one that was meant."""
    if name not in _VIEW_FIELDS:
        names = get_close_matches(name, (*ITEMS, *_VIEW_FIELDS), n=1, cutoff=0.75)
        hint = f" Hint: {names[0]}." if names else ""
        raise InvalidArgumentError(f"a link has no such parameter.{hint}")


def _lowest_level(levels: list[str]) -> list[str]:
    """Return the one of several levels that keeps what each of them keeps: a level stands for those above it, too."""
    return [min(levels, key=severity_of)] if len(levels) > 1 else levels


def _repeated(name: str, used: str, values: Collection[str]) -> list[str]:
    """Return what to say of a parameter that has several values though it takes one."""
    if len(values) == 1 or name in (*_LISTS, "baseline") or isinstance(_VIEW_FIELDS.get(name), tuple):
        return []
    which = "the lowest is used, with those above it" if name == "level" else "the last is used"
    return [f"{name}: the link has {len(values)} values for it, {which}: {used!r}."]


def check(view: View, name: str) -> None:
    """Raise InvalidArgumentError if this parameter of the view cannot be used, whatever the logs are."""
    value = getattr(view, name, None)
    if not value:
        return
    if name in ("level", "grep"):
        View(**{name: value}).filter()
    elif name in ("since", "until"):
        _check_range(view)
    elif name == "baseline":
        for end in value:
            parse_when(end, tz=view.tz)
    elif name == "tz":
        parse_zone(value)
    elif name == "every":
        parse_every(value)
    elif name == "encoding":
        _check_encoding(value)
    elif name == "query" and not has_query_language(view):
        condition(value)


def _check_range(view: View) -> None:
    since, until = (parse_when(end, tz=view.tz) if end else None for end in (view.since, view.until))
    if since and until and since >= until:
        raise InvalidArgumentError(f"The range ends at {view.until}, before it begins, at {view.since}.")


def has_query_language(view: View) -> bool:
    """Whether a condition on this view is in the language of its server, Lucene's, rather than in SQL."""
    try:
        return replace(view, source=access.addresses(view.source)).has_query_language()
    except SourceNotFoundError:
        return False


def _check_item(name: str, named: str) -> None:
    """Raise InvalidArgumentError for what no page can have open; whether the logs have it, the page says."""
    if name == "incident":
        start, _, end = named.partition("/")
        if not parse_when(start) < parse_when(end):
            raise InvalidArgumentError(f"{named!r} ends before it begins.")
    elif name == "event" and "|" not in named:
        raise InvalidArgumentError(f"{named!r} does not say where an event stands. Hint: SOURCE|OFFSET.")
    elif name == "page" and not (named.isascii() and named.isdigit() and int(named)):
        raise InvalidArgumentError(f"{named!r} is not the number of a page.")
    elif name == "zone" and named != "browser":
        parse_zone(named)


def _check_encoding(name: str) -> None:
    try:
        codecs.lookup(name)
    except LookupError:
        raise InvalidArgumentError(f"{name!r} is not an encoding. Hint: write utf-8, gb18030 or latin-1.") from None
