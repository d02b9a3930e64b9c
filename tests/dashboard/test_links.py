"""What a link says is taken; what cannot be read is told and the rest kept."""

from __future__ import annotations

import pytest

from loganalytics.dashboard import links
from loganalytics.view import View


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("level", "LOUD"),
        ("grep", "("),
        ("since", "whenever"),
        ("until", "32.13.2026"),
        ("tz", "Mars/Base"),
        ("every", "often"),
        ("encoding", "klingon"),
        ("where", "no equals sign"),
        ("query", "level = 'ERROR' and ("),
        ("query", "select * from read_csv('/etc/passwd')"),
    ],
)
def test_an_invalid_parameter_is_told_and_the_rest_kept(name, broken):
    """The sentence names the parameter; the view has what else the link said."""
    link = links.read({"source": ["app.log"], name: [broken], "text": ["timeout"]})
    assert link.view == View(("app.log",), text="timeout")
    assert len(link.problems) == 1
    assert link.problems[0].startswith(f"{name}: ")


@pytest.mark.parametrize("baseline", [["2026-03-10"], ["x", "y"], ["1", "2", "3"]])
def test_a_baseline_that_is_no_range_is_told(baseline):
    """A baseline has two ends."""
    link = links.read({"baseline": baseline})
    assert link.view.baseline is None
    assert link.problems


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("event", "zzz"),
        ("page", "0"),
        ("page", "-1"),
        ("page", "x"),
        ("incident", "yesterday/x"),
        ("incident", "2026-03-11T15:00:00Z/2026-03-11T14:00:00Z"),
        ("zone", "Mars/Base"),
    ],
)
def test_what_no_page_can_have_open_is_told(name, broken):
    """And is not opened."""
    link = links.read({name: [broken]})
    assert not link.opened
    assert link.problems[0].startswith(f"{name}: ")


def test_a_range_that_ends_before_it_begins_is_told():
    """Nothing would match, which is no all-clear."""
    link = links.read({"since": ["2026-03-10T13:00:00Z"], "until": ["2026-03-10T12:00:00Z"]})
    assert link.view.until is None
    assert "before it begins" in link.problems[0]


def test_a_parameter_that_is_none_of_ours_is_told():
    """It may be one of ours, misspelt."""
    link = links.read({"levle": ["ERROR"]})
    assert link.view == View()
    assert "levle" in link.problems[0]


def test_what_is_open_is_no_part_of_the_view():
    """Event, tab and columns are kept as they are."""
    link = links.read({"event": ["a.log|1"], "columns": ["timestamp", "user, id"], "level": ["error"]})
    assert link.view == View(level="error")
    assert link.opened == {"event": ["a.log|1"], "columns": ["timestamp", "user, id"]}
    assert not link.problems


def test_a_condition_of_a_search_server_is_its_own_affair():
    """Lucene is no SQL."""
    link = links.read({"source": ["elasticsearch://host/index"], "query": ["level:ERROR"]})
    assert link.view.query == "level:ERROR"
    assert not link.problems


def test_of_several_values_where_one_is_expected_the_last_is_used_and_told():
    """Text, an open event, a range; the same value twice is one."""
    link = links.read({"text": ["a", "b"], "run": ["x", "y"], "since": ["2026-03-10", "2026-03-10"]})
    assert (link.view.text, link.view.since, link.opened["run"]) == ("b", "2026-03-10", ["y"])
    assert [problem.partition(":")[0] for problem in link.problems] == ["text", "run"]


def test_of_several_levels_the_lowest_is_used():
    """It keeps what each of them keeps: nothing is hidden."""
    link = links.read({"level": ["info", "ERROR"]})
    assert link.view.level == "info"
    assert "the lowest is used" in link.problems[0]


def test_several_services_and_conditions_are_all_kept():
    """Of these a view has any number."""
    link = links.read({"services": ["a", "b"], "where": ["x=1", "y=2"], "columns": ["a", "b"]})
    assert link.view.services == ("a", "b")
    assert len(link.view.where) == 2
    assert link.opened["columns"] == ["a", "b"]
    assert not link.problems


def test_a_misspelt_parameter_has_a_hint():
    """At the one that resembles it."""
    assert links.read({"service": ["a"]}).problems == ("service: a link has no such parameter. Hint: services.",)
