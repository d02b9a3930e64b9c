"""What goes wrong with Elasticsearch and OpenSearch: reported, waited for, and nothing lost."""

from __future__ import annotations

import contextlib
import datetime as dt
import threading

import pytest
from servers.login_front import LoginFront
from servers.search_node import SearchNode, free_port
from servers.tls_front import TlsFront
from test_elasticsearch import START, events, node  # noqa: F401

import loganalytics as la
from loganalytics.cli import main as cli
from loganalytics.exceptions import IncompleteSourceError, UnreachableSourceError
from loganalytics.sources.elasticsearch import paging
from loganalytics.sources.read_options import ReadOptions
from loganalytics.sources.schemes import open_store

SECRET = "s3cr/et?"


@pytest.fixture
def front(node):  # noqa: F811
    """The node behind a login."""
    node.index("guarded", events(30))
    proxy = LoginFront(node.port, "me", SECRET)
    yield proxy
    proxy.close()


def behind(node, port, login, index="guarded", options=""):  # noqa: F811
    """Return the address of an index behind a front."""
    return f"{node.product}://{login}@localhost:{port}/{index}{options}"


def test_the_right_password_lets_in(node, front, monkeypatch):  # noqa: F811
    """From the address, as it is, and from the environment."""
    assert la.load(behind(node, front.port, f"me:{SECRET}")).height == 30
    monkeypatch.setenv(f"{node.product.upper()}_USERNAME", "me")
    monkeypatch.setenv(f"{node.product.upper()}_PASSWORD", SECRET)
    assert la.load(f"{node.product}://localhost:{front.port}/guarded").height == 30


def test_the_error_for_a_wrong_password_does_not_show_it(node, front, capsys):  # noqa: F811
    """Exit code 3, and no secret on the screen."""
    address = behind(node, front.port, "me:wr0ng")
    with pytest.raises(UnreachableSourceError, match="refuses the login") as caught:
        la.load(address)
    assert "wr0ng" not in str(caught.value)
    assert cli.main(["patterns", address]) == 3
    assert "wr0ng" not in capsys.readouterr().err


def test_tls_is_checked(node, front, tmp_path):  # noqa: F811
    """The authority has to be known; plain HTTP to a port that speaks TLS, and TLS to one that does not, are errors."""
    tls = TlsFront(tmp_path, front.port)
    address = behind(node, tls.port, f"me:{SECRET}").replace("://", "+https://")
    try:
        assert la.load(f"{address}?ca_certs={tls.authority}").height == 30
        assert la.load(f"{address}?verify_certs=false").height == 30
        with pytest.raises(UnreachableSourceError, match="TLS failed") as caught:
            la.load(address)
        assert SECRET not in str(caught.value)
        with pytest.raises(UnreachableSourceError, match="https"):
            la.load(behind(node, tls.port, f"me:{SECRET}", options="?timeout=5s"))
        with pytest.raises(UnreachableSourceError, match="TLS failed"):
            la.load(address.replace(str(tls.port), str(front.port)))
    finally:
        tls.close()


def test_nobody_at_the_port_is_an_error_at_once(node):  # noqa: F811
    """No waiting for a server that never answered."""
    with pytest.raises(UnreachableSourceError, match="does not answer"):
        la.load(f"{node.product}://localhost:{free_port()}/x")


def test_a_server_that_is_too_slow_is_an_error(node, front):  # noqa: F811
    """When a request takes longer than the address allows."""
    front.delay = 3.0
    with pytest.raises(UnreachableSourceError, match="does not answer"):
        la.load(behind(node, front.port, f"me:{SECRET}", options="?timeout=500ms&retry=1s"))


