"""The caches of the dashboard: one frame per view for all sessions, until a file changes."""

from __future__ import annotations

import pytest

from loganalytics.dashboard import cached_analyses, cached_events
from loganalytics.exceptions import SourceNotFoundError
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
