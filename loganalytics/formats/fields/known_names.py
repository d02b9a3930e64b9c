"""Whether the name of a field lets it mean something, whatever its values."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from loganalytics.formats.fields.aliases import FieldPath, core_paths, fields_by_name, may_hold_alias, named_field
from loganalytics.formats.fields.durations import duration_fields
from loganalytics.formats.fields.exceptions import exception_fields
from loganalytics.formats.fields.requests import request_fields
from loganalytics.formats.hints import Hints

# Fields beside which single letters mean something, a method and an address.
_BESIDE_LETTERS: tuple[FieldPath, ...] = (("t", "$date"), ("msg",))
_METHOD, _URL = ("method",), ("url",)


def meaningful(paths: Iterable[FieldPath], hints: Hints) -> list[FieldPath]:
    """Return the fields that may mean something by their names, or by what the user says of them."""
    return sorted(path for path in paths if may_have_meaning(path) or _is_hinted(path, hints))


def _is_hinted(path: FieldPath, hints: Hints) -> bool:
    names = fields_by_name([path])
    return any(named_field(name, names) for name in (hints.level, hints.time_field, *hints.durations) if name)


@cache
def may_have_meaning(path: FieldPath) -> bool:
    """Whether a field of this name may be a core column, a duration, or part of a web request or an exception."""
    texts = core_paths({path: "text", **dict.fromkeys(_BESIDE_LETTERS, "text")})
    if any(path in paths for paths in texts.values()):
        return True
    durations = duration_fields({path: ["1"]}, {})
    return bool(durations.factors or durations.guesses) or _of_request(path) or _of_exception(path)


@cache
def may_tell_level(path: FieldPath) -> bool:
    """Whether a field of this name may be the level, or the status of an answer, which raises it."""
    if path in core_paths({path: "text", **dict.fromkeys(_BESIDE_LETTERS, "text")}).get("level", ()):
        return True
    request = [request_fields({path: ["200"], beside: ["x"]}) for beside in (_METHOD, _URL)]
    return any(path in (*fields.statuses, *fields.failures) for fields in request)


def _of_request(path: FieldPath) -> bool:
    for beside in (_METHOD, _URL):
        request = request_fields({path: ["200"], beside: ["x"]})
        if path in (*request.request, *request.statuses):
            return True
    return False


def _of_exception(path: FieldPath) -> bool:
    siblings: list[FieldPath] = [(*path[:-1], "type"), (*path[:-1], "message")]
    return any(path in fields for fields in exception_fields(dict.fromkeys([path, *siblings], "text")))


@cache
def may_hold_meaning(path: FieldPath) -> bool:
    """Whether an object of this name may hold such a field, and not only as any other may."""
    return may_hold_alias(path) or _of_exception((*path, "type"))
