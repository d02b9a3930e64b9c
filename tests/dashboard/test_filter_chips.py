"""The chips of the filter bar: each filter can be turned around, switched off and removed, and nothing else changes."""

from __future__ import annotations

import pytest

from loganalytics.dashboard.filter_chips import act, chips
from loganalytics.filters.expressions import Where
from loganalytics.view import View

FULL = View(
    ("a.log",), since="2h", level="error", services=("web", "api"), text="x", grep="y", query="n > 5",
    where=(Where("user", "1"), Where("step", "", exclude=True)),
)  # fmt: skip


def test_every_filter_is_a_chip():
    """In words."""
    assert [(chip.text, chip.is_inverted) for chip in chips(FULL)] == [
        ("level: ERROR and above", False), ("service: web, api", False), ("text: x", False), ("regex: y", False),
        ("condition: n > 5", False), ("user: 1", False), ("step: (none)", True),
    ]  # fmt: skip
    assert not chips(View(("a.log",), since="2h"))


@pytest.mark.parametrize("name", [chip.name for chip in chips(FULL)])
@pytest.mark.parametrize("action", ["invert", "disable"])
def test_twice_is_as_before(name, action):
    """Turned around and back, off and on."""
    once = act(FULL, name, action)
    assert once != FULL
    turned = {chip.name for chip in chips(once)} - {chip.name for chip in chips(FULL)} or {name}
    assert act(once, turned.pop(), action) == FULL


@pytest.mark.parametrize("name", [chip.name for chip in chips(FULL)])
def test_a_removed_filter_leaves_nothing_behind(name):
    """Also where it was turned around and off."""
    off = act(FULL, name, "disable")
    removed = act(off, name, "remove")
    assert len(chips(removed)) == len(chips(FULL)) - 1
    assert removed.disabled == removed.inverted == ()


def test_a_disabled_condition_stays_off_when_it_is_turned_around():
    """And excludes once it is on again."""
    view = act(act(FULL, "user=1", "disable"), "user=1", "invert")
    assert view.disabled == ("user!=1",)
    assert act(view, "user!=1", "disable").where[0] == Where("user", "1", exclude=True)


def test_a_click_on_a_chip_that_is_gone_changes_nothing():
    """Two clicks in quick succession."""
    assert act(FULL, "no=1", "remove") == FULL
    assert act(View(), "text", "disable") == View()
