"""Tails of Redis Streams: cursors, faults, consumer groups."""

from __future__ import annotations

import json
import random
import threading
import time

import polars as pl
import pytest

import loganalytics as la
from loganalytics.exceptions import InvalidArgumentError, SourceNotFoundError, UnreachableSourceError


def add(client, count, start=0):
    """Add entries; return their ids."""
    return [
        client.xadd("s", {"data": json.dumps({"level": "info", "message": f"m{start + n}"})}).decode()
        for n in range(count)
    ]


def drain(tail, idle=0.4):
    """Return the offsets of all that comes until nothing comes."""
    offsets = []
    while (batch := tail.read(idle)).height:
        offsets += batch["offset"].to_list()
    return offsets


def test_new_entries_come_as_log_frames(redis, valkey):
    """From the end of the stream on; one stream's and another's."""
    add(redis, 3)
    with la.tail(valkey.address) as tail:
        assert tail.read(0.1).is_empty()
        ids = add(redis, 2)
        batch = tail.read(5)
        assert batch.columns[:10] == list(la.load(valkey.address).columns[:10])
        assert batch["offset"].to_list() + drain(tail) == ids
        assert tail.status["read"] == 2


def test_since_begins_before_the_end(redis, valkey):
    """With what the stream holds from then on; iteration ends when nothing comes any more."""
    ids = add(redis, 5)
    with la.tail(f"{valkey.address}?stream=s", since="1h", idle=0.2) as tail:
        assert pl.concat(list(tail))["offset"].to_list() == ids
    assert tail.status["state"] == "closed"


def test_a_stream_that_is_not_there_yet(redis, valkey):
    """Is waited for when it is named; an empty server without a name is an error."""
    with la.tail(f"{valkey.address}?stream=s") as tail:
        ids = add(redis, 1)
        assert drain(tail) == ids
    redis.flushall()
    with pytest.raises(SourceNotFoundError):
        la.tail(valkey.address)


@pytest.mark.parametrize("shared", [False, True])
def test_a_stream_that_came_later(redis, valkey, shared):
    """Is found when none was named, and read from its first entry on; by groups too."""
    add(redis, 3)
    with la.tail(valkey.address, group="g" if shared else None) as tail:
        redis.xadd("later", {"message": "one"})
        batch = tail.read(10)
        assert batch["source"].to_list() == ["later"]
        redis.xadd("later", {"message": "two"})
        ids = add(redis, 1)
        offsets = [*drain(tail)]
        assert ids[0] in offsets
        assert tail.status["read"] == 3
        assert tail.status["lost"] == 0


def test_level_and_query(redis, valkey):
    """Filter batches; a column that a batch lacks is null there."""
    with la.tail(f"{valkey.address}?stream=s", since="1h", level="error", query="user_id = 7", idle=0.2) as tail:
        redis.xadd("s", {"message": "a", "level": "error", "user_id": 7})
        redis.xadd("s", {"message": "b", "level": "info", "user_id": 7})
        assert [row for batch in tail for row in batch["message"]] == ["a"]
        redis.xadd("s", {"message": "c", "level": "error"})
        assert tail.read(0.2).is_empty()
        assert (tail.status["read"], tail.status["kept"]) == (3, 1)
    with pytest.raises(InvalidArgumentError, match="cannot be evaluated"):
        la.tail(f"{valkey.address}?stream=s", query="level =")


def test_going_on_from_a_saved_cursor(redis, valkey, tmp_path):
    """Cursor and state are saved in one write; nothing is lost or comes twice, and nothing secret is in the file."""
    with la.tail(f"{valkey.address}?stream=s", since="1h") as tail:
        before = add(redis, 10)
        seen = drain(tail)
        la.save_cursor(tmp_path / "cursor.json", tail.cursor, state={"events": len(seen)})
    after = add(redis, 10)
    cursor, state = la.load_cursor(tmp_path / "cursor.json")
    with la.tail(f"{valkey.address}?stream=s", cursor=cursor) as tail:
        assert seen == before
        assert state == {"events": 10}
        assert drain(tail) == after


@pytest.mark.parametrize("saved", [False, True])
def test_entries_trimmed_before_they_were_read_are_counted(redis, valkey, saved):
    """Exactly, while a tail is open and across a cursor."""
    address = f"{valkey.address}?stream=s"
    tail = la.tail(address, since="1h")
    add(redis, 20)
    assert len(drain(tail)) == 20
    if saved:
        tail.close()
    add(redis, 100)
    redis.xtrim("s", maxlen=30, approximate=False)
    if saved:
        tail = la.tail(address, cursor=tail.cursor)
    read = len(drain(tail))
    add(redis, 50)
    redis.xtrim("s", maxlen=0, approximate=False)
    read += len(drain(tail))
    assert (read, tail.status["lost"]) == (30, 120)
    tail.close()


