"""The dashboard's pages, run by Streamlit's own test harness."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from browsing import APP
from streamlit.testing.v1 import AppTest

from loganalytics.dashboard.navigation import PAGES
from loganalytics.filters.expressions import Where
from loganalytics.sources.files.discovery import sample_data
from loganalytics.view import View

HOSTILE = ["<script>alert(1)</script>", "**bold** $x$ :red[x]", "\x1b[31mred\x1b[0m", "x" * 100_000, "🙂 =1+1"]


@pytest.fixture
def log(tmp_path):
    """Write a log whose lines are hostile."""
    path = tmp_path / "app.log"
    path.write_text(
        "".join(
            f"2026-03-10 12:{n // 60:02d}:{n % 60:02d},000 {'ERROR' if n % 9 == 0 else 'INFO'} "
            f"[app] [req_{n // 3:08x}] {HOSTILE[n % 5]} took {n}ms\n"
            for n in range(900)
        )
    )
    return str(path)


def rendered_markup(app: AppTest) -> str:
    """Return everything that is rendered as Markdown or HTML, labels included, which are Markdown too."""
    kinds = ("markdown", "html", "caption", "subheader", "button", "badge", "metric", "expander", "tab")
    return "\n".join(
        f"{getattr(node, 'value', '')} {getattr(node, 'label', '')}" for kind in kinds for node in app.get(kind)
    )


SHOWS_SAMPLE = {
    "overview": lambda app: app.metric[0].value == "40,504",
    "explore": lambda app: "of 40,504 events" in rendered_markup(app) and app.get("bidi_component"),
    "live": lambda app: app.get("bidi_component"),
    "patterns": lambda app: len(app.dataframe[0].value) > 50,
    "anomalies": lambda app: len(app.dataframe[0].value) > 10,
    "incident": lambda app: [button.label for button in app.button].count("Incident") >= 3,
    "traces": lambda app: len(app.dataframe[0].value) == 1000,
    "steps": lambda app: app.info,  # the sample has no jobs
    "sources": lambda app: app.metric[2].value == "40,504",
}


@pytest.mark.parametrize("page", PAGES)
def test_every_page_shows_the_sample(page, open_app):
    """No exception, and the content that the page is for."""
    app = open_app(View((sample_data(),)), page)
    assert not app.exception
    assert not app.error
    assert SHOWS_SAMPLE[page](app)


def test_streamlit_finds_no_pages_of_its_own():
    """It would take a folder pages/ beside the script for them, and a link to a page would open an empty one."""
    assert Path(APP).is_file()
    assert not Path(APP).with_name("pages").exists()
    assert (Path(APP).parent / ".streamlit" / "config.toml").is_file()


def test_an_incident_named_by_a_link_has_its_verdict(open_app):
    """The cause that was planted is named first, and its baseline can be chosen."""
    view = View((sample_data(),), baseline=("2026-03-10T14:10:00Z", "2026-03-10T14:35:00Z"))
    app = open_app(view, "incident", incident="2026-03-11T14:10:00Z/2026-03-11T14:35:00Z")
    assert not app.exception
    assert any("sorry, too many clients already" in element.value for element in app.text)
    assert "2026-03-10 14:10–14:35 UTC" in app.text[1].value
    assert app.get_by_key("against").value == "drawn"


@pytest.mark.parametrize("page", PAGES)
def test_every_page_says_what_to_do_with_an_empty_source(page, open_app, tmp_path):
    """An empty file is not an error."""
    (tmp_path / "empty.log").write_text("")
    app = open_app(View((str(tmp_path / "empty.log"),)), page)
    assert not app.exception
    assert app.error or app.info or page == "live"


@pytest.mark.parametrize("page", PAGES)
def test_every_page_takes_hostile_lines_as_text(page, open_app, log):
    """No element that renders HTML or Markdown holds a line of the log."""
    app = open_app(View((log,)), page)
    assert not app.exception
    for mark in ("<script", "**bold**", ":red[x]", "\x1b", "xxxxxxxx"):
        assert mark not in rendered_markup(app).replace("xxx**", "")


@pytest.mark.parametrize("page", [page for page in PAGES if page != "live"])
def test_hostile_names_are_made_safe(page, open_app, tmp_path):
    """No escape or bidirectional mark of a service, a field or a file's name reaches a label, a text or a header."""
    path = tmp_path / "app\u202egol.jsonl"
    rows = (
        {
            "timestamp": f"2026-03-10T12:{n // 60:02d}:{n % 60:02d}Z", "level": "ERROR" if n % 50 > 40 else "INFO",
            "service": f"shop\u202e{n % 2}", "message": f"order {n % 3} failed", "trace_id": f"req-{n // 3}",
            "user\x1b[31m\u202eid": f"u{n % 5}", "request_id": f"req-{n // 3}",
        }
        for n in range(900)
    )  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    app = open_app(View((str(tmp_path),)), page)
    assert not app.exception
    labels = [column for table in app.dataframe for column in json.loads(table.proto.columns or "{}").values()]
    options = [option for choice in (*app.multiselect, *app.selectbox) for option in choice.options]
    texts = [element.value for kind in (app.text, app.code, app.markdown) for element in kind]
    for content in (json.dumps(labels, ensure_ascii=False), *options, *texts):
        assert not set(content) & {"\x1b", "\u202e"}


