"""Every word of an input is found again in the frame, whatever the sample showed and wherever blocks end.

WRITERS are the ways to write records as a file; another reader's way joins the list.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganalytics.formats import detect, parse
from loganalytics.formats.internal_columns import INTERNAL
from loganalytics.schema import CORE
from loganalytics.sources.files.sampling import to_log_frame

Record = dict[str, Any]

BASE: Record = {"ts": "2026-03-10T12:00:00Z", "level": "info", "msg": "hello", "user": 7}
KEYS = st.sampled_from(
    [*INTERNAL, *CORE, "exception", "stack", "error", "err", "request_id", "traceId", "duration_ms", "took_s", "status",
     "method", "path", "logger", "attributes", "a", "A", "b", "a.b", "user", "t", "s", "c", "k0", "record"]
)  # fmt: skip
WORDS = st.integers(0, 10**6).map("qz{}".format)
TEXTS = WORDS | st.tuples(
    WORDS, st.sampled_from(["\n", "\t", '"', "\\", " ", "=", ",", ": {", "é", "\u2028", "\x01"]), WORDS
).map("".join)


@dataclass(frozen=True, repr=False)
class Writer:
    """A way to write records as lines of a file."""

    name: str
    write: Callable[[list[Record]], list[str]]
    values: st.SearchStrategy[Any]
    """What the fields may hold."""
    keys: st.SearchStrategy[str] = KEYS

    def records(self) -> st.SearchStrategy[list[Record]]:
        """Draw records; some have little in common with the others."""
        return st.lists(st.dictionaries(self.keys, self.values, max_size=5), max_size=6)


def json_lines(records: list[Record]) -> list[str]:
    """Write JSON lines."""
    return [json.dumps(record, ensure_ascii=False) for record in records]


def ascii_json_lines(records: list[Record]) -> list[str]:
    """Write JSON lines as Python does."""
    return [json.dumps(record) for record in records]


def repeating_json_lines(records: list[Record]) -> list[str]:
    """Write JSON lines in which a key stands twice."""
    return [
        line[:-1] + ', "user": "qzagain"}' if number % 2 else line for number, line in enumerate(json_lines(records))
    ]


def logfmt(records: list[Record]) -> list[str]:
    """Write logfmt as Go does."""
    return [" ".join(f"{key}={_quoted(value)}" for key, value in record.items()) for record in records]


def logfmt_with_words(records: list[Record]) -> list[str]:
    """Write logfmt with a word that is no pair."""
    return [f"{line} qzflag" for line in logfmt(records)]


def _quoted(value: object) -> str:
    text = str(value)
    return text if text.isalnum() else json.dumps(text, ensure_ascii=False)


# Not floats: as a core column one is spelled 0 or 0.0, as the block's reader writes it.
SCALARS = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | TEXTS
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=2), max_leaves=4
)
WRITERS = [
    Writer("JSON lines", json_lines, VALUES),
    Writer("JSON lines in ASCII", ascii_json_lines, VALUES, KEYS | st.text(max_size=3)),
    Writer("JSON lines with repeated keys", repeating_json_lines, VALUES),
    Writer("logfmt", logfmt, TEXTS | st.integers(0, 10**9)),
    Writer("logfmt with words", logfmt_with_words, TEXTS),
]


def leaves(value: object) -> Iterator[object]:
    """Yield the scalars in a value, and in the JSON that its texts are."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    else:
        yield value
        if isinstance(value, str) and value[:1] in ("{", "["):
            with suppress(ValueError):
                yield from leaves(json.loads(value))


def frames_of(lines: list[str], sample: list[str], split: int) -> list[pl.DataFrame]:
    """Return the log frame of lines by what a sample shows: of all at once, and of two blocks."""
    detection = detect(sample)
    numbered = pl.DataFrame({"line": lines}, schema={"line": pl.String}).with_row_index("n", 1).cast({"n": pl.UInt64})
    frames = []
    for blocks in ([numbered], [numbered.head(split), numbered.tail(-split)]):
        events = [parse(block, detection).events for block in blocks if block.height]
        frames.append(to_log_frame(pl.concat(events, how="diagonal_relaxed"), "app.log"))
    return frames


def check(lines: list[str], records: list[Record], logs: pl.DataFrame) -> None:
    """Check that each record's words are in its event."""
    assert logs.height == len(lines)
    for record, event in zip(records, logs.to_dicts(), strict=True):
        found = " ".join(str(leaf).lower() for leaf in leaves(event))
        for text in (leaf for leaf in leaves(record) if isinstance(leaf, str) and "qz" in leaf):
            for word in text.lower().split("qz")[1:]:
                digits = "".join(character for character in word if character.isdigit())
                assert f"qz{digits}" in found, (text, record, event)


@pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.name)
@settings(max_examples=20, derandomize=True)
@given(data=st.data())
def test_every_word_is_found_again(writer, data):
    """In the sample's records and in those that come later, wherever blocks end."""
    sample, later = data.draw(writer.records()), data.draw(writer.records())
    records = [BASE | record for record in [{}, {}, *sample, *later, {}, {}]]
    lines = writer.write(records)
    whole, in_blocks = frames_of(lines, lines[: 2 + len(sample)], data.draw(st.integers(1, len(lines))))
    check(lines, records, whole)
    check(lines, records, in_blocks)
    assert whole.select(list(CORE)).to_dicts() == in_blocks.select(list(CORE)).to_dicts()


ONE_COLUMN_EACH = st.fixed_dictionaries(
    {},
    optional={
        "exception": TEXTS,
        "request_id": WORDS,
        "lvl": st.sampled_from(["error", "WARN", "fatal"]),
        "duration_ms": st.integers(0, 9999) | st.floats(0, 1e6),
        "logger": WORDS,
        "service": st.fixed_dictionaries({"name": WORDS}),
        "late": SCALARS,
    },
)


@settings(max_examples=25, derandomize=True)
@given(st.lists(ONE_COLUMN_EACH, min_size=1, max_size=6), st.data())
def test_the_core_does_not_depend_on_the_sample(records, data):
    """What a record says reaches the same columns whether the sample showed such records or not."""
    healthy = {"ts": "2026-03-10T12:00:00Z", "msg": "hello"}
    lines = json_lines([healthy, *(healthy | record for record in records)])
    frames = []
    for size in (1, data.draw(st.integers(1, len(lines))), len(lines)):
        logs, _ = frames_of(lines, lines[:size], 1)
        if "duration_ms" not in logs.columns:
            logs = logs.with_columns(duration_ms=pl.lit(None, dtype=pl.Float64))
        frames.append(logs.select(*CORE, "duration_ms"))
    assert frames[0].equals(frames[1])
    assert frames[0].equals(frames[2])
