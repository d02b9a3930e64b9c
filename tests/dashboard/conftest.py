"""Fixtures of the tests in a real browser: one Chromium and one app on hostile logs for all of them."""

from __future__ import annotations

import json

import pytest
from browsing import APP, CHROMIUM, HOSTILE, running_app
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from loganalytics.view import View


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
def server(log):
    """Start the app; return its address."""
    with running_app(log) as app:
        yield app.url


@pytest.fixture(scope="session")
def browser():
    """Start Chromium."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=60_000)  # a busy machine is slow, and what is waited for comes
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


@pytest.fixture
def open_app(monkeypatch):
    """Return a function that opens a page of the app on a view."""

    def run_page(view: View, page: str = "overview", **items: str) -> AppTest:
        monkeypatch.setenv("LOGANALYTICS_SOURCE", view.source[0])
        monkeypatch.setattr("sys.argv", ["app_streamlit.py"])
        app = AppTest.from_file(APP, default_timeout=120)
        for name, values in view.to_parameters().items():
            app.query_params[name] = values
        for name, value in items.items():
            app.query_params[name] = value
        if page != "overview":
            app._page_hash = calc_hash(page)  # the harness knows only pages that are files
        return app.run()

    return run_page
