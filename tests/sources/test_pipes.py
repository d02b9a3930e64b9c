"""Tails of pipes: what comes through standard input, named pipes and process substitution."""

from __future__ import annotations

import gzip
import os
import threading
import time

import pytest

import loganalytics as la
from loganalytics.exceptions import UnreadableSourceError
from loganalytics.sources.files import pipe

LINE = "2026-03-10 12:00:0{} ERROR disk {} full\n"


@pytest.fixture
def stdin(monkeypatch):
    """The end of a pipe to write to, whose other one is standard input."""
    reading, writing = os.pipe()
    saved = os.dup(0)
    os.dup2(reading, 0)
    monkeypatch.setattr("sys.stdin", os.fdopen(os.dup(0)))
    with os.fdopen(writing, "wb", buffering=0) as writer:
        yield writer
    os.dup2(saved, 0)


def messages(tail) -> list[str]:
    """Return the messages until the tail ends."""
    return [message for batch in tail for message in batch["message"]]


def test_events_come_while_the_writer_goes_on(stdin):
    """Each as soon as it is whole, and the last one at the end of the pipe."""
    with la.tail("-") as tail:
        stdin.write(LINE.format(1, "a").encode() + b"Traceback: x\n")
        events = tail.read(5).select("message", "exception", "source", "offset")
        assert events.row(0) == ("disk a full", "Traceback: x", "-", "1")
        stdin.write(LINE.format(2, "b").encode()[:-1])
        stdin.close()
        assert messages(tail) == ["disk b full"]
        assert tail.status["read"] == 2


def test_a_named_pipe_has_no_end(tmp_path):
    """One writer leaves and another comes."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with la.tail(path) as tail:
        for number in (1, 2):
            path.write_text(LINE.format(number, number))
            assert tail.read(5)["message"].to_list() == [f"disk {number} full"]


def test_dev_fd_is_a_pipe():
    """As shells write process substitution."""
    reading, writing = os.pipe()
    os.write(writing, LINE.format(1, "a").encode())
    os.close(writing)
    with la.tail(f"/dev/fd/{reading}") as tail:
        assert messages(tail) == ["disk a full"]
    os.close(reading)


def test_filters_hold_for_pipes(stdin):
    """Level, time and condition."""
    stdin.write(b"2026-03-10 12:00:00 INFO a\n2026-03-10 12:00:01 ERROR b\n2026-03-11 12:00:00 ERROR c\n")
    stdin.close()
    with la.tail("-", level="error", since="2026-03-11", query="message = 'c'") as tail:
        assert messages(tail) == ["c"]


def test_the_copy_of_a_pipe_stays_small(stdin, monkeypatch):
    """What was read is cut off, and lines go on to be counted."""
    monkeypatch.setattr(pipe, "_MAX_SPOOL_BYTES", 10_000)
    lines = [f"2026-03-10 12:{n // 60:02}:{n % 60:02} INFO event {n}\n" for n in range(2_000)]

    def write() -> None:
        for begin in range(0, len(lines), 100):
            stdin.write("".join(lines[begin : begin + 100]).encode())
            time.sleep(0.005)
        stdin.close()

    threading.Thread(target=write).start()
    with la.tail("-") as tail:
        batches = list(tail)
        assert os.fstat(tail._readers["-"]._spool.fileno()).st_size < 60_000
    assert [message for batch in batches for message in batch["message"]] == [f"event {n}" for n in range(2_000)]
    assert [offset for batch in batches for offset in batch["offset"]] == [str(n + 1) for n in range(2_000)]


def test_what_is_packed_is_refused(stdin):
    """With what to do."""
    stdin.write(gzip.compress(LINE.format(1, "a").encode()))
    with la.tail("-") as tail, pytest.raises(UnreadableSourceError, match="zcat"):
        tail.read(5)
