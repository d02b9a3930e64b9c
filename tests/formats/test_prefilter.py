"""The formats that may fit a sample, found without compiling the expressions of the table."""

from __future__ import annotations

import polars as pl
import pytest

from loganalytics.formats.definitions import FORMATS, TIME_MARK, TIMES, prefilter_regex
from loganalytics.formats.regex.ascii import ascii_only
from loganalytics.formats.regex.literals import Searched, literals_of, may_match, python_regex
from loganalytics.formats.regex.prefilter import candidate_formats

EXAMPLES = [example for form in FORMATS for example in form.examples]


@pytest.mark.parametrize(
    ("regex", "literals"),
    [
        ("^abc$", ("abc",)), ("ab?c", ("a", "c")), ("a(?:b|c)d", ("a", "d")), ("a(?:bc)+d", ("a", "d")), ("a|b", ()),
        (r"\[[^\]]+\] x{2,3}y", ("[", "] xx", "xxy")), (r"\d+\.\d", ("0", "0.0")), (r"a\x{e9}b", ("a", "b")),
        ("(?:ab)?c*d+", ("d",)), (r"2[0-9]{3}-\d{1,2}T", ("0000-0", "0T")), ("a{0,2}b{,2}c{2,}d", ("cc", "ccd")),
    ],
)  # fmt: skip
def test_literals_are_those_that_must_be_there(regex, literals):
    """What is optional, repeated or in a group promises nothing."""
    assert literals_of(regex) == literals


@pytest.mark.parametrize(
    ("regex", "line", "expected"),
    [
        (r"^\[a", "[a", True), (r"^\[a", "x [a", False), ("^ab?c", "ac", True), ("^a?b", "b", True),
        ("^(?:a|b)c", "bc", True), ("^[A-Z]+: ", "AB: x", True), ("^[A-Z]+: ", "ab: x", False),
        ("^[A-Z]{0,3}: ", ": x", True), (r"^\d{4}", "2026", True), (r"^[1-3]\d", "05", False), ("^x*", "", True),
    ],
)  # fmt: skip
def test_a_line_must_begin_as_the_expression_does(regex, line, expected):
    """Its first character must be one that the expression's match can begin with."""
    assert may_match(regex, Searched.of(line)) is expected


def test_no_format_is_a_choice_of_whole_lines():
    """Else its first characters would say nothing of the lines that it matches."""
    for form in FORMATS:
        assert literals_of(f"x{prefilter_regex(form.pattern)[1]}"), form.name


def test_times_are_the_same_for_python_and_polars():
    """Few lines are searched by Python, many by Polars: both find the same time first."""
    lines = pl.Series(EXAMPLES)
    for shape in map(ascii_only, TIMES.values()):
        marked = [python_regex(shape).sub(TIME_MARK, line, count=1) for line in EXAMPLES]
        assert lines.str.replace(shape, TIME_MARK).to_list() == marked


def test_few_lines_and_many_have_the_same_candidates():
    """Each example alone has the formats that it has among many copies of itself."""
    for example in EXAMPLES:
        few = [form.name for form in candidate_formats(pl.Series([example]))]
        assert few == [form.name for form in candidate_formats(pl.Series([example] * 20))]
