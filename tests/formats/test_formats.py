"""Lines to events: the table of formats, its case files, and what holds for any text."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import re
from pathlib import Path
from re._constants import (  # type: ignore[import-not-found]
    ANY,
    BRANCH,
    IN,
    MAX_REPEAT,
    MIN_REPEAT,
    NEGATE,
    NOT_LITERAL,
    RANGE,
    SUBPATTERN,
)
from re._parser import parse as parse_regex  # type: ignore[import-not-found]

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loganalytics.formats import detect, parse
from loganalytics.formats.continuations import Parsed
from loganalytics.formats.definitions import FORMATS

# Formats with a version, always the same, and with a zone that becomes the time.
CONSTANTS = {"syslog (RFC 5424)", "PHP error log"}
CASES = sorted((Path(__file__).parents[1] / "cases").glob("*.json"))


def parse_lines(lines: list[str], *, year: int = 2026) -> Parsed:
    """Detect and parse lines, numbered from 1."""
    frame = pl.DataFrame({"line": lines}, schema={"line": pl.String}).with_row_index("n", 1).cast({"n": pl.UInt64})
    return parse(frame, detect(lines).with_year(year))


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_each_example_is_of_its_format(form):
    """Every example in the table is detected as its own format, with a time and a message."""
    assert form.examples
    for example in form.examples:
        assert detect([example]).name == form.name
        event = parse_lines([example]).events.row(0, named=True)
        assert event.get("timestamp") is not None or "(?P<timestamp>" not in form.regex
        assert event["message"]


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_case_files(case):
    """Each case file's lines become the events that it expects, in every column that it names."""
    spec = json.loads(case.read_text(encoding="utf-8"))
    parsed = parse_lines(spec["lines"], year=spec.get("year", 2026))
    assert detect(spec["lines"]).name == spec["format"]
    assert parsed.events.height == len(spec["events"])
    for got, expected in zip(parsed.events.iter_rows(named=True), spec["events"], strict=True):
        if expected.get("timestamp"):
            expected["timestamp"] = dt.datetime.fromisoformat(expected["timestamp"])
        assert {name: got.get(name) for name in expected} == expected


def test_every_format_has_a_case():
    """Each entry of the table is the format of some case file."""
    names = {name for case in CASES for name in json.loads(case.read_text(encoding="utf-8"))["format"].split(" + ")}
    assert {form.name for form in FORMATS} <= names


def test_the_particular_format_goes_before_the_general():
    """A general layout that matches more lines does not take those of a format that says more."""
    particular = "2026-01-01 00:00:00,000 INFO [main] org.example.App: ready"
    lines = [particular] * 6 + ["2026-01-01 00:00:01,000 ERROR disk full"] * 4
    assert detect(lines).name == "log4j (level, thread, logger) + time, level"
    assert set(parse_lines(lines).events["logger"].to_list()) == {"org.example.App", None}


def test_an_accident_does_not_make_a_format():
    """One line in a hundred that looks like another format is read by that of the others."""
    lines = ["2026-01-01 00:00:00 took its time"] * 99 + ["2026-01-01 00:00:01 ERROR in capitals"]
    assert detect(lines).name == "time first"


def test_two_formats_in_one_file_are_split_by_line():
    """An application that prints two formats gets each line by its own."""
    structured = '{"time": "2026-01-01T00:00:00Z", "level": "info", "msg": "a"}'
    lines = [structured, "2026-01-01 00:00:01,000 - app - ERROR - b"]
    events = parse_lines(lines * 5).events
    assert events["message"].to_list() == ["a", "b"] * 5
    assert events["level"].to_list() == ["INFO", "ERROR"] * 5


def test_a_traceback_is_one_event_with_its_header():
    """Lines without a header go to the `exception` of the event above."""
    lines = [
        "2026-01-01 00:00:01,000 ERROR [app.db] failed",
        "Traceback (most recent call last):",
        '  File "a.py", line 3, in f',
        "ValueError: no",
        "2026-01-01 00:00:02,000 INFO [app.db] fine",
    ]
    events = parse_lines(lines).events
    assert events["exception"].to_list() == ["\n".join(lines[1:4]), None]


def test_a_head_without_text_has_its_message_below():
    """Where the line of time and level says nothing, the first line with words below it is the message."""
    lines = ["2026-01-01 00:00:01,000 INFO ", "-----", "  Starting attempt 1", "2026-01-01 00:00:02,000 INFO "]
    events = parse_lines(lines).events
    assert events["message"].to_list() == ["Starting attempt 1", ""]
    assert events["exception"].to_list() == ["-----\n  Starting attempt 1", None]


