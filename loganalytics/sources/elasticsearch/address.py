"""Addresses of Elasticsearch and OpenSearch: which hosts, whose login, which indices, and the options."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from loganalytics.exceptions import InvalidArgumentError
from loganalytics.sources.credentials import login
from loganalytics.sources.uri import public
from loganalytics.times import parse_every

_PORT = 9200
_OPTIONS = {"timeout", "retry", "verify_certs", "ca_certs", "partial", "overlap", "prefix"}
# A login whose password nobody has percent-encoded: it may hold / ? #, and is no port.
_LOGIN = re.compile(r"^[^/?#@]*:(?!\d*(?:[/?#,]|$))\S*@")


@dataclass(frozen=True)
class Host:
    """One node: http or https, its name, port and the path before that of the interface."""

    scheme: str
    name: str
    port: int
    prefix: str = ""


@dataclass(frozen=True)
class Address:
    """What an address says, completed from the environment and the credentials file."""

    product: str
    hosts: tuple[Host, ...]
    index: str
    source: str
    """The address without its secrets."""
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)
    timeout: float = 60.0
    """How long one request may take, in seconds."""
    retry: float = 120.0
    """How long to go on trying when the server is lost in the midst, in seconds."""
    overlap: float = 60.0
    """How far back a tail looks for events that come late, in seconds."""
    verify_certs: bool = True
    ca_certs: str | None = None
    partial: bool = False
    """Whether to be content with the shards that are there."""

    def scrub(self, message: str) -> str:
        """Return a message without the secrets of the address."""
        for secret in filter(None, (self.password, self.api_key)):
            message = message.replace(secret, "***")
        return message


def parse_address(address: str, environment: Mapping[str, str] = os.environ) -> Address:
    """Read an address such as elasticsearch+https://user:password@host:9200/job-logs-*?timeout=30s.

    Without a host, ELASTICSEARCH_HOSTS names them (several with commas), else it is localhost:9200; without an index,
    all that begin with ELASTICSEARCH_INDEX_PREFIX. The login comes from the address, from the credentials file, or from
    ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD, or ELASTICSEARCH_API_KEY. For OpenSearch, OPENSEARCH_... come
    first. Options: timeout (of a request), retry (how long to try when the server is lost in the midst), overlap (how
    far back a tail looks for what comes late), ca_certs (a file), verify_certs=false, partial=true (be content with the
    shards that are there), prefix (a path before the interface's).

    Raises InvalidArgumentError for an option that is not known.
    """
    scheme, _, rest = address.partition("://")
    product, _, secure = scheme.lower().partition("+")
    user, rest = _login(rest)
    split = urlsplit(f"//{rest}")
    given = dict(parse_qsl(split.query, keep_blank_values=True))
    unknown = sorted(set(given) - _OPTIONS)
    if unknown:
        raise InvalidArgumentError(
            f"{public(address)!r}: there is no option {unknown[0]!r}. Hint: one of {', '.join(sorted(_OPTIONS))}."
        )
    known = _Environment(product, environment)
    hosts, user = _hosts(split.netloc, "https" if secure else "http", given.get("prefix", ""), known, user)
    index = unquote(split.path.strip("/")) or known.get("INDEX_PREFIX") + "*"
    kept = login(hosts[0].name, hosts[0].port)
    username = user[0] or kept.get("username") or known.get("USERNAME")
    password = user[1] or kept.get("password") or known.get("PASSWORD")
    return Address(
        product, hosts, index, f"{scheme.lower()}://{hosts[0].name}:{hosts[0].port}/{index}", username or None,
        password or None, kept.get("api_key") or known.get("API_KEY") or None,
        **{name: parse_every(given[name]).total_seconds() for name in ("timeout", "retry", "overlap") if name in given},
        verify_certs=given.get("verify_certs", "true").lower() not in ("false", "0", "no"),
        ca_certs=given.get("ca_certs") or known.get("CA_CERTS") or None,
        partial=given.get("partial", "false").lower() in ("true", "1", "yes"),
    )  # fmt: skip


@dataclass(frozen=True)
class _Environment:
    """The settings of a product: its own names first."""

    product: str
    variables: Mapping[str, str]

    def get(self, name: str) -> str:
        own, common = self.variables.get(f"{self.product.upper()}_{name}"), f"ELASTICSEARCH_{name}"
        return own or self.variables.get(common, "")


Login = tuple[str, str]


def _login(rest: str) -> tuple[Login, str]:
    """Split the login off an address, whatever characters the password holds."""
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if not (_LOGIN.match(rest) or "@" in authority):
        return ("", ""), rest
    user, _, rest = rest.rpartition("@") if _LOGIN.match(rest) else rest.partition("@")
    name, _, password = user.partition(":")
    return (unquote(name), unquote(password)), rest


def _hosts(netloc: str, scheme: str, prefix: str, known: _Environment, user: Login) -> tuple[tuple[Host, ...], Login]:
    named = netloc or known.get("HOSTS") or "localhost"
    hosts: list[Host] = []
    for text in filter(None, (part.strip() for part in named.split(","))):
        login_here, text = _login(text.partition("://")[2] if "://" in text else text)
        own = named.partition("://")[0] if not netloc and "://" in named else scheme
        split = urlsplit(f"//{text}")
        user = user if any(user) else login_here
        try:
            port = split.port or _PORT
        except ValueError:
            raise InvalidArgumentError(f"{text!r} has no port that is a number. Hint: write host:9200.") from None
        hosts.append(Host(own, split.hostname or "localhost", port, prefix.rstrip("/") or split.path.rstrip("/")))
    return tuple(hosts), user
