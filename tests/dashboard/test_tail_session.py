"""What a session is sent of a live feed: each event once, and what is paused stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import polars as pl
import pytest

import loganalytics as la
from loganalytics import schema
from loganalytics.dashboard.live_feed import LiveFeed
from loganalytics.dashboard.pages.live import reading_of
from loganalytics.dashboard.tail_session import MAX_LINES, TailSession, tail_lines, unknown_columns
from loganalytics.filters.expressions import Where
from loganalytics.view import View

ALL = View(("app.log",))


@pytest.fixture
def feed():
    """Return a feed that is filled by hand."""
    return LiveFeed(lambda _: la.tail("nowhere.log"), capacity=1000)


def add(feed, count: int, level: str = "INFO", **columns) -> None:
    """Let events arrive."""
    first = feed.state.read + 1
    events = pl.DataFrame({"message": [f"line {n}" for n in range(first, first + count)]}).with_columns(
        timestamp=pl.lit(datetime(2026, 3, 10, 12, tzinfo=UTC)), level=pl.lit(level),
        severity_number=pl.lit(schema.severity_of(level)),
    )  # fmt: skip
    feed._append(schema.conform(events.with_columns(**columns)))


def messages(update) -> list[str]:
    """Return the messages of an update."""
    return update["lines"]["message"]


def test_only_what_is_new_is_sent(feed):
    """The first update has all, the next only what came since, and they join."""
    session = TailSession(feed)
    add(feed, 3)
    first = session.update(ALL, "UTC")
    add(feed, 2)
    second = session.update(ALL, "UTC")
    assert (first["after"], messages(first)) == (None, ["line 1", "line 2", "line 3"])
    assert (second["after"], messages(second)) == (first["upto"], ["line 4", "line 5"])
    assert second["sending"] == first["sending"]


def test_another_filter_or_zone_sends_all_anew(feed):
    """The lines in the browser were chosen and written for the ones before."""
    session = TailSession(feed)
    add(feed, 1)
    add(feed, 1, "ERROR")
    sendings = {session.update(ALL, "UTC")["sending"]}
    errors = session.update(View(ALL.source, level="ERROR"), "UTC")
    assert (errors["after"], messages(errors)) == (None, ["line 2"])
    shanghai = session.update(View(ALL.source, level="ERROR"), "Asia/Shanghai")
    assert shanghai["lines"]["time"] == ["03-10 20:00:00.000"]
    assert len(sendings | {errors["sending"], shanghai["sending"]}) == 3


def test_what_is_paused_stays_however_much_comes_after(feed):
    """The ring buffer has turned over many times; a page that asks for all gets the paused lines again."""
    session = TailSession(feed)
    add(feed, 10)
    session.update(ALL, "UTC")
    session.pause(10)
    for _ in range(10):
        add(feed, 900)
        assert messages(session.update(ALL, "UTC")) == []
    assert session.paused.waiting == 9000
    session.resend()
    assert messages(session.update(ALL, "UTC")) == [f"line {n}" for n in range(1, 11)]
    assert session.open(3)
    assert session.opened["message"] == "line 3"


def test_other_filters_apply_to_what_is_paused(feed):
    """What the filter before left out can be seen as well: the lines around an error."""
    session = TailSession(feed)
    add(feed, 2)
    add(feed, 1, "ERROR")
    session.update(View(ALL.source, level="ERROR"), "UTC")
    session.pause(3)
    add(feed, 5000)
    assert messages(session.update(ALL, "UTC")) == ["line 1", "line 2", "line 3"]
    assert session.paused.waiting == 5000


def test_what_waits_is_counted_by_the_filter_and_not_exact_when_it_was_missed(feed):
    """Of what left the ring buffer between two updates it is not known whether the filter keeps it."""
    session = TailSession(feed)
    errors = View(ALL.source, level="ERROR")
    add(feed, 1, "ERROR")
    session.update(errors, "UTC")
    session.pause(1)
    add(feed, 4)
    add(feed, 2, "ERROR")
    session.update(errors, "UTC")
    assert (session.paused.waiting, session.paused.is_exact) == (2, True)
    for _ in range(5):
        add(feed, 800, "ERROR")
    session.update(errors, "UTC")
    assert session.paused.waiting < 4002
    assert not session.paused.is_exact


def test_going_on_continues_after_what_is_shown(feed):
    """The lines that were read, and their marks, stay; what came since follows them."""
    session = TailSession(feed)
    add(feed, 10)
    session.update(ALL, "UTC")
    session.pause(10)
    add(feed, 5)
    session.update(ALL, "UTC")
    session.resume()
    update = session.update(ALL, "UTC")
    assert (update["after"], update["upto"], len(messages(update))) == (10, 15, 5)


def test_a_page_that_is_loaded_again_is_paused_where_its_tab_was(feed):
    """With its lines, though the ring buffer has turned, and its marks; another tab is not."""
    session = TailSession(feed)
    add(feed, 10)
    session.pause(10, tab="a")
    session.update(ALL, "UTC")
    for _ in range(5):
        add(feed, 900)
    again, other = TailSession(feed), TailSession(feed)
    again.restore("a", 10, [3])
    assert messages(again.update(ALL, "UTC")) == [f"line {n}" for n in range(1, 11)]
    assert (again.marks, again.paused.waiting, again.paused.is_cut) == ([3], 4500, False)
    other.restore("b", 10, [])
    assert messages(other.update(ALL, "UTC")) == []
    assert other.paused.is_cut


def test_what_many_tabs_paused_at_is_not_held_for_ever(feed):
    """Memory is bounded; what the last ones paused at is there."""
    add(feed, 10)
    for number in range(1, 11):
        feed.keep(f"tab {number}", feed.events())
    assert [feed.kept(f"tab {number}") is not None for number in range(1, 11)] == [False] * 2 + [True] * 8


def test_all_lines_since_the_first_mark_are_sent_again(feed):
    """A mark that cannot be gone to is lost."""
    feed._capacity = 10_000
    for _ in range(3):
        add(feed, 1000)
    session = TailSession(feed)
    session.mark([500])
    assert messages(session.update(ALL, "UTC"))[0] == "line 500"


def test_what_was_not_sent_is_counted(feed):
    """More came between two updates than the ring buffer holds: the page can say how much is not shown."""
    session = TailSession(feed)
    add(feed, 1)
    session.update(ALL, "UTC")
    for _ in range(5):
        add(feed, 900)
    update = session.update(ALL, "UTC")
    assert len(messages(update)) + update["skipped"] == 4500
    assert len(messages(update)) <= MAX_LINES


def test_a_line_that_is_held_can_be_opened_when_it_has_left_the_ring_buffer(feed):
    """Who scrolled up reads lines that are old by then."""
    session = TailSession(feed)
    add(feed, 5)
    session.hold(is_held=True)
    for _ in range(5):
        add(feed, 900)
    assert session.open(2)
    session.hold(is_held=False)
    assert not session.open(2)


@pytest.mark.parametrize(
    "query", ["level:ERROR AND service:shop", "status:[500 TO 599]", '"a phrase"', "NOT _exists_:user", "mess*:x"]
)
def test_a_condition_in_the_server_s_own_language_is_left_to_the_server(feed, query):
    """The reader is given it; here it is neither SQL nor a column that is missing."""
    view = View(("elasticsearch://127.0.0.1:9200/logs",), query=query)
    assert dict(reading_of(view))["query"] == query
    assert dict(reading_of(replace(view, inverted=("query",))))["query"] == f"NOT ({query})"
    assert "query" not in dict(reading_of(replace(view, disabled=("query",))))
    assert "query" not in dict(reading_of(View(("app.log",), query="level = 'ERROR'")))
    add(feed, 2)
    assert messages(TailSession(feed).update(view, "UTC")) == ["line 1", "line 2"]
    assert unknown_columns(view, feed.events()) == []


def test_a_column_that_no_event_has_is_named(feed):
    """A filter on it leaves nothing, which says nothing about the log."""
    add(feed, 1, user=pl.lit("ann"))
    view = View(ALL.source, where=(Where("usr", "ann"), Where("user", "ann")), query="durations > 5 AND level = 'INFO'")
    assert unknown_columns(view, feed.events()) == ["usr", "durations"]


def test_what_a_search_finds_is_sent_to_be_marked(feed):
    """In whatever case, as often as it occurs; a text is not read as a pattern."""
    add(feed, 1)
    update = TailSession(feed).update(View(ALL.source, text="LINE", grep="[0-9]+"), "UTC")
    assert update["lines"]["found"] == [["line", "1"]]
    assert TailSession(feed).update(View(ALL.source, text="."), "UTC")["lines"]["message"] == []


def test_hostile_text_is_sent_without_controls_and_short(feed):
    """Also the level, the service and what the search found."""
    add(feed, 1, message=pl.lit("\x1b[31mred\u202e" + "x" * 100_000), service=pl.lit("\x1b]0;title\x07web"))
    update = TailSession(feed).update(View(ALL.source, text="red"), "UTC")
    assert not set(str(update)) & {"\x1b", "\u202e", "\x07"}
    assert len(messages(update)[0]) <= 400


def test_lines_are_short_and_safe():
    """No escapes, no direction marks, one line; an exception is marked."""
    logs = schema.conform(
        pl.DataFrame(
            {
                "message": ["=1+1", "\x1b[31mred\x1b[0m", "a\nb", "x" * 100_000, "\u202egnp.exe"],
                "exception": ["Traceback", *[None] * 4],
                "level": "ERROR",
            }
        )
    ).with_row_index("number")
    lines = tail_lines(logs, View(), "UTC")
    messages = lines["message"].to_list()
    assert messages[0].startswith("=1+1 ⏎")
    assert messages[1] == "red"
    assert "\n" not in messages[2]
    assert len(messages[3]) <= 400
    assert "\u202e" not in messages[4]
