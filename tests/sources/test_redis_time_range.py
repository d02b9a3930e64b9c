"""`since` and `until` where the times of records lie far from their ids."""

from __future__ import annotations

import datetime as dt

import pytest

import loganalytics as la

DAY = dt.datetime(2026, 3, 10, tzinfo=dt.UTC)
PADDING = "x" * 60_000


def fill(redis, count, times, *, padding=""):
    """Add an entry a minute from DAY on, whose times are those of its ids but where `times` has others."""
    pipe = redis.pipeline(transaction=False)
    for number in range(count):
        added = DAY + dt.timedelta(minutes=number)
        entry = {"message": number, "timestamp": times.get(number, added).isoformat(), "padding": padding}
        pipe.xadd("s", entry, id=f"{int(added.timestamp() * 1000)}-0")
    pipe.execute()


@pytest.mark.parametrize("padding", ["", PADDING])
def test_old_records_in_the_middle(redis, valkey, padding):
    """Copied to the stream a month later: they are found, in short and in long streams."""
    old = DAY - dt.timedelta(days=30)
    fill(redis, 640, {number: old + dt.timedelta(seconds=number) for number in range(300, 320)}, padding=padding)
    logs = la.load(valkey.address, since=old - dt.timedelta(days=1), until=old + dt.timedelta(days=1))
    assert logs["message"].to_list() == [str(number) for number in range(300, 320)]


def test_records_from_ahead_in_the_middle(redis, valkey):
    """Of a clock that is a month ahead, or added with ids made by hand."""
    ahead = DAY + dt.timedelta(days=30)
    fill(redis, 2000, dict.fromkeys(range(900, 920), ahead))
    logs = la.load(valkey.address, since=ahead - dt.timedelta(hours=1))
    assert logs["message"].to_list() == [str(number) for number in range(900, 920)]
    assert la.load_report(logs)["guessed"].item() is None


def test_a_clock_that_is_ahead_all_along(redis, valkey):
    """As that of local times read as UTC: a long stream is read from its beginning, too."""
    fill(redis, 640, {n: DAY + dt.timedelta(minutes=n + 120) for n in range(640)}, padding=PADDING)
    logs = la.load(valkey.address, since=DAY + dt.timedelta(minutes=600))
    assert logs["message"].to_list() == [str(number) for number in range(480, 640)]


def test_ids_that_are_no_times(redis, valkey):
    """Bound nothing."""
    pipe = redis.pipeline(transaction=False)
    for number in range(640):
        when = (DAY + dt.timedelta(minutes=number)).isoformat()
        pipe.xadd("s", {"message": number, "timestamp": when, "padding": PADDING}, id=f"{number + 1}-1")
    pipe.execute()
    logs = la.load(valkey.address, since=DAY + dt.timedelta(minutes=600))
    assert logs["message"].to_list() == [str(number) for number in range(600, 640)]


@pytest.mark.parametrize("padding", ["", PADDING])
def test_records_that_come_late(redis, valkey, padding):
    """Hours after `until`."""
    late = {number: DAY + dt.timedelta(minutes=10) for number in (400, 600)}
    fill(redis, 640, late, padding=padding)
    logs = la.load(valkey.address, since=DAY + dt.timedelta(minutes=9), until=DAY + dt.timedelta(minutes=12))
    assert logs["message"].to_list() == ["9", "10", "11", "400", "600"]


def test_a_tail_since_a_time(redis, valkey):
    """Begins where the records begin; what was lost before it is not counted."""
    fill(redis, 640, {}, padding=PADDING)
    redis.xtrim("s", maxlen=600, approximate=False)
    with la.tail(valkey.address, since=DAY + dt.timedelta(minutes=600), idle=0.5) as tail:
        messages = [message for batch in tail for message in batch["message"]]
    assert messages == [str(number) for number in range(600, 640)]
    assert tail.status["read"] == 45
    assert tail.status["lost"] == 0
