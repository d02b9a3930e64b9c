"""Redis Streams to log frames, from a real server."""

from __future__ import annotations

import datetime as dt
import gc
import json
import os
import random
import threading
import time
from itertools import chain

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers.tls_front import TlsFront
from servers.valkey import Valkey

import loganalytics as la
from loganalytics.exceptions import (
    InvalidArgumentError,
    MissingColumnError,
    SourceNotFoundError,
    UnreachableSourceError,
    UnreadableSourceError,
)
from loganalytics.sources.redis_streams.address import parse_address
from loganalytics.sources.redis_streams.decode import gc_paused, to_columns

RECORD = {
    "timestamp": "2026-03-10T12:00:00.123Z", "level": "error", "service": "api", "logger": "jobs.runner",
    "message": "disk full", "trace_id": "req_1", "user_id": 7, "duration_ms": 1.5, "details": {"path": "/var", "n": 1},
}  # fmt: skip


def test_records_as_json_in_any_field(redis, valkey):
    """A field of any name with JSON is the record; nested objects have dotted names; source is the key."""
    for field in ("data", "log", "message", "event", "whatever"):
        redis.xadd("s", {field: json.dumps(RECORD)})
    logs = la.load(f"{valkey.address}?stream=s")
    assert logs.height == 5
    assert set(logs["level"]) == {"ERROR"}
    assert set(logs["severity_number"]) == {17}
    assert set(logs["timestamp"]) == {dt.datetime(2026, 3, 10, 12, 0, 0, 123000, dt.UTC)}
    assert set(logs.select("service", "logger", "message", "trace_id", "user_id", "duration_ms").rows()) == {
        ("api", "jobs.runner", "disk full", "req_1", 7, 1.5)
    }
    assert set(logs.select("details.path", "details.n", "source").rows()) == {("/var", 1, "s")}


def test_fields_that_are_the_record(redis, valkey):
    """Flat fields are typed columns; the entry's id is its offset and, where there is no time, its time."""
    flat = {name: value for name, value in RECORD.items() if name not in ("details", "timestamp")}
    identifier = redis.xadd("s", flat).decode()
    row = la.load(valkey.address).row(0, named=True)
    assert (row["level"], row["message"], row["user_id"], row["duration_ms"]) == ("ERROR", "disk full", 7, 1.5)
    assert row["offset"] == identifier
    assert row["timestamp"] == dt.datetime.fromtimestamp(int(identifier.split("-")[0]) / 1000, dt.UTC)


def test_json_beside_flat_fields(redis, valkey):
    """A flat message makes the JSON beside it details; without one the JSON is the record."""
    redis.xadd("details", {"level": "info", "message": "done", "context": json.dumps({"user": {"id": 3}})})
    redis.xadd("record", {"host": "a", "level": "warning", "data": json.dumps({"message": "slow", "user_id": 4})})
    logs = la.load(valkey.address).sort("source")
    assert logs["message"].to_list() == ["done", "slow"]
    assert logs["context.user.id"].to_list() == [3, None]
    assert logs.select("host", "level", "user_id").row(1) == ("a", "WARNING", 4)


def test_lines_of_text(redis, valkey):
    """A field with a line of a known format is read by it; other text is the message; a traceback the exception."""
    redis.xadd("s", {"line": "2026-03-10 12:00:00,123 ERROR [jobs] disk full\nTraceback (most recent call last):\n  x"})
    redis.xadd("s", {"line": "nonsense"})
    redis.xadd("s", {"line": '{"broken": '})
    logs = la.load(valkey.address)
    assert logs["message"].to_list()[1:] == ["nonsense", '{"broken": ']
    assert logs["level"][0] == "ERROR"
    assert logs["exception"][0].startswith("Traceback")
    assert la.load_report(logs)["lines", "events"].row(0) == (3, 3)


def test_bytes_that_are_not_utf8(redis, valkey):
    """They are replaced and counted, in names too."""
    redis.xadd("s", {"message": b"caf\xe9", b"n\xff": b"1"})
    redis.xadd("s", {"message": "plain"})
    logs = la.load(valkey.address)
    assert logs["message"].to_list() == ["caf\ufffd", "plain"]
    assert logs["n\ufffd"].to_list() == [1, None]
    assert la.load_report(logs)["invalid_utf8"].item() == 1


