"""The caches of the dashboard: one frame per view for all sessions, until a file changes."""

from __future__ import annotations

import polars as pl
import pytest

from loganalytics import load_report
from loganalytics.dashboard import cached_analyses, cached_events, stopping
from loganalytics.exceptions import InvalidArgumentError, QueryStoppedError, SourceNotFoundError
from loganalytics.view import View


@pytest.fixture
def view(tmp_path, monkeypatch):
    """Return the view of a log of two services' events."""
    log = tmp_path / "app.log"
    log.write_text(
        "".join(f"2026-03-10 12:{n:02d}:00 {'ERROR' if n % 9 == 0 else 'INFO'} job {n}\n" for n in range(60))
    )
    monkeypatch.setattr("sys.argv", ["app_streamlit.py", str(log)])
    return View((str(log),))


@pytest.mark.parametrize("changes", [{}, {"every": "5m"}, {"baseline": ("1h", "2h")}])
def test_views_of_the_same_events_share_one_frame(view, changes):
    """No copy is made, and neither the window nor the baseline is part of the key."""
    changed = View(view.source, **changes)
    assert cached_events.events(view) is cached_events.events(changed)
    assert cached_events.annotated_events(view) is cached_events.annotated_events(changed)
    assert cached_analyses.clusters(view) is cached_analyses.clusters(changed)


def test_a_view_and_its_selection_share_one_entry(view):
    """Analyses that build on one another find what the page has asked for."""
    selection = cached_events.selection_of(view)
    assert cached_events.events(selection) is cached_events.events(view)
    assert cached_analyses.trend(selection, "5m") is cached_analyses.trend(view, "5m")


def test_filters_and_arguments_are_part_of_the_key(view):
    """Another level, another window, another column: each has its own entry."""
    errors = View(view.source, level="error")
    assert cached_events.events(errors).height == 7
    assert cached_events.events(view).height == 60
    assert cached_analyses.trend(view, "10m").height != cached_analyses.trend(view, "30m").height
    assert cached_analyses.facet(view, "level") is not cached_analyses.facet(view, "service")


def test_a_trace_is_of_all_events_whatever_the_filters(view):
    """It is computed once for all views of the source."""
    assert cached_analyses.trace(view, "x") is cached_analyses.trace(View(view.source, level="error"), "x")


def test_a_file_that_has_grown_is_read_again(view):
    """Size and time of the files are part of the key."""
    assert cached_events.events(view).height == 60
    with open(view.source[0], "a") as file:
        file.write("2026-03-10 13:00:00 INFO job 60\n")
    cached_events._versions.clear()  # they are cached for three seconds
    assert cached_events.events(view).height == 61


def test_a_missing_source_raises_the_packages_own_error(tmp_path, monkeypatch):
    """Pages catch it; an error inside Streamlit's hashing would reach the reader as a traceback."""
    path = str(tmp_path / "missing.log")
    monkeypatch.setattr("sys.argv", ["app_streamlit.py", path])
    with pytest.raises(SourceNotFoundError):
        cached_analyses.metrics(View((path,)))


def test_a_condition_is_a_filter_of_the_view_not_of_the_source(view):
    """What stands beside an event, the total, services, templates and problems are those of all of the source."""
    condition = View(view.source, query="message = 'job 7' or level = 'ERROR'")
    assert cached_events.events(condition).height == 8
    assert cached_events.annotated_events(condition).height == 8
    assert cached_events.source_events(condition) is cached_events.source_events(view)
    assert cached_analyses.trace(view, "x") is cached_analyses.trace(condition, "x")
    everything = cached_events.annotated_events(view).select("offset", "template_id")
    assert cached_events.annotated_events(condition).join(everything, on=["offset", "template_id"]).height == 8
    assert cached_analyses.clusters(condition)["events"].sum() == 7
    assert cached_events.load_report(condition)["events"].sum() == 60


@pytest.mark.parametrize(
    "query", ["message = 'job 7'", "length(message) > (5)", "level = 'ERROR' and message like '%8'"]
)
def test_the_notebook_of_a_condition_has_the_events_and_templates_of_the_page(view, query):
    """Both learn the templates from all of the source."""
    condition = View(view.source, query=query, level="info")
    loaded, shown = condition.load(templates=True), cached_events.annotated_events(condition)
    assert loaded.height == shown.height == cached_events.events(condition).height == condition.load().height > 0
    assert loaded["template_id"].to_list() == shown["template_id"].to_list()
    assert load_report(loaded)["events"].to_list() == load_report(shown)["events"].to_list()


def test_what_a_server_found_is_marked_among_all_that_it_has(view, monkeypatch):
    """Its condition is in its own language; the rest of the source is loaded without it."""
    everything = cached_events.source_events(view).with_columns(source=pl.lit("http://host/index"))
    found = everything.filter(pl.col("message").is_in(["job 3", "job 5"])).reverse()
    monkeypatch.setattr(cached_events.la, "load", lambda *_, query, **__: found if query else everything)
    monkeypatch.setattr("sys.argv", ["app_streamlit.py", "elasticsearch://host/index"])
    lucene = View(("elasticsearch://host/index",), query='message:"job 3" OR message:"job 5"')
    assert cached_events.events(lucene)["message"].to_list() == ["job 3", "job 5"]
    assert cached_events.source_events(lucene).height == 60
    assert cached_events.annotated_events(lucene).height == 2


@pytest.mark.parametrize("filters", [{"grep": "job"}, {"query": "level = 'INFO'"}])
def test_a_filter_that_takes_too_long_is_stopped_and_not_kept(view, monkeypatch, filters):
    """The next reader has all of its events."""
    slow = View(view.source, **filters)
    with monkeypatch.context() as context:
        context.setattr(stopping.Deadline.__init__, "__defaults__", (-1.0,))
        with pytest.raises(QueryStoppedError, match="takes longer than"):
            cached_events.events(slow)
    assert cached_events.events(slow).height >= 53


def test_a_condition_that_may_need_any_memory_is_refused(view):
    """Before it is evaluated."""
    with pytest.raises(InvalidArgumentError, match="may make texts of any size"):
        cached_events.events(View(view.source, query="length(replace(message, 'a', message)) > 1"))
