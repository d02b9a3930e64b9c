"""The filter bar: every filter of the view as a chip that can be turned around, switched off or removed."""

from __future__ import annotations

from loganalytics.dashboard import filter_chips, state
from loganalytics.dashboard.components import browser_component
from loganalytics.sanitize import printable

_KEY = "filter-bar"
_MAX_CHARACTERS = 200


def draw() -> None:
    """Draw the bar; nothing where the view has no filter."""
    chips = [
        {
            "name": chip.name, "text": printable(chip.text, _MAX_CHARACTERS), "inverted": chip.is_inverted,
            "disabled": chip.is_disabled,
        }
        for chip in filter_chips.chips(state.view())
    ]  # fmt: skip
    if chips:
        browser_component.load("filter_bar", "outbox")(
            data={"chips": chips, "done": browser_component.confirmed(_KEY)}, key=_KEY, height="content",
            on_actions_change=_apply,
        )  # fmt: skip


def clear() -> None:
    """Remove every filter from the view; source and range stay."""
    state.change(
        level=None, services=(), loggers=(), text=None, grep=None, query=None, where=(), inverted=(), disabled=()
    )


def _apply() -> None:
    for _, clicked in browser_component.new_actions(_KEY):
        if clicked["action"] == "clear":
            clear()
        else:
            state.replace_view(filter_chips.act(state.view(), clicked["name"], clicked["action"]))
