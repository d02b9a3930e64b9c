"""CPU time and peak memory of `patterns`, from a frame of events to its patterns, beside Drain3 where installed.

    python benchmarks/mining_speed.py --data DIR [--lines 1000000] [--runs 3] [--scan 10000000]

The lines are all different: those of a distributed file system (invented), those of the labelled systems in DIR
(mining.py) with their numbers drawn anew, and random words. Each measurement has a process of its own; runs are
interleaved, medians count. Drain3 gets the messages alone. At last a log file of `--scan` lines, and one of a fifth
of it, is read in batches: memory must not grow with the lines.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl
from mining import GENERIC_MASKS, drain3, installed, labelled

import loganalytics as la
from loganalytics.schema import conform
from loganalytics.templates.masking import MASK, mask

PATTERNS, SCAN = "patterns", "patterns of a scan"
PEERS = {"drain3": [], "drain3 with masks": GENERIC_MASKS}

CHUNK = 500_000

STATEMENTS = [
    "Receiving block blk_{block} from /{source}:{port} to /{target}:50010",
    "Block blk_{block} of {size} bytes received from /{source}",
    "Responder {disk} of block blk_{block} terminates",
    "BLOCK* registry.addReplica: {source}:50010 holds blk_{block} now, size {size}",
    "BLOCK* registry.allocate: /jobs/{port}/_temporary/_task_{port}_r_{size}/part-{disk}. blk_{block}",
    "Checksum of blk_{block} verified",
    "{source}:50010 serves block blk_{block} to /{target}",
    "BLOCK* registry.delete: blk_{block} goes to the invalid set of {source}:50010",
    "Deleting block blk_{block} file /mnt/data/current/subdir{disk}/blk_{block}",
    "Starting transfer of block blk_{block} to {source}:50010, {target}:50010",
    "{source}:50010: exception while serving blk_{block} to /{target}: connection reset by peer",
    "Write of block blk_{block} failed: java.io.IOException: Broken pipe",
]


def file_system(count: int, seed: int = 0) -> pl.Series:
    """Return lines as a distributed file system writes them; the number of the block makes each unique."""
    chance = np.random.default_rng(seed)
    limits = {"port": (1024, 65536), "size": (1, 2**26), "disk": (0, 3), "block": (-(2**62), 2**62)}
    limits |= {"source": (1, 2**16), "target": (1, 2**16), "statement": (0, len(STATEMENTS))}
    fields = pl.DataFrame({name: chance.integers(*limit, count) for name, limit in limits.items()})
    hosts = {name: pl.format("10.250.{}.{}", pl.col(name) // 256, pl.col(name) % 256) for name in ("source", "target")}
    is_statement = [pl.col("statement") == number for number in range(len(STATEMENTS))]
    texts = [pl.when(condition).then(filled(text)) for condition, text in zip(is_statement, STATEMENTS, strict=True)]
    return fields.with_columns(**hosts).select(message=pl.coalesce(texts))["message"]


def filled(statement: str) -> pl.Expr:
    parts = re.split(r"\{(\w+)\}", statement)  # text, field, text ...
    return pl.concat_str(pl.col(part) if index % 2 else pl.lit(part) for index, part in enumerate(parts))


def varied(lines: pl.Series, count: int, seed: int = 0) -> pl.Series:
    """Return `count` of the lines, drawn with replacement, every number of two digits and more drawn anew."""
    drawn = lines.sample(count, with_replacement=True, seed=seed)
    line = np.frombuffer(("\n".join(drawn) + "\n").encode(), dtype=np.uint8).copy()
    digit = (line >= ord("0")) & (line <= ord("9"))
    beside = np.r_[False, digit[:-1]] | np.r_[digit[1:], False]
    letter = ((line | 32) >= ord("a")) & ((line | 32) <= ord("z"))
    after_letter = np.r_[False, letter[:-1]]
    first = digit & ~np.r_[False, digit[:-1]]
    hit = digit & beside & ~(first & after_letter)
    hit &= ~(first & (line == ord("0")))  # 0x, 007
    line[hit] = np.random.default_rng(seed).integers(ord("1"), ord("9") + 1, int(hit.sum()), dtype=np.uint8)
    return pl.Series("message", line.tobytes().decode().split("\n")[:-1])


def varied_distinct(lines: pl.Series, count: int) -> pl.Series:
    return varied(lines, 3 * count).unique(maintain_order=True).head(count)


def random_words(count: int, seed: int = 0) -> pl.Series:
    """Return lines of 8 words out of 20,000 that mean nothing: no template but the line itself."""
    chance = np.random.default_rng(seed)
    letters = chance.integers(ord("a"), ord("z") + 1, (20_000, 7), dtype=np.uint8)
    words = pl.Series([row.tobytes().decode() for row in letters])
    columns = [words.gather(chance.integers(0, len(words), count)).alias(f"w{i}") for i in range(8)]
    return pl.DataFrame(columns).select(message=pl.concat_str(pl.all(), separator=" "))["message"]


def events(messages: pl.Series) -> pl.DataFrame:
    """Return a log frame of the messages: twenty a second, each fiftieth an error, from three services."""
    number = pl.int_range(pl.len())
    frame = messages.to_frame("message").with_columns(
        timestamp=pl.datetime(2026, 3, 1, time_zone="UTC") + pl.duration(seconds=number // 20),
        severity_number=pl.when(number % 50 == 0).then(17).otherwise(9),
        service=pl.format("service-{}", number % 3),
        source=pl.lit("app.log"),
        offset=number.cast(pl.String),
    )
    return conform(frame)


def fixed_vocabulary(lines: pl.Series) -> pl.Series:
    """Return the lines with a number for each variable, so that numbers drawn anew make no new words."""
    masked = lines.to_frame("message").select(mask(pl.col("message")))
    words = masked.to_series().str.replace_all("[0-9]+", "7")  # a single digit stays
    return words.str.replace_all(MASK, "1234567", literal=True)


def write_log(path: Path, lines: pl.Series, count: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        for number in range(0, count, CHUNK):
            drawn = varied(lines, min(CHUNK, count - number), seed=number)
            at = pl.datetime(2026, 3, 1) + pl.duration(seconds=pl.int_range(number, number + len(drawn)) // 20)
            stamp = at.dt.strftime("%Y-%m-%d %H:%M:%S,000 INFO [app] ")
            frame = drawn.to_frame().select(pl.concat_str(stamp, "message"))
            file.write(frame.to_series().str.join("\n").item() + "\n")


def compare(path: Path, miners: list[str], runs: int) -> None:
    """Print the medians of interleaved runs, each in a process of its own."""
    results: dict[str, list[dict[str, float]]] = {miner: [] for miner in miners}
    for _ in range(runs):
        for miner in miners:
            command = [sys.executable, __file__, "--measure", miner, str(path)]
            results[miner].append(json.loads(subprocess.check_output(command)))
    medians = {miner: statistics.median(run["cpu"] for run in results[miner]) for miner in miners}
    for miner, cpu in medians.items():
        peak, templates = results[miner][0]["peak"], results[miner][0]["templates"]
        ratio = f"{cpu / medians[miners[0]]:6.1f} x ours" if miner in PEERS else ""
        print(f"{miner:20} {cpu:8.2f} CPU s, peak {peak:6,.0f} MB, {templates:9,} templates {ratio}", flush=True)


def measure(miner: str, path: str) -> dict[str, float]:
    logs = la.scan(path) if miner == SCAN else pl.read_parquet(path)
    count_templates(miner, logs.head(100))  # imports are not measured
    start = time.process_time()
    templates = count_templates(miner, logs)
    cpu = time.process_time() - start
    # What the kernel says of a process's children (resource) contains the size of the parent.
    peak = int(re.findall(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())[0]) / 1024
    return {"cpu": cpu, "peak": peak, "templates": templates}


def count_templates(miner: str, logs: pl.DataFrame | pl.LazyFrame) -> int:
    return drain3(logs["message"], masks=PEERS[miner]).n_unique() if miner in PEERS else la.patterns(logs).height


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with <system>.csv files")
    parser.add_argument("--lines", type=int, default=1_000_000, help="lines of each comparison")
    parser.add_argument("--runs", type=int, default=3, help="runs of each miner, of which the median counts")
    parser.add_argument("--scan", type=int, default=10_000_000, help="lines of the greater log file; 0 for none")
    parser.add_argument("--measure", nargs=2, metavar=("MINER", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(*options.measure)))
        return
    systems = {path.stem: labelled(path)["message"] for path in sorted(options.data.glob("*.csv"))}
    with tempfile.TemporaryDirectory() as folder:
        peers = list(PEERS) if installed("drain3") else []
        for name, lines, miners in (
            ("distributed file system", file_system(options.lines), [PATTERNS, *peers]),
            ("systems mixed", varied_distinct(pl.concat(list(systems.values())), options.lines), [PATTERNS, *peers]),
            ("random words", random_words(options.lines), [PATTERNS]),
        ):
            print(f"\n{name}: {len(lines):,} lines, {lines.n_unique():,} distinct; medians of {options.runs}")
            path = Path(folder, "events.parquet")
            events(lines).write_parquet(path)
            compare(path, miners, options.runs)
        for size in (options.scan // 5, options.scan) if options.scan else ():
            print(f"\nlog file of BGL, fixed vocabulary: {size:,} lines")
            path = Path(folder, f"{size}.log")
            write_log(path, fixed_vocabulary(systems["BGL"]), size)
            compare(path, [SCAN], 1)
            path.unlink()


if __name__ == "__main__":
    main()
