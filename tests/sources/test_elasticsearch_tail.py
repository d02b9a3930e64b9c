"""Elasticsearch and OpenSearch followed: each document once, whatever its time and whenever it becomes visible."""

from __future__ import annotations

import datetime as dt
import json
import time

import pytest
from servers.login_front import LoginFront
from test_elasticsearch import events, node  # noqa: F401

import loganalytics as la
from loganalytics.dashboard.pages.live import reading_of
from loganalytics.exceptions import InvalidArgumentError
from loganalytics.sources.elasticsearch.shard_positions import MAX_ON_THEIR_WAY, ShardPosition
from loganalytics.view import View


def now(seconds: float = 0) -> str:
    """Return a time some seconds ago."""
    return (dt.datetime.now(dt.UTC) - dt.timedelta(seconds=seconds)).isoformat()


def test_a_tail_hands_out_each_event_once(node):  # noqa: F811
    """From the end on, new indices of the pattern too, events that come late, and after a saved cursor."""
    for name in ("flowing-1", "flowing-2"):
        node.delete(name)
    node.index("flowing-1", [{"_id": f"old{n}", "@timestamp": now(n), "message": "old"} for n in range(20)])
    with la.tail(node.address("flowing-*", "?overlap=20s"), idle=0.3) as tail:
        assert list(tail) == []
        node.add("flowing-1", [{"_id": "a", "@timestamp": now(), "message": "a", "level": "info"}])
        assert tail.read(10)["offset"].to_list() == ["a"]
        node.add("flowing-2", [{"_id": "b", "@timestamp": now(), "message": "b"}])
        assert tail.read(10)["offset"].to_list() == ["b"]
        node.add("flowing-1", [{"_id": "late", "@timestamp": now(12), "message": "late"}])
        assert tail.read(20)["offset"].to_list() == ["late"]
        cursor = json.loads(json.dumps(tail.cursor))
    node.add("flowing-1", [{"_id": "c", "@timestamp": now(), "message": "c"}])
    with la.tail(node.address("flowing-*", "?overlap=20s"), cursor=cursor, idle=0.3) as tail:
        assert [name for batch in tail for name in batch["offset"]] == ["c"]


def test_live_of_the_dashboard_reads_what_a_condition_in_the_server_s_language_keeps(node):  # noqa: F811
    """Written as in the sidebar, turned around, and one that the server cannot read."""
    documents = [{"_id": str(n), "@timestamp": now(n), "message": f"line {n}", "status": 500 + n} for n in range(5)]
    node.index("conditions", documents)
    address = node.address("conditions")
    for query, inverted, offsets in (("status:>502", (), {"3", "4"}), ("status:>502", ("query",), {"0", "1", "2"})):
        view = View((address,), query=query, inverted=inverted)
        with la.tail(address, last=100, idle=0.3, **dict(reading_of(view))) as tail:
            assert {name for batch in tail for name in batch["offset"]} == offsets
    with pytest.raises(InvalidArgumentError):
        la.tail(address, last=100, **dict(reading_of(View((address,), query="status:["))))


def test_a_tail_reads_more_than_a_page_from_one_moment(node, monkeypatch):  # noqa: F811
    """A burst within one millisecond, over several shards."""
    monkeypatch.setattr("loganalytics.sources.elasticsearch.tail._PAGE_HITS", 20)
    moment = now()
    documents = [{"_id": f"e{n}", "@timestamp": moment, "message": str(n)} for n in range(500)]
    node.index("burst", documents, settings={"number_of_shards": 3})
    with la.tail(node.address("burst"), since="1h", idle=0.3) as tail:
        assert sorted(name for batch in tail for name in batch["offset"]) == sorted(f"e{n}" for n in range(500))


def offsets(tail) -> list[str]:
    """Return the ids of all that comes until nothing comes for a while."""
    return [name for batch in tail for name in batch["offset"]]


def test_an_event_comes_whatever_its_time(node):  # noqa: F811
    """Hours late, from the future, without one, and where the mapping has no date at all."""
    mapping = {"properties": {"@timestamp": {"type": "date", "format": "dd/MM/yyyy||strict_date_optional_time"}}}
    node.index("any-time-1", events(3), mappings=mapping)
    node.index("any-time-2", [{"message": "undated"}])
    with la.tail(node.address("any-time-*", "?overlap=1s"), idle=1) as tail:
        assert offsets(tail) == []
        node.add("any-time-1", [{"_id": "now", "@timestamp": now()}, {"_id": "late", "@timestamp": now(7200)}])
        assert sorted(offsets(tail)) == ["late", "now"]
        node.add(
            "any-time-1", [{"_id": "later", "@timestamp": "03/04/2026"}, {"_id": "future", "@timestamp": now(-60)}]
        )
        node.add("any-time-2", [{"_id": "undated", "message": "undated"}])
        times = dict(row for batch in tail for row in batch.select("offset", "timestamp").rows())
        assert times["later"] == dt.datetime(2026, 4, 3, tzinfo=dt.UTC)
        assert sorted(times) == ["future", "later", "undated"]


