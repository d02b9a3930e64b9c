"""With a list of sources no path, host or login of the server is on any page, in any message to it or in a download."""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile

import polars as pl
import pytest
from browsing import needs_browser, running_app, wait_until_settled

pytestmark = needs_browser

HIDDEN, SECRET = "srv-hidden-7f3", "hunter2-not-to-be-seen"
INCIDENT = "incident=2026-03-10T12:30:00Z/2026-03-10T12:40:00Z"
PAGES = [
    "", "explore", "explore?event=Shop/copy.log%7C605", "live", "patterns", "anomalies", f"incident?{INCIDENT}",
    "traces?trace=req-0150", "sources", "steps", "explore?tab=SQL",
]  # fmt: skip


@pytest.fixture(scope="module")
def app(tmp_path_factory, valkey):
    """Start the app on a list of files, a database, a stream, and what is not there."""
    folder = tmp_path_factory.mktemp("data") / HIDDEN
    (folder / "api").mkdir(parents=True)
    rows = (
        {
            "timestamp": f"2026-03-10T12:{n // 20:02d}:{n % 20 * 3:02d}.000Z", "service": ("web", "api")[n % 2],
            "level": "ERROR" if n % 10 == 0 or 600 < n < 700 else "INFO", "message": f"GET /orders/{n} in {n}ms",
            "trace_id": f"req-{n // 4:04d}",
        }
        for n in range(1200)
    )  # fmt: skip
    (folder / "api/app.log").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "copy.log").write_text((folder / "api/app.log").read_text())
    (folder / "binary.dat").write_bytes(bytes(range(256)) * 9)
    with sqlite3.connect(folder / "logs.sqlite") as database:
        database.execute("create table logs (timestamp text, message text)")
        database.execute("insert into logs values ('2026-03-10 12:00:00', 'of the table')")
    valkey.client().xadd("listed", {"message": "of the stream", "level": "ERROR"})
    listed = {
        "Shop": str(folder), "Table": f"sqlite:///{folder}/logs.sqlite?table=logs", "Gone": f"{folder}/gone/*.log",
        "Stream": f"redis://127.0.0.1:{valkey.port}/0?stream=listed&socket_timeout=9", "File": f"{folder}/copy.log",
        "Down": f"redis://:{SECRET}@127.0.0.1:1/0", "NoTable": f"sqlite:///{folder}/none.sqlite?table=logs",
    }  # fmt: skip
    path = folder.parent / "sources.toml"
    path.write_text("".join(f"[sources.{name}]\nsource = {json.dumps(address)}\n" for name, address in listed.items()))
    with running_app("--sources", str(path)) as running:
        yield running


@pytest.fixture
def received(page):
    """Return all that the server sent to the page, as one text."""
    frames: list[bytes] = []

    def keep(payload: str | bytes) -> None:
        frames.append(payload if isinstance(payload, bytes) else payload.encode())

    page.on("websocket", lambda connection: connection.on("framereceived", keep))
    return lambda: b"".join([*frames, page.content().encode(), page.url.encode()])


def check(content: bytes, *hidden: str) -> None:
    """Assert that nothing of the server is in it."""
    for name in (HIDDEN, SECRET, *hidden):
        position = content.find(name.encode())
        assert position < 0, content[max(0, position - 200) : position + 100]


@pytest.mark.parametrize("name", PAGES)
def test_no_page_and_no_message_to_it_names_a_folder_of_the_server(page, app, received, name):
    """Neither what is shown nor what is sent along."""
    page.goto(f"{app.url}/{name}{'&' if '?' in name else '?'}source=Shop")
    page.get_by_test_id("stMain").wait_for()
    page.wait_for_timeout(1500)
    wait_until_settled(page)
    assert page.get_by_test_id("stException").count() == 0
    check(received())


@pytest.mark.parametrize("source", ["Table", "Stream", "File", "Gone", "Down", "NoTable", "Shop&source=File"])
@pytest.mark.parametrize("name", ["explore", "live", "sources"])
def test_no_source_and_no_error_of_one_names_where_it_lies(page, app, received, valkey, name, source):
    """What is not there, does not answer or cannot be read is called by its name."""
    page.goto(f"{app.url}/{name}?source={source}")
    page.get_by_test_id("stMain").wait_for()
    page.wait_for_timeout(3000 if name == "live" else 1000)
    wait_until_settled(page)
    check(received(), f"127.0.0.1:{valkey.port}", "127.0.0.1:1/")


def test_no_download_names_a_folder_and_the_notebook_says_how_to_read_it(page, app):
    """Events, load report, report and notebook."""
    page.goto(f"{app.url}/explore?source=Shop")
    page.get_by_role("button", name="Open as notebook").wait_for()
    wait_until_settled(page)
    notebook = download(page, "Open as notebook")
    check(notebook)
    assert b"Ask for its address" in notebook
    page.get_by_role("button", name="Export").click()
    for label in ("CSV", "JSON lines"):
        content = download(page, label)
        assert b"Shop/copy.log" in content
        check(content)
    assert pl.read_parquet(io.BytesIO(download(page, "Parquet")))["source"].str.starts_with("Shop/").all()
    with zipfile.ZipFile(io.BytesIO(download(page, "ZIP of all"))) as archive:
        for member in archive.namelist():
            check(archive.read(member))
        assert b"Shop/api/app.log" in archive.read("load_report.csv")
    for address, label in (
        ("sources?source=Shop", "CSV"),
        ("?source=Shop", "Report"),
        (f"incident?source=Shop&{INCIDENT}", "Report"),
    ):
        page.goto(f"{app.url}/{address}")
        page.get_by_role("button", name=label, exact=True).first.wait_for()
        wait_until_settled(page)
        check(download(page, label))


def download(page, label: str) -> bytes:
    """Press a button and return the file."""
    with page.expect_download() as file:
        page.get_by_role("button", name=label, exact=True).first.click()
    return file.value.path().read_bytes()
