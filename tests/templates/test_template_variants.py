"""Texts that say the same with more or fewer variables."""

from __future__ import annotations

import polars as pl
import pytest

from loganalytics.templates.masking import MASK
from loganalytics.templates.variants import merge_variants


def merged(*texts: str) -> list[str]:
    """Return what becomes of masked texts, written with * for a variable."""
    masked = pl.DataFrame({"text": [line.replace("*", MASK) for line in texts]})
    rows = masked.join(merge_variants(masked), on="text", how="left", maintain_order="left")
    return rows.select(pl.coalesce("new", "text").str.replace_all(MASK, "*")).to_series().to_list()


@pytest.mark.parametrize("masked", ["sent * bytes", "sent * (* KB)", "items * []", "call * ()", "ids *, *", "to web:*"])
def test_a_text_alone_stays_as_it_is(masked):
    """Nothing shows that it varies."""
    assert merged(masked) == [masked]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["sent * bytes", "sent * (* KB)"], "sent *"),
        (["call * ()", "call * (*)"], "call * (*)"),
        (["ids *, *", "ids *, *, *"], "ids *"),
    ],
)
def test_two_variants_are_one_text(texts, expected):
    """With a unit and without, with brackets, a longer list."""
    assert merged(*texts) == [expected] * 2


def test_lists_may_be_empty():
    """Beside one that holds something."""
    assert merged("items * []") == ["items * []"]
    assert merged("items * []", "items * [*]") == ["items * [*]"] * 2


def test_frames_of_a_stack_trace_stand_once():
    """Whatever their number, of Java and of Python."""
    assert merged("boom at a.b(*)", "boom at a.b(*) at c.d(*)") == ["boom at *(*)"] * 2
    traces = [
        f"{frames} KeyError: *"
        for frames in ('File "*", line *, in f', 'File "*", line *, in f File "*", line *, in g')
    ]
    assert merged(*traces) == ['File "*", line *, in * KeyError: *'] * 2


def test_words_with_digits_in_a_row_are_one_variable():
    """A list of hosts for instance."""
    assert merged("cannot find db1 db2", "cannot find web7 web8 web9") == ["cannot find *"] * 2
