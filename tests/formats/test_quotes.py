"""Records of delimited text: cells in quotes, line breaks within, and quotes that are never closed."""

from __future__ import annotations

import csv
import io
import itertools

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loganalytics.formats.delimited.cells import Dialect, split_rows
from loganalytics.formats.delimited.quotes import QuoteFramer

CHARACTERS = st.sampled_from('ab,;\t|"\n 日ü1-:') | st.characters(codec="utf-8", exclude_characters="\r")
CELLS = st.text(CHARACTERS, max_size=8)
SEPARATORS = st.sampled_from(",;\t|")


def numbered(lines: list[str], first: int = 1) -> pl.DataFrame:
    """Return lines as framers take them."""
    return pl.DataFrame({"line": lines}, schema={"line": pl.String}).with_row_index("n", first).cast({"n": pl.UInt64})


def frame(lines: list[str], cuts: list[int], framer: QuoteFramer) -> pl.DataFrame:
    """Feed lines in blocks that end at the cuts."""
    edges = [0, *sorted(cut % (len(lines) + 1) for cut in cuts), len(lines)]
    blocks = [framer.feed(numbered(lines[start:end], start + 1)) for start, end in itertools.pairwise(edges)]
    return pl.concat([*blocks, framer.finish()])


@given(
    st.integers(2, 5).flatmap(
        lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=12)
    ),
    SEPARATORS,
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC]),
    st.lists(st.integers(0, 200), max_size=4),
)
def test_any_table_reads_back(table, separator, quoting, cuts):
    """Whatever stands in the cells and wherever blocks end, the cells are those that Python's writer was given."""
    text = io.StringIO()
    csv.writer(text, delimiter=separator, quoting=quoting, lineterminator="\n").writerows(table)
    dialect = Dialect(separator)
    lines = text.getvalue().removesuffix("\n").split("\n")
    records = frame(lines, cuts, QuoteFramer(dialect))
    names = tuple(f"c{number}" for number in range(len(table[0])))
    rows = split_rows(records, names, dialect)
    assert rows.mended.is_empty()
    assert rows.regular.drop("\0n").rows() == [tuple(row) for row in table]


@given(st.lists(st.text('a,"\n', max_size=6), max_size=20), st.lists(st.integers(0, 200), max_size=4))
def test_no_text_is_lost(lines, cuts):
    """Whatever quotes there are, the records hold all lines in their order."""
    lines = [line.replace("\n", " ") for line in lines]
    records = frame(lines, cuts, QuoteFramer(Dialect(",")))
    assert "\n".join(records["line"]).split("\n") == (lines or [""])
    starts = [1, *(pl.Series(records["line"]).str.count_matches("\n") + 1).cum_sum() + 1][: records.height]
    assert records["n"].to_list() == starts


@pytest.mark.parametrize(
    "stray",
    [
        '2026-03-10 12:00:00,error,"boom',
        '2026-03-10 12:00:00,error,say "',
        '2026-03-10 12:00:00,"error,boom',
    ],
)
def test_a_stray_quote_does_not_swallow_what_follows(stray):
    """The lines below it are rows again, whether these have quotes or not."""
    rows = [f"2026-03-10 12:00:0{second},info,{text}" for second, text in enumerate(["ok", '"fine, so"', "bye"])]
    framer = QuoteFramer(Dialect(","), r'^"?\d+-\d+-\d+ \d+:\d+:\d+"?(?:,.*){2}$')
    assert frame([stray, *rows], [], framer)["line"].to_list() == [stray, *rows]


def test_a_quote_that_stays_open_for_long_is_none():
    """After ten thousand lines each is a record again."""
    lines = ['a,b,"c', *["x"] * 20_000]
    assert frame(lines, [9_000], QuoteFramer(Dialect(","))).height == len(lines)


def test_what_is_unfinished_is_given_back():
    """A tail feeds it again when there is more."""
    framer = QuoteFramer(Dialect(","))
    assert framer.feed(numbered(["a,b", 'c,"d'])).height == 1
    assert framer.give_back() == 1
    assert framer.feed(numbered(['c,"d', 'e"'], 2))["line"].to_list() == ['c,"d\ne"']
