"""Fuzz la.load with mutated files: `python tests/fuzz/mutate.py FOLDER --minutes 60 --seed 1 [--keep FOLDER]`.

Each round takes a file of the folder, cuts, splices, repeats and breaks it at random, and holds the laws: no error but
one that names the file; every word of the input is found again in the frame; load and scan hold the same events, and so
do whole and small blocks, plain and packed; no load takes more than ten seconds. What fails is kept as a file.
`make test` does not need this; what it found is in tests.
"""

from __future__ import annotations

import argparse
import collections
import gzip
import random
import re
import signal
import tempfile
import time
import traceback
from pathlib import Path

import polars as pl

import loganalytics as la
from loganalytics.exceptions import LogAnalyticsError
from loganalytics.formats.fields.aliases import FIELD_ALIASES, fold_name
from loganalytics.schema import LEVELS
from loganalytics.sources.files import reader

SECONDS = 10
_MAX_BYTES = 60_000
ODD = [b"", b"\x1b[31m", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\0", b'"', b"\\", b"{", b"}", b"[", b"]", b",",
       b"\t", b"    ", "\u2028\u0085é错误".encode(), b"2026-02-30 25:61:61", b"99999999999999999999", b"-",
       b"\n", b"\n\n"]  # fmt: skip
_WORD = re.compile(r"[A-Za-z]{5,}")
_GZIP = b"\x1f\x8b"
_ZONE = re.compile(r"\b[A-Z][a-z]+/[A-Z][A-Za-z_]+")
# Words of keys that become core columns under another name.
_NAMES = [name for names in FIELD_ALIASES.values() for name in names]
_KEYS = {
    word for name in _NAMES for written in (name.lower(), fold_name(name)) for word in re.findall("[a-z]{5,}", written)
}
# Words of times, which become the timestamp, and of levels, which have a spelling of their own in the frame.
_TIMES = re.compile(
    r"(?i)^(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun|utc|gmt|a?e?[cemp]?[sd]?t)\w*$"
)


def mutated(content: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """Return the content with some pieces cut, put in, repeated or taken from another file."""
    for _ in range(chance.randint(0, 6)):
        start, stop = sorted((chance.randrange(len(content) + 1), chance.randrange(len(content) + 1)))
        stop = min(stop, start + chance.choice([1, 20, 400, 5_000]))
        other = chance.choice(others)
        begin = chance.randrange(len(other) + 1)
        piece = other[begin : begin + chance.choice([1, 20, 400, 5_000])]
        content = chance.choice(
            [
                content[:start] + content[stop:],
                content[:start] + chance.choice(ODD) + content[start:],
                content[:start] + piece + content[stop:],
                content[:stop] + content[start:stop] * chance.randint(1, 5) + content[stop:],
            ]
        )
    return content[:_MAX_BYTES]


def events(logs: pl.DataFrame) -> pl.DataFrame:
    """Return what must be the same however a file is read: the core columns."""
    return logs.select(name for name in la.schema.CORE if name not in ("source", "service"))


def lost_words(content: bytes, logs: pl.DataFrame) -> set[str]:
    """Return the words of the input that no cell, and no name of a column, holds."""
    text = logs.select(pl.exclude(pl.List, pl.Struct).cast(pl.String, strict=False)).fill_null("")
    cells = "\n".join(text.select(pl.concat_str(pl.all(), separator="\n")).to_series()) if logs.width else ""
    hay = (cells + "\n" + "\n".join(logs.columns)).lower()
    words = {word.lower() for word in _WORD.findall(re.sub(r"\\[a-z]|\\u[0-9a-fA-F]{4}", " ", decoded(content)))}
    return {word for word in words - LEVELS.keys() - _KEYS if word not in hay and not _TIMES.match(word)}


def told_apart(content: bytes, logs: pl.DataFrame) -> bytes:
    """Return the input without the lines that say something of a table's columns, where the load report tells of it."""
    notes = la.load_report(logs)["note"].drop_nulls()
    if not notes.str.contains("beside the table", literal=True).any():
        return content
    return re.sub(rb"(?m)^(?:\xef\xbb\xbf)?#.*$", b"", content)


def decoded(content: bytes) -> str:
    """Return the text of the ASCII of an input; what is not ASCII ends a word."""
    return _ZONE.sub("", re.sub(r"\x1b\[[0-9;?]*[ -/]*[@-~]", "", content.decode("ascii", errors="replace")))


def check(content: bytes, name: str, folder: Path) -> str | None:
    """Return how the laws are broken by a file of this content, or None."""
    path = folder / name
    path.write_bytes(content)
    reader.BLOCK_BYTES = 8 * 1024 * 1024
    try:
        whole = la.load(path)
    except LogAnalyticsError as error:
        return None if name in str(error) else f"an error that does not name the file: {error}"
    if not (whole["message"].null_count() == 0 and whole["offset"].is_unique().all()):
        return "a message is null, or an offset stands twice"
    if words := lost_words(told_apart(content, whole), whole):
        return f"lost words: {sorted(words)[:5]}"
    if not events(la.scan(path).collect()).equals(events(whole)):
        return "scan differs"
    packed = folder / f"{name}.gz"
    packed.write_bytes(gzip.compress(content))
    is_packed = content.startswith(_GZIP)  # what is packed twice is no text
    if not is_packed and not events(la.load(packed)).equals(events(whole)):
        return "packed differs"
    reader.BLOCK_BYTES = random.Random(len(content)).choice([64, 300, 2_000])
    return None if events(la.load(path)).equals(events(whole)) else f"blocks of {reader.BLOCK_BYTES} differ"


def guarded(content: bytes, name: str, folder: Path) -> str | None:
    """Return how the laws are broken, errors of any kind and long times among it."""
    signal.setitimer(signal.ITIMER_PROF, SECONDS * 5)
    try:
        return check(content, name, folder)
    except Exception as error:  # what a user would see as a traceback
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} at {Path(where.filename).name}:{where.lineno}: {str(error)[:100]}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _too_long(_signal: object, _frame: object) -> None:
    raise TimeoutError(f"over {SECONDS * 5} s for five loads")


def main() -> None:
    """Fuzz until the time is up, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path("fuzz-failures"))
    arguments = parser.parse_args()
    arguments.keep.mkdir(exist_ok=True)
    signal.signal(signal.SIGPROF, _too_long)
    paths = [path for path in sorted(arguments.folder.rglob("*")) if path.is_file() and path.stat().st_size]
    paths = [path for path in paths if path.suffix not in (".md", ".parquet", ".zip") and path.name != "expected.json"]
    contents = [path.read_bytes()[:_MAX_BYTES] for path in paths]
    chance, found, rounds = random.Random(arguments.seed), collections.Counter[str](), 0
    folder = Path(tempfile.mkdtemp(prefix="fuzz-mutate-"))
    started = time.process_time()
    while time.process_time() - started < arguments.minutes * 60:
        number = chance.randrange(len(paths))
        content = mutated(contents[number], contents, chance)
        problem = guarded(content, paths[number].name, folder)
        rounds += 1
        if problem:
            kind = re.sub(r"\[.*|\d{3,}", "", problem)[:90]
            found[kind] += 1
            if found[kind] <= 3:
                (arguments.keep / f"{rounds}-{paths[number].name}").write_bytes(content)
                print(f"round {rounds}, {paths[number].name}: {problem}", flush=True)
    print(f"{rounds} rounds in {time.process_time() - started:.0f} s of CPU; {sum(found.values())} problems")
    for kind, count in found.most_common():
        print(f"{count:6} {kind}")


if __name__ == "__main__":
    main()
