"""No bytes crash a load or lose a line."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

import loganalytics as la
from loganalytics.exceptions import UnreadableSourceError
from loganalytics.formats import detect, parse
from loganalytics.formats.definitions import FORMATS

EXAMPLES = [line for form in FORMATS for example in form.examples for line in example.split("\n")]
OTHERS = [
    'ts=2026-03-10T12:00:00Z level=info msg="all is well" n=1',
    '{"time": "2026-03-10T12:00:00Z", "level": "info", "msg": "a", "o": {"k": [1]}}',
    '2026-03-10T12:00:00.1Z stderr P {"level":"warn"',
    '{"log":"x\\n","stream":"stdout","time":"2026-03-10T12:00:00Z"}',
    "web-1  | hello",
    "time,level,message",
    "2026-03-10 12:00:00,INFO,a",
    "#Fields: date time cs-method cs-uri-stem sc-status",
    "2026-03-10 12:00:00 GET /a 200",
    "Traceback (most recent call last):",
    '  File "a.py", line 1, in f',
    "\tat a.b.C(D.java:1)",
    "",
]
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"), max_size=30)


@st.composite
def mangled(draw) -> str:
    """Draw a line of some format with a piece cut out or put in."""
    line = draw(st.sampled_from(EXAMPLES + OTHERS))
    start, end = sorted((draw(st.integers(0, len(line))), draw(st.integers(0, len(line)))))
    return draw(st.sampled_from([line, line[:start] + line[end:], line[:start] + draw(TEXT) + line[start:]]))


def check(lines: list[str], sample: list[str]) -> None:
    """Parse lines by the formats of a sample, in two blocks, and account for each."""
    detection = detect(sample)
    frame = pl.DataFrame({"line": lines}, schema={"line": pl.String}).with_row_index("n", 1).cast({"n": pl.UInt64})
    half = len(lines) // 2
    first = parse(frame.head(half), detection)
    second = parse(frame.tail(len(lines) - half), detection, before=first.before)
    counted = sum(
        p.events.height + p.events["continues"].sum() + p.blank_lines + p.leading_lines.height for p in (first, second)
    )
    assert counted == len(lines)


@given(st.lists(mangled() | TEXT, max_size=12), st.lists(mangled(), max_size=6))
def test_lines_that_the_sample_did_not_show(lines, sample):
    """Whatever the sample promised, every line that comes is accounted for."""
    check(lines, sample)


@given(st.lists(mangled() | TEXT, max_size=12))
def test_lines_that_the_sample_showed(lines):
    """Formats mixed at will lose nothing."""
    check(lines, lines)


@given(st.lists(st.binary(max_size=40) | mangled().map(str.encode), max_size=10))
def test_any_bytes(tmp_path_factory, parts):
    """A file of any bytes is a log frame, or is refused with its name."""
    path = tmp_path_factory.mktemp("fuzz") / "app.log"
    path.write_bytes(b"\n".join(parts))
    try:
        logs = la.load(path)
    except UnreadableSourceError as error:
        named = str(error)
    else:
        named = "app.log"
        assert logs["message"].null_count() == 0
        assert logs.select("source", "offset").n_unique() == logs.height
    assert "app.log" in named
