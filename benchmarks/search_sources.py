"""Hits of Elasticsearch and OpenSearch into a frame: load() beside the loop over helpers.scan that one would write.

Starts a node of its own (see tests/install_servers.sh), fills it (seeded), and reads it in processes of their own, in
turn. CPU is that of the reading process alone; the node shares the machine's cores with it, which is in the wall time.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

START = dt.datetime(2026, 3, 10, tzinfo=dt.UTC)


def documents(first: int, count: int):
    rng = random.Random(first)
    for n in range(first, first + count):
        yield {
            "@timestamp": (START + dt.timedelta(milliseconds=50 * n)).isoformat(timespec="milliseconds"),
            "level": rng.choice(["INFO"] * 8 + ["WARNING", "ERROR"]),
            "service": rng.choice(["api", "web", "worker", "billing"]),
            "logger": "app.orders",
            "message": f"order {rng.randrange(10**6)} processed in {rng.randrange(900)} ms for customer {n}",
            "trace_id": f"req_{rng.getrandbits(48):012x}",
            "details": {"user_id": rng.randrange(5000), "duration_ms": rng.random() * 900, "endpoint": "/api/orders"},
        }


def fill(node, hits: int, shards: int) -> None:
    mappings = {"properties": {"@timestamp": {"type": "date"}}}
    node.index("logs", [], settings={"number_of_shards": shards, "refresh_interval": "-1"}, mappings=mappings)
    for first in range(0, hits, 5_000):
        lines = [line for d in documents(first, min(5_000, hits - first)) for line in ('{"create":{}}', json.dumps(d))]
        node.call("POST", "/logs/_bulk?filter_path=errors", ("\n".join(lines) + "\n").encode())
    node.call("POST", "/logs/_refresh")
    node.call("POST", "/logs/_forcemerge?max_num_segments=5")


def read_load(address: str) -> int:
    import loganalytics as la

    return la.load(address).height


def read_scan(address: str) -> int:
    """The loop that the clients' documentation shows, into a list of dicts and a frame."""
    import polars as pl

    product, _, location = address.partition("://")
    url = "http://" + location.split("/")[0]
    if product == "opensearch":
        from opensearchpy import OpenSearch, helpers

        client = OpenSearch(url, timeout=60)
    else:
        from elasticsearch import Elasticsearch, helpers

        client = Elasticsearch(url, request_timeout=60)
    hits = helpers.scan(client, index="logs", query={"query": {"match_all": {}}}, size=10_000)
    return pl.DataFrame([{**hit["_source"], "_index": hit["_index"], "_id": hit["_id"]} for hit in hits]).height


READERS = {"load": read_load, "helpers.scan": read_scan}


def measure(reader: str, address: str) -> dict[str, float]:
    started = time.perf_counter()
    ran = subprocess.run(
        [sys.executable, __file__, "--read", reader, address], capture_output=True, text=True, check=True
    )
    return json.loads(ran.stdout) | {"wall": time.perf_counter() - started}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--hits", type=int, default=1_000_000)
    options.add_argument("--shards", type=int, default=1)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--kinds", nargs="+", default=["opensearch-2", "elasticsearch-9"])
    options.add_argument("--read", nargs=2, help=argparse.SUPPRESS)
    arguments = options.parse_args()
    if arguments.read:
        reader, address = arguments.read
        hits = READERS[reader](address)
        used = resource.getrusage(resource.RUSAGE_SELF)
        print(json.dumps({"hits": hits, "cpu": used.ru_utime + used.ru_stime, "peak": used.ru_maxrss / 1024}))
        return
    from servers.search_node import SearchNode

    print("| server | reader | hits | CPU s | wall s | peak MB |\n|---|---|---:|---:|---:|---:|")
    for kind in arguments.kinds:
        node = SearchNode(kind, Path(tempfile.mkdtemp()), heap="1g").start()
        fill(node, arguments.hits, arguments.shards)
        figures: dict[str, list[dict[str, float]]] = {reader: [] for reader in READERS}
        for _ in range(arguments.rounds):
            for reader in READERS:
                figures[reader].append(measure(reader, node.address("logs")))
        for reader, runs in figures.items():
            cpu, wall, peak = (statistics.median(run[name] for run in runs) for name in ("cpu", "wall", "peak"))
            print(f"| {kind} | {reader} | {runs[0]['hits']:,} | {cpu:.1f} | {wall:.1f} | {peak:,.0f} |", flush=True)
        node.stop()


if __name__ == "__main__":
    main()
