"""Addresses of Elasticsearch and OpenSearch: which hosts, whose login, which indices, and the options."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from loganalytics.exceptions import InvalidArgumentError
from loganalytics.sources import uri
from loganalytics.sources.credentials import login
from loganalytics.times import parse_every

_PORT = 9200
_OPTIONS = {"timeout", "retry", "verify_certs", "ca_certs", "partial", "overlap", "prefix"}


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

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be shown."""
        return tuple(secret for secret in (self.password, self.api_key) if secret)


def parse(address: str, environment: Mapping[str, str] = os.environ) -> Address:
    """Read an address such as elasticsearch+https://user:password@host:9200/job-logs-*?timeout=30s.

    Without a host, ELASTICSEARCH_HOSTS names them (several with commas), else it is localhost:9200; without an index,
    all that begin with ELASTICSEARCH_INDEX_PREFIX. The login comes from the address, from the credentials file, or from
    ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD, or ELASTICSEARCH_API_KEY. For OpenSearch, OPENSEARCH_... come
    first. Options: timeout (of a request), retry (how long to try when the server is lost in the midst), overlap (how
    far back a tail looks for what comes late), ca_certs (a file), verify_certs=false, partial=true (be content with the
    shards that are there), prefix (a path before the interface's).

    Raises InvalidArgumentError for an option that is not known.
    """
    split = uri.split(address)
    scheme = split.scheme.lower()
    product, _, secure = scheme.partition("+")
    given = split.options
    unknown = sorted(set(given) - _OPTIONS)
    if unknown:
        raise InvalidArgumentError(
            f"{uri.without_credentials(address)!r}: there is no option {unknown[0]!r}. "
            f"Hint: one of {', '.join(sorted(_OPTIONS))}."
        )
    known = _Environment(product, environment)
    user = (split.username, split.password)
    hosts, user = _hosts(split.authority, "https" if secure else "http", given.get("prefix", ""), known, user)
    index = unquote(split.path.strip("/")) or known.get("INDEX_PREFIX") + "*"
    kept = login(hosts[0].name, hosts[0].port)
    username = user[0] or kept.get("username") or known.get("USERNAME")
    password = user[1] or kept.get("password") or known.get("PASSWORD")
    return Address(
        product, hosts, index, f"{scheme}://{hosts[0].name}:{hosts[0].port}/{index}", username or None,
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


def _hosts(
    authority: str, scheme: str, prefix: str, known: _Environment, user: Login
) -> tuple[tuple[Host, ...], Login]:
    named = authority or known.get("HOSTS") or "localhost"
    own = named.partition("://")[0] if not authority and "://" in named else scheme
    hosts: list[Host] = []
    for address in filter(None, (part.strip() for part in named.split(","))):
        split = uri.split(address)
        user = user if any(user) else (split.username, split.password)
        name, port = uri.host_and_port(split.authority)
        path = prefix.rstrip("/") or split.path.rstrip("/")
        hosts.append(Host(own, name.lower() or "localhost", port or _PORT, path))
    return tuple(hosts), user
