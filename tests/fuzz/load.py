"""Fuzz la.load, guided by coverage: `pip install atheris; python tests/fuzz/load.py -max_total_time=1800 CORPUS_DIR`.

The bytes that the fuzzer draws choose lines of the case files, cut them, splice them, put bytes in, and choose the
size of the blocks, the packing and the zone. What load() makes of such a file must hold every line: as an event, in an
event's `exception`, or as a blank one; and a line that no format knows is kept to the letter. It takes no more than
ten seconds. `make test` does not need this; what it found is in tests/test_fuzz.py.
"""

from __future__ import annotations

import gzip
import json
import re
import signal
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["loganalytics"]):
    import loganalytics as la
    from loganalytics.exceptions import LogAnalyticsError
    from loganalytics.formats import Parsed
    from loganalytics.formats.regex import variants
    from loganalytics.sources.files import reader

CASES = sorted(Path(__file__).parents[1].joinpath("cases").glob("*.json"))
LINES = [line.encode() for case in CASES for line in json.loads(case.read_text(encoding="utf-8"))["lines"]]
ODD = [b"", b"\x1b[31mred\x1b[0m", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\0", b'"', b"\\", b"{", b"a,b\tc", b"    ",
       "\u2028\u0085é".encode(), b"=" * 9, b"2026-02-30 25:61:61", b"99999999999999999999", b"-"]  # fmt: skip
# Formats that leave fields of a line out.
DROPS = {"AWS load balancer", "S3 access log", "uWSGI", "uvicorn access log", "MySQL slow log", "HAProxy HTTP"}
SECONDS = 10
FOLDER = Path(tempfile.mkdtemp(prefix="fuzz-load-"))
seen: list[tuple[list[str], Parsed]] = []
parse = reader.formats.parse


def spy(lines, detection, **options):
    """Parse, and remember what became of each line."""
    parsed = parse(lines, detection, **options)
    seen.append((lines["line"].to_list(), parsed))
    return parsed


def one_file(data: bytes) -> None:
    """Load one file that the bytes make, and account for its lines."""
    chosen = atheris.FuzzedDataProvider(data)
    variants.MIN_LINES = chosen.PickValueInList([1, 5_000])
    reader.BLOCK_BYTES = chosen.PickValueInList([16 * 1024 * 1024, 64, 300, 2000])
    packed = chosen.ConsumeIntInRange(0, 9) == 0
    zone = chosen.PickValueInList(["UTC", "Europe/Berlin", "America/St_Johns"])
    end = chosen.PickValueInList([b"\n", b"\n", b"\r\n"])
    text = end.join(_line(chosen) for _ in range(chosen.ConsumeIntInRange(0, 24)))
    path = FOLDER / ("app.log.gz" if packed else "app.log")
    path.write_bytes(gzip.compress(text) if packed else text)
    seen.clear()
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        logs = la.load(path, tz=zone)
        _account_for(logs)
    except LogAnalyticsError as error:
        if "app.log" not in str(error):
            raise
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _line(chosen: atheris.FuzzedDataProvider) -> bytes:
    line = chosen.PickValueInList(LINES)
    for _ in range(chosen.ConsumeIntInRange(0, 3)):
        start = chosen.ConsumeIntInRange(0, len(line))
        stop = chosen.ConsumeIntInRange(start, len(line))
        kind = chosen.ConsumeIntInRange(0, 5)
        if kind == 0:  # cut out
            line = line[:start] + line[stop:]
        elif kind == 1:  # put in
            line = line[:start] + chosen.ConsumeBytes(chosen.ConsumeIntInRange(1, 12)) + line[start:]
        elif kind == 2:
            line = line[:start] + chosen.PickValueInList(ODD) + line[stop:]
        elif kind == 3:  # go on as another format does
            line = line[:start] + chosen.PickValueInList(LINES)[start:]
        elif kind == 4:  # the same again
            line = line[:stop] + line[start:stop] * chosen.ConsumeIntInRange(1, 40) + line[stop:]
        else:  # other digits
            line = line[:start] + re.sub(rb"\d", b"%d" % chosen.ConsumeIntInRange(0, 9), line[start:stop]) + line[stop:]
    return line


def _account_for(logs) -> None:
    report = la.load_report(logs).row(0, named=True)
    lines = [line for block, _ in seen[-_blocks(report["lines"]) :] for line in block]
    parts = [parsed for _, parsed in seen[-_blocks(report["lines"]) :]]
    counted = sum(p.events.height + p.events["continues"].sum() + p.blank_lines + p.leading_lines.height for p in parts)
    assert counted == len(lines) == report["lines"], (counted, len(lines), report)
    assert logs.height == report["events"]
    assert logs["message"].null_count() == 0
    assert logs["offset"].is_unique().all()
    raw = {n: text for p in parts for n, text in p.events.filter(~p.events["parsed"]).select("n", "message").rows()}
    for number, text in raw.items():
        assert text == lines[number - 1], (text, lines[number - 1])
    _keeps_words(logs, lines)


def _blocks(lines: int) -> int:
    """Return how many of the last calls were of the read itself; those before were of the sample."""
    for count in range(len(seen) + 1):
        if sum(len(block) for block, _ in seen[len(seen) - count :]) == lines:
            return count
    raise AssertionError(f"no last blocks hold {lines} lines")


def _keeps_words(logs, lines: list[str]) -> None:
    """Check that the long words of lines that are not JSON are in some cell of the event that holds the line."""
    if DROPS & set(la.load_report(logs)["format"][0].split(" + ")):
        return
    starts = sorted(int(n) for n in logs["offset"])
    cells = {int(row["offset"]): " ".join(str(v) for v in row.values()).lower() for row in logs.to_dicts()}
    for number, line in enumerate(lines, 1):
        above = [n for n in starts if n <= number]
        if not above or "{" in line or "#Fields" in "".join(lines) or not line.isascii():
            continue
        for word in re.findall(r"\b[a-z]{7,}\b", line):
            assert word in cells[above[-1]], (word, line, cells[above[-1]])


def _too_long(_signal, _frame) -> None:
    raise TimeoutError(f"load took over {SECONDS} s")


if __name__ == "__main__":
    reader.formats.parse = spy
    signal.signal(signal.SIGPROF, _too_long)
    atheris.Setup(sys.argv, one_file)
    atheris.Fuzz()
