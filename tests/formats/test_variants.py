"""Variants of a format: they capture what its own pattern captures, and a long block is read by the one that fits."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import loganalytics as la
from loganalytics.formats.definitions import FORMATS, TIME_FIRST, Format
from loganalytics.formats.definitions.format import LEVEL, fill
from loganalytics.formats.hints import NO_HINTS
from loganalytics.formats.leading_times import detect_leading_times
from loganalytics.formats.regex import variants
from loganalytics.formats.regex.extract import extract_fields
from loganalytics.formats.regex.prefilter import format_with_level_position
from loganalytics.formats.regex.variants import choose_pattern
from loganalytics.formats.timestamps import Clock, detect_time_formats, to_utc

CASES = sorted((Path(__file__).parents[1] / "cases").glob("*.json"))
SPECS = [json.loads(path.read_text(encoding="utf-8")) for path in CASES]
# Lines that a variant once captured differently.
DIFFICULT = {
    "Oct 11 22:14:15 2019 fw1 sshd[7]: session opened",
    "2026-03-10 12:00:00.123  INFO 1234 --- [  main] c.e.App: : Started App in 2.1 seconds",
    "2024-01-01T00:00:00.123Z  WARN 1 --- [shop] [nio-80: 80-exec-1] c.e.Api : slow",
    "2024-03-05 09:12:45 UTC::@:[371]:LOG:  checkpoint starting: time",
    "2024-03-10 13:34:56 GMT+01:00 ERROR boom",
    "7/16/2021 1:38:07 AM-0600  INFO: Patch list loaded",
}
WORDS_BEFORE_LEVEL = ("2026-01-01 00:00:00 worker 7 ERROR out of memory", "2026-01-01 00:00:00.5 UTC a b WARN slow")
LINES = sorted(
    {line for spec in SPECS for line in spec["lines"]}
    | {example for form in FORMATS for example in form.examples}
    | set(WORDS_BEFORE_LEVEL)
    | DIFFICULT
)
FRAGMENTS = [" ", "  ", " - ", "-", '"', ' "a b"', "[x] ", "(x)", ": ", ":", "0.003", " 2026", " UTC", "+01:00", ".123",
             "Z", "host ", "ERROR", "err", " 12ms", "é", "[", "]", "|", "\t", "\\", "req-", "/", "::", ",", " PM",
             " -- ", "1.2.3.4 "]  # fmt: skip
EVERY_FORMAT = [*FORMATS, TIME_FIRST, format_with_level_position(pl.Series([WORDS_BEFORE_LEVEL[0]] * 3))]
WITH_VARIANTS = [form for form in EVERY_FORMAT if form.variants]


@st.composite
def mutated(draw, lines: list[str]) -> str:
    """Draw a line in which something was cut out, put in, or replaced, often by a part of another line."""
    line = draw(st.sampled_from(lines))
    for _ in range(draw(st.integers(0, 3))):
        start, end = sorted((draw(st.integers(0, len(line))), draw(st.integers(0, len(line)))))
        fragment = draw(st.sampled_from([*FRAGMENTS, draw(st.sampled_from(lines))[start:end]]))
        line = draw(st.sampled_from([line[:start] + fragment + line[start:], line[:start] + line[end:],
                                     line[:start] + fragment + line[end:]]))  # fmt: skip
    return line


def lines_of(form: Format) -> list[str]:
    """Return the lines of the case files and examples that a format matches."""
    matched = pl.Series(LINES).filter(pl.Series(LINES).str.contains(form.regex)).to_list()
    return matched or [rewritten(example) for example in form.examples]


def rewritten(line: str) -> str:
    """Return a line as the formats see it whose time is written as only the grammar knows."""
    lines = pl.Series("line", [line])
    leading_times = detect_leading_times(lines, NO_HINTS)
    assert leading_times
    return leading_times.rewrite(lines.to_frame())["line"].item()


def groups(lines: list[str], regex: str) -> list[dict[str, str | None] | None]:
    """Return what an expression captures from each line; None where it does not match."""
    captured = pl.Series(lines, dtype=pl.String).str.extract_groups(f"(?P<matched>{regex})")
    return [row if row["matched"] is not None else None for row in captured.to_list()]


def check_variants(form: Format, lines: list[str]) -> None:
    """Compare what the variants of a format capture with what its own pattern captures."""
    expected = groups(lines, form.regex)
    for variant in form.variants:
        for line, by_pattern, by_variant in zip(lines, expected, groups(lines, fill(variant)), strict=True):
            if by_variant is not None:
                assert by_pattern is not None, (line, variant)
                assert {**dict.fromkeys(by_pattern), **by_variant} == by_pattern, (line, variant)


@pytest.mark.parametrize("form", WITH_VARIANTS, ids=lambda form: form.name)
def test_a_variant_captures_what_the_pattern_does(form):
    """A line of any case file that a variant matches has the groups that the format's own pattern captures."""
    check_variants(form, LINES)


