"""Each page: one heading, charts that say in words what they show, and nothing that moves while it loads."""

from __future__ import annotations

import pytest
from browsing import needs_browser, wait_until_settled
from playwright.sync_api import expect

from loganalytics.dashboard.navigation import PAGES

pytestmark = needs_browser
_COUNT_SHIFTS = """window.shift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });"""


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_one_heading_and_does_not_move_as_it_loads(name, page, server):
    """Under 0.1 is good, as web.dev puts it; the heading is the page's name."""
    page.add_init_script(_COUNT_SHIFTS)
    page.goto(f"{server}/{name}")
    page.get_by_role("heading", level=1).first.wait_for(state="attached")
    wait_until_settled(page)
    page.wait_for_timeout(1000)
    assert page.evaluate("window.shift") < 0.1
    expect(page.get_by_role("heading", level=1)).to_have_text([PAGES[name][1]])


@pytest.mark.parametrize("name", ["overview", "anomalies", "sources", "incident"])
def test_a_chart_says_what_it_shows(name, page, server):
    """Each has a sentence as its name."""
    page.goto(f"{server}/{name}")
    page.get_by_test_id("stVegaLiteChart").first.locator("canvas, svg").first.wait_for()
    wait_until_settled(page)
    names = page.eval_on_selector_all(
        "[data-testid=stVegaLiteChart]",
        "charts => charts.map(chart => chart.getAttribute('aria-label') || '')",
    )
    assert names
    assert all(len(text) > 10 and text.endswith(".") for text in names)


def test_a_page_without_a_sidebar_has_its_whole_width(page, server):
    """Before a link is agreed to there is no sidebar, and no place is kept for one."""
    page.goto(f"{server}/explore?source=redis://127.0.0.1:1/0")
    page.get_by_role("button", name="Open", exact=True).wait_for()
    expect(page.get_by_test_id("stSidebar")).to_have_count(0)
    assert page.get_by_test_id("stMain").bounding_box()["x"] == 0
