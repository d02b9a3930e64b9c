"""What was trimmed before a consumer group was sent it is counted."""

from __future__ import annotations

import random
import threading

import pytest

import loganalytics as la


def add(client, count, maxlen=None):
    """Add entries, in one transmission."""
    pipe = client.pipeline(transaction=False)
    for _ in range(count):
        pipe.xadd("s", {"message": "m"}, maxlen=maxlen, approximate=False)
    pipe.execute()


def group(valkey, consumer="one", address=None, **options):
    """Return a tail that reads as a consumer of a group."""
    return la.tail(address or f"{valkey.address}?stream=s", group="g", consumer=consumer, **options)


def drain(*tails):
    """Return how many events come until nothing comes."""
    read = 0
    while count := sum(tail.read(0.25).height for tail in tails):
        read += count
    return read


def test_entries_trimmed_before_they_were_sent(redis, valkey):
    """Exactly, at each moment, and when nothing follows them."""
    with group(valkey) as tail:
        add(redis, 20)
        assert (drain(tail), tail.status["lost"]) == (20, 0)
        add(redis, 100, maxlen=30)
        assert (drain(tail), tail.status["lost"]) == (30, 70)
        add(redis, 50)
        redis.xtrim("s", maxlen=0, approximate=False)
        assert (drain(tail), tail.status["lost"]) == (0, 120)
        assert tail.status["uncounted"] == 0


def test_what_was_trimmed_before_the_group_was_made_is_not_lost(redis, valkey):
    """Nor what comes before `since`."""
    add(redis, 100, maxlen=40)
    with group(valkey, since="1h") as tail:
        assert (drain(tail), tail.status["lost"]) == (40, 0)
        add(redis, 60, maxlen=10)
        assert (drain(tail), tail.status["lost"]) == (10, 50)


def test_a_reader_that_was_away(redis, valkey):
    """Counts what was lost meanwhile."""
    with group(valkey) as tail:
        add(redis, 20)
        assert drain(tail) == 20
    add(redis, 90, maxlen=30)
    with group(valkey) as tail:
        assert (drain(tail), tail.status["lost"]) == (30, 60)


def test_readers_together_count_each_loss_once(redis, valkey):
    """What they read and what they lost are all that was added."""
    rng = random.Random(5)
    tails = [group(valkey, name) for name in ("one", "other")]

    def write():
        with valkey.client() as client:
            for _ in range(80):
                add(client, rng.randrange(1, 300), maxlen=100)

    writer = threading.Thread(target=write)
    writer.start()
    read = 0
    while writer.is_alive():
        read += sum(tail.read(0.05).height for tail in tails)
    read += drain(*tails)
    lost = sum(tail.status["lost"] for tail in tails)
    assert lost > 0
    assert read + lost == redis.xinfo_stream("s")["entries-added"]
    for tail in tails:
        tail.close()


@pytest.mark.parametrize("rights", [("+xreadgroup", "+xack", "+xautoclaim"), ("+@stream", "+multi", "+exec", "-xread")])
def test_readers_of_few_rights(redis, valkey, rights):
    """Read; where they cannot count, that is said."""
    redis.xgroup_create("s", "g", "0", mkstream=True)
    redis.execute_command("ACL", "SETUSER", "few", "reset", "on", ">word", "-@all", "~s", "+xgroup", "+xrange", *rights)
    with group(valkey, address=f"redis://few:word@127.0.0.1:{valkey.port}?stream=s") as tail:
        add(redis, 20)
        assert drain(tail) == 20
        assert tail.status["uncounted"] == (1 if "+xreadgroup" in rights else 0)