def test_an_error_s_name_is_no_logger():
    """What stands before the colon behind a level may be the beginning of the message."""
    lines = ["2026-01-01 00:00:01.000 [error] TypeError: x is not a function", "2026-01-01 00:00:02.000 [info] db: up"]
    events = parse_lines(lines * 5).events
    assert events["message"].to_list() == ["TypeError: x is not a function", "up"] * 5
    assert events["logger"].to_list() == [None, "db"] * 5


def test_broken_json_keeps_its_text():
    """A line cut short is an event with the raw text, counted as not parsed."""
    lines = ['{"time": "2026-01-01T00:00:00Z", "msg": "a"}', '{"time": "2026-01-01T00:00:01Z", "msg": "b']
    parsed = parse_lines(lines)
    assert parsed.events["message"].to_list() == ["a", lines[1]]
    assert parsed.events["parsed"].to_list() == [True, False]


def test_lines_without_a_time_are_events():
    """Plain text is one event a line; indented lines stay with theirs."""
    events = parse_lines(["hello", "world", "    indented"]).events
    assert events["message"].to_list() == ["hello", "world"]
    assert events["exception"].to_list() == [None, "    indented"]


def test_a_body_is_read_below_events_of_its_format_only():
    """What stands below a line that no format knows does not take the place of its text."""
    broken = '{"name": "shop", "msg": "dead", "time": "2024-03-05T09:12:'
    lines = [broken, "java.net.BindException: in use", "info: Microsoft.Hosting.Lifetime[14]", "      Now listening"]
    events = parse_lines(lines).events
    assert events["message"].to_list() == [broken, "Now listening"]
    assert events["exception"].to_list() == [lines[1], lines[3]]


def test_a_format_without_a_year_has_it_from_the_others_in_the_file():
    """Lines that write no year happened in the year of those that do, not in 1970."""
    lines = ["Mar 10 12:00:00 web1 sshd[1]: a"] * 3 + ["2024-03-10 12:00:01,123 - app - ERROR - b"] * 2
    events = parse(
        pl.DataFrame({"n": range(5), "line": lines}, schema_overrides={"n": pl.UInt64}), detect(lines)
    ).events
    assert set(events["timestamp"].dt.year()) == {2024}


LINES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "2026-01-01 00:00:01,000 ERROR [app.db] failed",
                '{"time": "2026-01-01T00:00:00Z", "msg": "a", "n": 1}',
                '{"time": 7, "msg": {"n": [1]}, "n": "one"}',
                "    at java.lang.Thread.run(Thread.java:1)",
                "Jan  1 00:00:00 host sshd[1]: hello",
                "",
                "{",
                "Traceback (most recent call last):",
            ]
        ),
        st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]), max_size=40),
    ),
    max_size=30,
)


@given(LINES)
def test_no_line_is_lost(lines):
    """Whatever the text: events, their continuation lines and blank lines are as many as the lines."""
    parsed = parse_lines(lines)
    assert parsed.leading_lines.is_empty()
    assert parsed.events.height + parsed.events["continues"].sum() + parsed.blank_lines == len(lines)


@given(LINES)
def test_text_that_is_not_understood_is_kept(lines):
    """An event that no format parsed has the line as its message, to the letter."""
    parsed = parse_lines(lines).events
    raw = parsed.filter(~pl.col("parsed"))
    assert raw["message"].to_list() == [lines[n - 1] for n in raw["n"].to_list()]


def uncaptured(parts, named=False):
    """Yield what a parsed expression matches of letters or digits, of any kind, outside of its groups."""
    for kind, argument in parts:
        if kind is SUBPATTERN:
            yield from uncaptured(argument[3], named or argument[0] is not None)
        elif kind is BRANCH:
            for branch in argument[1]:
                yield from uncaptured(branch, named)
        elif kind in (MAX_REPEAT, MIN_REPEAT):
            yield from uncaptured(argument[2], named)
        elif not named and (kind in (ANY, NOT_LITERAL) or (kind is IN and is_wild(argument))):
            yield str(argument)


def is_wild(members):
    """Whether a class of characters holds many letters or digits."""
    return any(kind is NEGATE or (kind is RANGE and argument[0] >= ord("0")) for kind, argument in members)


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_no_pattern_drops_text(form):
    """What differs from line to line is in a group, so that no word of it is lost."""
    numbers = itertools.count()
    regex = re.sub(r"\(\?P<[^>]+>", lambda _: f"(?P<g{next(numbers)}>", form.regex.replace("(?-u:\\b)", "\\b"))
    regex = re.sub(r"\\x\{(\w{4})\}", r"\\u\1", regex.replace("(?i-u:", "(?i:"))
    assert [part for part in uncaptured(parse_regex(regex)) if form.name not in CONSTANTS] == []
