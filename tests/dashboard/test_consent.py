"""A link opens nothing before the user agrees, and no page of others frames the app."""

from __future__ import annotations

import socket
import sys
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest
from browsing import APP, needs_browser, running_app
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

SECRET = "hunter2-not-to-be-seen"

OPENED: list[str] = []
"""What was opened, listed or connected to while a test watched."""
WATCHED: list[str] = []


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if WATCHED and event in ("open", "os.listdir", "os.scandir", "glob.glob", "socket.connect", "socket.getaddrinfo"):
        text = f"{event} {arguments}"
        if any(name in text for name in WATCHED):
            OPENED.append(text)


sys.addaudithook(_watch)


@pytest.fixture
def app(monkeypatch, tmp_path):
    """Return the app on a log of its own."""
    (tmp_path / "start.log").write_text("2026-03-10 12:00:00 ERROR start failed\n")
    monkeypatch.setattr("sys.argv", ["app_streamlit.py"])
    monkeypatch.delenv("LOGANALYTICS_SOURCES", raising=False)
    monkeypatch.setenv("LOGANALYTICS_SOURCE", str(tmp_path / "start.log"))
    monkeypatch.setenv("REDIS_PASSWORD", SECRET)
    return AppTest.from_file(APP, default_timeout=120)


@pytest.fixture
def watched():
    """Watch names until the test ends."""
    yield WATCHED
    WATCHED.clear()
    OPENED.clear()


LINKS = [
    "redis://127.0.0.1:{port}/0", "rediss://127.0.0.1:{port}/0", "elasticsearch://127.0.0.1:{port}/x",
    "postgresql://127.0.0.1:{port}/x?table=t", "mysql://127.0.0.1:{port}/x?table=t", "http://127.0.0.1:{port}/x.log",
    "sqlite:///{path}?table=t", "{path}", "file://{path}", "{folder}/*.log", "{folder}", "//server-{port}/share/x.log",
    r"\\server-{port}\share\x.log", "https://127.0.0.1:{port}/x.parquet", "opensearch://127.0.0.1:{port}/x",
]  # fmt: skip


PAGES = [(page, link) for page in ("live", "explore", "sources") for link in ("redis://127.0.0.1:{port}/0", "{path}")]


@pytest.mark.parametrize(("page", "link"), [*(("", link) for link in LINKS), *PAGES])
def test_a_link_opens_nothing(app, tmp_path, watched, link, page):
    """No server is connected to, no file read, no folder listed; the page asks, and shows where it leads."""
    folder = tmp_path / "others"
    folder.mkdir()
    (folder / "other.log").write_text("2026-03-10 12:00:00 ERROR other failed\n")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        watched += [str(folder), f"server-{port}", f", {port})"]
        app.query_params["source"] = link.format(port=port, path=folder / "other.log", folder=folder)
        if page:
            app._page_hash = calc_hash(page)
        app.run()
        with pytest.raises(TimeoutError):
            server.accept()
    assert not OPENED
    assert not app.metric
    assert not app.exception
    assert app.subheader[0].value == "Open this source?"


def test_what_was_agreed_to_stays_open(app, tmp_path):
    """A page that is loaded again does not ask again; a refused one shows the source of the start."""
    other = tmp_path / "other.log"
    other.write_text("2026-03-10 12:00:00 ERROR other failed\n" * 2)
    app.query_params["source"] = str(other)
    app.run().get_by_key("consent-open").click().run()
    assert app.metric[0].value == "2"
    again = AppTest.from_file(APP, default_timeout=120)
    again.query_params["source"] = str(other)
    assert again.run().metric[0].value == "2"
    third = AppTest.from_file(APP, default_timeout=120)
    third.query_params["source"] = str(tmp_path / "third.log")
    third.run().get_by_key("consent-refuse").click().run()
    assert third.metric[0].value == "1"


def test_what_the_user_types_is_opened(app, tmp_path):
    """And stays open in the link of it."""
    typed = tmp_path / "typed.log"
    typed.write_text("2026-03-10 12:00:00 ERROR typed\n" * 3)
    app.run().get_by_key("source").set_value(str(typed)).run()
    assert app.metric[0].value == "3"
    again = AppTest.from_file(APP, default_timeout=120)
    again.query_params["source"] = app.query_params["source"]
    assert again.run().metric[0].value == "3"


def test_a_link_without_a_source_asks_nothing(app):
    """It shows the source of the start."""
    app.query_params["source"] = ""
    assert app.run().metric[0].value == "1"


def test_an_address_of_the_start_with_a_password_stays_open(app, valkey, redis, monkeypatch):
    """The link of its page has no password; loaded again, the page has."""
    redis.xadd("logs", {"message": "hello", "level": "ERROR"})
    address = f"redis://127.0.0.1:{valkey.port}/0?stream=logs&socket_timeout=9"
    monkeypatch.setenv("LOGANALYTICS_SOURCE", address)
    monkeypatch.delenv("REDIS_PASSWORD")
    app.run().run()  # the browser writes the first address itself
    assert app.metric[0].value == "1"
    again = AppTest.from_file(APP, default_timeout=120)
    again.query_params["source"] = app.query_params["source"]
    again.run()
    assert again.metric[0].value == "1"
    assert again.session_state["view"].source == (address,)


