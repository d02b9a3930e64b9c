"""CSV, TSV and W3C files."""

from __future__ import annotations

import polars as pl
import pytest

from loganalytics.formats import detect, parse
from loganalytics.formats.parsing import Parsed


def parse_lines(*lines: str) -> Parsed:
    """Detect and parse lines."""
    frame = pl.DataFrame({"line": lines}).with_row_index("n", 1).cast({"n": pl.UInt64})
    return parse(frame, detect(lines))


@pytest.mark.parametrize(("separator", "name"), [(",", "CSV"), ("\t", "TSV"), (";", "CSV (;)")])
def test_a_header_names_the_columns(separator, name):
    """Columns are typed and the core ones found whatever their capitals."""
    lines = [
        separator.join(cells)
        for cells in (
            ["Time", "Level", "Message", "user"],
            ["2026-03-10 12:00:00", "INFO", '"hello, ""world""; yes"', "7"],
            ["2026-03-10 12:00:01", "ERROR", "plain", "8"],
        )
    ]
    assert detect(lines).name == name
    parsed = parse_lines(*lines)
    assert parsed.events["message"].to_list() == ['hello, "world"; yes', "plain"]
    assert parsed.events["user"].to_list() == [7, 8]
    assert parsed.events["level"].to_list() == ["INFO", "ERROR"]
    assert parsed.blank_lines == 1  # the header


def test_iis():
    """The directive names the columns, a dash is nothing, status is level, and times are UTC."""
    parsed = parse_lines(
        "#Software: Microsoft Internet Information Services 10.0",
        "#Fields: date time cs-method cs-uri-stem cs-uri-query sc-status time-taken",
        "2026-03-10 12:00:00 GET /a - 200 15",
        "2026-03-10 12:00:01 GET /b - 503 15",
    )
    assert parsed.events["message"].to_list() == ["GET /a 200", "GET /b 503"]
    assert parsed.events["level"].to_list() == ["INFO", "ERROR"]
    assert parsed.events["cs-uri-query"].to_list() == [None, None]
    assert parsed.events["timestamp"][0].isoformat() == "2026-03-10T12:00:00+00:00"


def test_prose_with_commas_is_not_csv():
    """A header needs names, one of them a time, level or message, and rows of that many cells."""
    assert detect(["one, two, three", "four"]).name == "text"


def test_a_line_that_is_no_row_is_kept():
    """Its text is an event."""
    rows = [f"2026-03-10 12:00:00,INFO,{name}" for name in "abcdef"]
    parsed = parse_lines("time,level,message", *rows, "oops")
    assert parsed.events["message"].to_list() == [*"abcdef", "oops"]


def test_four_in_five_lines_must_have_the_headers_columns():
    """Else the first line only looks like a header."""
    header, row = "time,level,message", "2026-03-10 12:00:00,info,hi"
    assert detect([header] + [row] * 80 + ["other"] * 20).name == "CSV"
    assert detect([header] + [row] * 79 + ["other"] * 21).name != "CSV"


def test_a_header_of_two_columns_needs_times():
    """Else it may be a sentence with a comma."""
    assert detect(["time,message", "2026-03-10 12:00:00,hi"]).name == "CSV"
    assert detect(["Hello, message", "how are you, friend"]).name == "text"