def test_after_an_outage_longer_than_the_overlap_nothing_is_missed(node):  # noqa: F811
    """What came meanwhile with times before it, and after a saved cursor too."""
    node.index("outage", events(5))
    front = LoginFront(node.port, "me", "pw")
    address = f"{node.product}://me:pw@localhost:{front.port}/outage?overlap=500ms"
    try:
        with la.tail(address, idle=1.5) as tail:
            node.add("outage", [{"_id": "before", "@timestamp": now()}])
            assert offsets(tail) == ["before"]
            front.away = True
            assert tail.read(1).is_empty()
            node.add("outage", [{"_id": f"during-{n}", "@timestamp": now(n * 60)} for n in range(5)])
            assert tail.read(1).is_empty()
            assert tail.status["state"] == "reconnecting"
            front.away = False
            assert sorted([*tail.read(10)["offset"], *offsets(tail)]) == [f"during-{n}" for n in range(5)]
            cursor = json.loads(json.dumps(tail.cursor))
        time.sleep(0.6)
        node.add("outage", [{"_id": "away", "@timestamp": now(3600)}])
        with la.tail(address, cursor=cursor, idle=0.5) as tail:
            assert offsets(tail) == ["away"]
    finally:
        front.close()


def test_an_index_made_anew_is_read_from_its_beginning(node):  # noqa: F811
    """Its numbers begin anew; and a document that is written again comes again."""
    node.index("anew", events(50))
    with la.tail(node.address("anew", "?overlap=1ms"), idle=2.5) as tail:
        assert offsets(tail) == []
        node.index("anew", events(3))
        assert sorted(offsets(tail)) == ["e0", "e1", "e2"]
        node.call("PUT", "/anew/_doc/e1?refresh=true", {"@timestamp": now(), "message": "changed"})
        assert [name for batch in tail for name in batch["message"]] == ["changed"]


def test_a_query_holds_for_what_is_followed(node):  # noqa: F811
    """One that the server cannot read is an error at once."""
    node.index("asked-tail", events(3), settings={"max_result_window": 10})
    address = node.address("asked-tail")
    with pytest.raises(InvalidArgumentError, match="Lucene"):
        la.tail(address, query="level:(error", since="1h")
    with la.tail(address, query="level:error", level="error", idle=1) as tail:
        levels = ["error", "info"] * 30
        node.add("asked-tail", [{"@timestamp": now(), "level": level, "message": "m"} for level in levels])
        assert len(offsets(tail)) == 30


def test_what_becomes_visible_late_is_above_the_floor():
    """For as long as it may come; then a shard that was read further does not look back at it any more."""
    position = ShardPosition(at=10, floor=10)
    position.mark(100.0)
    position.add({n: n for n in range(20, 30)})
    position.mark(102.0)
    assert len(ShardPosition.from_json(position.to_json(share=0.5)).handed_out) == 5
    position.settle(time=150.0, seconds=60.0)
    assert position.floor == 10  # 11 to 19 may be on their way
    position.add({11: 11})
    position.mark(161.0)
    position.settle(time=161.0, seconds=60.0)
    assert (position.floor, position.handed_out) == (10, {n: n for n in (11, *range(20, 30))})
    position.settle(time=163.0, seconds=60.0)
    assert (position.floor, position.handed_out) == (29, {})
    assert ShardPosition.from_json(position.to_json(share=1.0)) == ShardPosition(at=29, floor=29)


def test_a_shard_that_lost_its_last_documents_is_read_behind_those_left():
    """Their numbers are given to others."""
    position = ShardPosition(at=500, floor=400)
    position.go_back(450)
    assert (position.at, position.floor) == (450, 400)
    position.go_back(300)
    assert (position.at, position.floor) == (300, 300)
    position.add({1: 10 * MAX_ON_THEIR_WAY})
    assert position.floor == 9 * MAX_ON_THEIR_WAY
