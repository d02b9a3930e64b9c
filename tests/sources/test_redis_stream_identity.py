"""Ids that go backwards: streams made anew under their name, servers that lost their last entries."""

from __future__ import annotations

import json

import pytest
from servers.valkey import Valkey

import loganalytics as la


def add(client, count, *, first=1, text="m", ids=True, maxlen=None):
    """Add entries with the ids 1-0, 2-0 …, or those of the server; return their messages."""
    for number in range(first, first + count):
        identifier = f"{number}-0" if ids else "*"
        client.xadd("s", {"message": f"{text}{number}"}, id=identifier, maxlen=maxlen, approximate=False)
    return [f"{text}{number}" for number in range(first, first + count)]


def drain(tail, idle=0.4):
    """Return the messages of all that comes until nothing comes."""
    messages = []
    while (batch := tail.read(idle)).height:
        messages += batch["message"].to_list()
    return messages


def from_json(cursor):
    """Return a cursor as a file would."""
    return json.loads(json.dumps(cursor))


def test_a_stream_that_is_deleted_is_told_until_it_is_there_again(redis, valkey):
    """Silence would look as if nothing happened; a stream that was never there is not gone."""
    tail = la.tail([f"{valkey.address}?stream=s", f"{valkey.address}?stream=never"])
    add(redis, 3)
    assert (len(drain(tail)), tail.status["gone"]) == (3, 0)
    redis.delete("s")
    drain(tail)
    assert tail.status["gone"] == 1
    add(redis, 3)
    assert (len(drain(tail)), tail.status["gone"]) == (3, 0)


@pytest.mark.parametrize("count", [3, 20, 50])
@pytest.mark.parametrize("way", ["open", "cursor"])
@pytest.mark.parametrize("command", ["DEL", "FLUSHALL"])
def test_a_stream_made_anew(redis, valkey, count, way, command):
    """With fewer entries, as many, or more than were read, and the same ids: all of them come."""
    address = f"{valkey.address}?stream=s"
    tail = la.tail(address)
    old = add(redis, 20)
    assert drain(tail) == old
    if way == "cursor":
        tail.close()
    redis.execute_command(*(("DEL", "s") if command == "DEL" else ("FLUSHALL",)))
    pipe = redis.pipeline()
    expected = add(pipe, count, text="new")
    pipe.execute()
    if way == "cursor":
        tail = la.tail(address, cursor=from_json(tail.cursor))
    assert drain(tail) == expected
    assert tail.status["lost"] == 0
    tail.close()


def test_a_stream_made_anew_while_it_is_read_from_its_end(redis, valkey):
    """Nothing of the old stream had been read."""
    add(redis, 20)
    with la.tail(f"{valkey.address}?stream=s") as tail:
        pipe = redis.pipeline()
        pipe.delete("s")
        expected = add(pipe, 30, text="new")
        pipe.execute()
        assert drain(tail) == expected


def test_a_stream_made_anew_and_trimmed(redis, valkey):
    """What was trimmed of the new one is counted."""
    with la.tail(f"{valkey.address}?stream=s") as tail:
        add(redis, 20)
        assert len(drain(tail)) == 20
        redis.delete("s")
        pipe = redis.pipeline()
        expected = add(pipe, 15, text="new", maxlen=4)[-4:]
        pipe.execute()
        assert drain(tail) == expected
        assert tail.status["lost"] == 11


@pytest.mark.parametrize("regrown", [5, 12, 40])
@pytest.mark.parametrize("way", ["open", "cursor"])
def test_a_server_that_lost_its_last_entries(redis, valkey, regrown, way):
    """What it had lost and what came instead under lower, the same and higher ids: none is left out."""
    address = f"{valkey.address}?stream=s"
    tail = la.tail(address)
    add(redis, 100)
    dump = redis.dump("s")
    messages = drain(tail)
    add(redis, 12, first=101)
    messages += drain(tail)
    assert len(messages) == 112
    redis.restore("s", 0, dump, replace=True)
    expected = add(redis, regrown, first=101, text="new")
    if way == "cursor":
        tail.close()
        tail = la.tail(address, cursor=from_json(tail.cursor))
    again = drain(tail)
    assert again[-regrown:] == expected
    assert len(again) - regrown <= 16, "no more comes again than about what was lost"
    assert tail.status["lost"] == 0
    tail.close()


def test_a_server_that_was_killed_before_it_wrote(tmp_path):
    """What a server without its last entries got afterwards comes."""
    own = Valkey(tmp_path, appendonly="no", save="").start()
    try:
        with la.tail(f"{own.address}?stream=s") as tail:
            add(own.client(), 50)
            own.client().save()
            assert len(drain(tail)) == 50
            add(own.client(), 10, first=51)
            assert len(drain(tail)) == 10
            own.kill()
            own.start()
            expected = add(own.client(), 4, first=51, text="new")
            assert drain(tail, 1.5)[-4:] == expected
    finally:
        own.stop()


def test_entries_that_were_deleted_are_no_other_stream(redis, valkey):
    """Neither the last that was read, nor the first, nor all: nothing comes again."""
    with la.tail(f"{valkey.address}?stream=s") as tail:
        add(redis, 20)
        assert len(drain(tail)) == 20
        for ids in (["20-0"], ["1-0", "2-0"], [f"{number}-0" for number in range(3, 20)]):
            redis.xdel("s", *ids)
            assert drain(tail, 0.3) == []
        expected = add(redis, 3, first=21)
        assert drain(tail) == expected
        assert tail.status["read"] == 23
        assert tail.status["lost"] == 0


@pytest.mark.parametrize("gone", ["last", "all", "trimmed"])
def test_a_cursor_whose_entry_is_gone(redis, valkey, gone):
    """By deletion or trimming: nothing comes again, and what is new comes."""
    address = f"{valkey.address}?stream=s"
    with la.tail(address) as tail:
        add(redis, 20)
        assert len(drain(tail)) == 20
    if gone == "trimmed":
        redis.xtrim("s", maxlen=0, approximate=False)
    else:
        redis.xdel("s", *[f"{number}-0" for number in range(1 if gone == "all" else 20, 21)])
    expected = add(redis, 3, first=21)
    with la.tail(address, cursor=from_json(tail.cursor)) as again:
        assert drain(again) == expected
        assert again.status["lost"] == 0


def test_a_group_of_a_stream_made_anew(redis, valkey):
    """With lower ids: all of it comes to the group's reader."""
    with la.tail(f"{valkey.address}?stream=s", group="g") as tail:
        add(redis, 20)
        assert len(drain(tail)) == 20
        pipe = redis.pipeline()
        pipe.delete("s")
        expected = add(pipe, 5, text="new")
        pipe.execute()
        assert drain(tail) == expected


def test_the_cursor_stays_small(redis, valkey):
    """However much was read."""
    with la.tail(f"{valkey.address}?stream=s") as tail:
        for first in range(1, 601, 10):
            add(redis, 10, first=first)
            tail.read(1)
        drain(tail)
        assert tail.status["read"] == 600
        assert len(json.dumps(tail.cursor)) < 2000
