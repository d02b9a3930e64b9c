"""A level that is none of ours, in a real browser: it has a neutral colour and takes none from the others."""

from __future__ import annotations

import json
import re

import pytest
from browsing import needs_browser, running_app, wait_until_settled

from loganalytics.charts.levels import LEVEL_COLOURS, UNKNOWN_COLOUR

pytestmark = needs_browser
LEVELS = ("INFO", "ERROR", "特级", "nextcloud", "WARNING")


@pytest.fixture(scope="module")
def levels(tmp_path_factory):
    """Start the app on five levels, two of them unknown."""
    path = tmp_path_factory.mktemp("logs") / "app.jsonl"
    rows = (
        {"timestamp": f"2026-03-10T12:{n // 60:02d}:{n % 60:02d}Z", "level": LEVELS[n % 5], "message": f"line {n}"}
        for n in range(300)
    )
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    with running_app(str(path)) as app:
        yield app.url


def css_colour(colour: str) -> str:
    """Return a colour as the browser computes it."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgb({red}, {green}, {blue})"


@pytest.mark.parametrize(
    ("name", "colour"),
    [
        ("INFO", LEVEL_COLOURS["INFO"]),
        ("ERROR", LEVEL_COLOURS["ERROR"]),
        ("WARNING", LEVEL_COLOURS["WARNING"]),
        ("特级", UNKNOWN_COLOUR),
        ("nextcloud", UNKNOWN_COLOUR),
    ],
)
def test_the_square_before_a_level_has_its_colour(page, levels, name, colour):
    """In the list of Explore."""
    page.goto(f"{levels}/explore")
    cell = page.locator(".row .level").filter(has_text=re.compile(f"^{name}$", re.IGNORECASE)).first
    cell.wait_for()
    square = cell.evaluate("cell => getComputedStyle(cell, '::before').backgroundColor")
    assert square == css_colour(colour)


def test_the_chart_draws_the_known_in_their_colours_and_both_unknown_in_one(page, levels):
    """As the bars on Overview are filled."""
    page.goto(levels)
    bars = page.get_by_test_id("stVegaLiteChart").first.locator(".role-mark path:not([fill-opacity])")
    bars.first.wait_for()
    wait_until_settled(page)
    fills = set(bars.evaluate_all("bars => bars.map(bar => bar.getAttribute('fill'))"))
    expected = {LEVEL_COLOURS[name] for name in ("INFO", "ERROR", "WARNING")} | {UNKNOWN_COLOUR}
    assert fills & set(LEVEL_COLOURS.values()) == expected  # beside the bands of what was found