def test_values_of_another_type_are_kept(redis, valkey):
    """What does not fit the dtype that the first entries showed is in attributes or makes the column text."""
    for value in [*range(1200), "anonymous"]:
        redis.xadd("s", {"message": "m", "user_id": value})
    redis.xadd("s", {"message": "m", "user_id": 1, "late": "x"})
    logs = la.load(valkey.address)
    values = (
        logs["user_id"].cast(pl.String).to_list() + logs.get_column("attributes", default=pl.Series([""])).to_list()
    )
    assert any("anonymous" in str(value) for value in values)
    assert logs["late"].drop_nulls().to_list() == ["x"]


NAMES = st.sampled_from(
    [b"level", b"message", b"user_id", b"a b", b"", b"\xff", b"attributes", b"n", b"offset", b"x.y"]
)
ENTRIES = st.lists(st.lists(st.tuples(NAMES, st.binary(max_size=6)), min_size=1, max_size=5), min_size=1, max_size=20)


@given(ENTRIES)
def test_columns_are_what_a_plain_loop_gives(entries):
    """Column by column and entry by entry the same as redis-py's dicts, decoded."""
    raw = [[f"{n}-0".encode(), list(chain.from_iterable(pairs))] for n, pairs in enumerate(entries)]
    columns = to_columns(raw)
    assert columns.ids.to_list() == [f"{n}-0" for n in range(len(raw))]
    expected = [
        {k.decode(errors="replace"): v.decode(errors="replace") for k, v in dict(pairs).items()} for pairs in entries
    ]
    rows = [{k: v for k, v in row.items() if v is not None} for row in columns.fields.to_dicts()]
    assert rows == expected


@given(ENTRIES)
def test_no_entry_is_lost(valkey, entries):
    """Each entry is one event with its own offset, whatever its fields."""
    with valkey.client() as client:
        client.delete("p")
        ids = [client.execute_command("XADD", "p", "*", *chain.from_iterable(pairs)) for pairs in entries]
    logs = la.load(f"{valkey.address}?stream=p")
    assert logs["offset"].to_list() == [identifier.decode() for identifier in ids]


def test_the_columns_of_a_loop_over_xrange(redis, valkey):
    """Text, numbers and ids are those that xrange() gives."""
    rng = random.Random(6)
    for number in range(3000):
        tenant = {"tenant": rng.choice("ab")} if rng.random() < 0.3 else {}
        redis.xadd("s", {"message": f"m {number}", "user_id": rng.randrange(1000), **tenant})
    loop = [{"offset": i.decode(), **{k.decode(): v.decode() for k, v in f.items()}} for i, f in redis.xrange("s")]
    logs = la.load(valkey.address).with_columns(pl.col("user_id").cast(pl.String))
    assert logs.select("offset", "message", "user_id", "tenant").equals(
        pl.DataFrame(loop, schema=["offset", "message", "user_id", "tenant"])
    )


def test_streams_are_found(redis, valkey, monkeypatch):
    """Without ?stream= all streams are read, those that the environment prefers first; other keys are left alone."""
    redis.set("text", "x")
    for key in ("zebra", "jobs:logs", "apples"):
        redis.xadd(key, {"message": key})
    assert la.load(valkey.address)["source"].to_list() == ["apples", "jobs:logs", "zebra"]
    monkeypatch.setenv("LOGANALYTICS_REDIS_STREAMS", "zebra, absent,jobs:logs")
    assert la.load(valkey.address)["source"].to_list() == ["zebra", "jobs:logs", "apples"]
    assert la.load(f"{valkey.address}/0?stream=zebra&stream=apples")["source"].to_list() == ["zebra", "apples"]


