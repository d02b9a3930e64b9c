"""A source with a password in a real browser: its link, which has none, opens it again, and shows no secret."""

from __future__ import annotations

import json

import pytest
from browsing import expect_metric, needs_browser, running_app, url_has, wait_until_settled

pytestmark = needs_browser

SECRET = "hunter2-not-to-be-seen"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Run a server with a password, and three entries in it."""
    from servers.valkey import Valkey

    running = Valkey(tmp_path_factory.mktemp("valkey")).start()
    client = running.client()
    for number in range(3):
        client.xadd("logs", {"message": f"entry {number}", "level": "ERROR", "service": "shop"})
    client.config_set("requirepass", SECRET)
    yield running
    running.stop()


@pytest.fixture(scope="module", params=["127.0.0.1", "0.0.0.0"])
def running(request, store, tmp_path_factory):
    """Start the app on the server and on a file, for this machine or for the network."""
    log = tmp_path_factory.mktemp("logs") / "app.log"
    log.write_text(json.dumps({"timestamp": "2026-03-10T12:00:00Z", "message": "of the file"}) + "\n")
    address = f"redis://:{SECRET}@127.0.0.1:{store.port}/0?stream=logs&socket_timeout=9"
    with running_app(address, str(log), "--address", request.param) as app:
        yield app


def test_a_page_with_a_password_is_loaded_again_and_shared(page, browser, running):
    """The address of the page bears no password; it opens the source that the server was started with."""
    page.goto(running.url)
    expect_metric(page, "Events", "4")
    url_has(page, "source=redis")
    assert SECRET not in page.url
    page.reload()
    expect_metric(page, "Events", "4")
    second_page = browser.new_context().new_page()
    second_page.goto(page.url)
    expect_metric(second_page, "Events", "4")
    second_page.context.close()
    query = page.url.partition("?")[2]
    page.goto(f"{running.url}/explore?{query}")
    page.get_by_text("of 4 events").first.wait_for()
    page.goto(f"{running.url}/live?{query}")
    page.get_by_test_id("stMain").get_by_text("entry 2").first.wait_for()
    assert SECRET not in page.content()


def test_back_and_forward_go_on_working_with_a_password(page, running):
    """A filter, a page, an event of the stream: each step is undone and done again, and none asks for the login."""
    page.goto(running.url)
    expect_metric(page, "Events", "4")
    url_has(page, "source=redis")
    wait_until_settled(page)
    page.get_by_role("link", name="Explore").click()
    url_has(page, "/explore.*source=redis")
    page.get_by_text("4 of 4 events").first.wait_for()
    wait_until_settled(page)
    page.get_by_title("Only ERROR", exact=True).click()
    page.get_by_text("3 of 4 events").first.wait_for()
    wait_until_settled(page)
    page.locator(".events .row:not([hidden])").first.click()
    url_has(page, "event=")
    wait_until_settled(page)
    for step, pattern in ((page.go_back, "where=level[^&]*$"), (page.go_back, r"/explore\?source=[^?]*$")):
        step()
        url_has(page, pattern)
        wait_until_settled(page)
    page.get_by_text("4 of 4 events").first.wait_for()
    page.go_back()
    expect_metric(page, "Events", "4")
    for _ in range(2):
        page.go_forward()
        wait_until_settled(page)
    page.get_by_text("3 of 4 events").first.wait_for()
    page.go_forward()
    url_has(page, "event=")
    assert page.get_by_text("refuses the login").count() == 0
    assert SECRET not in page.url + page.content()


def test_what_is_typed_without_a_password_finds_the_one_it_was_named_with(page, running, store):
    """One of several sources alone, as the sidebar shows it."""
    page.goto(running.url)
    expect_metric(page, "Events", "4")
    box = page.get_by_label("Source", exact=True)
    if not box.count():
        pytest.skip("over a network nobody types a source")
    wait_until_settled(page)
    box.fill(f"redis://127.0.0.1:{store.port}/0?stream=logs")
    box.press("Enter")
    expect_metric(page, "Events", "3")
    wait_until_settled(page)
    page.reload()
    expect_metric(page, "Events", "3")
    box.fill(f"redis://:wrong-{SECRET}@127.0.0.1:{store.port}/0?stream=logs")
    box.press("Enter")
    page.get_by_text("refuses the login").first.wait_for()
    assert SECRET not in page.content()
    box.fill(f"redis://:{SECRET}@127.0.0.1:{store.port}/0?stream=logs")
    box.press("Enter")
    expect_metric(page, "Events", "3")
    wait_until_settled(page)
    page.reload()
    expect_metric(page, "Events", "3")
    box.fill("")
    box.press("Enter")
    expect_metric(page, "Events", "4")
