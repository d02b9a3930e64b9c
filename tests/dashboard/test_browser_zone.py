"""The zone in which times are shown, in a real browser: chosen once, kept on every page, in charts and tables."""

from __future__ import annotations

import re

import pytest
from browsing import needs_browser, url_has, wait_until_settled
from playwright.sync_api import expect

pytestmark = needs_browser


def choose_zone(page, name: str) -> None:
    """Choose a zone in the sidebar, by typing its name."""
    box = page.get_by_label("Times in")
    box.click()
    box.fill(name)
    page.get_by_role("option", name=name).first.click()


def cells(page) -> str:
    """Return the text of the first table, which a canvas draws, as a screen reader has it."""
    table = page.get_by_test_id("stDataFrame").first
    table.locator("canvas").first.wait_for()
    expect(table.locator("[role=gridcell]").first).to_be_attached()
    return " ".join(table.locator("[role=gridcell]").all_text_contents())


def expect_chart(page, text: str) -> None:
    """Wait until a chart of the page has this text at its axis."""
    expect(page.locator("[data-testid=stVegaLiteChart] svg").filter(has_text=text).first).to_be_visible(timeout=60_000)


def test_a_zone_is_kept_from_page_to_page(page, server):
    """Noon UTC is eight in the evening in Shanghai, on charts, in sentences and in tables; the link has it."""
    page.goto(server)
    expect_chart(page, "UTC")
    wait_until_settled(page)
    choose_zone(page, "Asia/Shanghai")
    url_has(page, r"zone=Asia")
    expect_chart(page, "Asia/Shanghai")
    for name in ("Anomalies", "Incident"):
        page.get_by_role("link", name=name, exact=True).click()
        page.get_by_role("heading", name=name, level=1).wait_for()
        url_has(page, rf"/{name.lower()}.*zone=Asia")
        expect_chart(page, "Asia/Shanghai")
    page.get_by_role("link", name="Traces", exact=True).click()
    page.get_by_text("requests. Click on one").wait_for()
    wait_until_settled(page)
    assert "2026-03-10 20:" in cells(page)
    page.get_by_role("link", name="Explore", exact=True).click()
    page.get_by_text("of 1,200 events").wait_for()
    page.get_by_text(re.compile(r"2026-03-10 20:\d\d")).first.wait_for()
    assert page.get_by_text(" UTC").count() == 0


@pytest.mark.parametrize(("zone", "hour"), [("browser", "22:"), ("America/New_York", "08:")])
def test_a_link_opens_in_its_zone(browser, server, zone, hour):
    """That of the reader's browser (Adelaide, half an hour off), or one that is named."""
    context = browser.new_context(timezone_id="Australia/Adelaide")
    page = context.new_page()
    page.set_default_timeout(90_000)
    page.goto(f"{server}/anomalies?zone={zone}")
    shown = "Australia/Adelaide" if zone == "browser" else zone
    page.get_by_text(f"cut in UTC. Times in {shown}.").wait_for()
    expect_chart(page, shown)
    page.goto(f"{server}/traces?zone={zone}")
    page.get_by_text("requests. Click on one").wait_for()
    wait_until_settled(page)
    assert f"2026-03-10 {hour}" in cells(page)
    context.close()


def test_utc_again_leaves_the_link_as_it_was(page, server):
    """And every chart."""
    page.goto(f"{server}/?zone=Asia/Tokyo")
    expect_chart(page, "Asia/Tokyo")
    wait_until_settled(page)
    choose_zone(page, "UTC")
    page.wait_for_url(lambda url: "zone=" not in url)
    expect_chart(page, " UTC")
