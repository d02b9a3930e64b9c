"""The sidebar's boxes, the filter bar and the time picker in a real browser."""

from __future__ import annotations

import re

from browsing import needs_browser, url_has, wait_until_settled

pytestmark = needs_browser


def test_a_chip_turns_a_filter_around_off_and_away(page, server):
    """Each changes the count, and the link."""
    page.goto(f"{server}/explore?level=ERROR")
    page.get_by_text("120 of 1,200 events").first.wait_for()
    page.get_by_role("button", name="Leave these out: level").click()
    page.get_by_text("1,080 of 1,200 events").first.wait_for()
    url_has(page, "inverted=level")
    page.get_by_role("button", name="Switch off for now: level").click()
    page.get_by_text("1,200 of 1,200 events").first.wait_for()
    page.get_by_role("button", name="Switch on again: level").click()
    page.get_by_text("1,080 of 1,200 events").first.wait_for()
    page.get_by_role("button", name="Remove: level").click()
    page.get_by_text("1,200 of 1,200 events").first.wait_for()
    url_has(page, r"/explore\?source=[^&]*$")


def click_at_once(page, *buttons):
    """Click buttons faster than the server answers."""
    elements = [button.element_handle() for button in buttons]
    page.evaluate("elements => elements.forEach(element => element.click())", elements)


def test_quick_clicks_all_count(page, server):
    """Two values of a facet are left out by clicks in one moment, and two chips are removed so."""
    page.goto(f"{server}/explore")
    page.get_by_text("1,200 of 1,200 events").first.wait_for()
    wait_until_settled(page)
    click_at_once(page, page.get_by_title("Without <b>0</b>").first, page.get_by_title("Without <b>1</b>").first)
    page.get_by_text("400 of 1,200 events").first.wait_for()
    wait_until_settled(page)
    click_at_once(page, *page.get_by_title("Remove", exact=True).all())
    page.get_by_text("1,200 of 1,200 events").first.wait_for()


def test_a_broken_box_keeps_the_last_result(page, server):
    """The error stands under its box; the table, the count and the link stay."""
    page.goto(f"{server}/explore?level=ERROR")
    page.get_by_text("120 of 1,200 events").first.wait_for()
    wait_until_settled(page)
    for label, typed, reason in (
        ("Regular expression", "(", "unclosed group"),
        ("Condition in SQL", "no_such_column > 5", "no_such_column"),
    ):
        box = page.get_by_label(label, exact=True)
        box.fill(typed)
        box.press("Enter")
        page.get_by_test_id("stSidebar").get_by_text(reason).first.wait_for()
        wait_until_settled(page)
        assert box.input_value() == typed
        page.get_by_text("120 of 1,200 events").first.wait_for()
        assert "level=ERROR" in page.url
        assert "no_such" not in page.url


def test_times_are_in_the_chosen_zone(page, server):
    """On the chart, in the table's range and in what is typed; the link keeps it."""
    page.goto(f"{server}/explore?zone=Asia/Shanghai")
    page.get_by_text(re.compile(r"2026-03-10 20:00–20:59.* Asia/Shanghai")).first.wait_for()
    page.get_by_label("Time range").click()
    page.get_by_role("option", name="From … until …").click()
    start = page.get_by_label("From", exact=True)
    start.wait_for()
    assert start.input_value() == "2026-03-10 20:00:00"
    start.fill("2026-03-10 20:30")
    start.press("Enter")
    url_has(page, "since=2026-03-10T12%3A30%3A00Z")
    page.get_by_text("600 of 1,200 events").first.wait_for()


def test_the_last_minutes_of_the_log_are_those_before_its_end(page, server):
    """Whatever the clock says now."""
    page.goto(f"{server}/explore")
    page.get_by_text("1,200 of 1,200 events").first.wait_for()
    page.get_by_label("Time range").click()
    page.get_by_role("option", name="Last 15 minutes of the log").click()
    page.get_by_text(re.compile(r"^30\d of 1,200 events")).first.wait_for()