def test_trimmed_while_a_fast_writer_writes(redis, valkey):
    """What was read and what was lost are all that was added."""
    rng = random.Random(3)
    with la.tail(f"{valkey.address}?stream=s", since="1h") as tail:

        def write():
            with valkey.client() as client:
                for _ in range(150):
                    pipe = client.pipeline(transaction=False)
                    for _ in range(rng.randrange(1, 200)):
                        pipe.xadd("s", {"message": "m"}, maxlen=50, approximate=False)
                    pipe.execute()

        writer = threading.Thread(target=write)
        writer.start()
        read = 0
        while writer.is_alive():
            read += tail.read(0.05).height
        read += len(drain(tail))
        assert tail.status["lost"] > 0
        assert read + tail.status["lost"] == redis.xinfo_stream("s")["entries-added"]


def test_a_stream_deleted_and_begun_anew(redis, valkey):
    """Is read from its beginning."""
    with la.tail(f"{valkey.address}?stream=s") as tail:
        add(redis, 3)
        assert len(drain(tail)) == 3
        redis.delete("s")
        tail.read(0.3)
        ids = add(redis, 2)
        assert drain(tail) == ids
        assert tail.status["lost"] == 0


def test_the_server_is_killed_five_times(own):
    """At random moments, while entries are added and read: none is lost, none comes twice."""
    rng = random.Random(11)
    done = threading.Event()
    with own.client() as client:
        client.xadd("s", {"message": "first"})

    def write():
        client, number = own.client(), 0
        while not done.is_set():
            try:
                add(client, 1, number)
                number += 1
            except OSError:
                time.sleep(0.01)
            except Exception:  # redis-py's own, while the server is away
                time.sleep(0.01)

    def crash():
        for _ in range(5):
            time.sleep(rng.uniform(0.05, 0.4))
            own.kill()
            own.start()
        time.sleep(0.2)
        done.set()

    tail = la.tail(f"{own.address}?stream=s", since="1h")
    threads = [threading.Thread(target=write), threading.Thread(target=crash)]
    for thread in threads:
        thread.start()
    seen = []
    while not done.is_set():
        seen += tail.read(0.5)["offset"].to_list()
    for thread in threads:
        thread.join()
    seen += drain(tail, 1.0)
    stored = [identifier.decode() for identifier, _ in own.client().xrange("s")]
    assert len(stored) > 50
    assert seen == stored
    assert tail.status["reconnects"] >= 1
    assert tail.status["lost"] == 0
    tail.close()


def test_a_server_that_hangs_is_waited_for(own):
    """read() returns about when it was asked to, and goes on when the server does."""
    with la.tail(f"{own.address}?stream=s&socket_timeout=0.4", since="1h") as tail:
        own.pause()
        begun = time.monotonic()
        assert tail.read(0.5).is_empty()
        assert time.monotonic() - begun < 3
        assert tail.status["state"] == "reconnecting"
        own.go_on()
        ids = add(own.client(), 2)
        assert drain(tail, 2) == ids
        assert tail.status["state"] == "reading"


def test_close_wakes_a_read(redis, valkey):
    """From another thread, within moments."""
    add(redis, 1)
    tail = la.tail(valkey.address)
    threading.Timer(0.2, tail.close).start()
    begun = time.monotonic()
    assert tail.read(30).is_empty()
    assert time.monotonic() - begun < 5
    assert list(tail) == []


def test_a_server_that_does_not_answer_at_the_beginning():
    """Is an error at once."""
    with pytest.raises(UnreachableSourceError):
        la.tail("redis://127.0.0.1:1?stream=s")


def test_a_password_that_was_changed_meanwhile(own):
    """Is an error and no endless waiting."""
    with la.tail(f"{own.address}?stream=s") as tail:
        with own.client() as client:
            client.config_set("requirepass", "new")
            client.execute_command("AUTH", "new")
            client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        with pytest.raises(UnreachableSourceError, match="refuses the login"):
            tail.read(3)


def group(server, consumer, **options):
    """Return a tail that reads as a consumer of a group."""
    return la.tail(f"{server.address}?stream=s", group="g", consumer=consumer, since="1h", **options)