@pytest.mark.parametrize("page", [page for page in PAGES if page != "live"])
def test_a_missing_source_says_what_to_do(page, tmp_path, open_app):
    """The error names the path; there is no exception on the page."""
    app = open_app(View((str(tmp_path / "nothing.log"),)), page)
    assert not app.exception
    assert any("There is no file or folder" in element.value for element in app.text)


def test_overview_shows_the_numbers(log, open_app):
    """Events, error rate and services as counted; the slower cards are filled in."""
    app = open_app(View((log,)))
    values = {metric.label: metric.value for metric in app.metric}
    assert values["Events"] == "900"
    assert values["Error rate"] == "11.1 %"
    assert values["Services"] == "1"
    assert "…" not in values.values()


def test_filters_that_leave_nothing_offer_the_way_out(log, open_app):
    """An empty view is not an error, and one button undoes it."""
    app = open_app(View((log,), text="no such text"))
    assert "No events match" in app.info[0].value
    next(button for button in app.button if button.label == "Clear all filters").click().run()
    assert app.metric[0].value == "900"


def test_a_filter_changes_the_numbers_and_the_link(log, open_app):
    """A level in the sidebar cuts the events down and is in the URL."""
    app = open_app(View((log,)))
    app.get_by_key("level").set_value("ERROR").run()
    assert app.metric[0].value == "100"
    assert app.query_params["level"] == "ERROR"


def test_a_link_opens_the_same_view(log, open_app):
    """What a link says is in the widgets and in the numbers."""
    view = View((log,), since="2026-03-10T12:05:00Z", text="bold", where=(Where("logger", "other", exclude=True),))
    app = open_app(view)
    assert app.metric[0].value == "120"
    assert app.get_by_key("text").value == "bold"
    assert app.get_by_key("since").value == "2026-03-10 12:05:00"


def test_a_range_has_the_period_before(log, open_app):
    """The change is against the same length of time before."""
    app = open_app(View((log,), since="2026-03-10T12:10:00Z", until="2026-03-10T12:15:00Z", level="error"))
    assert app.metric[0].delta == "+0%" or app.metric[0].delta.startswith(("+", "-"))


@pytest.mark.parametrize("name", ["grep", "query"])
def test_a_broken_expression_says_so(name, log, open_app):
    """A regular expression or condition half typed is an error under its box, with a hint; the page stays."""
    app = open_app(View((log,)))
    events = app.metric[0].value
    app.get_by_key(name).set_value("(").run()
    assert not app.exception
    assert app.error
    assert any("Hint" in text.value for text in app.sidebar.text)
    assert app.metric[0].value == events


def test_sql_answers_over_the_view(log, open_app):
    """The query of a link is run; a wrong one says what is wrong."""
    app = open_app(View((log,), level="error"), "explore", tab="SQL")
    app.get_by_key("sql").set_value("select count(*) as n from logs").run()
    assert app.dataframe[-1].value.iloc[0, 0] == 100
    app.get_by_key("sql").set_value("select * from '/etc/passwd'").run()
    assert app.error


def test_a_trace_named_by_a_link_is_open(log, open_app):
    """All of its events are in the table."""
    app = open_app(View((log,)), "traces", trace="req_00000002")
    assert "3 events" in app.text[0].value
