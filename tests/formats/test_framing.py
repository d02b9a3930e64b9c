"""Records that are not one a line, put together from lines."""

from __future__ import annotations

import polars as pl

from loganalytics.formats.framing import Framing, frame_all, numbers


def test_offsets_name_the_line_and_the_place_in_it():
    """The first record of a line has the line's number, those behind it their place besides."""
    framing = Framing(name="any", framer=lambda: None, splits_lines=True)  # type: ignore[arg-type, return-value]
    frame = pl.DataFrame({"line": [7, 7, 9], "place": [0, 12, 0]}).select(numbers(pl.col("line"), pl.col("place")))
    assert frame.select(framing.offset("line")).to_series().to_list() == ["7", "7.12", "9"]
    assert framing.line(frame["line"][1]) == 7


def test_lines_without_framing_stay():
    """Where nothing says how records are written, each line is one."""
    lines = pl.DataFrame({"n": [1, 2], "line": ["a", "b"]})
    assert frame_all(lines, None).equals(lines)
