"""Which login goes to which host: what a listener on another address of this machine is sent."""

from __future__ import annotations

import base64
import socket
import struct
import threading
from contextlib import contextmanager

import pytest

import loganalytics as la
from loganalytics.cli.main import main
from loganalytics.exceptions import InvalidArgumentError, LogAnalyticsError, UnreachableSourceError
from loganalytics.sources import logins

SECRET = "hunter2-not-to-be-seen"
UNAUTHORIZED = (
    b"HTTP/1.1 401 Unauthorized\r\nx-elastic-product: Elasticsearch\r\ncontent-type: application/json\r\n"
    b'content-length: 2\r\n\r\n{}'
)  # fmt: skip
ANSWERS = {
    "redis": [b"-NOAUTH Authentication required.\r\n"] * 9,
    "elasticsearch": [UNAUTHORIZED] * 9,
    "opensearch": [UNAUTHORIZED.replace(b"x-elastic-product: Elasticsearch\r\n", b"")] * 9,
    # PostgreSQL asks for the password in clear, then refuses it.
    "postgresql": [b"R" + struct.pack(">ii", 8, 3), b"E" + struct.pack(">i", 24) + b"SFATAL\0C28P01\0Mno\0\0\0"],
}


def other_address() -> str:
    """Return an address of this machine that is not its loopback's; "" without one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return ""
        return str(probe.getsockname()[0])


OTHER = other_address()
pytestmark = pytest.mark.skipif(not OTHER or OTHER.startswith("127."), reason="this machine has no other address")


@contextmanager
def listening(host: str, answers: list[bytes]):
    """Listen; give the port, and what comes."""
    received: list[bytes] = []

    def serve() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            client.settimeout(2)
            try:
                for answer in answers:
                    chunk = client.recv(65536)
                    if not chunk:
                        break
                    received.append(chunk)
                    client.sendall(answer)
            except OSError:
                pass
            client.close()

    with socket.create_server((host, 0)) as server:
        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1], received


def sent_to(host: str, scheme: str, *, user: str = "", path: str = "x", query: str = "") -> tuple[bytes, str]:
    """Describe a source at a listener; return what was sent there, and the error."""
    with listening(host, ANSWERS[scheme.partition("+")[0]]) as (port, received):
        with pytest.raises(LogAnalyticsError) as error:
            la.load(f"{scheme}://{user}{host}:{port}/{path}{query}")
        return b"".join(received), str(error.value)


def is_sent(data: bytes) -> bool:
    """Whether the secret is in it, as it is or in Basic authentication."""
    basic = [base64.b64encode(f"{user}:{SECRET}".encode()) for user in ("me", "elastic")]
    return any(text in data for text in (SECRET.encode(), *basic))


@pytest.fixture(autouse=True)
def no_settings(monkeypatch, tmp_path):
    """Begin without a login."""
    for name in ("REDIS_URL", "REDIS_HOST", "REDIS_PASSWORD", "PGHOST", "PGPASSWORD", "DATABASE_URL", "PGSERVICE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PGSSLMODE", "disable")
    monkeypatch.delenv("LOGANALYTICS_USE_ENV_LOGIN", raising=False)


UNBOUND = [
    ("redis", {"REDIS_PASSWORD": SECRET}, "REDIS_HOST"),
    ("redis", {"REDISCLI_AUTH": SECRET}, "REDIS_HOST"),
    ("redis", {"REDIS_URL": f"redis://:{SECRET}@db.example.com:6379"}, "REDIS_HOST"),
    ("elasticsearch", {"ELASTICSEARCH_PASSWORD": SECRET, "ELASTICSEARCH_USERNAME": "me"}, "ELASTICSEARCH_HOSTS"),
    ("opensearch", {"OPENSEARCH_API_KEY": SECRET}, "OPENSEARCH_HOSTS"),
    ("postgresql", {"PGPASSWORD": SECRET}, "PGHOST"),
    ("postgresql+psycopg2", {"DATABASE_URL": f"postgres://me:{SECRET}@db.example.com/x"}, ""),
]  # fmt: skip


@pytest.mark.parametrize(("scheme", "settings", "binding"), UNBOUND)
def test_a_login_does_not_go_to_a_host_that_it_does_not_belong_to(monkeypatch, scheme, settings, binding):
    """Nothing of it is sent; the error says so and what to do."""
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    path = "0" if scheme == "redis" else "x"
    data, error = sent_to(OTHER, scheme, path=path, query="?table=t" if "sql" in scheme else "")
    assert not is_sent(data)
    assert data
    assert SECRET not in error
    if binding:
        assert "was not sent" in error
        assert binding in error
        assert "--use-env-login" in error


@pytest.mark.parametrize(("scheme", "settings", "binding"), [case for case in UNBOUND if case[2]])
def test_a_login_goes_to_the_host_that_it_belongs_to(monkeypatch, scheme, settings, binding):
    """The one that the environment names beside it."""
    monkeypatch.setenv("LOGANALYTICS_ALLOW_HTTP_LOGIN", OTHER)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv(binding, f"http://{OTHER}" if "HOSTS" in binding else OTHER)
    with listening(OTHER, ANSWERS[scheme]) as (port, received):
        if "HOSTS" in binding:
            monkeypatch.setenv(binding, f'["http://{OTHER}:{port}"]')
        with pytest.raises(UnreachableSourceError):
            la.load(f"{scheme}://{OTHER}:{port}/{'0' if scheme == 'redis' else 'x'}?" + "table=t" * ("sql" in scheme))
        assert is_sent(b"".join(received))


@pytest.mark.parametrize(("scheme", "settings", "binding"), [case for case in UNBOUND if case[2]])
def test_a_login_that_names_no_host_goes_to_this_machine(monkeypatch, scheme, settings, binding):
    """And only there."""
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    path = "0" if scheme == "redis" else "x"
    data, _ = sent_to("127.0.0.1", scheme, path=path, query="?table=t" if "sql" in scheme else "")
    assert is_sent(data) == ("REDIS_URL" not in settings)


def test_a_login_goes_where_it_is_allowed_to(monkeypatch, capsys):
    """By LOGANALYTICS_USE_ENV_LOGIN, and by the flag for the hosts of the command line."""
    monkeypatch.setenv("REDIS_PASSWORD", SECRET)
    monkeypatch.setenv("LOGANALYTICS_USE_ENV_LOGIN", f"db.example.com, {OTHER}")
    assert is_sent(sent_to(OTHER, "redis", path="0")[0])
    monkeypatch.setenv("LOGANALYTICS_USE_ENV_LOGIN", f"{OTHER}:1")
    assert not is_sent(sent_to(OTHER, "redis", path="0")[0])
    with listening(OTHER, ANSWERS["redis"]) as (port, received):
        assert main(["sources", f"redis://{OTHER}:{port}/0", "--use-env-login"]) == 3
        assert is_sent(b"".join(received))
    assert SECRET not in capsys.readouterr().err


@pytest.mark.parametrize("query", ["?host={}", "?path=/tmp/x", "?credential_provider=x"])
def test_a_parameter_does_not_replace_the_host(monkeypatch, query):
    """The login of localhost would go to another."""
    monkeypatch.setenv("REDIS_PASSWORD", SECRET)
    with pytest.raises(InvalidArgumentError, match="unknown parameter"):
        la.load("redis:///0" + query.format(OTHER))


@pytest.mark.parametrize(
    "address", ["postgresql://localhost/x?host={}", "postgresql:///x?hostaddr={}", "postgresql://127.0.0.1%2C{}/x?"]
)
def test_an_option_of_libpq_is_a_host_too(monkeypatch, address):
    """It is the one that is connected to."""
    monkeypatch.setenv("PGPASSWORD", SECRET)
    with listening(OTHER, ANSWERS["postgresql"]) as (port, received):
        monkeypatch.setenv("PGPORT", str(port))
        with pytest.raises(LogAnalyticsError):
            la.load(address.format(OTHER) + "&table=t")
        assert not is_sent(b"".join(received))


@pytest.mark.parametrize(("line", "sent"), [("*:*:*:*:", False), ("{}:*:*:*:", True), ("*:*:*:*:no\n{}:*:*:*:", False)])
def test_the_password_file_of_libpq(monkeypatch, tmp_path, line, sent):
    """A line of the host is its login; one for any host is not."""
    (tmp_path / "pgpass").write_text(line.format(OTHER) + SECRET + "\n")
    (tmp_path / "pgpass").chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "pgpass"))
    assert is_sent(sent_to(OTHER, "postgresql", user="me@", query="?table=t")[0]) == sent


@pytest.mark.parametrize("scheme", ["elasticsearch", "opensearch"])
def test_a_login_does_not_go_over_plain_http_to_another_machine(monkeypatch, scheme):
    """Unless the address or the environment says that it may."""
    with listening(OTHER, ANSWERS[scheme]) as (port, received):
        address = f"{scheme}://me:{SECRET}@{OTHER}:{port}/x"
        with pytest.raises(InvalidArgumentError, match=r"\+https") as error:
            la.load(address)
        assert not received
        assert SECRET not in str(error.value)
        with pytest.raises(UnreachableSourceError):
            la.load(address + "?allow_http_login=true")
        assert is_sent(b"".join(received))


def test_nor_does_one_for_a_file_on_a_web_server():
    """The address says https:// then."""
    with listening(OTHER, [UNAUTHORIZED]) as (port, received):
        with pytest.raises(InvalidArgumentError, match="https") as error:
            la.load(f"http://me:{SECRET}@{OTHER}:{port}/app.log")
        assert not received
        assert SECRET not in str(error.value)


