"""What stands between time and message, read once for all lines that share it: as if each were read by itself."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganalytics.formats.definitions import FORMATS
from loganalytics.formats.regex.automaton import runs_on
from loganalytics.formats.regex.extract import _GOES_ON, _between, _each_head
from loganalytics.formats.regex.shared_prefixes import read_heads

BETWEENS = {found: form for form in FORMATS if (found := _between(form.pattern, form.regex))}
TIME = "2026-03-10 12:00:00"
PIECES = [" INFO [app] ", " INFO [app]", " [x-1]", " [", "]", " ", "  ", "started", "é", "[é] ", " ERROR ", ": ", " - ",
          "app", " | ", ".123", " +01:00", "Z", "main] ", "(x)", "1", "WARN  [a.b] "]  # fmt: skip


def rows(frame: pl.DataFrame) -> list[dict | None]:
    """Return what was captured of each line, None where it is not certain."""
    return [row if row["length"] is not None else None for row in frame.rows(named=True)]


def heads_of(between: str) -> list[str]:
    """Return what stands between time and message in the format's examples."""
    form = BETWEENS[between]
    found = pl.Series(form.examples).str.extract_groups(form.regex).struct.unnest()
    pairs = zip(form.examples, found["timestamp"], found["message"], strict=True)
    return [line.split(time, 1)[1].removesuffix(message) for line, time, message in pairs if time]


@st.composite
def tails(draw, heads: list[str]) -> str:
    """Draw what follows a time: a head of the format, at times with something in the middle, and some text."""
    head, text = draw(st.sampled_from(heads)), "".join(draw(st.lists(st.sampled_from(PIECES), max_size=3)))
    place = draw(st.integers(0, len(head)) | st.just(len(head)))
    return draw(st.sampled_from([head + text, head + text, head[:place] + text + head[place:], head[:place] + text]))


@pytest.mark.parametrize("between", BETWEENS, ids=lambda between: BETWEENS[between].name)
@settings(max_examples=10)
@given(st.data())
def test_shared_heads_are_those_of_each_line(between, data):
    """A line that is read by its shared head has the groups that its own text gives; any other is left."""
    own = heads_of(between) or [" "]
    usual = [head + text for head in own for text in ("started", "1 [x] y: z") for _ in range(300)]
    odd = data.draw(st.lists(tails(own), max_size=20))
    lines = pl.Series([TIME + tail for tail in usual + odd])
    shared = read_heads(lines, len(TIME), between, _GOES_ON)
    if shared is not None:
        each = _each_head(lines.str.slice(len(TIME)), between)
        assert all(a is None or a == b for a, b in zip(rows(shared), rows(each), strict=True))


def test_few_heads_are_found():
    """Lines of one program share their heads, whatever their messages are."""
    between = r"^(?P<head> (?P<level>[A-Z]+) \[(?P<logger>[a-z.]+)\](?: \[(?P<trace_id>\w+)\])? )"
    lines = pl.Series([f"{TIME} INFO [app.{name}] message {n}" for n in range(500) for name in "ab"])
    shared = read_heads(lines, len(TIME), between, _GOES_ON)
    assert shared is not None
    assert shared["length"].to_list() == [14] * 1000


def test_heads_of_their_own_are_left():
    """Where each line has a head of its own, there is nothing to share."""
    between = r"^(?P<head> (?P<host>\w+)\[(?P<pid>\d+)\] )"
    lines = pl.Series([f"{TIME} host[{n}] started" for n in range(500)])
    assert read_heads(lines, len(TIME), between, _GOES_ON) is None


def test_runs_on():
    """What may follow matters as long as one way through the expression goes through the whole text."""
    regex = r"^a(?: \[[a-z]+\])? "
    assert runs_on(regex, "a")
    assert runs_on(regex, "a ")
    assert runs_on(regex, "a [")
    assert not runs_on(regex, "a x")
    assert not runs_on(regex, "b")
