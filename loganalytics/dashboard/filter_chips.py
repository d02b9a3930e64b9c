"""The filters of a view as chips: what each says, and what a click on one makes of the view."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from loganalytics.filters.expressions import Where
from loganalytics.view import View

Action = Literal["invert", "disable", "remove"]

_TITLES = {
    "level": "level", "services": "service", "loggers": "logger", "text": "text", "grep": "regex", "query": "condition",
}  # fmt: skip


@dataclass(frozen=True)
class Chip:
    """One filter: its name in View.inverted and View.disabled, and what it says."""

    name: str
    text: str
    is_inverted: bool
    is_disabled: bool


def chips(view: View) -> list[Chip]:
    """Return the filters of a view, in the order in which they are listed."""
    filters = [
        Chip(name, f"{title}: {_text(view, name)}", name in view.inverted, name in view.disabled)
        for name, title in _TITLES.items() if getattr(view, name)
    ]  # fmt: skip
    conditions = [
        Chip(str(where), f"{where.field}: {where.value or '(none)'}", where.exclude, str(where) in view.disabled)
        for where in view.where
    ]
    return filters + conditions


def act(view: View, name: str, action: Action) -> View:
    """Return the view after a click: the filter turned around, switched off or on, or removed.

    A name that is no filter of the view, as in a click that came too late, changes nothing.
    """
    if name not in {chip.name for chip in chips(view)}:
        return view
    if action == "disable":
        return replace(view, disabled=_toggled(view.disabled, name))
    condition = next((where for where in view.where if str(where) == name), None)
    if condition is not None:
        return _act_on_condition(view, condition, action)
    if action == "invert":
        return replace(view, inverted=_toggled(view.inverted, name))
    default: Any = View.__dataclass_fields__[name].default
    return _forget(replace(view, **{name: default}), name)


def _act_on_condition(view: View, condition: Where, action: Action) -> View:
    if action == "remove":
        remaining = tuple(where for where in view.where if where != condition)
        return _forget(replace(view, where=remaining), str(condition))
    opposite = replace(condition, exclude=not condition.exclude)
    where = tuple(dict.fromkeys(opposite if where == condition else where for where in view.where))
    disabled = tuple(str(opposite) if name == str(condition) else name for name in view.disabled)
    return replace(view, where=where, disabled=disabled)


def _forget(view: View, name: str) -> View:
    """Return the view without what is said of a filter that is gone."""
    sides: dict[str, Any] = {side: _without(getattr(view, side), name) for side in ("inverted", "disabled")}
    return replace(view, **sides)


def _text(view: View, name: str) -> str:
    value = getattr(view, name)
    if name == "level":
        return f"{value.upper()} and above"
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _toggled(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return _without(names, name) if name in names else (*names, name)


def _without(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(filter(lambda candidate: candidate != name, names))
