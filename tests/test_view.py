"""A view goes to a link, a command line and a notebook, and comes back the same."""

from __future__ import annotations

import argparse

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loganalytics import cluster_errors, schema
from loganalytics.cli.arguments import add_selection
from loganalytics.cli.loading import view_of
from loganalytics.exceptions import InvalidArgumentError
from loganalytics.filters.expressions import Where
from loganalytics.sources.files.discovery import sample_data
from loganalytics.view import View, without_secrets

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NAME = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
WHERE = st.builds(Where, NAME, TEXT, st.booleans())
VIEWS = st.builds(
    View,
    source=st.lists(NAME.filter(lambda name: "://" not in name), max_size=2).map(tuple),
    since=st.none() | NAME,
    until=st.none() | NAME,
    level=st.none() | st.sampled_from(["debug", "ERROR"]),
    time=st.none() | NAME,
    dayfirst=st.none() | st.booleans(),
    level_field=st.none() | NAME,
    duration=st.lists(NAME, max_size=2).map(tuple),
    encoding=st.none() | NAME,
    services=st.lists(TEXT, max_size=2).map(tuple),
    loggers=st.lists(TEXT, max_size=2).map(tuple),
    text=st.none() | TEXT,
    grep=st.none() | TEXT,
    where=st.lists(WHERE, max_size=2).map(tuple),
    baseline=st.none() | st.tuples(TEXT, TEXT),
    query=st.none() | NAME,
    inverted=st.lists(st.sampled_from(["level", "services", "text", "query"]), unique=True, max_size=2).map(tuple),
    every=st.none() | NAME,
)


@pytest.fixture
def logs():
    """Return a frame with a field of its own."""
    return schema.conform(
        pl.DataFrame(
            {
                "message": ["Disk full", "ok", "slow", "ok"],
                "exception": [None, "Traceback: DISK", None, None],
                "severity_number": [17, 9, 13, None],
                "service": ["api", "web", None, "api"],
                "logger": ["a", "b", "b", None],
                "user_id": [1, None, 2, 1],
            }
        )
    )


@given(VIEWS)
def test_a_link_opens_the_same_view(view):
    """View -> URL -> View is identity."""
    assert View.from_query(view.to_query()) == view


@given(VIEWS)
def test_a_notebook_makes_the_same_view(view):
    """View -> Python -> View is identity."""
    assert eval(view.to_python(), {"View": View, "Where": Where}) == view


@given(VIEWS)
def test_the_command_line_makes_the_same_view(view):
    """View -> arguments -> View is identity, but for what the analyses take themselves."""
    parser = argparse.ArgumentParser()
    add_selection(parser)
    known = View.from_parameters({**view.to_parameters(), "source": list(view.source) or ["x"]})
    got = view_of(parser.parse_args(known.to_arguments()))
    assert got == View(**{**vars(known), "baseline": None, "every": None})


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("redis://user:pw@host:6379/5?stream=a:b&password=x", "redis://host:6379/5?stream=a:b"),
        ("elasticsearch://u:p@h:9200/logs-*?api_key=k", "elasticsearch://h:9200/logs-*"),
        ("redis://:p/a?s'word@host:6379/0?stream=app", "redis://host:6379/0?stream=app"),
        ("https://me:secret@host/app.log?signature=abc#x", "https://host/app.log"),
        ("postgresql://u:p%40@h/db?table=logs", "postgresql://h/db?table=logs"),
        ("/var/log/a@b.log", "/var/log/a@b.log"),
    ],
)
def test_credentials_never_leave(address, public):
    """Neither link nor notebook nor command line holds what a view's address needs to log in."""
    assert without_secrets(address) == public
    view = View((address,))
    assert View.from_query(view.to_query()).source == (public,)
    assert public in view.to_python()
    assert view.to_arguments()[-1] == public


@pytest.mark.parametrize(
    ("view", "kept"),
    [
        (View(level="warning"), [0, 2]),
        (View(services=("api",)), [0, 3]),
        (View(loggers=("b",)), [1, 2]),
        (View(text="disk"), [0, 1]),
        (View(grep="^Disk|slow"), [0, 2]),
        (View(where=(Where("user_id", "1"),)), [0, 3]),
        (View(where=(Where("user_id", "1", exclude=True),)), [1, 2]),
        (View(where=(Where("user_id", ""),)), [1]),
        (View(where=(Where("no such field", "x"),)), []),
        (View(where=(Where("no such field", "x", exclude=True),)), [0, 1, 2, 3]),
        (View(level="error", text="zzz"), []),
        (View(level="warning", inverted=("level",)), [1, 3]),
        (View(services=("api",), inverted=("services",)), [1, 2]),
        (View(text="disk", inverted=("text",)), [2, 3]),
        (View(level="error", text="slow", disabled=("level",)), [2]),
        (View(level="error", where=(Where("user_id", "2"),), disabled=("user_id=2",)), [0]),
        (View(text="disk", disabled=("text",), inverted=("text",)), [0, 1, 2, 3]),
    ],
)
def test_filters_keep_what_they_say(logs, view, kept):
    """Each filter alone; a field that no event has is empty in all."""
    got = view.keep(logs.with_row_index())["index"].to_list()
    assert got == kept


@pytest.mark.parametrize("query", ["where=x", "where==1"])
def test_a_broken_condition_says_how_to_write_one(query):
    """The error names the text."""
    with pytest.raises(InvalidArgumentError, match="field=value"):
        View.from_query(query)


@pytest.mark.parametrize(
    ("source", "inverted", "disabled", "condition"),
    [
        ("app.log", (), (), "n > 5"),
        ("app.log", ("query",), (), "NOT coalesce((n > 5), false)"),  # what has no n is not over 5
        ("elasticsearch://host/index", ("query",), (), "NOT (n > 5)"),
        ("app.log", ("query",), ("query",), None),
    ],
)
def test_a_condition_is_turned_around_in_the_language_of_its_source(source, inverted, disabled, condition):
    """SQL knows unknown, Lucene does not."""
    assert View((source,), query="n > 5", inverted=inverted, disabled=disabled).condition == condition


def test_what_is_disabled_is_not_on_the_command_line():
    """The report on the view has the same events."""
    view = View(("a.log",), text="x", level="error", disabled=("text", "user=1"), where=(Where("user", "1"),))
    assert view.to_arguments() == ["--level=error", "--", "a.log"]


def test_a_condition_on_a_route_keeps_its_requests():
    """Routes are learnt from all of the source, whatever else is asked."""
    view = View((sample_data(),), where=(Where("http.route", "/artifacts/<*>/report.html"),), services=("api",))
    found = view.load()
    assert found.height > 1000
    assert set(found["service"]) == {"api"}
    assert found["message"].str.contains("/artifacts/[0-9]+/report.html").all()


def test_a_condition_on_a_problem_keeps_its_events():
    """As many as cluster_errors() counts in the whole source, whatever else is asked."""
    whole = View((sample_data(),)).load(templates=True)
    for row in cluster_errors(whole).head(4).rows(named=True):
        found = View((sample_data(),), where=(Where("cluster_id", row["cluster_id"]),)).load()
        assert found.height == row["events"]
        assert cluster_errors(found).height == 1
