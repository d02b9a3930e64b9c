"""The SQL editor in a real browser: what a link brought waits, a query can be stopped, and ends with its tab."""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import quote

import pytest
from browsing import needs_browser, running_app, wait_until_settled

from loganalytics.dashboard import sql_child

pytestmark = needs_browser

SLOW = "select sum(a.range * b.range) from range(1000000) a, range(1000000) b"


@pytest.fixture(scope="module")
def app(log):
    """Start an app of its own, whose processes can be counted."""
    with running_app(log) as running:
        yield running


def queries(app) -> int:
    """Return how many processes run a query."""
    lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if _is_child(path, app.process.pid)]
    return sum(sql_child.__name__.encode() in line for line in lines)


def _is_child(path: Path, parent: int) -> bool:
    try:
        return f"\nPPid:\t{parent}\n" in path.with_name("status").read_text()
    except OSError:
        return False


def wait_for_queries(app, number: int) -> None:
    """Wait until so many queries run."""
    for _ in range(150):
        if queries(app) == number:
            return
        time.sleep(0.1)
    raise AssertionError(f"{queries(app)} queries run, not {number}")


def open_editor(page, app, query: str = "") -> None:
    """Open the tab, with a query that a link brings."""
    page.goto(f"{app.url}/explore?tab=SQL&sql={quote(query)}")
    page.get_by_role("button", name="Run", exact=True).wait_for()
    wait_until_settled(page)


def ask(page, query: str) -> None:
    """Type a query and run it."""
    page.get_by_label("Query", exact=True).fill(query)
    page.get_by_label("Query", exact=True).press("Control+Enter")


def test_a_query_of_a_link_waits_until_it_is_run(page, app):
    """Who wrote the link may be anybody."""
    open_editor(page, app, "select count(*) as n from logs")
    page.get_by_text("This query has not been run.").first.wait_for()
    assert page.get_by_text("1 row", exact=True).count() == 0
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_text("1 row", exact=True).first.wait_for()


def test_a_slow_query_is_stopped_by_its_button(page, app):
    """And its process ends; the last result stays."""
    open_editor(page, app)
    ask(page, "select 1 as one")
    page.get_by_text("1 row", exact=True).first.wait_for()
    ask(page, SLOW)
    wait_for_queries(app, 1)
    page.get_by_role("button", name="Stop", exact=True).click()
    wait_for_queries(app, 0)
    page.get_by_text("Stopped.", exact=True).first.wait_for()
    page.get_by_text("The last result").first.wait_for()
    page.get_by_text("1 row", exact=True).first.wait_for()


def test_a_query_ends_with_its_tab_and_another_reader_s_goes_on(page, browser, app):
    """Nobody waits for it any more; who asked for the same has its answer or its error, not half of one."""
    second_page = browser.new_context().new_page()
    second_page.set_default_timeout(90_000)
    for reader in (page, second_page):
        open_editor(reader, app)
    ask(second_page, SLOW)
    wait_for_queries(app, 1)
    ask(page, "select 2 as two")
    page.get_by_text("1 row", exact=True).first.wait_for()
    assert queries(app) == 1
    second_page.context.close()
    wait_for_queries(app, 0)


def test_an_error_stands_under_the_query_and_the_last_result_stays(page, app):
    """A value of 3 GB is an error as any other."""
    open_editor(page, app)
    ask(page, "select 1 as one")
    page.get_by_text("1 row", exact=True).first.wait_for()
    ask(page, "select length(repeat('a', 3000000000)) from logs")
    page.get_by_text("needs more memory").first.wait_for()
    page.get_by_text("The last result").first.wait_for()
    ask(page, "select * from '/etc/passwd'")
    page.get_by_text("does not exist").first.wait_for()
    page.get_by_text("1 row", exact=True).first.wait_for()
