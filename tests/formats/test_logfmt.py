"""logfmt lines to events."""

from __future__ import annotations

import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loganalytics.formats import detect, parse
from loganalytics.formats.continuations import Parsed
from loganalytics.formats.internal_columns import REPEATED_KEYS
from loganalytics.formats.logfmt import reader as logfmt

HEAD = 'ts=2026-03-10T12:00:00Z level=info msg="all is well" n=1 path=/a'


def parse_lines(*lines: str) -> Parsed:
    """Detect and parse lines."""
    frame = pl.DataFrame({"line": lines}).with_row_index("n", 1).cast({"n": pl.UInt64})
    return parse(frame, detect(lines))


def test_fields_become_columns():
    """Time, level and message go to the core columns, numbers are typed, quotes are gone."""
    event = parse_lines(HEAD).events.row(0, named=True)
    assert (event["level"], event["message"], event["\0n"], event["path"]) == ("INFO", "all is well", 1, "/a")
    assert event["timestamp"].isoformat() == "2026-03-10T12:00:00+00:00"


def test_letters_of_log15():
    """`t` is the time beside `msg`, as Grafana writes it, and no time in other records."""
    grafana = parse_lines("t=2024-03-10T12:00:01+0000 lvl=eror msg=failed logger=context").events.row(0, named=True)
    assert (grafana["level"], grafana["logger"]) == ("ERROR", "context")
    assert grafana["timestamp"].isoformat() == "2024-03-10T12:00:01+00:00"
    assert parse_lines("ts=2024-03-10T12:00:01Z level=info t=click").events["t"].to_list() == ["click"]


def test_any_order_and_missing_keys():
    """A line may leave keys out, and write them in another order."""
    events = parse_lines(HEAD, "level=warn ts=2026-03-10T12:00:01Z msg=short", "ts=2026-03-10T12:00:02Z path=/b").events
    assert events["level"].to_list() == ["INFO", "WARNING", None]
    assert events["path"].to_list() == ["/a", None, "/b"]


def test_keys_within_values_are_text():
    """`level=` in a quoted message is no key, nor is an escaped quote an end."""
    events = parse_lines(HEAD, r'ts=2026-03-10T12:00:01Z level=error msg="say \"hi\" level=debug" n=2').events
    assert events["message"][1] == 'say "hi" level=debug'
    assert events["level"][1] == "ERROR"


def test_late_keys_go_to_attributes():
    """A key that the sample did not have is in `attributes`."""
    form = logfmt.infer([HEAD])
    lines = pl.DataFrame({"n": [1], "line": [HEAD + " late=yes"]}, schema={"n": pl.UInt64, "line": pl.String})
    reader = detect([HEAD]).formats[0]
    events, attributes = logfmt.read(lines, form, reader.clock)
    assert attributes.is_empty()
    assert json.loads(events["attributes"][0]) == {"late": "yes"}


def test_prose_with_an_equals_sign_is_not_logfmt():
    """Two pairs from end to end, one of them a time, level or message, are the least."""
    assert detect(["the answer x=1 y=2", "a=1 b=2"]).name == "text"


def test_a_request_is_an_event():
    """As lograge writes them, without a time, a level or a message."""
    line = "method=GET path=/jobs controller=JobsController status=500 duration=58.33"
    event = parse_lines(line).events.row(0, named=True)
    assert (event["level"], event["message"], event["duration_ms"]) == ("ERROR", "GET /jobs 500", 58.33)


KEYS = ("ts", "level", "msg", "user", "size")
BARE = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=8)
QUOTED = st.text(st.characters(categories=["L", "N", "Zs", "P", "Sm"], exclude_characters='"\\'), max_size=20)


@given(st.lists(st.tuples(BARE, QUOTED, st.permutations(KEYS), st.integers(2, 5)), min_size=1, max_size=8))
def test_what_is_written_is_read(rows):
    """Values come back as they were written, quoted or not, in any order, in any script."""
    lines, messages = [HEAD], []
    for user, message, order, count in rows:
        values = {
            "ts": "2026-03-10T12:00:00Z",
            "level": "info",
            "msg": f'"{message}"',
            "user": f'"{user}"',
            "size": '"1"',
        }
        keys = [key for key in order if key in order[:count] or key == "msg"]
        lines.append(" ".join(f"{key}={values[key]}" for key in keys))
        messages.append(message)
    events = parse_lines(*lines).events
    assert events.height == len(lines)
    assert events["message"].to_list()[1:] == messages


