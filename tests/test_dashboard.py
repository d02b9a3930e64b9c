"""The dashboard's pages, run by Streamlit's own test harness."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

APP = str(Path(__file__).parents[1] / "app_streamlit.py")


def open_app(source: str, monkeypatch) -> AppTest:
    """Open the app on a source."""
    monkeypatch.setenv("LOGANALYTICS_SOURCE", source)
    monkeypatch.setattr("sys.argv", ["app_streamlit.py"])
    return AppTest.from_file(APP, default_timeout=120).run()


@pytest.fixture
def log(tmp_path):
    """Write a log whose lines are hostile."""
    path = tmp_path / "app.log"
    lines = ["<script>alert(1)</script>", "**bold** $x$ :red[x]", "\x1b[31mred\x1b[0m", "x" * 100_000, "🙂"]
    path.write_text(
        "".join(
            f"2026-03-10 12:{n // 60:02d}:{n % 60:02d},000 {'ERROR' if n % 9 == 0 else 'INFO'} [app] {lines[n % 5]}\n"
            for n in range(900)
        )
    )
    return path


def test_overview_shows_the_numbers(log, monkeypatch):
    """Events, errors, services and findings, and a table of errors."""
    app = open_app(str(log), monkeypatch)
    assert not app.exception
    assert {metric.label: metric.value for metric in app.metric} | {"Findings": ""} == {
        "Events": "900",
        "Errors": "100",
        "Services": "1",
        "Findings": "",
    }
    assert app.dataframe[0].value.height if hasattr(app.dataframe[0].value, "height") else len(app.dataframe[0].value)


def test_log_text_is_never_markup(log, monkeypatch):
    """No element that renders HTML or Markdown holds a line of the log."""
    app = open_app(str(log), monkeypatch)
    rendered = [element.value for kind in ("markdown", "html", "caption") for element in app.get(kind)]
    assert not any("<script>" in str(value) or "**bold**" in str(value) for value in rendered)


def test_a_missing_source_says_what_to_do(tmp_path, monkeypatch):
    """The error names the path; there is no exception on the page."""
    app = open_app(str(tmp_path / "nothing.log"), monkeypatch)
    assert not app.exception
    assert "There is no file or folder" in app.text[0].value


def test_filters_that_leave_nothing_say_so(log, monkeypatch):
    """An empty view is no error."""
    app = open_app(str(log), monkeypatch)
    app.text_input[3].set_value("no such text").run()
    assert not app.exception
    assert "No event is left" in app.info[0].value


def test_a_filter_changes_the_numbers(log, monkeypatch):
    """A level in the sidebar cuts the events down."""
    app = open_app(str(log), monkeypatch)
    app.selectbox[0].set_value("ERROR").run()
    assert app.metric[0].value == "100"