def test_the_time_range_is_cut_by_ids(redis, valkey):
    """Where a stream is long and ids are the times of the records, which is said; and exactly by the records' times."""
    start = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)
    padding = "x" * 60_000
    for minute in range(600):
        when = start + dt.timedelta(minutes=minute)
        entry = {"message": minute, "timestamp": when.isoformat(), "padding": padding}
        redis.xadd("s", entry, id=f"{int(when.timestamp() * 1000) + 200}-0")
    logs = la.load(valkey.address, since="2026-03-10 19:00", until="2026-03-10 20:00")
    assert logs["message"].to_list() == [str(minute) for minute in range(420, 480)]
    report = la.load_report(logs)
    assert report["lines"].item() == 600 - 420 + 5
    assert "added before 2026-03-10 18:55:00 UTC were not read" in report["guessed"].item()


def test_old_logs_in_a_new_stream(redis, valkey):
    """Where the records' times are far from the ids, the range is that of the records."""
    for hour in range(24):
        redis.xadd("s", {"data": json.dumps({"timestamp": f"2025-01-31T{hour:02d}:00:00Z", "message": str(hour)})})
    logs = la.load(valkey.address, since="2025-01-31 05:00", until="2025-01-31 07:00")
    assert logs["message"].to_list() == ["5", "6"]


def test_level_and_query(redis, valkey):
    """Both select events as they do for files; a column that is not there is an error."""
    for number, level in enumerate(["debug", "info", "warning", "error"]):
        redis.xadd("s", {"message": "m", "level": level, "n": number})
    assert la.load(valkey.address, level="warning")["level"].to_list() == ["WARNING", "ERROR"]
    assert la.scan(valkey.address, query="n = 1 or level = 'ERROR'").collect().height == 2
    with pytest.raises(MissingColumnError, match="'nothing'"):
        la.load(valkey.address, query="nothing > 1")
    with pytest.raises(InvalidArgumentError, match="cannot be evaluated"):
        la.load(valkey.address, query="level =")


def test_scan_gives_what_load_gives(redis, valkey):
    """Lazily, with a field that comes late in attributes."""
    for number in range(5000):
        redis.xadd("s", {"message": f"m{number}"} | ({"late": "x"} if number == 4999 else {}))
    lazy = la.scan(valkey.address)
    assert lazy.select("offset").collect()["offset"].to_list() == la.load(valkey.address)["offset"].to_list()
    assert json.loads(lazy.tail(1).collect()["attributes"].item()) == {"late": "x"}
    assert lazy.head(3).collect().height == 3


def test_a_stream_beside_a_file(redis, valkey, tmp_path):
    """One load, one frame, one report."""
    (tmp_path / "app.log").write_text("2026-03-10 12:00:00 ERROR disk full\n")
    redis.xadd("s", {"message": "from the stream"})
    logs = la.load([tmp_path / "app.log", valkey.address])
    assert logs["message"].to_list() == ["disk full", "from the stream"]
    assert la.load_report(logs)["source"].to_list() == [str(tmp_path / "app.log"), "s"]


def test_describe(redis, valkey):
    """How many entries, from when to when, who writes and reads, how many are gone."""
    for minute in range(10):
        redis.xadd("s", {"data": json.dumps(RECORD | {"timestamp": f"2026-03-10T12:{minute:02d}:00Z"})})
    redis.xtrim("s", maxlen=6, approximate=False)
    redis.xgroup_create("s", "workers", "0")
    row = la.describe(valkey.address).row(0, named=True)
    assert (row["source"], row["kind"], row["entries"], row["trimmed"]) == ("s", "stream", 6, 4)
    assert (row["services"], row["readers"]) == (["api"], ["workers"])
    assert row["first_seen"] == dt.datetime(2026, 3, 10, 12, 4, tzinfo=dt.UTC)
    assert row["last_seen"] == dt.datetime(2026, 3, 10, 12, 9, tzinfo=dt.UTC)


def test_reading_changes_nothing(redis, valkey):
    """load, scan and describe leave keys, lengths and groups as they are, also for a user who may only read."""
    redis.xadd("s", {"message": "m"})
    redis.execute_command("ACL", "SETUSER", "reader", "on", ">word", "~*", "+@read", "+@connection", "+select")
    before = redis.info("keyspace"), redis.xinfo_stream("s")
    address = f"redis://reader:word@127.0.0.1:{valkey.port}"
    assert la.load(address).height == la.scan(address).collect().height == la.describe(address)["entries"].item() == 1
    assert (redis.info("keyspace"), redis.xinfo_stream("s")) == before


