"""Back undoes one step, and a link opens just what was seen."""

from __future__ import annotations

import re

from browsing import click_row, expect_metric, needs_browser, url_has, wait_until_settled
from playwright.sync_api import expect

pytestmark = needs_browser


def test_back_undoes_one_step_a_press(page, server):
    """A filter, a text, a page; and Forward does them again."""
    page.goto(server)
    expect_metric(page, "Events", "1,200")
    wait_until_settled(page)
    page.get_by_role("link", name="Explore").click()
    page.get_by_text("of 1,200 events").first.wait_for()
    page.get_by_test_id("stSidebar").get_by_text("ERROR", exact=True).click()
    url_has(page, "level=ERROR")
    wait_until_settled(page)
    page.get_by_label("Text", exact=True).fill("script")
    url_has(page, "text=script")
    wait_until_settled(page)
    page.get_by_role("link", name="Overview").click()
    page.get_by_role("heading", name="Errors").first.wait_for()
    wait_until_settled(page)
    for pattern in (r"/explore\?.*level=ERROR&text=script$", r"/explore\?.*level=ERROR$", r"/explore\?source=[^&]*$"):
        page.go_back()
        url_has(page, pattern)
        wait_until_settled(page)
    page.get_by_text("1,200 of 1,200 events").first.wait_for()
    page.go_back()
    url_has(page, r":\d+/\?source=[^&]*$")
    expect_metric(page, "Events", "1,200")
    page.go_forward()
    page.go_forward()
    page.get_by_text("120 of 1,200 events").first.wait_for()
    assert re.search("level=ERROR$", page.url)


def test_a_pattern_is_opened_by_a_click_and_by_its_link(page, server):
    """Back closes it; the tab and the order are in the link, too."""
    page.goto(f"{server}/patterns?order=rare")
    page.get_by_text("message templates. Click on one").first.wait_for()
    wait_until_settled(page)
    click_row(page, 0, 0)
    url_has(page, r"/patterns\?.*pattern=[0-9a-f]+.*order=rare|/patterns\?.*order=rare.*pattern=[0-9a-f]+")
    page.get_by_role("button", name="Exclude events").wait_for()
    wait_until_settled(page)
    page.go_back()
    expect(page.get_by_role("button", name="Exclude events")).to_have_count(0)
    page.go_forward()
    page.get_by_role("button", name="Exclude events").wait_for()
    page.goto(f"{server}/patterns?tab=Error+clusters")
    page.get_by_text("problems behind the errors").first.wait_for()


def test_what_an_incident_is_compared_with_is_in_the_link(page, browser, server):
    """Another reader gets the same verdict, and Back the one before."""
    page.goto(f"{server}/incident?incident=2026-03-10T12:30:00Z/2026-03-10T12:40:00Z")
    page.get_by_text("Baseline 2026-03-10 11:30–12:30 UTC").first.wait_for()
    wait_until_settled(page)
    page.get_by_label("Compare with").click()
    page.get_by_role("option", name="the week before").click()
    page.get_by_text("Baseline 2026-03-03 12:30–12:40 UTC").first.wait_for()
    url_has(page, "against=previous_week")
    other_page = browser.new_context().new_page()
    other_page.goto(page.url)
    other_page.get_by_text("Baseline 2026-03-03 12:30–12:40 UTC").first.wait_for()
    other_page.context.close()
    page.go_back()
    page.get_by_text("Baseline 2026-03-10 11:30–12:30 UTC").first.wait_for()


def test_overview_has_an_address_of_its_own(page, server):
    """With its view."""
    page.goto(f"{server}/overview?level=ERROR")
    expect_metric(page, "Events", "120")
    assert page.get_by_text("Page not found").count() == 0


def test_a_link_with_a_broken_part_keeps_the_rest(page, server):
    """And says which part."""
    page.goto(f"{server}/explore?level=ERROR&since=whenever&levle=x")
    page.get_by_text("120 of 1,200 events").first.wait_for()
    page.get_by_text("since: 'whenever'").first.wait_for()
    page.get_by_text("levle: a link has no such parameter.").first.wait_for()
