"""Addresses of Elasticsearch and OpenSearch: which hosts, whose login, which indices, and the options."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from loganalytics.exceptions import InvalidArgumentError
from loganalytics.sources import uri
from loganalytics.sources.credentials_file import login as stored_login
from loganalytics.times import parse_every

_PORT = 9200
_OPTIONS = {"timeout", "retry", "verify_certs", "ca_certs", "partial", "overlap", "prefix"}


@dataclass(frozen=True, kw_only=True)
class Host:
    """One node: http or https, its name, port and the path before that of the API."""

    scheme: str
    name: str
    port: int
    prefix: str = ""


@dataclass(frozen=True, kw_only=True)
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
    """How long to go on trying when the server is lost while it is read, in seconds."""
    overlap: float = 60.0
    """How far back a tail looks for events that come late, in seconds."""
    verify_certs: bool = True
    ca_certs: str | None = None
    partial: bool = False
    """Whether the shards that are there are enough."""

    @property
    def authorization(self) -> dict[str, str]:
        """The header that logs in; both clients encode user and password as Latin-1, and fail on other letters."""
        if self.api_key:
            return {"authorization": f"ApiKey {self.api_key}"}
        if not self.username:
            return {}
        login = base64.b64encode(f"{self.username}:{self.password or ''}".encode()).decode()
        return {"authorization": f"Basic {login}"}

    def scrub(self, message: str) -> str:
        """Return a message without the secrets of the address."""
        return uri.mask_secrets(message, [self.password, self.api_key])


def parse_address(address: str, environment: Mapping[str, str] = os.environ) -> Address:
    """Read an address such as elasticsearch+https://user:password@host:9200/job-logs-*?timeout=30s.

    Without a host, ELASTICSEARCH_HOSTS names them (several with commas), else it is localhost:9200; without an index,
    all that begin with ELASTICSEARCH_INDEX_PREFIX. The login comes from the address, from the credentials file, or from
    ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD, or ELASTICSEARCH_API_KEY. For OpenSearch, OPENSEARCH_... come
    first. Options: timeout (of a request), retry (how long to try when the server is lost while it is read), overlap
    (how far back a tail looks for what comes late), ca_certs (a file), verify_certs=false, partial=true (the shards
    that are there are enough), prefix (a path before that of the API).

    Raises InvalidArgumentError for an option that is not known.
    """
    split = uri.split(address)
    scheme, options = split.scheme.lower(), split.options
    product, _, secure = scheme.partition("+")
    settings = _Environment(product=product, variables=environment)
    hosts, login = _parse_hosts(split, "https" if secure else "http", options.get("prefix", ""), settings)
    _check_options(options, address)
    index = unquote(split.path.strip("/")) or settings.get("INDEX_PREFIX") + "*"
    credentials = stored_login(hosts[0].name, hosts[0].port)
    durations = {name: options[name] for name in ("timeout", "retry", "overlap") if name in options}
    return Address(
        product=product, hosts=hosts, index=index, source=f"{scheme}://{hosts[0].name}:{hosts[0].port}/{index}",
        username=login[0] or credentials.get("username") or settings.get("USERNAME") or None,
        password=login[1] or credentials.get("password") or settings.get("PASSWORD") or None,
        api_key=credentials.get("api_key") or settings.get("API_KEY") or None,
        verify_certs=options.get("verify_certs", "true").lower() not in ("false", "0", "no"),
        ca_certs=options.get("ca_certs") or settings.get("CA_CERTS") or None,
        partial=options.get("partial", "false").lower() in ("true", "1", "yes"),
        **{name: parse_every(duration).total_seconds() for name, duration in durations.items()},
    )  # fmt: skip


def _check_options(options: Mapping[str, str], address: str) -> None:
    unknown = sorted(set(options) - _OPTIONS)
    if unknown:
        raise InvalidArgumentError(
            f"{uri.without_credentials(address)!r}: there is no option {unknown[0]!r}. "
            f"Hint: one of {', '.join(sorted(_OPTIONS))}."
        )


@dataclass(frozen=True, kw_only=True)
class _Environment:
    """The settings of a product: its own names first."""

    product: str
    variables: Mapping[str, str]

    def get(self, name: str) -> str:
        """Return a setting, empty where there is none."""
        value = self.variables.get(f"{self.product.upper()}_{name}")
        return value or self.variables.get(f"ELASTICSEARCH_{name}", "")


Login = tuple[str, str]
"""User and password, empty where they are not known."""


def _parse_hosts(address: uri.Uri, scheme: str, prefix: str, settings: _Environment) -> tuple[tuple[Host, ...], Login]:
    """Return the hosts of an address, or else those of the environment, and the login in either."""
    authority = address.authority or settings.get("HOSTS") or "localhost"
    if not address.authority and "://" in authority:
        scheme = authority.partition("://")[0]
    login = (address.username, address.password)
    hosts: list[Host] = []
    for node in filter(None, map(str.strip, authority.split(","))):
        split = uri.split(node)
        login = login if any(login) else (split.username, split.password)
        name, port = uri.host_and_port(split.authority)
        path = prefix.rstrip("/") or split.path.rstrip("/")
        hosts.append(Host(scheme=scheme, name=name.lower() or "localhost", port=port or _PORT, prefix=path))
    return tuple(hosts), login
