"""The events that a finding opens are those that its title counts."""

from __future__ import annotations

from loganalytics.dashboard import state
from loganalytics.dashboard.components import finding_list
from loganalytics.sources.files.discovery import sample_data
from loganalytics.view import View


def opened(app, monkeypatch, number):
    """Click on Events of a finding; return the view that Explore is opened on."""
    views = []
    monkeypatch.setattr(finding_list.state, "switch_page", lambda _: views.append(state.view()))
    app.get_by_key(f"finding-{number}-events").click().run()
    assert not app.exception
    return views[0]


def test_what_the_title_names_is_a_condition(open_app, monkeypatch):
    """The problem that leads an incident of many, and the endpoint that became slow, not all of their services."""
    app = open_app(View((sample_data(),)), "incident")
    titles = [element.value for element in app.text]
    for number, (named, fields, events) in enumerate([
        ("sorry, too many clients already", ["cluster_id"], 470),
        ("report.html slow", ["http.request.method", "http.route"], None),
        ("Failed password for invalid user", ["cluster_id"], 80),
    ]):  # fmt: skip
        assert any(named in title for title in titles)
        view = opened(app, monkeypatch, number)
        assert [where.field for where in view.where] == fields
        assert events is None or view.load().height == events
        app = open_app(View((sample_data(),)), "incident")


def test_errors_of_all_kinds_are_all_errors(open_app, monkeypatch, tmp_path):
    """Of a log that is one of errors, not only the most frequent problem; its other events are left out."""
    path = tmp_path / "app.log"
    path.write_text("".join(
        f"2026-03-10T12:{n // 60:02d}:{n % 60:02d}Z {('ERROR disk full', 'ERROR no route to host', 'INFO ok')[n % 3]}\n"
        for n in range(600)
    ))  # fmt: skip
    app = open_app(View((str(path),)), "incident")
    assert any("400 of 600 events are errors" in element.value for element in app.text)
    assert opened(app, monkeypatch, 0).load().height == 400


def test_of_a_silence_the_last_events_before_it_are_opened(open_app, monkeypatch, tmp_path):
    """Those of the service that stopped, and no others."""
    path = tmp_path / "app.jsonl"
    lines = [
        f'{{"timestamp": "2026-03-10T{12 + n // 240:02d}:{n // 4 % 60:02d}:{n % 4 * 15:02d}Z", "level": "INFO", '
        f'"service": "{service}", "message": "handled {n}"}}\n'
        for n in range(1440) for service in ("web", "worker") if service == "web" or n < 960
    ]  # fmt: skip
    path.write_text("".join(lines))
    app = open_app(View((str(path),)), "incident")
    assert any("worker silent for" in element.value for element in app.text)
    events = opened(app, monkeypatch, 0).load()
    assert events["service"].unique().to_list() == ["worker"]
    assert events.height == 20
    assert "handled 959" in events["message"][-1]


def test_findings_without_a_time_lead_to_their_events(open_app, monkeypatch, tmp_path):
    """To the errors, at whatever time."""
    path = tmp_path / "plain.log"
    path.write_text("".join(f"[{'ERROR' if n % 9 == 0 else 'INFO'}] worker opened file {n}\n" for n in range(200)))
    app = open_app(View((str(path),)))
    assert opened(app, monkeypatch, 0).load().height == 23
