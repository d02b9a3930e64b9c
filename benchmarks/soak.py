"""Nothing lost: a million numbered records through four sources at once, whose servers and readers are killed.

    python benchmarks/soak.py                                    # half an hour
    python benchmarks/soak.py --minutes 3 --records 40000

Redis (Valkey), PostgreSQL, OpenSearch and a file that is rotated each get a quarter of the records. Writers repeat what
was not acknowledged; servers and readers are killed (SIGKILL) at random moments and started again. Each reader saves
its cursor and how much it has noted in one write, so that a record may neither be missing nor come twice. Exit code 1
when one does.
"""

from __future__ import annotations

import argparse
import collections
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import loganalytics as la

_WORKERS = Path(__file__).with_name("soak_workers.py")
_WRITING_SHARE = 0.8
"""Of the time: the rest is for what is read late."""


@dataclass
class Source:
    """One source: its address, its server, what writes and what reads it."""

    name: str
    address: str
    writer: list[str]
    kill_server: Callable[[], None] | None
    start_server: Callable[[], None] | None
    folder: Path
    server_kills: int = 0
    reader_kills: int = 0
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, role: str) -> None:
        """Start the writer or the reader."""
        arguments = self.writer if role == "writer" else ["read", self.address, str(self.folder)]
        log = (self.folder / f"{role}.log").open("ab")
        self.processes[role] = subprocess.Popen([sys.executable, str(_WORKERS), *arguments], stdout=log, stderr=log)

    def kill_reader(self) -> None:
        """Kill the reader, and start another."""
        self.processes["reader"].kill()
        self.processes["reader"].wait()
        self.reader_kills += 1
        self.start("reader")

    def restart_server(self) -> None:
        """Kill the server, and start it again a moment later."""
        assert self.kill_server is not None
        assert self.start_server is not None
        self.kill_server()
        self.server_kills += 1
        time.sleep(random.uniform(0.2, 3.0))
        self.start_server()

    def numbers(self) -> collections.Counter[int]:
        """Return how often each number was read, up to where the cursor is saved."""
        _, state = la.load_cursor(self.folder / "cursor.json")
        content = (self.folder / "numbers").read_bytes()[: state["bytes"] if state else 0]
        return collections.Counter(map(int, content.split()))


def redis_source(folder: Path, count: int, rate: float) -> Source:
    """Start a server with its stream."""
    from servers.valkey import Valkey

    server = Valkey(folder / "valkey").start()
    writer = ["redis", str(server.port), str(count), str(rate)]
    return Source("redis", f"{server.address}/0?stream=soak", writer, server.kill, server.start, folder)


def postgresql_source(folder: Path, count: int, rate: float) -> Source:
    """Start a server with its table."""
    from servers.databases import PostgreSQL

    server = PostgreSQL(folder)
    columns = "id bigserial primary key, number bigint unique, created_at timestamptz, level text, message text"
    server.run(f"create table soak({columns});")
    writer = ["postgresql", server.address(), str(count), str(rate)]
    return Source("postgresql", f"{server.address()}&table=soak", writer, server.kill, server.start, folder)


def opensearch_source(folder: Path, count: int, rate: float) -> Source:
    """Start a node with its index."""
    from servers.search_node import SearchNode

    node = SearchNode("opensearch-2", folder / "node").start()
    properties = {"@timestamp": {"type": "date"}, "number": {"type": "long"}, "level": {"type": "keyword"}}
    node.index("soak", [], settings={"number_of_shards": 2}, mappings={"properties": properties})
    writer = ["opensearch", str(node.port), str(count), str(rate)]
    return Source("opensearch", node.address("soak"), writer, node.kill, node.start, folder)


def file_source(folder: Path, count: int, rate: float) -> Source:
    """Name a file that is rotated."""
    log = folder / "logs" / "app.log"
    log.parent.mkdir()
    return Source("file", str(log), ["file", str(log), str(count), str(rate)], None, None, folder)