@pytest.mark.parametrize("scheme", ["elasticsearch", "opensearch"])
def test_a_redirect_does_not_take_the_login_along(scheme):
    """It is not followed."""
    with listening(OTHER, [UNAUTHORIZED]) as (port, received):
        moved = f"HTTP/1.1 307 Moved\r\nlocation: http://{OTHER}:{port}/x\r\ncontent-length: 0\r\n\r\n".encode()
        with listening("127.0.0.1", [moved]) as (first, asked), pytest.raises(LogAnalyticsError):
            la.load(f"{scheme}://me:{SECRET}@127.0.0.1:{first}/x?retry=1s")
        assert is_sent(b"".join(asked))
        assert not received


def test_the_credentials_file_is_for_its_hosts(monkeypatch, tmp_path):
    """An entry of one of two hosts does not go to the other."""
    file = tmp_path / "credentials.toml"
    file.write_text(f'["127.0.0.1"]\nusername = "me"\npassword = "{SECRET}"\n')
    file.chmod(0o600)
    monkeypatch.setenv("LOGANALYTICS_CREDENTIALS", str(file))
    assert is_sent(sent_to("127.0.0.1", "elasticsearch")[0])
    with listening(OTHER, ANSWERS["elasticsearch"]) as (port, received), pytest.raises(LogAnalyticsError):
        la.load(f"elasticsearch://127.0.0.1:1,{OTHER}:{port}/x")
    assert not is_sent(b"".join(received))