def test_what_is_not_there(redis, valkey):
    """The error names the stream and those that there are."""
    with pytest.raises(SourceNotFoundError, match="no streams at"):
        la.load(valkey.address)
    redis.xadd("there", {"a": "b"})
    redis.set("text", "x")
    with pytest.raises(SourceNotFoundError, match=r"'gone' at .* it has 'there'"):
        la.load(f"{valkey.address}?stream=gone")
    with pytest.raises(UnreadableSourceError, match="holds no stream"):
        la.load(f"{valkey.address}?stream=text")
    with pytest.raises(UnreachableSourceError, match="cannot be reached"):
        la.load("redis://127.0.0.1:1?stream=s")
    with pytest.raises(InvalidArgumentError, match="unknown parameter 'strem'"):
        la.load(f"{valkey.address}?strem=s")


SECRETS = ["s3cr3t", "s3/cr3t", "s3?cr3t", "s3#cr3t", "s3'cr3t", "s3@cr3t"]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_wrong_password_is_never_shown(own, secret):
    """Neither in the error nor anywhere in its chain."""
    own.client().config_set("requirepass", "right")
    with pytest.raises((UnreachableSourceError, InvalidArgumentError)) as caught:
        la.load(f"redis://user:{secret}@127.0.0.1:{own.port}?stream=s")
    messages = str(caught.value) + repr(caught.value) + str(caught.value.__cause__)
    assert "cr3t" not in messages
    assert "s3" not in messages


def test_logins(own, tmp_path, monkeypatch):
    """From the address, the environment, and a file that only its owner may read; none of them is shown."""
    own.client().xadd("s", {"message": "m"})
    own.client().config_set("requirepass", "p@ss/word")
    with pytest.raises(UnreachableSourceError, match="refuses the login"):
        la.load(own.address)
    address = f"redis://:p%40ss%2Fword@127.0.0.1:{own.port}"
    logs = la.load(address)
    assert logs.height == 1
    assert "word" not in logs["source"].item() + str(la.load_report(logs).rows()) + repr(parse_address(address))
    monkeypatch.setenv("REDISCLI_AUTH", "p@ss/word")
    assert la.load(own.address).height == 1
    monkeypatch.delenv("REDISCLI_AUTH")
    file = tmp_path / "credentials.toml"
    file.write_text(f'["127.0.0.1:{own.port}"]\npassword = "p@ss/word"\n')
    monkeypatch.setenv("LOGANALYTICS_CREDENTIALS", str(file))
    os.chmod(file, 0o644)
    with pytest.raises(UnreadableSourceError, match="chmod 600"):
        la.load(own.address)
    os.chmod(file, 0o600)
    assert la.load(own.address).height == 1


def test_tls(redis, valkey, tmp_path):
    """With the right authority it reads; with another, or without TLS on one side, it says which of them it is."""
    redis.xadd("s", {"message": "m"})
    front = TlsFront(tmp_path, valkey.port)
    try:
        trusting = f"rediss://localhost:{front.port}?ssl_ca_certs={front.authority}"
        assert la.load(trusting)["message"].to_list() == ["m"]
        with pytest.raises(UnreachableSourceError, match=r"(?i)certificate.*ssl_ca_certs"):
            la.load(f"rediss://localhost:{front.port}")
        with pytest.raises(UnreachableSourceError, match="rediss:// for a server with TLS"):
            la.load(f"redis://localhost:{front.port}")
        with pytest.raises(UnreachableSourceError, match="TLS"):
            la.load(f"rediss://localhost:{valkey.port}?socket_timeout=0.5")
    finally:
        front.close()


def test_a_server_that_hangs(own):
    """It is an error that says so, within the time given."""
    own.client().xadd("s", {"message": "m"})
    own.pause()
    with pytest.raises(UnreachableSourceError, match="does not answer in time"):
        la.load(f"{own.address}?stream=s&socket_timeout=0.3&socket_connect_timeout=0.3")
    own.go_on()
    assert la.load(own.address).height == 1


