"""Log text made safe to show."""

from __future__ import annotations

import csv
import io
import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loganalytics import sanitize

MARKS = "\u202a\u202e\u2066\u2069\u200b\u200f\u061c\ufeff\U000e0041"
TEXTS = st.text(st.one_of(st.characters(), st.sampled_from("\x1b[]m;31\x07\\\r\n\t \x9b\x85\u2028a=" + MARKS)))


def is_safe(character: str) -> bool:
    """Whether a character is no control and no mark that hides text or turns it round."""
    code = ord(character)
    return code >= 32 and not 0x7F <= code < 0xA0 and character not in MARKS and not 0xD800 <= code < 0xE000


@given(TEXTS, st.integers(2, 60), st.booleans())
def test_printable_text_is_short_and_free_of_controls(raw: str, limit: int, lines: bool) -> None:
    """Whatever comes in, no control or escape comes out, and never more than the limit."""
    for safe in (sanitize.printable(raw, limit, lines=lines), sanitize.printable(raw, None, lines=lines)[:limit]):
        assert len(safe) <= limit
        assert all(is_safe(character) or (lines and character in "\n\t") for character in safe)


@given(
    st.lists(TEXTS.filter(lambda raw: raw.encode("utf-8", "replace").decode() == raw)),  # Polars holds no surrogates
    st.one_of(st.none(), st.integers(2, 60)),
    st.booleans(),
)
def test_a_column_is_made_safe_as_a_text_is(texts: list[str], limit: int | None, lines: bool) -> None:
    """One rule, whether Polars or Python applies it."""
    table = pl.DataFrame({"a": texts}, schema={"a": pl.String})
    column = table.select(sanitize.printable_column(pl.col("a"), limit, lines=lines)).to_series()
    assert column.to_list() == [sanitize.printable(raw, limit, lines=lines) for raw in texts]


@pytest.mark.parametrize(
    ("raw", "safe"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x9b31mred", "red"),
        ("\x1b]0;owned\x07title", "title"),
        ("\x1b]8;;https://a.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]0;never ended", "0;never ended"),
        ("two\n\tlines", "two lines"),
        ("10 %\r20 %", "10 % 20 %"),
        ("\u202edesrever\u202c \u2066in\u2069", "desrever in"),
        ("caf\udce9", "caf"),
        ("nul\0", "nul"),
        ("family 👨‍👩‍👧 ok", "family 👨‍👩‍👧 ok"),
        (None, ""),
    ],
)
def test_escapes_go_and_text_stays(raw: str | None, safe: str) -> None:
    """Terminal escapes vanish whole; what was said stays, emoji too."""
    assert sanitize.printable(raw) == safe


def test_line_breaks_stay_where_asked_for() -> None:
    """A stack trace keeps its lines and their indentation."""
    assert sanitize.printable("\n  a\r\n    b\rc\u2028d\n", lines=True) == "  a\n    b\nc\nd"


def test_a_cut_is_marked() -> None:
    """Text that was cut ends in an ellipsis, also where only escapes were cut."""
    assert sanitize.printable("x" * 100_000, 10) == "x" * 9 + "…"
    assert sanitize.printable("x" * 10, 10) == "x" * 10
    assert sanitize.printable("x" * 100_000, None) == "x" * 100_000


def test_names_stay_distinct() -> None:
    """Names that differ only in what cannot be shown, or far behind, are numbered; a value keeps its name."""
    assert sanitize.distinct_names(["a", "a\0", "a", "", None]) == ["a", "a (2)", "a", "unknown", "unknown (2)"]
    long = sanitize.distinct_names(["x" * 40 + "1", "x" * 40 + "2"], limit=20)
    assert len(set(long)) == 2
    assert max(map(len, long)) <= 20


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@a", "\t=1", "\r=1", "\n=1", "＝1", "\u200b=1", "\x1b[1m=1"])
def test_a_spreadsheet_runs_nothing(formula: str) -> None:
    """Text that would be a formula gets an apostrophe, as a cell and as the name of a column."""
    (cell,) = pl.DataFrame({"a": [formula]}).select(sanitize.csv_cell(pl.col("a"))).to_series()
    assert cell[0] == "'"
    (name,) = sanitize.csv_header([formula])
    assert name[0] not in "=+-@\t\r\n＝"
    assert sanitize.csv_header(["a", "a\x1b[m"]) == ["a", "a (2)"]


@given(st.dictionaries(TEXTS, TEXTS))
def test_json_stays_the_same_data(data: dict[str, str]) -> None:
    """No control or direction mark in its text, and nothing lost."""
    document = sanitize.escape_json(json.dumps(data, ensure_ascii=False).replace("\ud800", ""))
    assert json.loads(document) == json.loads(json.dumps(data, ensure_ascii=False).replace("\ud800", ""))
    assert all(is_safe(character) or 0xD800 <= ord(character) < 0xE000 for character in document)


def test_a_csv_file_reads_back_line_by_line() -> None:
    """A lone carriage return is a line break within its cell, not the end of a row."""
    table = pl.DataFrame({"a": ["x\ry", "z"]}).select(sanitize.csv_cell(pl.col("a")).alias("a"))
    assert list(csv.reader(io.StringIO(table.write_csv(), newline=""))) == [["a"], ["x\ny"], ["z"]]


@given(st.lists(st.text("='+-@a\t", min_size=1, max_size=4), unique=True))
def test_columns_of_a_csv_header_stay_distinct(names: list[str]) -> None:
    """However the apostrophes fall, no two columns have one name and none begins like a formula."""
    header = sanitize.csv_header(names)
    assert len(set(header)) == len(names)
    assert not [name for name in header if name[:1] in ("=", "+", "-", "@", "\t")]
