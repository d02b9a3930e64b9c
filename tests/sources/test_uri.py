"""Addresses: their components, and what of them is shown."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loganalytics.exceptions import InvalidArgumentError
from loganalytics.sources import uri

PASSWORDS = ["s3cr3t", "s3/cr3t", "s3?cr3t", "s3#cr3t", "s3'cr3t", "s3@cr3t", "s3@c/r3t", "9x/9?x", "1:2"]


@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize("query", ["", "?stream=a&stream=b"])
def test_a_password_need_not_be_percent_encoded(password, query):
    """Whatever is part of it, the host is the one behind it, and nothing of the password is shown."""
    address = f"redis://user:{password}@host:6379/0{query}"
    parts = uri.split(address)
    assert (parts.username, parts.password, parts.authority, parts.path) == ("user", password, "host:6379", "/0")
    assert uri.without_credentials(address) == "redis://host:6379/0"
    assert password not in repr(parts)


@given(password=st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1))
def test_an_encoded_password_is_decoded(password):
    """Any characters, and an "@" of the query stays there."""
    parts = uri.split(f"redis://me:{quote(password, safe='')}@host/0?stream=logs@eu")
    assert (parts.password, parts.authority, parts.options) == (password, "host", {"stream": "logs@eu"})


@pytest.mark.parametrize(
    ("address", "components"),
    [
        ("redis://host", ("redis", "", "", "host", "", "")),
        ("host:9200/a@b", ("", "", "", "host:9200", "/a@b", "")),
        ("s3://bucket/a/*.log", ("s3", "", "", "bucket", "/a/*.log", "")),
        ("mysql://me@a,b:1/db?table=t#x", ("mysql", "me", "", "a,b:1", "/db", "table=t")),
        ("redis://:pw@[::1]:6379", ("redis", "", "pw", "[::1]:6379", "", "")),
        ("unix://:pw@/run/redis.sock?stream=a@b", ("unix", "", "pw", "", "/run/redis.sock", "stream=a@b")),
    ],
)
def test_components(address, components):
    """Scheme, login, hosts, path and query; the fragment is apart."""
    parts = uri.split(address)
    assert (parts.scheme, parts.username, parts.password, parts.authority, parts.path, parts.query) == components


def test_parameters_may_repeat():
    """All values of a name are there, in their order; among the options is the last one."""
    parts = uri.split("redis://host?stream=a&stream=b&db=")
    assert parts.parameters == [("stream", "a"), ("stream", "b"), ("db", "")]
    assert parts.options == {"stream": "b", "db": ""}


@pytest.mark.parametrize(
    ("host", "expected"),
    [("", ("", None)), ("h", ("h", None)), ("h:", ("h", None)), ("h:65535", ("h", 65535)), ("[::1]:1", ("::1", 1))],
)
def test_host_and_port(host, expected):
    """Brackets of IPv6 are no part of the name."""
    assert uri.host_and_port(host) == expected


@pytest.mark.parametrize("host", ["user:s3cr3t", "h:65536", "h:1:2", "[::1"])
def test_a_port_that_is_not_valid(host):
    """The error names the host alone: what stands behind it may be a password."""
    with pytest.raises(InvalidArgumentError, match="port of") as caught:
        uri.host_and_port(host)
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://me:pw@host:1/a.log?x=pw#pw", "https://host:1/a.log"),
        ("s3://key:pw@bucket/a/*.log", "s3://bucket/a/*.log"),
        ("redis:/me:pw@host", "redis:***@host"),
        ("me:pw@host:9200/i", "***@host:9200/i"),
        ("redis://me:12/pw@host", "redis://***@host"),
        ("redis://me:pw/1", "redis://me"),
        ("jdbc:mysql://me:p w@host/db", "mysql://host/db"),
        ("sqlite:///a@b.db", "sqlite:///a@b.db"),
        ("http://host/me@b.log", "http://host/me@b.log"),
        ("lake/key=1/me@b.log", "lake/key=1/me@b.log"),
        ("C:\\logs\\me@b.log", "C:\\logs\\me@b.log"),
        ("app.log?x=1&password=pw", "app.log?x=1&password=***"),
    ],
)
def test_without_credentials(address, shown):
    """User, password and query are left out, and what may be one of them; a path stays as it is."""
    assert uri.without_credentials(address) == shown


def test_scrub():
    """Addresses within a message lose what is secret, and that of the address that is given goes everywhere."""
    message = "Error at https://me:pw@host/a?pw=1 (path: s3://b/c): 'p%40ss' and p@ss"
    assert uri.scrub(message, "redis://me:p@ss@host") == "Error at https://host/a (path: s3://b/c): '***' and ***"


@pytest.mark.parametrize("address", ["redis://me:12/pw@host", "elasticsearch://host:9200/a@b", "http://h:1/a@b"])
def test_where_the_password_ends_must_be_clear(address):
    """What looks like a port may begin a password: the address is refused, and not shown."""
    with pytest.raises(InvalidArgumentError, match="password ends") as caught:
        uri.split(address)
    assert "12/pw" not in str(caught.value)