def test_load_outlives_a_restart(own):
    """The server is killed and started again while a long stream is read: all is there, once, in order."""
    with own.client() as client:
        pipe = client.pipeline(transaction=False)
        for number in range(60_000):
            pipe.xadd("s", {"message": f"m{number}"}, id=f"{number + 1}-0")
        pipe.execute()
    rng = random.Random(7)

    def crash():
        for _ in range(3):
            time.sleep(rng.uniform(0.02, 0.2))
            own.kill()
            own.start()

    lazy = la.scan(own.address).select("offset")  # a server that never answered would not be waited for
    crashing = threading.Thread(target=crash)
    crashing.start()
    logs = lazy.collect()
    crashing.join()
    assert logs["offset"].to_list() == [f"{number + 1}-0" for number in range(60_000)]


def test_entries_trimmed_while_reading_are_reported(redis, valkey):
    """The report says how many of those that were there at the beginning went away."""
    for number in range(9000):
        redis.xadd("s", {"message": number}, id=f"{number + 1}-0")
    from loganalytics.sources.read_options import ReadOptions
    from loganalytics.sources.schemes import open_store

    store = open_store(valkey.address)
    batches = store.batches(ReadOptions())
    read = next(batches).height
    redis.xtrim("s", maxlen=1000, approximate=False)
    read += sum(batch.height for batch in batches)
    assert store.report()["note"].item() == f"{9000 - read:,} entries were trimmed or deleted while it was read"


@pytest.mark.parametrize(
    ("address", "kind", "hosts", "source"),
    [
        ("redis://h", "single", (("h", 6379),), "redis://h"),
        ("valkeys://u:p@h:1/2?stream=a", "single", (("h", 1),), "valkeys://h:1/2"),
        ("redis+cluster://u:p@a:1,b:2?stream=x", "cluster", (("a", 1), ("b", 2)), "redis+cluster://a:1,b:2"),
        ("redis+sentinel://:p@a,b:3/main/2", "sentinel", (("a", 26379), ("b", 3)), "redis+sentinel://a,b:3/main/2"),
        ("unix:///run/redis.sock?db=1", "single", (), "unix:///run/redis.sock"),
    ],
)
def test_addresses(address, kind, hosts, source):
    """As redis-py and its users write them."""
    parsed = parse_address(address)
    assert (parsed.kind, parsed.hosts, parsed.source) == (kind, hosts, source)


def test_unix_socket(tmp_path):
    """A server that listens at a socket only."""
    running = Valkey(tmp_path / "u", unixsocket=str(tmp_path / "s.sock"), appendonly="no").start()
    try:
        running.client().xadd("s", {"message": "m"})
        assert la.load(f"unix://{tmp_path}/s.sock?db=0&stream=s").height == 1
    finally:
        running.stop()


def test_values_of_a_lone_field_as_a_block():
    """As they are, for the JSON reader; none where fields differ or bytes had to be replaced."""
    lone = [[b"1-0", [b"data", b'{"a":1}']], [b"2-0", [b"data", b""]]]
    assert to_columns(lone).block == b'{"a":1}\n\n'
    assert to_columns([*lone, [b"3-0", [b"line", b"x"]]]).block is None
    assert to_columns([*lone, [b"3-0", [b"data", b"\xff"]]]).block is None
    assert to_columns([[b"1-0", [b"a", b"1", b"b", b"2"]]]).block is None


def test_fields_in_another_order_are_distinguished():
    """Also where all entries, one after the other, have the names at the places where they would be."""
    entries = [
        [b"1-0", [b"a", b"1", b"b", b"2", b"c", b"3"]],
        [b"2-0", [b"d", b"4"]],
        [b"3-0", [b"a", b"5", b"b", b"6", b"c", b"7", b"d", b"8"]],
    ]
    assert to_columns(entries).fields.select("a", "b", "c", "d").rows() == [
        ("1", "2", "3", None), (None, None, None, "4"), ("5", "6", "7", "8"),
    ]  # fmt: skip


def test_the_garbage_collector_is_as_it_was():
    """After an error too; one that the user turned off stays off."""
    with gc_paused():
        assert not gc.isenabled()
    with pytest.raises(ZeroDivisionError), gc_paused():
        _ = 1 / 0
    assert gc.isenabled()
    gc.disable()
    try:
        with gc_paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
