"""Users of few rights, and what is counted while a slow reader reads."""

from __future__ import annotations

import datetime as dt

import pytest

import loganalytics as la
from loganalytics.exceptions import SourceNotFoundError, UnreachableSourceError


def address_of(redis, valkey, *rules, stream="?stream=s"):
    """Return the address of a user who has these rights alone."""
    redis.execute_command("ACL", "SETUSER", "few", "reset", "on", ">word", "-@all", *rules)
    return f"redis://few:word@127.0.0.1:{valkey.port}{stream}"


def add(redis, count, **options):
    """Add entries; return their ids."""
    return [redis.xadd("s", {"message": f"m{number}"}, **options).decode() for number in range(count)]


def drain(tail, idle=0.3):
    """Return the offsets of all that comes until nothing comes."""
    offsets = []
    while (batch := tail.read(idle)).height:
        offsets += batch["offset"].to_list()
    return offsets


def test_xrange_and_xread_are_enough(redis, valkey):
    """To load, scan, describe, and tail from the end or from a time; that losses are not counted is said."""
    ids = add(redis, 50)
    address = address_of(redis, valkey, "~s*", "+xrange", "+xread")
    assert la.load(address)["offset"].to_list() == ids
    assert la.scan(address).collect().height == la.load(address, since="1h").height == 50
    row = la.describe(address).row(0, named=True)
    assert (row["source"], row["entries"], row["bytes"], row["trimmed"]) == ("s", None, None, None)
    assert row["first_seen"] <= row["last_seen"]
    assert row["last_seen"] == dt.datetime.fromtimestamp(int(ids[-1].split("-")[0]) / 1000, dt.UTC)
    with la.tail(address) as new, la.tail(address, since="1h") as all_of_it:
        assert drain(all_of_it) == ids
        more = add(redis, 10)
        assert drain(new) == more == drain(all_of_it)
        assert new.status["uncounted"] == 1
    with la.tail(address, cursor=new.cursor) as again:
        redis.delete("s")
        more = add(redis, 3)
        assert drain(again) == more


def test_a_stream_that_such_a_user_names_wrongly(redis, valkey):
    """Is an error; so is not to name one, unless the environment does."""
    add(redis, 3)
    with pytest.raises(SourceNotFoundError, match="or none with entries"):
        la.load(address_of(redis, valkey, "~s*", "+xrange", "+xread", stream="?stream=sun"))
    with pytest.raises(UnreachableSourceError, match=r"not the rights .* \?stream=KEY"):
        la.load(address_of(redis, valkey, "~s*", "+xrange", "+xread", stream="?stream=other"))


def test_the_environment_names_the_streams(redis, valkey, monkeypatch):
    """Where keys may not be listed."""
    add(redis, 3)
    address = address_of(redis, valkey, "~s*", "+xrange", "+xread", stream="")
    with pytest.raises(UnreachableSourceError, match="'scan'"):
        la.load(address)
    monkeypatch.setenv("LOGANALYTICS_REDIS_STREAMS", "s")
    assert la.load(address).height == 3
    assert la.describe(address)["source"].to_list() == ["s"]
    with la.tail(address, since="1h") as tail:
        assert len(drain(tail)) == 3


def test_rights_to_some_keys(redis, valkey):
    """Of all streams those are read; the report says which may not be."""
    add(redis, 3)
    redis.xadd("private", {"message": "m"})
    address = address_of(redis, valkey, "~s*", "+@read", "+ping", "+xinfo", stream="")
    logs = la.load(address)
    assert logs["source"].unique().to_list() == ["s"]
    report = dict(la.load_report(logs).select("source", "status").rows())
    assert report == {"private": "unreadable", "s": "read"}
    assert dict(la.describe(address).select("source", "entries").rows()) == {"private": None, "s": 3}
    with la.tail(address, since="1h") as tail:
        assert len(drain(tail)) == 3
        assert tail.status["uncounted"] == 0


def test_losses_show_while_a_slow_reader_reads(redis, valkey):
    """Not only at its end: at each read they are those of what came before it."""
    with la.tail(f"{valkey.address}?stream=s") as tail:
        read, number, losses = 0, 0, []
        for _ in range(12):
            pipe = redis.pipeline(transaction=False)
            for _ in range(3000):
                pipe.xadd("s", {"message": f"m{number}"}, id=f"{number + 1}-0", maxlen=5000, approximate=False)
                number += 1
            pipe.execute()
            batch = tail.read(1)
            read += batch.height
            last = int(batch["offset"][-1].partition("-")[0])
            losses.append(tail.status["lost"])
            assert read + losses[-1] == last
        assert losses[5] > 0
        read += len(drain(tail))
        assert read + tail.status["lost"] == number
