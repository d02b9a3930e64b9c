"""The reader that all sessions share: it numbers what it reads, is bounded, stops, and continues where it stopped."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import polars as pl
import pytest

import loganalytics as la
from loganalytics import schema
from loganalytics.analyses.errors.clusters import with_clusters
from loganalytics.dashboard import live_feed


def wait_for(condition, seconds: float = 20.0):
    """Wait until a condition is true, and return its value."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return value


@pytest.fixture
def log(tmp_path):
    """Return a log that is written to."""
    path = tmp_path / "app.log"
    path.write_text("")
    return path


@pytest.fixture
def open_feed(log, monkeypatch):
    """Return a function that opens a feed of the log; it stops soon after the last session has left."""
    monkeypatch.setattr(live_feed, "_LINGER_SECONDS", 0.2)
    feeds = []

    def open_tail(cursor):
        return la.tail(str(log), since=None if cursor else "365d", cursor=cursor)

    def open_feed(**options):
        feeds.append(live_feed.LiveFeed(open_tail, **options))
        return feeds[-1]

    yield open_feed
    for feed in feeds:
        for session in list(feed._leases):
            feed.release(session)
        wait_for(lambda feed=feed: not feed.state.running)


def write_lines(log, first: int, last: int) -> None:
    """Append numbered lines."""
    with log.open("a") as file:
        file.writelines(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S},000 INFO [app] line {n}\n" for n in range(first, last))


def test_errors_are_those_that_the_overview_counts(tmp_path):
    """By level, by the status of a request, by a trace, and by what a line without a level says."""
    path = tmp_path / "mixed.log"
    lines = [
        '{"message": "login failed for ann"}', '{"message": "0 errors"}', '{"message": "x", "level": "error"}',
        '{"message": "GET /a", "method": "GET", "path": "/a", "status": 503}', '{"message": "ok", "level": "info"}',
        '{"message": "x", "exception": "Traceback (most recent call last):\\n  File \\"a\\", line 1\\nKeyError: 1"}',
    ]  # fmt: skip
    path.write_text("".join(f'{{"timestamp": "2026-03-10T12:00:00Z", {line[1:]}\n' for line in lines))
    feed = live_feed.LiveFeed(lambda cursor: la.tail(str(path), cursor=cursor))
    logs = la.load(path)
    feed._count_arrivals(logs)
    ((_, events, errors),) = feed._arrivals
    assert (events, errors) == (6, with_clusters(logs).height) == (6, 4)


def test_a_feed_numbers_what_it_reads_and_loses_nothing(log, open_feed):
    """Whatever the batches, each event has its own number, in order."""
    feed = open_feed()
    feed.renew("a")
    for start in range(0, 500, 50):
        write_lines(log, start, start + 50)
        time.sleep(0.02)
    wait_for(lambda: feed.state.read == 500)
    events = feed.events()
    assert events["number"].to_list() == list(range(1, 501))
    assert events["message"].to_list() == [f"line {n}" for n in range(500)]


def test_the_ring_buffer_is_bounded(log, open_feed):
    """It holds its capacity and one chunk at most, however much was read."""
    feed = open_feed(capacity=1000)
    feed.renew("a")
    for start in range(0, 9000, 300):
        write_lines(log, start, start + 300)
        time.sleep(0.03)
    wait_for(lambda: feed.state.read == 9000)
    assert 1000 <= feed.events().height <= 1000 + live_feed._CHUNK_EVENTS + 300
    assert feed.events()["number"].max() == 9000


def test_the_reader_stops_with_the_last_session_and_continues_where_it_was(log, open_feed):
    """What is written while nobody watches is there for the next session."""
    feed = open_feed()
    feed.renew("a")
    feed.renew("b")
    write_lines(log, 0, 10)
    wait_for(lambda: feed.state.read == 10)
    feed.release("a")
    time.sleep(0.6)
    assert feed.state.running
    feed.release("b")
    wait_for(lambda: not feed.state.running)
    write_lines(log, 10, 25)
    feed.renew("c")
    wait_for(lambda: feed.state.read == 25)
    assert feed.events()["message"].to_list() == [f"line {n}" for n in range(25)]


def test_a_feed_reports_the_error_of_its_reader():
    """The page can show it; the thread did not die silently."""
    feed = live_feed.LiveFeed(lambda _: la.tail("redis://127.0.0.1:1/0?stream=x"))
    feed.renew("a")
    error = wait_for(lambda: feed.state.error)
    assert "127.0.0.1" in error
    wait_for(lambda: not feed.state.running)


def test_what_several_sources_hold_is_shown_in_the_order_of_time(open_feed):
    """Also where their readers give it one after the other; lines of one source stay in its order."""
    feed = open_feed()
    moments = [datetime(2026, 3, 10, 12, 0, second, tzinfo=UTC) for second in range(6)]
    batches = [("a", [0, 4]), ("b", [1, 3]), ("a", [2, 5])]
    feed._opened_at = datetime.now(UTC)
    feed._read_from = feed._read_at = time.monotonic()
    for source, seconds in batches:
        rows = [{"source": source, "timestamp": moments[n], "message": f"{source}{n}"} for n in seconds]
        feed._take(schema.conform(pl.DataFrame(rows)))
    feed._take(schema.empty())
    assert feed.events()["message"].to_list() == ["a0", "b1", "b3", "a4", "a2", "a5"]
    assert feed.state.rate == 0
