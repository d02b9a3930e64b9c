"""What stands behind the wildcards of a template, also where the message is a variant of it."""

from __future__ import annotations

import polars as pl
import pytest

from loganalytics.templates.parameters import extract_parameters


@pytest.mark.parametrize(
    ("message", "template", "expected"),
    [
        ("sent 5 bytes, took 3 ms", "sent <*> bytes, took <*> ms", ["5", "3"]),
        ("sent 4042 bytes (3.94 KB), took 7 ms", "sent <*> bytes, took <*> ms", ["4042 bytes (3.94 KB)", "7"]),
        ("sent 5 bytes, took 3 minutes", "sent <*> bytes, took <*> ms", ["5", "3 minutes"]),
        ("from 10.0.0.1 () at 7", "from <*> (<*>) at <*>", ["10.0.0.1", "", "7"]),
        ("ids 1, 2, 3 open", "ids <*>, <*> open", ["1", "2, 3"]),
        ("ids 1, 2 open", "ids <*>, <*>, <*> open", ["1", None, None]),
        ("idle", "idle", []),
    ],
)
def test_a_variant_has_the_values_that_can_be_told(message: str, template: str, expected: list[str | None]) -> None:
    """Another unit belongs to the value; what the template has no place for is null."""
    pair = pl.DataFrame({"message": [message], "template": [template]})
    assert pair.select(extract_parameters(pl.col("message"), pl.col("template"))).to_series().to_list() == [expected]
