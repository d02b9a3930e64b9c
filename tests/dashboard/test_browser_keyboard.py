"""The keys of the app and its saved views in a real browser."""

from __future__ import annotations

import re

import pytest
from browsing import needs_browser, running_app, url_has, wait_until_settled
from playwright.sync_api import expect

pytestmark = needs_browser


@pytest.fixture(scope="module")
def own_server(log, tmp_path_factory):
    """Start the app with a configuration folder of its own."""
    with running_app(log, XDG_CONFIG_HOME=str(tmp_path_factory.mktemp("config"))) as app:
        yield app.url


def test_keys_lead_to_search_to_pages_and_to_help(page, server):
    """Not while somebody types."""
    page.goto(f"{server}/explore")
    page.get_by_text("1,200 of 1,200 events").first.wait_for()
    wait_until_settled(page)
    page.keyboard.press("/")
    page.keyboard.type("g?")
    url_has(page, "text=g%3F")
    page.keyboard.press("Escape")
    page.locator("h1").first.click()
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keys").get_by_text("Next and previous event").first.wait_for()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    page.keyboard.press("g")
    page.keyboard.press("s")
    url_has(page, r"/sources\?.*text=g%3F")
    page.keyboard.press("g")
    page.keyboard.press("o")
    url_has(page, r":\d+/\?.*text=g%3F")


def test_a_view_is_replaced_only_when_that_is_asked_for(page, own_server):
    """Saving under the name of another says so; a name that is too long is told, not cut."""
    for level in ("ERROR", "WARNING"):
        page.goto(f"{own_server}/explore?level={level}")
        page.get_by_text("of 1,200 events").first.wait_for()
        wait_until_settled(page)
        page.get_by_role("button", name="Saved views").click()
        page.get_by_label("Save this view as").fill("mine")
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_role("button", name="Delete view").wait_for()
    page.get_by_role("button", name="Replace it").click()
    expect(page.get_by_role("button", name="Replace it")).to_be_hidden()
    page.get_by_label("Save this view as").fill("n" * 81)
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("The name has 81 characters").first.wait_for()
    page.get_by_role("button", name="Open view").click()
    url_has(page, "level=WARNING")
    page.goto(own_server)
    page.get_by_test_id("stMetric").first.wait_for()
    wait_until_settled(page)
    page.get_by_role("button", name="Saved views").click()
    page.get_by_role("button", name="Delete view").click()
    page.get_by_text("None yet.").first.wait_for()


def test_a_view_is_saved_and_opened_again(page, own_server):
    """With its page, filters and columns, in another session; and deleted."""
    page.goto(f"{own_server}/explore?level=ERROR&columns=message")
    page.get_by_text("120 of 1,200 events").first.wait_for()
    wait_until_settled(page)
    page.get_by_role("button", name="Saved views").click()
    page.get_by_label("Save this view as").fill("Errors [x](javascript:alert(1)) 错误")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Delete view").wait_for()
    page.goto(own_server)
    page.get_by_test_id("stMetric").first.wait_for()
    wait_until_settled(page)
    page.get_by_role("button", name="Saved views").click()
    page.get_by_role("button", name="Open view").click()
    url_has(page, r"/explore\?.*level=ERROR.*columns=message")
    page.get_by_text("120 of 1,200 events").first.wait_for()
    wait_until_settled(page)
    page.go_back()
    url_has(page, re.escape(own_server) + r"/\?source=[^&]*$")