@pytest.mark.parametrize("form", WITH_VARIANTS, ids=lambda form: form.name)
@settings(max_examples=20)
@given(st.data())
def test_a_variant_captures_what_the_pattern_does_from_mutated_lines(form, data):
    """So it is for lines that are nearly of the format."""
    check_variants(form, data.draw(st.lists(mutated(lines_of(form)), min_size=1, max_size=30)))


@pytest.mark.parametrize("form", EVERY_FORMAT, ids=lambda form: form.name)
@settings(max_examples=10)
@given(st.data())
def test_fields_are_those_of_the_pattern(form, data):
    """Whichever way the fields are extracted, each line has those that the format's own pattern captures."""
    usual = data.draw(st.sampled_from(lines_of(form)))
    lines = [usual] * 30 + data.draw(st.lists(mutated([usual]) | mutated(lines_of(form)), max_size=20))
    expected = [(n, row) for n, row in enumerate(groups(lines, form.regex)) if row is not None]
    clock = Clock(detect_time_formats(pl.Series([expected[0][1].get("timestamp")], dtype=pl.String)), year=2026)
    frame = pl.DataFrame({"n": range(len(lines)), "line": lines}, schema={"n": pl.UInt64, "line": pl.String})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(variants, "MIN_LINES", 1)
        events, unmatched = extract_fields(frame, form, clock)
    assert events["n"].to_list() == [n for n, _ in expected]
    assert unmatched["n"].to_list() == sorted(set(range(len(lines))) - set(events["n"]))
    for name in expected[0][1].keys() - {"matched"}:
        column = pl.Series(name, [row[name] for _, row in expected], dtype=pl.String)
        column = to_utc(column, clock) if events.schema[name] != pl.String else column
        assert events[name].to_list() == column.to_list()


@pytest.mark.parametrize("form", WITH_VARIANTS, ids=lambda form: form.name)
def test_each_variant_matches_a_case(form):
    """Some line of the case files or of the examples is of each variant."""
    lines = pl.Series(LINES)
    assert [variant for variant in form.variants if not lines.str.contains(fill(variant)).any()] == []


FORM = Format("", r"^(?P<a>a+)(?: (?P<b>\d+))?(?P<message>.*)$", variants=(r"^(?P<a>a)$", r"^(?P<a>a) (?P<b>1)$"))


@pytest.mark.parametrize(
    ("lines", "pattern"),
    [
        (["a"] * 5_000, FORM.variants[0]),
        (["a 1"] * 4_000 + ["a"] * 2_000, FORM.variants[1]),  # the one that matches more
        (["a 1"] * 4_000 + ["traceback"] * 9_000, FORM.variants[1]),  # lines of the format count
        (["a 1"] * 2_600 + ["a"] * 2_600, FORM.pattern),  # neither matches most
        (["aa"] * 5_000, FORM.pattern),
        (["a"] * 4_999, FORM.pattern),  # too few for a look at a sample
    ],
)
def test_the_variant_that_fits_is_chosen(lines, pattern):
    """A block is read by the variant that matches most of its lines, if one does."""
    assert choose_pattern(FORM, pl.Series(lines)) == pattern


def test_lines_that_the_variant_leaves_are_read_by_the_pattern(tmp_path):
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


def test_a_blank_in_place_of_a_digit_is_not_a_time():
    """The time's slice must look like a time: strptime alone would read this one."""
    lines = pl.DataFrame({"n": [1, 2], "line": ["2026-03- 1 12:00:00 ERROR a", "2026-03-01 12:00:00 ERROR b"]})
    form = next(form for form in FORMATS if form.name == "time, level")
    events, unmatched = extract_fields(lines, form, Clock(detect_time_formats(pl.Series(["2026-03-01 12:00:00"]))))
    assert (events["n"].to_list(), unmatched["n"].to_list()) == ([2], [1])


@pytest.mark.parametrize("word", ["info", "INFORMATION", "Informational", "warn", "fine", "finest", "trace", "debug5"])
def test_level_words(word):
    """The longest word that fits is the level, in any case."""
    assert groups([f"{word}: x"], f"^{LEVEL}: x$") == [{"matched": f"{word}: x", "level": word}]
    assert groups([f"{word}x"], f"^{LEVEL}x$") == [{"matched": f"{word}x", "level": word}]
    assert groups([f"{word[:-1]}~: x"], f"^{LEVEL}: x$") == [None]


def test_a_long_log_without_times(tmp_path):
    """A long log in a format that has no time is read whatever its lines begin with."""
    spec = json.loads((CASES[0].parent / "level_in_brackets.json").read_text(encoding="utf-8"))
    path = tmp_path / "coredns.log"
    path.write_text("\n".join(spec["lines"] * 3_000) + "\n")
    logs = la.load(path)
    assert logs["level"].to_list() == [event["level"] for event in spec["events"]] * 3_000
