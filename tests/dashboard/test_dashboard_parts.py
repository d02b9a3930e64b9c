"""What the pages are made of: the shared reader of live logs, exports, the notebook, hostile text made safe."""

from __future__ import annotations

import io
import json
import time
import zipfile
from datetime import UTC, datetime, timedelta

import nbformat
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import loganalytics as la
from loganalytics import schema
from loganalytics.dashboard import live_feed as feeds
from loganalytics.dashboard import notebook, summaries
from loganalytics.dashboard.components import downloads, tail_view
from loganalytics.filters.expressions import Where
from loganalytics.sanitize import printable
from loganalytics.view import View


def until(true, seconds: float = 20.0):
    """Wait until something is true, and return it."""
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


@pytest.fixture
def log(tmp_path):
    """Return a log that is written to."""
    path = tmp_path / "app.log"
    path.write_text("")
    return path


@pytest.fixture
def follow(log, monkeypatch):
    """Return a feed of the log that stops soon after the last session has left."""
    monkeypatch.setattr(feeds, "_LINGER", 0.2)
    made = []

    def open_feed(**options):
        made.append(
            feeds.Feed(lambda cursor: la.tail(str(log), since=None if cursor else "365d", cursor=cursor), **options)
        )
        return made[-1]

    yield open_feed
    for feed in made:
        for session in list(feed._leases):
            feed.leave(session)
        until(lambda feed=feed: not feed.state.running)


def write(log, first: int, last: int) -> None:
    """Append numbered lines."""
    now = datetime.now(UTC)
    with log.open("a") as file:
        file.writelines(f"{now:%Y-%m-%d %H:%M:%S},000 INFO [app] line {n}\n" for n in range(first, last))


def test_a_feed_numbers_what_it_reads_and_loses_nothing(log, follow):
    """Whatever the batches, each event has its own number, in order."""
    feed = follow()
    feed.look("a")
    for start in range(0, 500, 50):
        write(log, start, start + 50)
        time.sleep(0.02)
    until(lambda: feed.state.read == 500)
    events = feed.events()
    assert events["number"].to_list() == list(range(1, 501))
    assert events["message"].to_list() == [f"line {n}" for n in range(500)]


def test_the_ring_is_bounded(log, follow):
    """It holds what it may and a chunk, whatever was read."""
    feed = follow(kept=1000)
    feed.look("a")
    for start in range(0, 9000, 300):
        write(log, start, start + 300)
        time.sleep(0.03)
    until(lambda: feed.state.read == 9000)
    assert 1000 <= feed.events().height <= 1000 + feeds._CHUNK + 300
    assert feed.events()["number"].max() == 9000


def test_the_reader_stops_with_the_last_session_and_goes_on_where_it_was(log, follow):
    """What is written while nobody looks is there for whoever comes next."""
    feed = follow()
    feed.look("a")
    feed.look("b")
    write(log, 0, 10)
    until(lambda: feed.state.read == 10)
    feed.leave("a")
    time.sleep(0.6)
    assert feed.state.running
    feed.leave("b")
    until(lambda: not feed.state.running)
    write(log, 10, 25)
    feed.look("c")
    until(lambda: feed.state.read == 25)
    assert feed.events()["message"].to_list() == [f"line {n}" for n in range(25)]


def test_a_feed_tells_what_went_wrong(tmp_path):
    """An error of the reader is for the page to tell; there is no thread that died silently."""
    feed = feeds.Feed(lambda _: la.tail("redis://127.0.0.1:1/0?stream=x"))
    feed.look("a")
    error = until(lambda: feed.state.error)
    assert "127.0.0.1" in error
    until(lambda: not feed.state.running)


HOSTILE = ["=1+1", "\x1b[31mred\x1b[0m", "<script>x</script>", "a\u202eb", "x" * 5000, "a\nb"]


