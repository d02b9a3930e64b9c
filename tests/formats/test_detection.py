"""How much of a sample a format must match."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from loganalytics.formats import detect, parse

PYTHON = "2026-03-10 12:00:00,123 - app - ERROR - bad"
WEB = '10.0.0.1 - - [10/Mar/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 12 "-" "curl"'


@pytest.mark.parametrize(("web_lines", "formats"), [(1, 1), (2, 2)])
def test_a_format_must_match_a_fiftieth_of_the_sample(web_lines, formats):
    """Fewer lines match by accident."""
    detection = detect([PYTHON] * (100 - web_lines) + [WEB] * web_lines)
    assert [detected.matched_lines for detected in detection.formats] == [100 - web_lines, web_lines][:formats]


def test_the_commonest_format_comes_first():
    """Also in the name; the sample's size is known."""
    detection = detect([PYTHON, WEB, WEB, ""])
    assert detection.name == "combined access log + Python logging (dashes)"
    assert detection.sampled_lines == 3


def test_a_format_without_a_year_has_it_from_one_with():
    """The year of a syslog line is that of a web server's line in the same file."""
    syslog = "Mar 10 12:00:00 host app[1]: hi"
    detection = detect([syslog, WEB])
    assert [detected.clock.year for detected in detection.formats if not detected.clock.has_year] == [2026]
    assert detection.has_year
    assert detection.with_year(1999) is detection
    alone = detect([syslog])
    assert not alone.has_year
    assert alone.with_year(1999).formats[0].clock.year == 1999


def test_few_times_without_a_year_among_others_have_that_of_the_others():
    """The rule for any time, which most lines are in, takes none that a format of its own knows."""
    dovecot = "Mar 10 12:00:40 master: Warning: Killed with signal 9"
    lines = [f"[10.03.2026 12:00:{second:02}] up" for second in range(30)] + [dovecot]
    events = parse(pl.DataFrame({"line": lines}).with_row_index("n", 1).cast({"n": pl.UInt64}), detect(lines)).events
    assert events.select("timestamp", "level", "message").row(-1) == (
        dt.datetime(2026, 3, 10, 12, 0, 40, tzinfo=dt.UTC), "WARNING", "Killed with signal 9",
    )  # fmt: skip
