"""JSON that is not an object a line: the same records as in JSON lines, whatever is around them."""

from __future__ import annotations

import json
from collections.abc import Sequence

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganalytics.formats.detection import detect
from loganalytics.formats.framing import Framing

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12) | st.sampled_from(
    ['}{"', "},{", '\\"', "[{", "a\nb", "# x", '"]}', "\\", "data: {"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)
RECORDS = st.lists(
    st.fixed_dictionaries({"time": st.just("2024-03-10T12:00:00Z"), "msg": TEXTS}, optional={"x": VALUES, "y": VALUES}),
    min_size=2,
    max_size=6,
)


def compact(value: object) -> str:
    """Return JSON without white space."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


SHAPES = {
    "compact array": compact,
    "array, a record a line": lambda records: "[\n" + ",\n".join(map(compact, records)) + "\n]\n",
    "array, commas first": lambda records: "[" + "\n,".join(map(compact, records)) + "]",
    "pretty array": lambda records: json.dumps(records, indent=2, ensure_ascii=False),
    "pretty objects": lambda records: "\n".join(json.dumps(r, indent=4, ensure_ascii=False) for r in records),
    "pretty objects with tabs": lambda records: "\n".join(json.dumps(r, indent="\t") for r in records),
    "concatenated": lambda records: "".join(map(compact, records)),
    "concatenated with blanks": lambda records: " ".join(map(compact, records)) + "\n",
    "record separators": lambda records: "".join(f"\x1e{compact(r)}\n" for r in records),
    "server-sent events": lambda records: "".join(f"data: {compact(r)}\n\n" for r in records),
    "envelope": lambda records: compact({"records": records}),
    "pretty envelope": lambda records: json.dumps({"events": records}, indent=2, ensure_ascii=False),
    "an envelope a record": lambda records: "\n".join(compact({"Records": [r]}) for r in records),
    "nested envelope": lambda records: compact({"hits": {"hits": [{"_source": r} for r in records]}}),
}


def framed(framing: Framing | None, lines: Sequence[str], block: int = 10**6) -> list[str]:
    """Return the records of lines that come in blocks of so many."""
    frame = pl.DataFrame({"n": range(1, len(lines) + 1), "line": lines}, schema={"n": pl.UInt64, "line": pl.String})
    if framing is None:
        return lines
    framer = framing.framer()
    frames = [framer.feed(frame.slice(start, block)) for start in range(0, len(lines), block)]
    records = pl.concat([*frames, framer.finish()])
    assert records["n"].is_unique().all()
    assert records["n"].is_sorted()
    return records["line"].to_list()


@pytest.mark.parametrize("shape", SHAPES)
@given(records=RECORDS, block=st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_records_are_those_of_json_lines(shape: str, records: list[dict[str, object]], block: int):
    """Any records in any shape, read in any blocks, are the records that were written."""
    lines = SHAPES[shape](records).split("\n")
    framing = detect(lines).framing
    assert framing is not None
    assert [json.loads(record) for record in framed(framing, lines)] == records
    assert framed(framing, lines, block) == framed(framing, lines)
