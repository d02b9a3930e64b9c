"""Pages show times by the clock of the zone that the reader chose."""

from __future__ import annotations

import json

import pytest

from loganalytics.view import View

PAGES = ["overview", "anomalies", "incident", "patterns", "traces", "sources"]


@pytest.fixture
def log(tmp_path):
    """Write an hour of logs of two services, with requests and an outburst of errors."""
    path = tmp_path / "app.jsonl"
    rows = (
        {
            "timestamp": f"2026-03-10T20:{n // 20:02d}:{n % 20 * 3:02d}Z",
            "level": "ERROR" if 700 < n < 800 else "INFO", "service": ("web", "api")[n % 2],
            "message": "connection refused" if 700 < n < 800 else "served", "trace_id": f"req-{n // 4}",
        }
        for n in range(1200)
    )  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def shown_texts(app) -> list[str]:
    """Return every text of the page that may hold a time, and what its charts draw."""
    kinds = (app.text, app.caption, app.code, app.button)
    texts = [str(getattr(node, "label", "")) + str(getattr(node, "value", "")) for kind in kinds for node in kind]
    return texts + [chart.proto.spec for chart in app.get("vega_lite_chart")]


@pytest.mark.parametrize("page", PAGES)
def test_no_page_shows_a_time_of_another_zone(page, log, open_app):
    """Charts, sentences and tables: 20:00 UTC is four the next morning in Shanghai, and no text says UTC."""
    incident = {"incident": "2026-03-10T20:35:00Z/2026-03-10T20:40:00Z"} if page == "incident" else {}
    app = open_app(View((log,)), page, zone="Asia/Shanghai", **incident)
    assert not app.exception
    texts = shown_texts(app)
    assert not [text for text in texts if " UTC" in text.replace("cut in UTC", "")]  # how windows are cut, no time
    zones = [
        column["type_config"]["timezone"] for table in app.dataframe
        for column in json.loads(table.proto.columns or "{}").values() if "timezone" in column.get("type_config", {})
    ]  # fmt: skip
    assert set(zones) <= {"Asia/Shanghai"}
    assert page in ("patterns", "traces") or any("2026-03-11" in text and "Asia/Shanghai" in text for text in texts)
