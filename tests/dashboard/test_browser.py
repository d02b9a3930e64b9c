"""The dashboard in a real browser: what people do there, on logs that try to do something themselves."""

from __future__ import annotations

import re

import pytest
from browsing import (
    click_row,
    events_of_notebook,
    expect_metric,
    metric,
    needs_browser,
    running_app,
    url_has,
    wait_until_settled,
)

from loganalytics.view import View

pytestmark = needs_browser


def test_a_link_to_a_page_opens_it_in_an_app_just_started(page, log):
    """Nobody has been on the first page, which names the pages to Streamlit."""
    with running_app(log) as app:
        page.goto(f"{app.url}/sources")
        expect_metric(page, "Events", "1,200")
        page.get_by_role("heading", name="Load report").first.wait_for()


def test_a_range_drawn_on_the_chart_zooms_and_can_be_shared(page, browser, server):
    """The numbers change, the link holds the range, and a second browser shows the same."""
    page.goto(server)
    expect_metric(page, "Events", "1,200")
    wait_until_settled(page)
    box = page.get_by_test_id("stVegaLiteChart").first.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.4, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, middle, steps=8)
    page.mouse.up()
    url_has(page, "since=2026-03-10T12")
    wait_until_settled(page)
    events = metric(page, "Events").inner_text()
    assert 200 < int(events.replace(",", "")) < 600
    second_page = browser.new_context().new_page()
    second_page.goto(page.url)
    expect_metric(second_page, "Events", events)
    assert View.from_query(second_page.url.partition("?")[2]) == View.from_query(page.url.partition("?")[2])
    second_page.context.close()


def test_a_facet_filters_an_event_opens_and_its_trace_is_followed(page, server):
    """Explore: click a value, open an event, see all of it, follow its trace."""
    page.goto(f"{server}/explore")
    page.get_by_text("of 1,200 events").first.wait_for()
    wait_until_settled(page)
    page.get_by_title("Only ERROR", exact=True).click()
    url_has(page, "where=level%3DERROR")
    page.get_by_text("120 of 1,200 events").first.wait_for()
    wait_until_settled(page)
    page.locator(".events .row:not([hidden])").first.click()
    page.get_by_role("button", name="Follow the trace").click()
    url_has(page, "/traces.*trace=req-0")
    page.get_by_text(re.compile(r"req-0\d+ · 4 events in")).first.wait_for()


def test_a_click_on_a_problem_shows_its_events(page, server):
    """Overview: Explore opens with as many events as the table says, and the link names the problem."""
    page.goto(server)
    expect_metric(page, "Events", "1,200")
    page.get_by_role("heading", name="What was found").first.wait_for()
    wait_until_settled(page)
    click_row(page, 0, 0)
    url_has(page, "/explore.*where=cluster_id%3D[0-9a-f]{12}")
    page.get_by_text(re.compile(r"^[1-9]\d* of 1,200 events")).first.wait_for()
    assert metric(page, "Events").count() == 0


@pytest.mark.parametrize("name", ["", "explore", "patterns", "anomalies", "incident", "traces", "sources", "live"])
def test_hostile_lines_are_text_on_every_page(name, page, server):
    """Nothing is executed and no page fails."""
    page.goto(f"{server}/{name}")
    page.get_by_test_id("stMain").wait_for()
    wait_until_settled(page)
    assert page.get_by_test_id("stException").count() == 0


def test_the_notebook_gives_the_same_numbers(page, server, tmp_path):
    """Downloaded and run, it counts as many events and problems as the page."""
    page.goto(f"{server}/?level=ERROR&services=web&text=bold")
    page.get_by_test_id("stMetric").first.wait_for()
    wait_until_settled(page)
    events = int(metric(page, "Events").inner_text().replace(",", ""))
    assert events_of_notebook(page, tmp_path) == events == 17


def test_a_report_is_downloaded(page, server, tmp_path):
    """One page of HTML in which the log's lines are escaped."""
    page.goto(f"{server}/?level=ERROR")
    page.get_by_role("button", name="Report", exact=True).wait_for()
    wait_until_settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Report", exact=True).click()
    path = tmp_path / "report.html"
    download.value.save_as(path)
    html = path.read_text()
    assert html.lower().startswith("<!doctype html")
    assert "<script>window.hacked" not in html