def test_csv_puts_formulas_out_of_action():
    """A spreadsheet sees text; Parquet and JSON lines keep the event as it was."""
    logs = schema.conform(pl.DataFrame({"message": HOSTILE}))
    assert downloads.written(logs, "csv").decode().count("'=1+1") == 1
    again = pl.read_ndjson(io.BytesIO(downloads.written(logs, "ndjson")))
    assert again["message"].to_list() == HOSTILE
    assert pl.read_parquet(io.BytesIO(downloads.written(logs, "parquet")))["message"].to_list() == HOSTILE


def test_the_archive_holds_all(log):
    """Events twice, the load report and the notebook; helper columns stay out."""
    write(log, 0, 3)
    view = View((str(log),))
    archive = zipfile.ZipFile(io.BytesIO(downloads.zipped(view, view.load().with_columns(__ms=1.0))))
    assert sorted(archive.namelist()) == ["events.csv", "events.parquet", "load_report.csv", "view.ipynb"]
    assert b"__ms" not in archive.read("events.csv")


def test_a_notebook_is_valid_and_bears_no_secret():
    """It is of the format 4.5, and the address has lost its login."""
    view = View(("redis://me:hunter2@host/0?stream=a",), where=(Where("a'b", 'c"d'),), grep=r"\d'")
    text = notebook.of(view)
    nbformat.validate(nbformat.reads(text, as_version=4))
    assert "hunter2" not in text
    assert "redis://host/0?stream=a" in "".join(cell["source"] for cell in json.loads(text)["cells"])


@given(st.lists(st.none() | st.text(max_size=40) | st.sampled_from(HOSTILE), max_size=20))
def test_tables_show_what_is_printable(texts):
    """No escape, control or mark that turns writing round is left; short clean text stays as it is."""
    shown = summaries.shown(pl.DataFrame({"message": texts}, schema={"message": pl.String}))["message"].to_list()
    for text, safe in zip(texts, shown, strict=True):
        assert (text is None) == (safe is None)
        if safe is not None:
            assert len(safe) <= 401
            assert not set(safe) & {"\x1b", "\x00", "\x9b", "\u202e", "\n"}
        if text is not None and text.isascii() and text.isprintable() and "  " not in text and len(text) < 40:
            assert safe == text == printable(text) or text != text.strip()


def test_the_tail_sends_short_safe_rows():
    """Number, time, level, service and text; an exception is marked."""
    logs = schema.conform(pl.DataFrame({"message": HOSTILE, "exception": ["Traceback", *[None] * 5], "level": "ERROR"}))
    rows = tail_view.records(logs.with_row_index("number"))
    assert rows["text"][0] == "=1+1 ⏎ …"
    assert rows["text"][1] == "red"
    assert len(rows["text"][4]) == 301


def test_neighbours_are_the_lines_around_an_event():
    """In the source's own order, as many as there are."""
    logs = schema.conform(
        pl.DataFrame({"message": [f"m{n}" for n in range(30)], "source": "a", "offset": [str(n) for n in range(30)]})
    )
    assert summaries.neighbours(logs, "a", "15", 2)["offset"].to_list() == ["13", "14", "15", "16", "17"]
    assert summaries.neighbours(logs, "a", "1", 2)["offset"].to_list() == ["0", "1", "2", "3"]
    assert summaries.neighbours(logs, "a", "29", 2)["offset"].to_list() == ["27", "28", "29"]
    assert summaries.neighbours(logs, "b", "1", 2).is_empty()


def test_new_patterns_are_those_that_came_too_late_for_chance():
    """Fifty events in the last tenth are new; one is chance."""
    begin = datetime(2026, 3, 10, tzinfo=UTC)
    late = begin + timedelta(hours=9)
    found = pl.DataFrame({"events": [50, 1, 50], "first_seen": [late, late, begin]})
    marked = summaries.with_new(found, (begin, begin + timedelta(hours=10)))
    assert marked["is_new"].to_list() == [True, False, False]