def main() -> int:
    """Run the soak and print what came."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--kills", type=int, default=48)
    parser.add_argument("--sources", nargs="+", default=["redis", "postgresql", "opensearch", "file"])
    parser.add_argument("--seed", type=int, default=15)
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    os.umask(0o022)
    with tempfile.TemporaryDirectory(prefix="soak-", ignore_cleanup_errors=True) as work:
        Path(work).chmod(0o755)
        sources = _start(Path(work), arguments)
        _kill_at_random(sources, seconds=60 * arguments.minutes * _WRITING_SHARE, kills=arguments.kills)
        count = arguments.records // len(sources)
        _wait(sources, count, seconds=60 * arguments.minutes)
        for source in sources:
            for process in source.processes.values():
                process.kill()
        _print_logs(sources)
        return _print_result(sources, count)


def _start(work: Path, arguments: argparse.Namespace) -> list[Source]:
    makers = {
        "redis": redis_source, "postgresql": postgresql_source, "opensearch": opensearch_source, "file": file_source,
    }  # fmt: skip
    count = arguments.records // len(arguments.sources)
    rate = count / (60 * arguments.minutes * _WRITING_SHARE)
    sources = []
    for name in arguments.sources:
        folder = work / name
        folder.mkdir()
        folder.chmod(0o755)
        sources.append(makers[name](folder, count, rate))
    for source in sources:
        source.start("reader")
    while not all((source.folder / "cursor.json").exists() for source in sources):
        time.sleep(0.1)
    for source in sources:
        source.start("writer")
    return sources


def _kill_at_random(sources: list[Source], *, seconds: float, kills: int) -> None:
    """Kill a server or a reader now and then, half of each."""
    started = time.monotonic()
    moments = sorted(random.uniform(0, seconds) for _ in range(kills))
    targets = [
        (source, what) for source in sources for what in ("reader", "server") if what == "reader" or source.kill_server
    ]
    for number, moment in enumerate(moments):
        time.sleep(max(0.0, started + moment - time.monotonic()))
        source, what = targets[number % len(targets)]
        print(f"{time.monotonic() - started:6.0f} s: kill the {what} of {source.name}", flush=True)
        source.kill_reader() if what == "reader" else source.restart_server()


def _wait(sources: list[Source], count: int, *, seconds: float) -> None:
    """Wait until all is written and read, or no number came for a minute."""
    for source in sources:
        source.processes["writer"].wait()
    deadline, before, came_at = time.monotonic() + seconds, -1, time.monotonic()
    while time.monotonic() < deadline and time.monotonic() - came_at < 90:
        read = sum(len(source.numbers()) for source in sources)
        if read == count * len(sources):
            time.sleep(5)  # for what comes twice
            return
        if read != before:
            before, came_at = read, time.monotonic()
        time.sleep(2)


def _print_logs(sources: list[Source]) -> None:
    """Print the end of what writers and readers said, if anything."""
    for source in sources:
        for log in sorted(source.folder.glob("*er.log")):
            for line in log.read_text(errors="replace").splitlines()[-3:]:
                print(f"{source.name} {log.stem}: {line[:200]}")


def _print_result(sources: list[Source], count: int) -> int:
    print(f"\n| source | records | read | lost | doubled | kills of the server | of the reader |\n|---|{'---:|' * 6}")
    is_wrong = False
    for source in sources:
        numbers = source.numbers()
        lost, doubled = count - len(numbers), sum(numbers.values()) - len(numbers)
        is_wrong = is_wrong or bool(lost or doubled)
        cells = (count, len(numbers), lost, doubled, source.server_kills, source.reader_kills)
        print(f"| {source.name} | {' | '.join(f'{cell:,}' for cell in cells)} |")
    kills = sum(source.server_kills + source.reader_kills for source in sources)
    print(f"\n{count * len(sources):,} records, {kills} kills.")
    return int(is_wrong)


if __name__ == "__main__":
    sys.exit(main())