PAIRS = ["ts=2026-03-10T12:00:00Z", "level=info", 'msg="a b"', "n=1", "msg=", 'msg=""', "n=level=1", 'n="level=x"', " "]
PAIR_LINES = st.lists(st.lists(st.sampled_from(PAIRS), max_size=5).map(" ".join), min_size=1, max_size=9)


@given(PAIR_LINES, PAIR_LINES)
def test_keys_that_a_sample_has_are_read_as_any_would_be(sample, lines):
    """An expression that asks for the keys of a sample captures what the one for any keys does."""
    keys = ("ts", "level", "msg", "n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logfmt, "_MIN_FITTED_LINES", 1)
        fitted = logfmt._fitted_pattern(pl.Series(sample), keys)
    for regex in (fitted, logfmt._ordered_pattern(keys, keys[:1], keys[3:])):
        matched = [line for line in lines if pl.Series([line]).str.contains(regex)[0]]
        by_any_keys = pl.Series(matched, dtype=pl.String).str.extract_groups(logfmt._ordered_pattern(keys)).to_list()
        by_sample = pl.Series(matched, dtype=pl.String).str.extract_groups(regex).to_list()
        assert [dict.fromkeys(row) | fields for row, fields in zip(by_any_keys, by_sample, strict=True)] == by_any_keys


def test_escapes_are_those_of_go():
    """A backslash that is escaped is no part of another escape."""
    message = r"open C:\\new\\table \"x\"\n\tat \u00e9\x41 \d"
    event = parse_lines(f'ts=2026-03-10T12:00:00Z level=info msg="{message}"').events.row(0, named=True)
    assert (event["message"], event["exception"]) == ('open C:\\new\\table "x"', "\tat éA \\d")


def test_a_word_without_a_value_is_kept():
    """It is true in attributes, and does not make the line some other text."""
    event = parse_lines('level=info msg="a b" dry_run user=7').events.row(0, named=True)
    assert (event["level"], event["user"], json.loads(event["attributes"])) == ("INFO", 7, {"dry_run": True})


def test_a_key_that_stands_twice():
    """The first value has the column, the others are in attributes, and counted."""
    events = parse_lines(HEAD, "level=info msg=a n=1 n=2 n=3").events
    assert (events["\0n"][1], json.loads(events["attributes"][1])) == (1, {"n": ["2", "3"]})
    assert events[REPEATED_KEYS].sum() == 2


def test_late_keys_reach_their_columns():
    """What means a core column or a duration does; the rest stays in attributes."""
    late = HEAD + ' exception="KeyError: a" trace_id=t1 took_ms=12 late=yes'
    lines = pl.DataFrame({"n": [1, 2], "line": [HEAD, late]}, schema={"n": pl.UInt64, "line": pl.String})
    detected = detect([HEAD]).formats[0]
    event = logfmt.read(lines, detected.format, detected.clock)[0].row(1, named=True)
    assert (event["exception"], event["trace_id"], event["duration_ms"]) == ("KeyError: a", "t1", 12.0)
    assert json.loads(event["attributes"]) == {"late": "yes"}


def test_a_value_of_another_type_is_kept():
    """A text among numbers, and a time that is none, are in attributes."""
    lines = pl.DataFrame({"n": [1, 2], "line": [HEAD, HEAD.replace("n=1", "n=x").replace("ts=2026", "ts=A2026")]})
    detected = detect([HEAD]).formats[0]
    events, _ = logfmt.read(lines.cast({"n": pl.UInt64}), detected.format, detected.clock)
    assert json.loads(events["attributes"][1]) == {"n": "x", "ts": "A2026-03-10T12:00:00Z"}


def test_a_time_with_a_blank():
    """Programs that write no quotes leave the date and the time of a day one value."""
    event = parse_lines("time=2026-03-10 12:00:00 level=info msg=a").events.row(0, named=True)
    assert event["timestamp"].isoformat() == "2026-03-10T12:00:00+00:00"


def test_values_as_python_writes_them():
    """structlog's key-value renderer writes texts in single quotation marks."""
    line = r"timestamp='2026-03-10T12:00:00Z' level='error' event='it\'s a test' name='x' n=1"
    event = parse_lines(line, line.replace(" name='x'", "")).events.row(0, named=True)
    assert (event["level"], event["message"], event["logger"]) == ("ERROR", "it's a test", "x")
    assert event["timestamp"].isoformat() == "2026-03-10T12:00:00+00:00"
