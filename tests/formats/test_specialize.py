"""Narrowed expressions: they match what the sample showed, and never differently from the whole expression."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import loganalytics as la
from loganalytics.formats.definitions import FORMATS
from loganalytics.formats.logfmt import _ordered_pattern
from loganalytics.formats.regex.extract import _between
from loganalytics.formats.regex.specialize import fitted, narrow

CASES = sorted((Path(__file__).parents[1] / "cases").glob("*.json"))
SPECS = [json.loads(path.read_text(encoding="utf-8")) for path in CASES]
LINES = sorted({line for spec in SPECS for line in spec["lines"]} | {e for form in FORMATS for e in form.examples})
PIECES = [" ", "  ", " - ", "-", '"', ' "a b"', "[x] ", "(x)", ": ", ":", "0.003", " 2026", " UTC", "+01:00", ".123",
          "Z", "host ", "ERROR", "err", " 12ms", "é"]  # fmt: skip


@st.composite
def mangled(draw, lines: list[str]) -> str:
    """Draw a line with pieces cut out, put in, or of another line."""
    line = draw(st.sampled_from(lines))
    for _ in range(draw(st.integers(0, 2))):
        start, end = sorted((draw(st.integers(0, len(line))), draw(st.integers(0, len(line)))))
        other = draw(st.sampled_from([*PIECES, draw(st.sampled_from(lines))[start:end]]))
        line = draw(st.sampled_from([line[:start] + other + line[start:], line[:start] + line[end:], line]))
    return line


def groups(lines: list[str], regex: str) -> list[dict[str, str | None] | None]:
    """Return what an expression captures of each line; None where it matches nothing."""
    whole = pl.Series(lines, dtype=pl.String).str.extract_groups(f"(?P<whole>{regex})")
    return [row if row["whole"] is not None else None for row in whole.to_list()]


def check(regex: str, sample: list[str], lines: list[str]) -> None:
    """Hold what a narrowed expression captures against what the whole one does."""
    narrowed = narrow(regex, pl.Series(sample, dtype=pl.String))
    for line, slow, quick in zip(lines, groups(lines, regex), groups(lines, narrowed), strict=True):
        if quick is not None:
            assert slow is not None, (line, narrowed)
            assert {**dict.fromkeys(slow), **quick} == slow, (line, narrowed)
    matched = [line for line, found in zip(sample, groups(sample, regex), strict=True) if found is not None]
    assert None not in groups(matched, narrowed), (matched, narrowed)


def lines_of(regex: str) -> list[str]:
    """Return the lines of all case files that an expression matches."""
    return pl.Series(LINES).filter(pl.Series(LINES).str.contains(regex)).to_list()


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
@settings(max_examples=8)
@given(st.data())
def test_narrowed_is_whole(form, data):
    """A line that the narrowed expression matches has the groups that the whole one captures."""
    own = lines_of(form.regex)
    sample = data.draw(st.lists(mangled(own), min_size=1, max_size=4))
    check(form.regex, sample, data.draw(st.lists(mangled(own), min_size=1, max_size=20)))
    between = _between(form.pattern, form.regex)
    if between:
        tails = [line[place:] for line in own for place in range(0, 30) if line[place : place + 1] in " ]:,|\t"]
        regex = f"{between}(?P<message>.*)$"
        check(regex, data.draw(st.lists(mangled(tails), min_size=1)), data.draw(st.lists(mangled(tails), max_size=20)))


PAIRS = ["ts=2026-03-10T12:00:00Z", "level=info", 'msg="a b"', "n=1", "msg=", 'msg=""', "n=level=1", 'n="level=x"']


@given(*[st.lists(st.lists(st.sampled_from(PAIRS), max_size=5).map(" ".join), min_size=1, max_size=9)] * 2)
def test_narrowed_is_whole_for_logfmt(sample, lines):
    """So it is where the expression comes from the sample's keys."""
    check(_ordered_pattern(("ts", "level", "msg", "n")), sample, lines)


@pytest.mark.parametrize(
    ("regex", "sample", "narrowed"),
    [
        (r"^a(?: (?P<b>\d+))? (?P<c>[a-z]+)$", ["a x"], r"^a (?P<c>[a-z]+)$"),  # nothing else can be a number
        (r"^a(?: (?P<b>\d+))? (?P<c>\w+)$", ["a 1 x"], r"^a(?: (?P<b>\d+)) (?P<c>\w+)$"),
        (r"^a(?:;(?P<b>\d+))?(?P<c>.*)$", ["a x"], None),  # or the message would take the number
        (r"^a(?P<c>.*?)(?: (?P<b>\d+)ms)?$", ["a x"], None),
        (r"^(?:(?P<b>\w+) )?(?P<c>\w+) \[x\]$", ["c [x]"], r"^(?P<c>\w+) \[x\]$"),  # two words are one too many
        (r"^(?:(?P<b>\w+) )?(?P<c>\w+) (?P<d>.*)$", ["c d"], None),
        (r"^(?P<l>err|warn|w)$", ["err"], r"^(?P<l>err|warn)$"),  # costs nothing: it begins with another letter
        (r"^(?P<c>a*)(?P<d>a?)$", ["aaa"], r"^(?P<c>a*)(?P<d>)$"),  # the first takes all there is
        (r"^(?P<c>a*?)(?P<d>a?)$", ["a"], r"^(?P<c>)(?P<d>a)$"),
        (r"^(?P<c>a*?)(?P<d>a?)$", ["aa", ""], None),
    ],
)
def test_what_is_cut(regex, sample, narrowed):
    """A choice that no line took is cut where no text can tell the difference, and kept where one can."""
    assert narrow(regex, pl.Series(sample)) == (narrowed or regex)


def test_few_lines_are_not_worth_it():
    """Looking at the ways of an expression takes longer than to read a few lines by it."""
    regex, few = r"^a(?: (?P<b>\d+))? (?P<c>[a-z]+)$", pl.Series(["a x"] * 10)
    assert fitted(regex, few) == regex
    assert fitted(regex, few.sample(10_000, with_replacement=True)) == r"^a (?P<c>[a-z]+)$"


def test_lines_that_the_narrowed_expression_leaves_are_read_by_the_whole_one(tmp_path):
    """A rare layout among very many lines has all its fields, in its place."""
    usual = '10.0.0.1 - - [10/Mar/2024:12:00:01 +0000] "GET /a HTTP/1.1" 200 5 "-" "curl"'
    rare = usual.replace("10.0.0.1 - -", "shop.example:443 10.0.0.2 - bob") + ' "1.2.3.4" 0.012'
    lines = [usual] * 7_001 + [rare] + [usual] * 2
    path = tmp_path / "access.log"
    path.write_text("\n".join(lines))
    logs = la.load(path)
    row = logs.row(7_001, named=True)
    assert logs.height == len(lines)
    assert logs["offset"].to_list() == [str(n) for n in range(1, len(lines) + 1)]
    assert (row["server.address"], row["user.name"], row["duration_ms"]) == ("shop.example:443", "bob", 12.0)
    assert row["http.request.header.x_forwarded_for"] == "1.2.3.4"
    assert logs["server.address"].null_count() == len(lines) - 1
