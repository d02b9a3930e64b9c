"""When a rare text becomes the template that fits it."""

from __future__ import annotations

import polars as pl
import pytest

from loganalytics.templates.absorption import absorb_rare_texts
from loganalytics.templates.masking import MASK


def absorbed(rare: str, template: str, *, behind: int) -> bool:
    """Return whether a single text becomes the template, which so many texts are behind."""
    texts = pl.DataFrame({"text": [rare, template], "events": [1, behind], "texts": [1, behind]})
    return absorb_rare_texts(texts).rows() == [(rare, template)]


@pytest.mark.parametrize(("behind", "expected"), [(4, False), (5, True)])
def test_five_times_more_texts_must_be_behind_the_template(behind, expected):
    """Fewer are no evidence."""
    assert absorbed("shard one moved away", f"shard {MASK} moved away", behind=behind) is expected


def test_a_template_needs_three_literals():
    """One of two words fits too much."""
    assert absorbed("shard one moved away", f"shard {MASK} moved away", behind=9)
    assert not absorbed("shard one moved", f"shard {MASK} moved", behind=9)


def test_a_template_needs_more_literals_than_it_absorbs():
    """Three of each are as good a reason to keep them apart."""
    assert absorbed("a one b two c", f"a {MASK} b {MASK} c", behind=9)
    assert not absorbed("a one b two c three", f"a {MASK} b {MASK} c {MASK}", behind=9)


def test_an_outcome_is_not_absorbed():
    """What failed is another event than what a name stands for."""
    assert not absorbed("shard failed moved away", f"shard {MASK} moved away", behind=9)


def test_a_list_is_absorbed_as_one_value():
    """Where single values are usual."""
    assert absorbed("shard one, two, three moved away", f"shard {MASK} moved away", behind=9)
