"""Entries of any size: pages are bounded in bytes, so that memory stays near what is handed out."""

from __future__ import annotations

import subprocess
import sys

import pytest

import loganalytics as la
from loganalytics.sources.redis_streams.address import parse_address
from loganalytics.sources.redis_streams.answer_size import AnswerTooLargeError, PageSize
from loganalytics.sources.redis_streams.connection import Connection

READ = """
import sys, loganalytics as la
mode, address = sys.argv[1:]
if mode == "describe":
    events = la.describe(address)["entries"].item()
elif mode == "load":
    events = la.load(address).height
else:
    with la.tail(address, since="1h", idle=3, group="g" if mode == "group" else None) as tail:
        events = sum(batch.height for batch in tail)
        assert tail.status["lost"] == 0
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(events, int(peak) // 1024)
"""


def read_in_process(mode, address):
    """Return how many events are read, and the peak of memory in MB."""
    run = subprocess.run([sys.executable, "-c", READ, mode, address], capture_output=True, text=True, check=True)
    return tuple(map(int, run.stdout.split()))


@pytest.fixture
def large_after_small(redis, valkey):
    """A stream of 2,500 small entries, 24 of 4 MB, and ten small ones; its address."""
    small, large = {"message": "m", "body": "x"}, {"message": "m", "body": "x" * 4_000_000}
    for record, count in ((small, 2500), (large, 24), (small, 10)):
        for _ in range(count):
            redis.xadd("s", record)
    return f"{valkey.address}?stream=s"


@pytest.mark.parametrize("mode", ["tail", "group", "describe"])
def test_large_entries_after_small_ones(large_after_small, mode):
    """All come, and no more memory is needed than for a page of them."""
    events, megabytes = read_in_process(mode, large_after_small)
    assert events == 2534
    assert megabytes < 330


def test_an_answer_is_cut_off(redis, valkey):
    """Where it has more bytes than were to be read; the next one comes as if nothing had been."""
    redis.xadd("s", {"data": "x" * 100_000})
    connection = Connection(parse_address(valkey.address))
    with pytest.raises(AnswerTooLargeError):
        connection.ask("XRANGE", "s", "-", "+", key="s", max_bytes=50_000)
    assert len(connection.ask("XRANGE", "s", "-", "+", key="s", max_bytes=200_000)) == 1
    assert 100_000 < connection.received < 101_000
    connection.close()


def test_the_size_of_a_page():
    """Grows to what fits, and shrinks to one entry, which is read whatever its size."""
    size = PageSize(max_entries=1000, page_bytes=100_000)
    for entries, total in ((16, 16 * 10), (128, 128 * 10), (1000, 1000 * 10)):
        assert size.entries == entries
        size.fit(entries, total)
    assert size.entries == 1000
    size.fit(1000, 1000 * 1000)
    assert size.entries == 100
    size.fit(1, 10_000_000)
    assert size.entries == 1
    assert size.max_bytes is None
    size.fit(0, 0)
    assert size.entries == 1


def test_several_streams_of_large_entries(redis, valkey):
    """Come one after the other, none is left behind."""
    for number in range(2):
        for key in ("a", "b", "c"):
            redis.xadd(key, {"message": f"{key}{number}", "body": "x" * 9_000_000})
    streams = "&".join(f"stream={key}" for key in "abc")
    for group in (None, "g"):
        with la.tail(f"{valkey.address}?{streams}", since="1h", idle=2, group=group) as tail:
            messages = [message for batch in tail for message in batch["message"]]
        assert sorted(messages) == sorted(f"{key}{number}" for key in "abc" for number in range(2))
