"""Streams in a cluster, and behind a sentinel, of real servers."""

from __future__ import annotations

import time

import pytest
from servers.many import cluster, sentinel

import loganalytics as la
from loganalytics.exceptions import UnreachableSourceError


def test_a_cluster(tmp_path):
    """Streams of all nodes are found, read and followed, alone and by a group."""
    import redis

    with cluster(tmp_path) as nodes:
        client = redis.RedisCluster(host="127.0.0.1", port=nodes[0].port)
        keys = [f"stream-{number}" for number in range(6)]
        for key in keys:
            client.xadd(key, {"message": key})
        address = f"redis+cluster://127.0.0.1:{nodes[0].port},127.0.0.1:{nodes[1].port}"
        assert {client.get_node_from_key(key).port for key in keys} == {node.port for node in nodes}
        logs = la.load(address)
        assert logs["source"].to_list() == keys
        assert logs["message"].to_list() == keys
        assert la.describe(address)["entries"].to_list() == [1] * 6
        with la.tail(address) as tail, la.tail(address, group="g") as shared:
            for key in keys:
                client.xadd(key, {"message": f"new {key}"})
            for reader in (tail, shared):
                seen, deadline = [], time.monotonic() + 20
                while len(seen) < 6 and time.monotonic() < deadline:
                    seen += reader.read(0.5)["message"].to_list()
                assert sorted(seen) == [f"new {key}" for key in keys]
        with pytest.raises(UnreachableSourceError, match=r"Hint: write redis\+cluster://"):
            la.load([f"{node.address}?stream=stream-0" for node in nodes])


def test_a_sentinel(own, tmp_path):
    """Tells the master, from which is read."""
    own.client().xadd("s", {"message": "m"})
    with sentinel(tmp_path, own) as port:
        address = f"redis+sentinel://127.0.0.1:{port}/main/0?stream=s"
        assert la.load(address)["message"].to_list() == ["m"]
        with la.tail(address) as tail:
            own.client().xadd("s", {"message": "new"})
            assert tail.read(5)["message"].to_list() == ["new"]
        with pytest.raises(UnreachableSourceError, match="cannot be reached"):
            la.load(f"redis+sentinel://127.0.0.1:{port}/other?stream=s")
