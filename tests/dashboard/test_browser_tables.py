"""Tables in a real browser: one road out, guarded and whole, and no toolbar that covers what stands above."""

from __future__ import annotations

import csv
import io
import json

import pytest
from browsing import needs_browser, running_app, wait_until_settled

pytestmark = needs_browser

FORMULA = '=HYPERLINK("http://evil.example","click")'
LONG = "x" * 3_000


@pytest.fixture(scope="module")
def tables_server(tmp_path_factory):
    """Start the app on events whose messages are a formula and a long line."""
    path = tmp_path_factory.mktemp("logs") / "app.log"
    rows = (
        {
            "timestamp": f"2026-03-10T12:{n:02d}:00Z", "level": "ERROR", "service": "web", "trace_id": f"req-{n // 2}",
            "message": FORMULA if n % 2 else LONG,
        }
        for n in range(60)
    )  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with running_app(str(path)) as app:
        yield app.url


@pytest.mark.parametrize(
    ("name", "file_name", "tab"),
    [
        ("patterns", "patterns.csv", "Message templates"), ("patterns", "errors.csv", "Error clusters"),
        ("traces", "traces.csv", "Requests"), ("explore", "query.csv", "SQL"),
    ],
)  # fmt: skip
def test_a_table_is_taken_away_guarded_and_whole(page, tables_server, name, file_name, tab):
    """A spreadsheet runs nothing of it, and no cell is cut."""
    query = "&sql=select+message,+exception+from+logs" if file_name == "query.csv" else ""
    page.goto(f"{tables_server}/{name}?tab={tab}{query}")
    wait_until_settled(page)
    if query:
        page.get_by_role("button", name="Run", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV", exact=True).first.click()
    assert download.value.suggested_filename == file_name
    content = download.value.path().read_text()
    cells = [cell for row in csv.reader(io.StringIO(content)) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]
    if file_name == "query.csv":
        assert LONG in cells
        assert f"'{FORMULA}" in cells


@pytest.mark.parametrize("name", ["", "explore", "patterns", "traces", "sources"])
def test_no_toolbar_covers_what_stands_above_and_none_downloads(page, tables_server, name):
    """Neither under the pointer nor for the keyboard."""
    page.goto(f"{tables_server}/{name}")
    page.locator("[data-testid=stDataFrame], [data-testid=stVegaLiteChart]").first.wait_for()
    wait_until_settled(page)
    for element in (*page.get_by_test_id("stDataFrame").all(), *page.get_by_test_id("stVegaLiteChart").all()):
        element.hover()
        page.wait_for_timeout(200)
        assert not [bar for bar in page.get_by_test_id("stElementToolbar").all() if bar.is_visible()]
    assert page.get_by_label("Download as CSV", exact=True).count() == 0