def test_a_server_that_stays_away_in_the_midst_is_an_error(node, front, monkeypatch):  # noqa: F811
    """How much was read, and of what; a part of the events is never taken for all."""
    monkeypatch.setattr(paging, "MAX_PAGE_HITS", 10)
    batches = open_store(behind(node, front.port, f"me:{SECRET}", options="?retry=500ms")).batches(ReadOptions())
    assert next(batches).height == 10
    front.broken = 1_000
    with pytest.raises(IncompleteSourceError, match="'guarded' was lost after"):
        list(batches)


def test_a_short_outage_is_waited_for(node, front, monkeypatch):  # noqa: F811
    """Errors that pass cost time and nothing else; the report says so."""
    monkeypatch.setattr(paging, "MAX_PAGE_HITS", 10)
    front.broken = 1
    logs = la.load(behind(node, front.port, f"me:{SECRET}"))
    assert sorted(logs["offset"]) == sorted(f"e{n}" for n in range(30))


def test_a_lost_point_in_time_is_opened_anew(node, monkeypatch):  # noqa: F811
    """What came in meanwhile is not mixed in before what was read; nothing is lost or twice."""
    monkeypatch.setattr(paging, "MAX_PAGE_HITS", 10)
    node.index("expired", events(60))
    store = open_store(node.address("expired"))
    seen = []
    for batch in store.batches(ReadOptions()):
        seen += batch["offset"].to_list()
        if len(seen) == 20:
            path = "/_search/point_in_time/_all" if node.product == "opensearch" else None
            if path:
                node.call("DELETE", path)
            else:
                node.call("POST", "/expired/_close")
                node.call("POST", "/expired/_open")
    assert sorted(seen) == sorted(f"e{n}" for n in range(60))
    assert "lost and found again" in store.report()["note"][0]


def test_a_shard_that_is_down_is_reported(node):  # noqa: F811
    """As an error, or on request as a warning and in the report."""
    node.index("half-up", events(5))
    nowhere = {"index.routing.allocation.require._name": "nobody"}
    node.call(
        "PUT", "/half-down?wait_for_active_shards=0&timeout=1s", {"settings": {"number_of_replicas": 0, **nowhere}}
    )
    try:
        with pytest.raises(IncompleteSourceError, match="no node has 1 shards: 0 of 'half-down'"):
            la.load(node.address("half-*"))
        assert cli.main(["patterns", node.address("half-*")]) == 3
        with pytest.warns(UserWarning, match="half-down"):
            logs = la.load(node.address("half-*", "?partial=true"))
        assert logs.height == 5
        assert "shard 0 is down" in " ".join(filter(None, la.load_report(logs)["note"]))
    finally:
        node.delete("half-down")


@pytest.fixture
def own(tmp_path):
    """A node for one test alone, which may be killed."""
    running = SearchNode("opensearch-2", tmp_path / "own").start()
    yield running
    with contextlib.suppress(Exception):
        running.kill()
    running.stop()


def test_a_killed_node_loses_nothing(own, monkeypatch):
    """It comes back while it is read and while it is followed: each event once, by index and _id."""
    monkeypatch.setattr(paging, "MAX_PAGE_HITS", 50)
    own.index("killed", events(1000), settings={"number_of_shards": 2})
    expected = sorted(f"e{n}" for n in range(1000))
    seen: list[str] = []
    again = None
    with la.tail(own.address("killed"), since=START - dt.timedelta(hours=1), idle=2) as tail:
        followed = tail.read(timeout=10)["offset"].to_list()
        for batch in open_store(own.address("killed", "?retry=2m&timeout=20s")).batches(ReadOptions()):
            seen += batch["offset"].to_list()
            if again is None and len(seen) >= 300:
                own.kill()
                again = threading.Thread(target=own.start)
                again.start()
        again.join()
        assert sorted(seen) == expected
        own.add("killed", [{"_id": "late", "@timestamp": dt.datetime.now(dt.UTC).isoformat(), "message": "late"}])
        followed += [name for batch in tail for name in batch["offset"]]
    assert sorted(followed) == sorted([*expected, "late"])
