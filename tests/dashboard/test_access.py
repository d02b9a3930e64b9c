"""Who may see which source: an administrator's list, the network, and logging in with a provider of the tests' own."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from browsing import APP, free_port, needs_browser, running_app
from joserfc import jwt
from joserfc.jwk import RSAKey
from streamlit.testing.v1 import AppTest

from loganalytics.dashboard import access
from loganalytics.exceptions import SourceNotFoundError


@pytest.fixture
def sources(tmp_path):
    """Write two logs and a list that names both, one of them for Ann only."""
    for name in ("shop", "secret"):
        (tmp_path / f"{name}.log").write_text(f"2026-03-10 12:00:00 ERROR {name} failed\n" * 3)
    path = tmp_path / "sources.toml"
    path.write_text(
        f'[sources.Secret]\nsource = ["{tmp_path}/secret.log"]\nreaders = ["ann@example.com"]\n'
        f'[sources.Shop]\nsource = "{tmp_path}/shop.log"\n'
    )
    return path


@pytest.fixture
def app(monkeypatch):
    """Return the app, not yet run, with nothing named."""
    monkeypatch.setattr("sys.argv", ["app_streamlit.py"])
    monkeypatch.delenv("LOGANALYTICS_SOURCE", raising=False)
    return AppTest.from_file(APP, default_timeout=120)


def test_a_list_shows_names_and_hides_what_is_for_others(app, sources, monkeypatch):
    """The reader chooses among names; the link holds the name, never the address."""
    monkeypatch.setenv("LOGANALYTICS_SOURCES", str(sources))
    app.run()
    assert app.get_by_key("source").options == ["Shop"]
    assert app.metric[0].value == "3"
    assert app.run().query_params["source"] == "Shop"  # the browser writes the first address itself


@pytest.mark.parametrize("name", ["Secret", "/etc/passwd", "redis://127.0.0.1/0"])
def test_a_link_cannot_name_what_is_not_listed(app, sources, monkeypatch, name):
    """Neither a source for others nor a path or an address is read."""
    monkeypatch.setenv("LOGANALYTICS_SOURCES", str(sources))
    app.query_params["source"] = name
    app.run()
    assert not app.metric
    assert "is not a listed source" in app.text[0].value


def test_a_changed_list_is_read_again(app, sources, monkeypatch):
    """A source that is no longer listed is gone without a restart."""
    monkeypatch.setenv("LOGANALYTICS_SOURCES", str(sources))
    app.run()
    assert app.get_by_key("source").options == ["Shop"]
    sources.write_text(sources.read_text().replace("Shop", "Store"))
    app.run()
    assert app.get_by_key("source").options == ["Store"]


def test_over_a_network_only_the_start_source_is_shown(app, tmp_path, monkeypatch):
    """Who listens on other addresses than this machine's lets nobody name a path."""
    monkeypatch.setattr("loganalytics.dashboard.access.is_on_loopback", lambda: False)
    app.query_params["source"] = str(tmp_path)
    app.run()
    assert "This dashboard does not show" in app.text[0].value
    with pytest.raises(KeyError):
        app.get_by_key("source")


def test_an_invalid_list_says_so(app, tmp_path, monkeypatch):
    """A broken file is an error on the page."""
    (tmp_path / "sources.toml").write_text("x = 1\n")
    monkeypatch.setenv("LOGANALYTICS_SOURCES", str(tmp_path / "sources.toml"))
    app.run()
    assert "is not a valid list of sources" in app.text[0].value


