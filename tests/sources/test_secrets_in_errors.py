"""No piece of a secret is in an error, on standard output or on standard error, whatever the address looks like."""

from __future__ import annotations

import contextlib
import io
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

import loganalytics as la
from loganalytics.cli.main import main
from loganalytics.exceptions import SourceNotFoundError
from loganalytics.sources import uri
from loganalytics.view import View

MARKS = "QЖ文ẞ"
"""Letters that messages have not: a piece of the password is one with such a letter."""
PASSWORDS = st.text(st.sampled_from(MARKS * 3 + "#?/@:% '\"\\,;&=+a1[]()<>"), min_size=6, max_size=20)
ENCODED = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=9).map(lambda text: f"QЖ{text}Ж文ẞQ")

RAW = [
    *(f"{scheme}://user:{{}}@127.0.0.1:1/x" for scheme in (
        "redis", "rediss", "redis+sentinel", "elasticsearch", "opensearch+https", "postgresql", "mysql",
        "postgresql+psycopg2", "jdbc:postgresql", "rediss+x", "mongodb", "s3x", " redis", "sqlite",
    )),
    "redis://:{}@127.0.0.1:1",
    "http://user:{}@WEB/app.log", "http://:{}@WEB/app.log", "redis://user:{}@127.0.0.1:99999999/0", "redis://user:{}@127.0.0.1:port/0",
    "elasticsearch://user:{}@127.0.0.1:99999999/i", "postgresql://user:{}@127.0.0.1:port/db",
    "mysql://user:{}@127.0.0.1:99999999/db", "redis:/user:{}@127.0.0.1", "redis:user:{}@127.0.0.1:1/0",
    "redis:/:{}@127.0.0.1:1", "postgresql:/user:{}@127.0.0.1/db", "user:{}@127.0.0.1:9200/i", "//user:{}@127.0.0.1/i",
    "file://user:{}@127.0.0.1/i", "redis://127.0.0.1:1/0?unknown=1&password=x#{}",
]  # fmt: skip
QUERIES = [
    "redis://127.0.0.1:1/0?password={}", "postgresql://127.0.0.1:1/db?password={}", "mysql://127.0.0.1:1/db?password={}",
    "postgresql://127.0.0.1:1/db?sslpassword={}", "elasticsearch://127.0.0.1:1/i?api_key={}",
    "http://WEB/app.log?token={}", "http://WEB/app.log?sig={}", "app.log?password={}",
    "sqlite:///app.db?password={}", "elasticsearch://127.0.0.1:1/i?password={}", "opensearch://127.0.0.1:1/i?token={}",
    "redis+cluster://127.0.0.1:1?password={}", "redis+sentinel://127.0.0.1:1/m/0?password={}",
]  # fmt: skip


class Nothing(BaseHTTPRequestHandler):
    """A web server that has nothing."""

    def do_GET(self):
        """Say so."""
        self.send_response(404)
        self.end_headers()

    do_HEAD = do_GET  # noqa: N815 - the name is the standard library's

    def log_message(self, *_):
        """Keep quiet."""


@pytest.fixture(scope="module")
def web():
    """Run that server; return its host and port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Nothing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()


def pieces(secret: str) -> set[str]:
    """Return the parts of four characters, as they are and percent-encoded."""
    windows = {secret[begin : begin + 4] for begin in range(len(secret) - 3)}
    marked = {window for window in windows if any(mark in window for mark in MARKS)}
    return marked | {quote(window, safe="") for window in marked}


def everything_said_of(address: str) -> str:
    """Load, scan, follow, describe and share an address, and run the command line on it; return all that is said."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        for function in (la.load, la.scan, la.tail, la.describe):
            try:
                print(repr(function(address)))
            except Exception as error:
                print(error, repr(error))
        with contextlib.suppress(SystemExit):
            code = main(["sources", address])
            assert code in (2, 3), said.getvalue()
        with contextlib.suppress(SystemExit):
            main([address])
        view = View((address,))
        print(view.to_query(), view.public(), view.to_arguments(), view.to_python())
    return said.getvalue()


def assert_is_hidden(secret: str, address: str) -> None:
    """Nothing that is said of the address has a piece of the secret."""
    said = everything_said_of(address)
    assert "Traceback" not in said
    assert not [piece for piece in pieces(secret) if piece in said], said


@pytest.mark.parametrize("template", RAW)
@settings(max_examples=4)
@example(password="12/QЖ文ẞ")
@example(password="p#QЖ文ẞ")
@example(password="QЖ文 ẞQЖ文")
@example(password="QЖ'文ẞ)QЖ文")
@given(password=PASSWORDS)
def test_no_piece_of_a_password_is_said(web, template, password):
    """Any characters, not percent-encoded, with two slashes, one or none, with a bad port or an unknown scheme."""
    # user:pw@host?stream=a@b is an address of its own: what looks like one with its options is taken for it.
    assume(not re.search(r"@[^#@?]*\?\w+=", password) and not re.match(r"\d*\?\w+=", password))
    assert_is_hidden(password, template.format(password).replace("WEB", web))


@pytest.mark.parametrize("template", [*RAW[:17], *QUERIES])
@settings(max_examples=3)
@given(password=ENCODED)
def test_no_piece_of_an_encoded_secret_is_said(web, template, password):
    """Percent-encoded, as a password and as an option."""
    assert_is_hidden(password, template.format(quote(password, safe="")).replace("WEB", web))


@pytest.mark.parametrize("variable", ["REDIS_URL", "DATABASE_URL", "ELASTICSEARCH_HOSTS", "OPENSEARCH_HOSTS"])
@pytest.mark.parametrize("password", ["p#QЖ文ẞ", "12/QЖ文ẞ", "QЖ,文ẞ文", "QЖ 文ẞ@文ẞ:QQQQ", "QЖ文ẞ?x", '"QЖ文ẞ"]'])
@pytest.mark.parametrize("host", ["127.0.0.1:1", "127.0.0.1:port", ""])
def test_no_piece_of_the_environment_is_said(monkeypatch, variable, password, host):
    """Neither of an address in it nor of one of a list."""
    scheme = {"REDIS_URL": "redis", "DATABASE_URL": "postgresql"}.get(variable, "http")
    monkeypatch.setenv(variable, f"{scheme}://user:{password}@{host}")
    for address in ("redis://", "postgresql://", "elasticsearch://", "opensearch://"):
        said = everything_said_of(address) if address[:2].upper() == variable[:2] or scheme == "postgresql" else ""
        assert not [piece for piece in pieces(password) if piece in said], said


def test_a_password_as_libpq_writes_it_is_hidden():
    """Also where the name is taken for that of a file."""
    name = "host=127.0.0.1 user=me password='s3cr3t word' dbname=app"
    with pytest.raises(SourceNotFoundError) as error:
        la.load(name)
    assert "s3cr3t" not in str(error.value)
    assert "s3cr3t" not in uri.scrub(f"unrecognized arguments: {name}", name)
