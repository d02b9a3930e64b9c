"""Repeated units stand once."""

from __future__ import annotations

import polars as pl
import pytest

from loganalytics.templates.masking import MASK
from loganalytics.templates.repeats import without_repeats


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("disk * ok, disk * ok, disk * ok", "disk * ok"),
        ("boom at a.b(*) at c.d(*)", "boom at *(*)"),
        ('[{"id": *, "n": "x"}, {"id": *, "n": "y"}]', '[{"id": *, "n": "*"}]'),
        ("read * bytes, wrote * bytes", "read * bytes, wrote * bytes"),
        ("* close, * sent", "* close, * sent"),
    ],
)
def test_repeated_units_stand_once(text, expected):
    """Two units are the same but for values; words must be equal."""
    new = without_repeats(pl.Series([text.replace("*", MASK)]))
    assert new.item().replace(MASK, "*") == expected
