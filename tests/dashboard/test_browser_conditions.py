"""A condition in SQL, in a real browser: it filters the view, and leaves the source as it is."""

from __future__ import annotations

from browsing import events_of_notebook, expect_metric, metric, needs_browser, wait_until_settled

pytestmark = needs_browser


def test_a_condition_counts_among_all_events_and_leaves_what_stands_around(page, server, log):
    """The total, the lines before and after and the trace are those of the source."""
    page.goto(f"{server}/explore?query=user_id+%3D+3&event={log}%7C8")
    page.get_by_text("of 1,200 events").first.wait_for()
    wait_until_settled(page)
    page.goto(f"{server}/traces?query=user_id+%3D+3&trace=req-0002")
    page.get_by_text("req-0002 · 4 events in").first.wait_for()
    page.goto(f"{server}/sources?query=user_id+%3D+3")
    expect_metric(page, "Events", "1,200")


def test_the_notebook_of_a_condition_counts_as_the_page(page, server, tmp_path):
    """Events of the view, templates of the source."""
    page.goto(f"{server}/?query=user_id+%3D+3+and+service+%3D+'api'")
    page.get_by_test_id("stMetric").first.wait_for()
    wait_until_settled(page)
    events = int(metric(page, "Events").inner_text().replace(",", ""))
    assert events_of_notebook(page, tmp_path) == events == 120
