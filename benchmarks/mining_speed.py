"""Lines to mine in great numbers, and what mining them takes: CPU time beside Drain3, and peak memory.

mining.py calls this; by itself it runs one measurement, in a process of its own so that its peak is its own:

    python benchmarks/mining_speed.py random 1000000        # lines of random words, with_templates
    python benchmarks/mining_speed.py scan FILE             # a log file of any size, patterns(scan(FILE))
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from loganalytics.templates.masking import MASK, mask

Miner = Callable[[pl.Series], pl.Series]

CHUNK = 500_000


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


def fixed_vocabulary(lines: pl.Series) -> pl.Series:
    """Return the lines with a number for each variable, so that numbers drawn anew make no new words."""
    masked = lines.to_frame("message").select(mask(pl.col("message")))
    words = masked.to_series().str.replace_all("[0-9]+", "7")  # a single digit stays
    return words.str.replace_all(MASK, "1234567", literal=True)


def random_words(count: int, seed: int = 0) -> pl.Series:
    """Return lines of 8 words out of 20,000 that mean nothing: no template but the line itself."""
    chance = np.random.default_rng(seed)
    letters = chance.integers(ord("a"), ord("z") + 1, (20_000, 7), dtype=np.uint8)
    words = pl.Series([row.tobytes().decode() for row in letters])
    columns = [words.gather(chance.integers(0, len(words), count)).alias(f"w{i}") for i in range(8)]
    return pl.DataFrame(columns).select(message=pl.concat_str(pl.all(), separator=" "))["message"]


def print_speed(miners: dict[str, Miner], systems: dict[str, pl.DataFrame], count: int, runs: int, one: str) -> None:
    """Print the median CPU time of the miners, interleaved, on one system and on all mixed."""
    together = pl.concat([lines["message"] for lines in systems.values()])
    for name, source in ((one, systems[one]["message"]), ("eight mixed", together)):
        lines = varied(source, count)
        print(f"\n{name}: {count:,} lines, {lines.n_unique():,} distinct; CPU s, medians of {runs}")
        took: dict[str, list[float]] = {miner: [] for miner in miners}
        for _ in range(runs):
            for miner, mine in miners.items():
                start = time.process_time()
                mine(lines)
                took[miner].append(time.process_time() - start)
        ours = statistics.median(took["loganalytics"])
        for miner, times in took.items():
            median = statistics.median(times)
            print(f"{miner:20} {median:8.2f} s {count / median:12,.0f} lines/s {median / ours:7.1f} x ours", flush=True)


def print_memory(systems: dict[str, pl.DataFrame], count: int, greatest: int, one: str) -> None:
    """Print CPU time and peak memory for random words, and for files of growing size of one system."""
    print(f"\n{count:,} lines of random words (goal: 60 s, 4 GB): {measured('random', str(count))}")
    print(f"\npatterns(scan(...)) of lines of {one} (goal: memory grows with templates, not with lines)")
    with tempfile.TemporaryDirectory() as folder:
        lines = fixed_vocabulary(systems[one]["message"])
        for size in (greatest // 5, greatest):
            path = Path(folder, f"{size}.log")
            write_log(path, lines, size)
            print(f"{size:12,} lines: {measured('scan', str(path))}", flush=True)
            path.unlink()


def write_log(path: Path, lines: pl.Series, count: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        for number in range(0, count, CHUNK):
            drawn = varied(lines, min(CHUNK, count - number), seed=number)
            at = pl.datetime(2026, 3, 1) + pl.duration(seconds=pl.int_range(number, number + len(drawn)) // 20)
            stamp = at.dt.strftime("%Y-%m-%d %H:%M:%S,000 INFO [app] ")
            frame = drawn.to_frame().select(pl.concat_str(stamp, "message"))
            file.write(frame.to_series().str.join("\n").item() + "\n")


def measured(*arguments: str) -> str:
    """Run one measurement in a process of its own."""
    command = [sys.executable, __file__, *arguments]
    result = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return f"{result['cpu']:.1f} CPU s, peak {result['peak']:,.0f} MB, {result['templates']:,} templates"


def main() -> None:
    what, argument = sys.argv[1:]
    import loganalytics as la

    if what == "random":
        frame = random_words(int(argument)).to_frame()
        start = time.process_time()
        templates = la.with_templates(frame)["template"].n_unique()
    else:
        start = time.process_time()
        templates = la.patterns(la.scan(argument)).height
    took = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"cpu": took, "peak": peak, "templates": templates}))


if __name__ == "__main__":
    main()