def pending(client):
    """Return how many entries are handed out and not confirmed."""
    return client.xpending("s", "g")["pending"]


def test_two_readers_share_a_stream(redis, valkey):
    """Each entry comes to one of them, and is confirmed at the next read() or at close()."""
    add(redis, 1)
    first, second = group(valkey, "one"), group(valkey, "other")
    seen = []
    for start in range(0, 400, 20):
        add(redis, 20, start)
        for tail in (first, second) if start % 40 else (second, first):
            seen += tail.read(0.05)["offset"].to_list()
    assert pending(redis) > 0
    seen += drain(first) + drain(second)
    assert sorted(seen) == sorted(identifier.decode() for identifier, _ in redis.xrange("s"))
    assert first.status["read"] > 0 < second.status["read"]
    first.close()
    second.close()
    assert pending(redis) == 0


def test_what_a_dead_reader_left_is_claimed(redis, valkey):
    """By another reader of the group, after a while; what was trimmed meanwhile is counted as lost."""
    ids = add(redis, 10)
    dead = group(valkey, "dead")
    assert dead.read(2).height == 10  # and never confirmed
    redis.xdel("s", *ids[:3])
    with group(valkey, "alive", claim_after=0.2) as alive:
        time.sleep(0.3)
        assert drain(alive) == ids[3:]
        assert alive.status["lost"] == 3
    assert pending(redis) == 0


def test_a_reader_that_comes_back_gets_what_it_did_not_confirm(redis, valkey):
    """Under its name, before anything new."""
    ids = add(redis, 5)
    assert group(valkey, "one").read(2).height == 5
    new_ids = add(redis, 2)
    with group(valkey, "one") as again:
        assert drain(again) == ids + new_ids


def test_a_group_outlives_its_stream_and_its_server(own):
    """After DEL and after a crash: what is new comes, what was sent and not received comes again."""
    with own.client() as client:
        add(client, 3)
    with group(own, "one") as tail:
        assert len(drain(tail)) == 3
        with own.client() as client:
            client.delete("s")
            ids = add(client, 2)
            assert drain(tail) == ids
        own.kill()
        own.start()
        with own.client() as client:
            ids = add(client, 2)
            assert drain(tail, 3) == ids


def test_groups_are_for_streams(tmp_path):
    """Files have none."""
    with pytest.raises(InvalidArgumentError, match="no consumer groups"):
        la.tail(tmp_path, group="g")


def test_a_stream_and_a_file_in_one_tail(redis, valkey, tmp_path):
    """Batches of both come as they come, and one cursor holds both places."""
    file = tmp_path / "app.log"
    file.write_text("")
    sources = [f"{valkey.address}?stream=s", file]
    with la.tail(sources) as tail:
        add(redis, 1)
        with file.open("a") as out:
            out.write("2026-03-10 12:00:00 ERROR disk full\n")
        seen = pl.concat([tail.read(3), tail.read(3)], how="diagonal_relaxed")
        assert sorted(seen["message"]) == ["disk full", "m0"]
    add(redis, 1, 1)
    with la.tail(sources, cursor=tail.cursor, idle=0.3) as again:
        assert [batch["message"].to_list() for batch in again] == [["m1"]]


def test_a_batch_that_failed_is_not_confirmed(redis, valkey):
    """It comes again: to the reader of a group that comes back, after an error in its block."""
    redis.xadd("s", {"message": "a"})
    address = f"{valkey.address}?stream=s"

    def work_on_it() -> None:
        with la.tail(address, since="1h", group="g", consumer="c") as tail:
            assert tail.read(5)["message"].to_list() == ["a"]
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work_on_it()
    assert redis.xpending("s", "g")["pending"] == 1
    with la.tail(address, group="g", consumer="c") as tail:
        assert tail.read(5)["message"].to_list() == ["a"]
    assert redis.xpending("s", "g")["pending"] == 0


def test_a_stream_that_came_between_two_runs_is_read_from_its_beginning(redis, valkey):
    """Where none was named, the cursor does not know it: all of it is new."""
    redis.xadd("old", {"message": "a"})
    with la.tail(valkey.address) as tail:
        cursor = json.loads(json.dumps(tail.cursor))
    redis.xadd("new", {"message": "b"})
    redis.xadd("old", {"message": "c"})
    with la.tail(valkey.address, cursor=cursor, idle=0.3) as tail:
        assert sorted(message for batch in tail for message in batch["message"]) == ["b", "c"]
