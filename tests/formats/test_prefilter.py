"""The formats that may fit a sample, found without compiling the expressions of the table."""

from __future__ import annotations

import polars as pl
import pytest

from loganalytics.formats.definitions import FORMATS, TIME_MARK, TIMES
from loganalytics.formats.regex.ascii import ascii_only
from loganalytics.formats.regex.literals import literals_of, python_regex
from loganalytics.formats.regex.prefilter import candidate_formats

EXAMPLES = [example for form in FORMATS for example in form.examples]


@pytest.mark.parametrize(
    ("regex", "literals"),
    [
        ("^abc$", ("abc",)), ("ab?c", ("a", "c")), ("a(?:b|c)d", ("a", "d")), ("a|b", ()), (r"\[[^\]]+\] x{2,3}y",
        ("[", "] ", "y")), (r"\d+\.\d", (".",)), (r"a\x{e9}b", ("a", "b")), ("(?:ab)?c*d+", ("d",)),
    ],
)  # fmt: skip
def test_literals_are_those_that_must_be_there(regex, literals):
    """What is optional, repeated or in a group promises nothing."""
    assert literals_of(regex) == literals


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