def test_a_file_of_formats_is_asked_about(app, tmp_path, watched):
    """It is a path, too."""
    watched.append("own.toml")
    app.query_params["formats"] = str(tmp_path / "own.toml")
    app.run()
    assert app.subheader[0].value == "Open this source?"
    assert not OPENED


def test_the_question_shows_no_secret_and_no_markup(app):
    """Neither a password, nor marks that turn the text round, nor Markdown."""
    app.query_params["source"] = f"redis://me:{SECRET}@\u202eevil`**b**`<b>.example/0?password={SECRET}"
    app.run()
    assert SECRET not in str([node.value for node in (*app.code, *app.caption, *app.markdown)])
    assert "\u202e" not in app.code[0].value
    assert "\\u202eevil'**b**'" in app.caption[0].value


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Start the app with a password in the environment and an address with one."""
    log = tmp_path_factory.mktemp("logs") / "start.log"
    log.write_text("2026-03-10 12:00:00 ERROR start failed\n")
    with running_app(str(log), REDIS_PASSWORD=SECRET) as running:
        yield running


def test_the_server_refuses_frames_and_other_names(server):
    """By headers on every answer; a name that resolves to this machine is not this machine's."""
    port = server.port
    answer = urllib.request.urlopen(f"http://127.0.0.1:{port}/?source=x")
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    for path in ("/", "/_stcore/stream", "/_stcore/health"):
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Host": f"evil.example:{port}"})
        with pytest.raises(urllib.error.HTTPError) as error:
            urllib.request.urlopen(request)
        assert error.value.code == 403
    assert urllib.request.urlopen(f"http://localhost:{port}/").status == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "http://evil.example:{port}", "null"])
def test_a_page_of_another_origin_gets_no_connection(server, origin):
    """The connection over which the app is operated."""
    port = server.port
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(
            f"GET /_stcore/stream HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: {origin.format(port=port)}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        assert client.recv(64).startswith(b"HTTP/1.1 403")


def test_the_addresses_are_not_among_the_arguments_of_the_process(tmp_path):
    """Everybody on the machine can read those."""
    if not Path("/proc/self/cmdline").exists():
        pytest.skip("needs /proc")
    with running_app(f"redis://me:{SECRET}@127.0.0.1:1/0") as app:
        assert SECRET not in Path(f"/proc/{app.process.pid}/cmdline").read_text()


class Evil(BaseHTTPRequestHandler):
    """A page that frames a link to the app."""

    link = ""

    def do_GET(self):
        """Answer with it."""
        body = f'<title>evil</title><iframe id=frame src="{self.link}" width=900 height=900></iframe>'.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Keep quiet."""


@needs_browser
def test_a_frame_of_another_page_steals_no_login(server, page):
    """It shows nothing, and nothing is connected to; on its own the link asks, and after a click connects."""
    with socket.create_server(("127.0.0.1", 0)) as thief:
        thief.settimeout(4)
        host = f"127.0.0.1:{thief.getsockname()[1]}"
        Evil.link = f"{server.url}/?source={quote(f'redis://{host}/0', safe='')}"
        evil = HTTPServer(("127.0.0.1", 0), Evil)
        threading.Thread(target=evil.serve_forever, daemon=True).start()
        page.goto(f"http://localhost:{evil.server_port}/")
        with pytest.raises(TimeoutError):
            thief.accept()
        assert not any("source=" in frame.url for frame in page.frames)
        page.goto(Evil.link)
        page.get_by_text("Open this source?").wait_for()
        with pytest.raises(TimeoutError):
            thief.accept()
        page.reload()
        page.get_by_role("button", name="Open", exact=True).click()
        thief.settimeout(30)
        thief.accept()[0].close()
        evil.shutdown()


def test_what_a_link_adds_to_an_address_is_left_out(app, tmp_path, monkeypatch):
    """The question does not show it: another host, a query. What it shows is what is opened."""
    monkeypatch.setenv("LOGANALYTICS_SOURCE", "postgresql://127.0.0.1:1/app?table=logs")
    link = "postgresql://127.0.0.1:1/app?table=logs&host=evil.example&query=select+1"
    app.query_params["source"] = link
    app.run()
    assert app.session_state["view"].source == ("postgresql://127.0.0.1:1/app?table=logs",)
    other = AppTest.from_file(APP, default_timeout=120)
    other.query_params["source"] = link.replace("app", "other")
    other.run()
    assert other.code[0].value == "postgresql://127.0.0.1:1/other?table=logs"
    assert other.session_state["view"].source == ("postgresql://127.0.0.1:1/other?table=logs",)
