"""Overview and what it leads to, in a real browser."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from browsing import HOSTILE, needs_browser, running_app, url_has, wait_until_settled

pytestmark = needs_browser
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def outburst(tmp_path_factory):
    """Start the app on two hours of logs with five minutes in which calls fail, by a hostile message."""
    path = tmp_path_factory.mktemp("logs") / "app.jsonl"
    rows = (
        {
            "timestamp": (NOON + timedelta(seconds=3 * n)).isoformat(), "service": ("web", "<b>api</b>")[n % 2],
            "level": "ERROR" if 1200 < n < 1300 and n % 2 else "INFO",
            "message": f"refused {HOSTILE[0]} **bold** " + "x" * 2000 if 1200 < n < 1300 and n % 2 else f"GET /{n}",
        }
        for n in range(2400)
    )  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with running_app(str(path)) as app:
        yield app.url


def first_finding(page):
    """Return the first line of what was found, as soon as it is there."""
    page.locator(".st-key-finding-0-incident").wait_for()
    wait_until_settled(page)
    return page.locator(".st-key-findings [data-testid=stHorizontalBlock]").first


def test_a_finding_is_three_lines_at_most_whatever_its_length(page, outburst):
    """A message of two thousand letters does not push the others far down."""
    page.goto(outburst)
    assert first_finding(page).bounding_box()["height"] < 75


def test_a_title_is_read_to_its_end(page, tmp_path):
    """Who and what of a hundred letters are not cut, at the width of a small screen."""
    times = [NOON + timedelta(seconds=5 * n) for n in range(1440)]
    path = tmp_path / "app.jsonl"
    path.write_text("".join(
        json.dumps({
            "timestamp": time.isoformat(), "service": "billing-invoice-scheduler", "level": level, "message": text,
        }) + "\n"
        for n, time in enumerate(times)
        for level, text in [
            ("ERROR", "could not write the invoice: no space left on device") if 700 < n < 800 else ("INFO", "written")
        ]
    ))  # fmt: skip
    with running_app(str(path)) as app:
        page.goto(app.url)
        line = first_finding(page)
        texts = line.locator("[data-testid=stText]")
        assert texts.evaluate_all(
            "nodes => nodes.every(n => [n, ...n.querySelectorAll('*')].every(e => e.scrollHeight <= e.clientHeight + 1"
            " && e.scrollWidth <= e.clientWidth + 1))"
        )
        assert "no space left on device" in texts.last.inner_text()


def test_the_incident_of_a_finding_opens_with_its_range(page, outburst):
    """The Incident page has a verdict on those minutes, and both ranges are shaded."""
    page.goto(outburst)
    first_finding(page)
    page.locator(".st-key-finding-0-incident button").click()
    url_has(page, r"/incident.*incident=2026-03-10T13%3A0")
    page.locator(".st-key-verdict").get_by_text("Likely cause").first.wait_for()


def test_the_events_of_a_finding_are_those_it_names(page, outburst):
    """Explore shows its minutes, and of them its one problem."""
    page.goto(outburst)
    first_finding(page)
    page.locator(".st-key-finding-0-events button").click()
    url_has(page, r"/explore.*since=2026-03-10T13")
    url_has(page, r"where=cluster_id%3D[0-9a-f]{12}")
    page.get_by_text(re.compile("^50 of 2,400 events")).first.wait_for()


def test_zoomed_into_its_time_the_finding_still_leads(page, outburst):
    """And its incident is compared with the time before, which the zoom leaves out."""
    page.goto(f"{outburst}/overview?since=2026-03-10T13%3A00%3A30Z&until=2026-03-10T13%3A03%3A30Z")
    first_finding(page)
    assert page.get_by_test_id("stAlertContentSuccess").count() == 0
    page.locator(".st-key-finding-0-incident button").click()
    url_has(page, r"/incident.*incident=2026-03-10T13%3A0")
    page.locator(".st-key-verdict").get_by_text("Likely cause").first.wait_for()
