"""Explore in a real browser: facets, the list of events, the open event, and the link to all of it."""

from __future__ import annotations

import json
import re

import pytest
from browsing import HOSTILE, needs_browser, url_has, wait_until_settled
from playwright.sync_api import expect

pytestmark = needs_browser


@pytest.fixture
def explore(page, server):
    """Open Explore on all events."""
    page.goto(f"{server}/explore")
    page.get_by_text("1,200 of 1,200 events").first.wait_for()
    wait_until_settled(page)
    return page


def visible_rows(page) -> list[str]:
    """Return the texts of the rows that are in the window."""
    return page.locator(".events .row:not([hidden])").all_inner_texts()


def test_the_first_click_on_a_facet_counts(explore):
    """Only a value, and without one."""
    explore.get_by_role("button", name="Without INFO").click()
    url_has(explore, "where=level%21%3DINFO")
    explore.get_by_text("120 of 1,200 events").first.wait_for()
    explore.get_by_title("Only web", exact=True).click()
    url_has(explore, "where=service%3Dweb")
    explore.get_by_text(re.compile("^120 of 1,200 events")).first.wait_for()


def test_a_folded_facet_stays_folded(explore):
    """Also when the counts are drawn anew."""
    explore.locator(".facets summary", has_text="service").click()
    expect(explore.get_by_title("Only web", exact=True)).to_be_hidden()
    explore.get_by_title("Only ERROR", exact=True).click()
    explore.get_by_text("120 of 1,200 events").first.wait_for()
    expect(explore.get_by_title("Only web", exact=True)).to_be_hidden()


def test_the_fields_that_are_counted_are_in_the_link(page, server):
    """Just those of the link; what the logs do not have is told."""
    page.goto(f"{server}/explore?facets=user_id&facets=nosuch")
    page.locator(".facets summary").filter(has_text="user_id").wait_for()
    page.get_by_text("facets: the logs have no 'nosuch'.").first.wait_for()
    expect(page.locator(".facets summary")).to_have_count(1)


def test_only_visible_rows_are_in_the_page(explore):
    """Of 1,000, each 22 pixels high."""
    explore.locator(".events .row:not([hidden])").nth(2).wait_for()
    assert explore.locator(".events .row").count() < 80
    boxes = [row.bounding_box() for row in explore.locator(".events .row:not([hidden])").all()[:3]]
    assert {box["height"] for box in boxes} == {22}


def test_matches_are_marked(page, server):
    """Of the text and of the regular expression; as text, never as markup."""
    page.goto(f"{server}/explore?text=SCRIPT")
    marks = page.locator(".events .row:not([hidden]) mark")
    marks.first.wait_for()
    wait_until_settled(page)
    assert set(marks.all_inner_texts()) == {"script"}


def test_an_event_opens_in_a_drawer_and_the_keyboard_moves_on(explore):
    """A click opens it, j and k go on, Escape closes it; the link names it, and Back closes it."""
    explore.locator(".events .row:not([hidden])").nth(2).click()
    url_has(explore, "event=")
    drawer = explore.get_by_role("complementary", name="Event")
    drawer.get_by_text("Lines before and after").first.wait_for()
    first = explore.url
    explore.keyboard.press("j")
    explore.wait_for_function("url => location.href !== url", arg=first)
    explore.keyboard.press("k")
    explore.wait_for_function("url => location.href === url", arg=first)
    explore.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    explore.go_back()
    drawer.wait_for()
    assert explore.url == first


def test_a_link_opens_just_the_event_with_its_columns_and_page(page, server, log):
    """Page, order, columns and event are in the link."""
    page.goto(f"{server}/explore?page=2&order=oldest&columns=message&columns=user_id&event={log}%7C1102")
    drawer = page.get_by_role("complementary", name="Event")
    drawer.get_by_text("Lines before and after").first.wait_for()
    expect(page.locator(".events .head span")).to_have_text(["message", "user_id"])
    expect(page.locator(".events .row.selected")).to_be_visible()
    drawer.get_by_title("Only this value of user_id").click()
    page.get_by_text("240 of 1,200 events").first.wait_for()
    assert "columns=message&columns=user_id" in page.url


def test_the_next_event_after_the_last_of_a_page_is_on_the_next(page, server, log):
    """And k leads back."""
    page.goto(f"{server}/explore?order=oldest&event={log}%7C1000")
    drawer = page.get_by_role("complementary", name="Event")
    drawer.get_by_text("Lines before and after").first.wait_for()
    wait_until_settled(page)
    page.keyboard.press("j")
    url_has(page, "event=.*%7C1001.*page=2|page=2.*event=.*%7C1001")
    wait_until_settled(page)
    page.keyboard.press("k")
    url_has(page, "event=.*%7C1000$")


def test_lines_before_and_after_are_of_the_whole_source(page, server, log):
    """Whatever is filtered; a click on one opens it."""
    page.goto(f"{server}/explore?level=ERROR&event={log}%7C21")
    drawer = page.get_by_role("complementary", name="Event")
    lines = drawer.locator(".context button")
    lines.first.wait_for()
    expect(lines).to_have_count(21)
    expect(drawer.locator(".context .this")).to_have_text(re.compile("^12:01:00.000  ERROR"))
    lines.nth(11).click()
    url_has(page, f"event={re.escape(log.replace('/', '%2F'))}%7C22")


def test_a_hostile_event_is_shown_as_it_is(page, server, log):
    """Markup stays text, escapes are gone, 100 kB are all there; as JSON it is whole."""
    drawer = page.get_by_role("complementary", name="Event")
    for offset, text in ((1, HOSTILE[0]), (4, "red click")):
        page.goto(f"{server}/explore?event={log}%7C{offset}")
        drawer.locator(".text").get_by_text(text, exact=True).first.wait_for()
    page.goto(f"{server}/explore?event={log}%7C5")
    drawer.locator(".text").get_by_text("xxxxx").first.wait_for()
    assert len(drawer.locator(".text").inner_text()) >= 99_999
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    drawer.get_by_role("button", name="Copy as JSON").click()
    drawer.get_by_role("button", name="Copied").wait_for()
    assert json.loads(page.evaluate("navigator.clipboard.readText()"))["message"] == HOSTILE[4]
