"""The log frame's columns and severities."""

from __future__ import annotations

import polars as pl
import pytest

from loganalytics import schema
from loganalytics.exceptions import MissingColumnError


def test_conform_puts_the_core_columns_first():
    """Core columns come in the contract's order, whatever the frame brought, and other columns follow."""
    frame = schema.conform(pl.DataFrame({"user_id": [7], "message": ["hello"]}))
    assert frame.columns == [*schema.CORE, "user_id"]
    assert dict(frame.drop("user_id").schema) == schema.CORE


def test_conform_leaves_no_message_null():
    """The message is never null."""
    assert schema.conform(pl.DataFrame({"message": [None, "a"]}))["message"].to_list() == ["", "a"]


@pytest.mark.parametrize(
    ("word", "level", "number"),
    [
        ("WARN", "WARNING", 13),
        ("err", "ERROR", 17),
        ("Fatal", "CRITICAL", 21),
        ("notice", "INFO", 10),
        ("emerg", "CRITICAL", 21),
        ("D", "DEBUG", 5),
        ("security", "SECURITY", 13),
        ("STATS", "STATS", None),
        (None, None, None),
    ],
)
def test_levels_as_people_write_them(word, level, number):
    """A level's spelling decides its name and OpenTelemetry's number; an unknown word is kept."""
    frame = pl.DataFrame({"t": [word]}, schema={"t": pl.String}).select(schema.severities(pl.col("t")))
    assert frame.row(0) == (level, number)


def test_a_missing_column_is_named():
    """The error says which column is missing and what the frame has."""
    with pytest.raises(MissingColumnError, match=r"no column 'timestamp'; it has a\."):
        schema.lazy(pl.DataFrame({"a": [1]}), "timestamp")


def test_only_errors_are_errors():
    """Severity 17 and above is an error; an unknown severity is none."""
    frame = pl.DataFrame({"severity_number": [16, 17, None]}, schema={"severity_number": pl.UInt8})
    assert frame.select(schema.is_error()).to_series().to_list() == [False, True, False]