class Provider(BaseHTTPRequestHandler):
    """An OpenID provider at which everybody is Ann; it checks the client's secret, and the PKCE proof."""

    key = RSAKey.generate_key(2048, {"kid": "test", "use": "sig", "alg": "RS256"})
    authorizations: dict[str, dict[str, str]]

    def do_GET(self):
        """Answer discovery and keys; redirect a login straight back with a code."""
        url = urlsplit(self.path)
        issuer = f"http://127.0.0.1:{self.server.server_port}"
        if url.path == "/.well-known/openid-configuration":
            self.answer({
                "issuer": issuer, "authorization_endpoint": f"{issuer}/authorize", "token_endpoint": f"{issuer}/token",
                "jwks_uri": f"{issuer}/keys", "id_token_signing_alg_values_supported": ["RS256"],
                "response_types_supported": ["code"], "subject_types_supported": ["public"],
            })  # fmt: skip
        elif url.path == "/keys":
            self.answer({"keys": [self.key.as_dict(private=False)]})
        else:
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            self.authorizations["code-1"] = query
            self.send_response(302)
            back = urlencode({"code": "code-1", "state": query["state"]})
            self.send_header("Location", f"{query['redirect_uri']}?{back}")
            self.end_headers()

    def do_POST(self):
        """Give a token for a code."""
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        query = self.authorizations.pop(form["code"][0])
        login = base64.b64decode(self.headers.get("Authorization", "Basic Og==").split()[1]).decode()
        assert login == "dashboard:s3cret" or form.get("client_secret") == ["s3cret"]
        if "code_challenge" in query:
            proof = hashlib.sha256(form["code_verifier"][0].encode()).digest()
            assert base64.urlsafe_b64encode(proof).rstrip(b"=").decode() == query["code_challenge"]
        issued_at = int(time.time())
        claims = {
            "iss": f"http://127.0.0.1:{self.server.server_port}", "aud": "dashboard", "sub": "1", "iat": issued_at,
            "exp": issued_at + 300, "email": "ann@example.com", "name": "Ann",
        }  # fmt: skip
        if "nonce" in query:
            claims["nonce"] = query["nonce"]
        token = jwt.encode({"alg": "RS256", "kid": "test"}, claims, self.key)
        self.answer({"access_token": "a", "token_type": "Bearer", "expires_in": 300, "id_token": token})

    def answer(self, content):
        """Send JSON."""
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Keep quiet."""


@pytest.fixture
def provider():
    """Run the provider; return its address."""
    Provider.authorizations = {}
    server = HTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_a_view_on_a_source_of_others_is_not_in_the_menu(app, sources, monkeypatch):
    """Its name may say what it is about."""
    with sources.open("a") as file:
        file.write('[views]\n"Shop errors" = "explore?source=Shop&level=ERROR"\n"Layoffs" = "explore?source=Secret"\n')
    monkeypatch.setenv("LOGANALYTICS_SOURCES", str(sources))
    assert app.run().get_by_key("saved-view").options == ["Shop errors"]


def test_a_listed_search_server_takes_its_own_language(app, sources, monkeypatch):
    """Lucene in a link is no SQL that is broken."""
    sources.write_text('[sources.Search]\nsource = "elasticsearch://127.0.0.1:1/jobs"\n')
    monkeypatch.setenv("LOGANALYTICS_SOURCES", str(sources))
    app.query_params["query"] = "level:ERROR"
    app.query_params["source"] = "Search"
    app.run()
    assert app.session_state["view"].query == "level:ERROR"
    assert app.get_by_key("query").label == "Condition in Lucene's syntax"


@needs_browser
def test_whoever_logs_in_sees_what_is_listed_for_her(provider, sources, tmp_path, page):
    """Before, nothing is shown; after, the source that only Ann may see; and out again."""
    port = free_port()
    folder = tmp_path / ".streamlit"
    folder.mkdir()
    (folder / "secrets.toml").write_text(
        f'[auth]\nredirect_uri = "http://127.0.0.1:{port}/oauth2callback"\ncookie_secret = "{"c" * 40}"\n'
        f'client_id = "dashboard"\nclient_secret = "s3cret"\n'
        f'server_metadata_url = "{provider}/.well-known/openid-configuration"\n'
    )
    with running_app("--login", "--sources", str(sources), port=port, folder=tmp_path) as app:
        page.goto(app.url)
        page.get_by_role("button", name="Log in").wait_for()
        assert page.get_by_test_id("stMetric").count() == 0
        page.get_by_role("button", name="Log in").click()
        page.get_by_test_id("stMetric").first.wait_for()
        page.wait_for_url("**/*source=Secret*")
        page.get_by_role("link", name="Explore").click()
        page.get_by_text("of 3 events").wait_for()
        page.get_by_role("button", name="Log out").click()
        page.get_by_role("button", name="Log in").wait_for()


def test_over_a_network_the_demonstration_s_stream_is_shown(monkeypatch):
    """Its Live page leads there; another stream of its server is not."""
    address = "redis://127.0.0.1:7000/0?stream=demo:logs"
    monkeypatch.setattr("sys.argv", ["app_streamlit.py"])
    for name in ("LOGANALYTICS_SOURCE", "LOGANALYTICS_SOURCES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("loganalytics.dashboard.access.is_on_loopback", lambda: False)
    monkeypatch.setattr("loganalytics.dashboard.demo.stream_address", lambda: address)
    assert access.addresses((address,)) == (address,)
    with pytest.raises(SourceNotFoundError, match="does not show"):
        access.addresses((f"{address}2",))


def test_over_a_network_the_start_source_is_found_without_its_password(app, monkeypatch, valkey, redis):
    """As its link names it; another stream of the same server is not."""
    redis.xadd("logs", {"message": "hello", "level": "ERROR"})
    address = f"redis://127.0.0.1:{valkey.port}/0?stream=logs&socket_timeout=9"
    monkeypatch.setenv("LOGANALYTICS_SOURCE", address)
    monkeypatch.setattr("loganalytics.dashboard.access.is_on_loopback", lambda: False)
    app.query_params["source"] = f"redis://127.0.0.1:{valkey.port}/0?stream=logs"
    app.run()
    assert app.metric[0].value == "1"
    other = AppTest.from_file(APP, default_timeout=120)
    other.query_params["source"] = f"redis://127.0.0.1:{valkey.port}/0?stream=secret"
    other.run()
    assert "This dashboard does not show" in other.text[0].value


@pytest.mark.parametrize("setting", ["login", "name"])
def test_behind_a_proxy_nobody_names_a_source(setting, tmp_path, monkeypatch):
    """Others than this machine's users come through it, though the app listens on this machine only."""
    if setting == "login":
        monkeypatch.setenv("LOGANALYTICS_LOGIN", "1")
    else:
        monkeypatch.setattr("loganalytics.dashboard.access.own_names", lambda: ["logs.example.com"])
    monkeypatch.setattr("loganalytics.dashboard.access.is_on_loopback", lambda: True)
    monkeypatch.delenv("LOGANALYTICS_SOURCES", raising=False)
    assert not access.may_name_any()
    with pytest.raises(SourceNotFoundError, match="does not show"):
        access.addresses((str(tmp_path),))
