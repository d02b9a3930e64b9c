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


def test_some_variants_need_the_plain_text_beside_them():
    """Two hosts with a port are two texts, until an address shows that the host varies; an empty list likewise."""
    assert merged("to web:*", "to db:*") == ["to web:*", "to db:*"]
    assert merged("to web:*", "to db:*", "to *") == ["to *"] * 3
    assert merged("items * []", "items * [*]") == ["items * [*]"] * 2


def test_five_quoted_values_are_a_variable():
    """Four may be names of events; the keys of JSON are never values."""
    texts = [f'name is "{name}" now' for name in ("a b", "c d", "e f", "g h", "i j")]
    assert merged(*texts[:4]) == texts[:4]
    assert merged(*texts) == ['name is "*" now'] * 5
    objects = [f'{{"{key}": *}}' for key in "abcdef"]
    assert merged(*objects) == objects