@pytest.mark.parametrize(
    ("name", "local"),
    [("127.8.8.8", True), ("::1", True), ("LOCALHOST", True), ("/run/x", True), ("localhost.example.com", False),
     ("127.0.0.1.example.com", False), ("0.0.0.0", False), ("10.0.0.1", False), ("127.1", False)],
)  # fmt: skip
def test_what_is_this_machine(name, local):
    """By its address, not by how a name begins."""
    assert logins.is_local(name) == local


def test_the_login_of_this_machine_does_not_follow_a_cluster_to_another(monkeypatch):
    """A node on loopback may name others, which do not get it; that of an address is for all nodes."""
    from loganalytics.sources.redis_streams.address import local_node, parse_address

    monkeypatch.delenv("LOGANALYTICS_USE_ENV_LOGIN", raising=False)
    monkeypatch.setenv("REDIS_PASSWORD", "s3cr3t")
    assert parse_address("redis+cluster://127.0.0.1:7000").is_login_local
    assert not parse_address("redis+cluster://:own@127.0.0.1:7000").is_login_local
    assert local_node(("127.0.0.1", 7001)) == ("127.0.0.1", 7001)
    with pytest.raises(UnreachableSourceError, match="on another machine"):
        local_node(("192.0.2.2", 7001))
    monkeypatch.setenv("LOGANALYTICS_USE_ENV_LOGIN", "192.0.2.2")
    assert local_node(("192.0.2.2", 7001)) == ("192.0.2.2", 7001)
