"""Under which names the app answers, from outside: what a page whose name was turned to this machine gets."""

from __future__ import annotations

import socket

import pytest
from browsing import running_app

ROUTES = [
    "/", "/explore", "/_stcore/health", "/_stcore/host-config", "/_stcore/stream", "/_stcore/agent/openapi.json",
    "/_stcore/component/x/index.html", "/component/x/index.html", "/media/x.csv", "/static/js/index.js", "/nothing",
    "/_stcore/script-health-check", "/_stcore/upload_file/a/b", "/app/static/x", "/auth/login", "/oauth2callback",
]  # fmt: skip
OTHERS = [
    "evil.example", "evil.example:{port}", "EVIL.EXAMPLE:{port}", "evil.example.:{port}", "localhost.evil.example",
    "127.0.0.1.evil.example:{port}", "localhost@evil.example:{port}", "@evil.example", "/evil.example", "[::2]:{port}",
    "192.0.2.1:{port}", "0.0.0.0:{port}", "localhost:evil", "127.1:{port}", "2130706433", "", "xn--lcalhost-54a:{port}",
]  # fmt: skip
OWN = ["localhost", "LOCALHOST:{port}", "localhost.:{port}", "127.0.0.1:{port}", "127.0.0.2:{port}", "[::1]:{port}"]


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """Write a log."""
    path = tmp_path_factory.mktemp("logs") / "app.log"
    path.write_text("2026-03-10 12:00:00 ERROR failed\n")
    return str(path)


@pytest.fixture(scope="module")
def port(log):
    """Start the app on this machine only; return its port."""
    with running_app(log) as app:
        yield app.port


@pytest.fixture(scope="module")
def named_port(log):
    """Start the app as behind a reverse proxy with a name."""
    with running_app(log, "--name", "logs.example.com") as app:
        yield app.port


def status(port: int, route: str, *headers: str, method: str = "GET") -> str:
    """Return the status of an answer; "" where there is none."""
    lines = [f"{method} {route} HTTP/1.1", *(header.format(port=port) for header in headers), "Connection: close"]
    return _exchange(port, lines)


def connect(port: int, *headers: str) -> str:
    """Return the status of the answer to a request for a connection."""
    lines = ["GET /_stcore/stream HTTP/1.1", *(header.format(port=port) for header in headers)]
    key = ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"]
    return _exchange(port, [*lines, "Upgrade: websocket", "Connection: Upgrade", *key])


def _exchange(port: int, lines: list[str]) -> str:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall("".join(f"{line}\r\n" for line in [*lines, ""]).encode())
        answer = client.recv(64).split(b" ")
        return answer[1].decode() if len(answer) > 1 else ""


@pytest.mark.parametrize("route", ROUTES)
def test_no_route_answers_to_another_name(port, route):
    """A page that comes under another name reads nothing and operates nothing."""
    for method in ("GET", "POST", "OPTIONS", "PUT", "DELETE", "HEAD"):
        assert status(port, route, "Host: evil.example:{port}", method=method) == "403"


@pytest.mark.parametrize("host", OTHERS)
def test_other_names_are_refused_however_they_are_written(port, host):
    """On pages and on the connection."""
    assert status(port, "/", f"Host: {host}") in ("400", "403")
    assert connect(port, f"Host: {host}", f"Origin: http://{host}") in ("400", "403")


@pytest.mark.parametrize("host", OWN)
def test_this_machine_is_let_in(port, host):
    """Under each of its names."""
    assert status(port, "/", f"Host: {host}") == "200"
    assert connect(port, f"Host: {host}", f"Origin: http://{host}") == "101"


def test_of_several_names_none_may_be_another(port):
    """Whichever the server reads; nor the one of the request's line."""
    for first, second in (("localhost", "evil.example"), ("evil.example", "localhost")):
        assert status(port, "/", f"Host: {first}", f"Host: {second}") in ("400", "403")
    assert status(port, "http://evil.example/", "Host: evil.example") in ("400", "403", "404")


@pytest.mark.parametrize(
    "origin", ["http://localhost:1", "http://127.0.0.1:1", "http://evil.example", "null", "https://localhost:{port}:1"]
)
def test_a_page_of_another_server_of_this_machine_gets_no_connection(port, origin):
    """The port belongs to the origin."""
    assert connect(port, "Host: localhost:{port}", f"Origin: {origin}") == "403"


def test_a_proxy_s_name_is_let_in_and_no_other(named_port):
    """As --name says."""
    assert status(named_port, "/", "Host: logs.example.com") == "200"
    assert connect(named_port, "Host: logs.example.com", "Origin: https://logs.example.com") == "101"
    assert status(named_port, "/", "Host: evil.example") == "403"
    assert status(named_port, "/", "Host: localhost:{port}") == "200"


def test_the_refusal_says_what_to_do(port):
    """Behind a reverse proxy."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: logs.example.com\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(4096), b"")).decode()
    assert "--name logs.example.com --sources sources.toml" in answer
