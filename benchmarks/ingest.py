"""CPU time and memory of loading logs, beside Polars, DuckDB, pandas, plain Python loops and lnav.

    python benchmarks/ingest.py [--lines 1000000] [--formats json nginx.gz] [--peers load duckdb] [--runs 3]
        [--work DIR] [--no-growth]

Writes seeded files of JSON lines (1 in 10,000 cut in the middle), nginx's combined format, syslog (RFC 3164), Python's
logging with tracebacks (2 % of the events) and logfmt, each plain and packed, and reads each in every way. A reader is
a process of its own; the runs of the readers are interleaved, and the median counts. CPU time is user and system time
of the process from its start to its end: imports are in it, and a row says what they take. pandas and Polars stop at a
broken line, so they read a copy without any. Peers that are not installed are left out: `pip install orjson pandas`;
`apt-get install lnav`.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import ingest_lines

# How many times our CPU time a peer's has to be; re_loop's depends on the format.
_GOALS = {"duckdb": 0.9, "orjson loop": 5.0, "pandas": 8.0, "lnav": 5.0}
_RE_GOALS = {"nginx": 4.0, "syslog": 4.0, "logfmt": 4.0, "python": 3.0}
_FLAT_MB = 600
_OURS = ("import only", "load", "sink")
_PEERS = {
    "json": ("duckdb", "polars", "pandas", "orjson loop", "json loop", "lnav", "lnav count"),
    "text": ("re loop", "lnav", "lnav count"),
}
_NEEDS_CLEAN = {"polars", "pandas"}
_NAMES = {
    "load": "**loganalytics `load`**",
    "sink": "**loganalytics `scan` to Parquet**",
    "import only": "import only",
    "polars": "Polars `read_ndjson`",
    "duckdb": "DuckDB `read_json` to Polars",
    "pandas": "pandas `read_json`",
    "orjson loop": "orjson loop to Polars",
    "json loop": "json loop to Polars",
    "re loop": "Python re loop to Polars",
    "lnav": "lnav, all columns",
    "lnav count": "lnav, `count(*)`",
}


@dataclass(frozen=True)
class Run:
    """What one process took."""

    cpu: float
    peak: float
    rows: int


def main() -> None:
    options = _options()
    if options.work:
        options.work.mkdir(parents=True, exist_ok=True)
        _compare_all(options, options.work)
        return
    with tempfile.TemporaryDirectory() as folder:
        _compare_all(options, Path(folder))


def _options() -> argparse.Namespace:
    files = [f"{form}{packing}" for packing in ("", ".gz") for form in ingest_lines.FORMATS]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--formats", nargs="*", default=files, choices=files, metavar="FORMAT")
    parser.add_argument("--peers", nargs="*", default=list(_NAMES), choices=list(_NAMES), metavar="READER")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--work", type=Path, help="folder for the files, which are kept and used again")
    parser.add_argument("--no-growth", action="store_true", help="leave out the memory at 1, 2 and 4 times the lines")
    return parser.parse_args()


def _compare_all(options: argparse.Namespace, work: Path) -> None:
    print(_machine(), flush=True)
    for name in options.formats:
        form, _, packing = name.partition(".")
        readers = [reader for reader in _readers(form, packing) if reader in options.peers]
        paths = {reader: _file(work, form, options.lines, packing, clean=reader in _NEEDS_CLEAN) for reader in readers}
        _print_table(name, options.lines, _measure(readers, form, paths, options.runs))
    plain = [name for name in options.formats if "." not in name]
    if plain and not options.no_growth:
        _print_growth(plain, options.lines, work)


def _readers(form: str, packing: str) -> list[str]:
    readers = [*_OURS, *_PEERS["json" if form == "json" else "text"]]
    missing = {name for name in ("polars", "duckdb", "pandas") if importlib.util.find_spec(name) is None}
    missing |= set() if importlib.util.find_spec("orjson") else {"orjson loop"}
    missing |= set() if shutil.which("lnav") else {"lnav", "lnav count"}
    missing |= {"polars"} if packing else set()  # read_ndjson takes no .gz
    return [reader for reader in readers if reader not in missing]


def _file(work: Path, form: str, lines: int, packing: str, *, clean: bool = False, times: int = 1) -> Path:
    """Return the file, written where it is not there yet."""
    variant = "-clean" if clean and form == "json" else f"-{times}x" if times > 1 else ""
    path = work / f"{form}-{lines}{variant}.log"
    if not path.exists():
        if times > 1:
            ingest_lines.repeat(_file(work, form, lines, ""), times, path)
        else:
            ingest_lines.write(form, lines, path, clean=clean)
    packed = Path(f"{path}.gz")
    if packing and not packed.exists():
        ingest_lines.pack(path)
    return packed if packing else path


def _measure(readers: list[str], form: str, paths: dict[str, Path], runs: int) -> dict[str, Run]:
    taken: dict[str, list[Run]] = {reader: [] for reader in readers}
    for _ in range(runs):
        for reader in readers:
            taken[reader].append(_run(reader, form, paths[reader]))
    return {reader: _median(run) for reader, run in taken.items()}


def _run(reader: str, form: str, path: Path) -> Run:
    """Run one reader in a process.

    Linux counts the memory of the process that starts another as the other's, up to its exec: this one must stay
    small, so it imports no frame library.
    """
    command = [sys.executable, str(Path(__file__).with_name("ingest_readers.py")), reader, form, str(path)]
    # Compiled once, as an installed package is, wherever the environment forbids it.
    compiling = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=compiling) as process:
        assert process.stdout
        answer = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{reader} could not read {path}: see above")
    return Run(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, int(answer))


def _median(runs: list[Run]) -> Run:
    cpu, peak = (statistics.median(getattr(run, figure) for run in runs) for figure in ("cpu", "peak"))
    return Run(cpu, peak, runs[0].rows)


def _print_table(name: str, lines: int, runs: dict[str, Run]) -> None:
    form = name.partition(".")[0]
    ours = runs.get("load")
    print(f"\n### {name}, {lines:,} lines\n")
    print("| reader | CPU s | us/line | peak MB | events | x ours | goal |\n|---|---:|---:|---:|---:|---:|---:|")
    for reader, run in runs.items():
        goal = _RE_GOALS.get(form) if reader == "re loop" else _GOALS.get(reader)
        ratio = f"{run.cpu / ours.cpu:.2f}" if ours and reader not in _OURS else ""
        cells = (
            _NAMES[reader], f"{run.cpu:.2f}", f"{run.cpu / lines * 1e6:.2f}", f"{run.peak:.0f}",
            f"{run.rows:,}" if run.rows else "", ratio, f"{goal:g}" if goal else "",
        )  # fmt: skip
        print(f"| {' | '.join(cells)} |", flush=True)


def _print_growth(forms: list[str], lines: int, work: Path) -> None:
    print(f"\n### Peak MB of `scan` to Parquet (goal: flat, under {_FLAT_MB})\n")
    print("| format |" + "".join(f" {lines * times:,} lines |" for times in (1, 2, 4)) + "\n|---|---:|---:|---:|")
    for form in forms:
        peaks = []
        for times in (1, 2, 4):
            path = _file(work, form, lines, "", times=times)
            peaks.append(f"{_run('sink', form, path).peak:.0f}")
            if times > 1:
                path.unlink()
        print(f"| {form} | {' | '.join(peaks)} |", flush=True)


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ("polars", "duckdb", "pandas", "pyarrow", "orjson")
    known = [name for name in packages if importlib.util.find_spec(name)]
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in known)
    return f"{os.cpu_count()} cores, {memory:.0f} GB, Python {platform.python_version()}, {versions}"


if __name__ == "__main__":
    main()
